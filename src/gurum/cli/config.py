"""`gurum config show`: what a run would really use, from all three sources, with the places filled in."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments
from gurum.cli.output import write_json
from gurum.ops.config import show, shown


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)


def _run(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around)
    if arguments.format == "json":
        write_json(shown(config), around.out)
    else:
        around.out.write(show(config))
    return 0


COMMAND = Command(
    words=("config", "show"),
    help="show the configuration in force: defaults, file and environment (no secrets: those are files)",
    run=_run,
    arguments=_arguments,
)
