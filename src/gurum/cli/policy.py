"""`gurum policy test`, `prepare` and `bundle`: what a change of policy needs before a region learns of it."""

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


def _prepare_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, nargs="?", help="directory of the bundle (default: the shipped one)")


def _prepare(arguments: Namespace, _around: Surroundings) -> int:
    from gurum.policy.command import prepare

    return prepare(arguments.bundle or shipped() / "policy")


PREPARE = Command(
    words=("policy", "prepare"),
    help="write what the bundle prepares of its table",
    run=_prepare,
    arguments=_prepare_arguments,
)


def _bundle_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, nargs="?", help="directory of the bundle (default: the shipped one)")
    parser.add_argument("--into", type=Path, required=True, metavar="FILE", help="what to write: bundle.tar.gz")
    parser.add_argument("--key", type=Path, metavar="FILE", help="private key to sign with (PEM; RSA or P-256)")
    parser.add_argument("--key-id", default="gurum", metavar="NAME", help="the key's name at OPA (gurum)")
    parser.add_argument("--unsigned", action="store_true", help="do not sign; without it, --key is needed")


def _bundle(arguments: Namespace, around: Surroundings) -> int:
    from gurum.policy.command import bundle

    if (arguments.key is None) is not arguments.unsigned:
        around.err.write("either --key FILE or --unsigned\n")
        return 2
    return bundle(arguments.bundle or shipped() / "policy", arguments.into, arguments.key, arguments.key_id)


BUNDLE = Command(
    words=("policy", "bundle"),
    help="write the bundle as one signed file, for OPA servers and the embedded engine",
    run=_bundle,
    arguments=_bundle_arguments,
)
