"""`gurum up`: start everything, play the tour, stay until Ctrl-C."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TextIO

from gurum.cli.command import Command, Surroundings, place_arguments, places, surroundings
from gurum.ops.config import Config
from gurum.supervisor.places import Places


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    parser.add_argument("--once", action="store_true", help="stop after the tour instead of staying until Ctrl-C")
    parser.add_argument("--no-tour", action="store_true", help="only start everything")


def _run(arguments: Namespace, around: Surroundings) -> int:
    # Imported late: this is half of the program, and no other command needs it.
    from gurum.supervisor import farewell, tour
    from gurum.supervisor import up as embedded

    async def afterwards(config: Config, here: Places, out: TextIO) -> bool:
        if not arguments.no_tour:
            await tour.play(config, here, around.environ, out)
        out.write(farewell.text(config, here, staying=not arguments.once))
        out.flush()
        return not arguments.once

    state: Path = places(arguments).state
    embedded.run(state, arguments.config, surroundings(arguments, around), around.out, afterwards)
    return 0


COMMAND = Command(
    words=("up",),
    help="start Keystone, the AWS emulator, the engine and the APIs of all regions, and play the tour",
    run=_run,
    arguments=_arguments,
)
