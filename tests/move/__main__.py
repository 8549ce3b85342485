"""`python -m tests.move`: exit status 0 if everything is carried through three kinds of stores, killed on the way."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.figures import Figures
from tests.move.play import play
from tests.move.verdict import LINES, OBJECTS, limits


def main() -> int:
    """Play; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.move", description=__doc__)
    parser.add_argument("-f", "--format", choices=("table", "json"), default="table")
    parser.add_argument("--objects", type=int, default=OBJECTS, help=f"how many (default: {OBJECTS})")
    parser.add_argument("--lines", type=int, default=LINES, help=f"of the journal (default: {LINES})")
    given = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="gurum-") as directory:
        play(Path(directory), figures, given.objects, given.lines)
    return figures.end(limits(given.objects, given.lines), given.format == "json")


if __name__ == "__main__":
    sys.exit(main())
