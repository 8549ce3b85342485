"""`gurum policy test`: the bundle's own tests, before a region learns what a change allows."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from gurum.cli.command import Command, Surroundings, format_argument
from gurum.ops.config import shipped


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, nargs="?", help="directory of the bundle (default: the shipped one)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only tests whose names contain it")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    format_argument(parser)


def _run(arguments: Namespace, _around: Surroundings) -> int:
    # Imported late: the policy engine is half a second that no other command needs.
    from gurum.policy.command import main

    bundle = arguments.bundle or shipped() / "policy"
    quiet = ["--quiet"] if arguments.quiet else []
    return main([str(bundle), "--format", arguments.format, "--only", arguments.only, *quiet])


COMMAND = Command(words=("policy", "test"), help="run the policy bundle's own tests", run=_run, arguments=_arguments)
