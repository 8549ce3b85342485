"""`gurum version`."""

from __future__ import annotations

import platform
from argparse import Namespace

from gurum import __version__
from gurum.cli.command import Command, Surroundings, format_argument
from gurum.cli.output import write


def _run(arguments: Namespace, around: Surroundings) -> int:
    write({"gurum": __version__, "python": platform.python_version()}, arguments.format, around.out)
    return 0


COMMAND = Command(words=("version",), help="show the versions of Gurum and Python", run=_run, arguments=format_argument)
