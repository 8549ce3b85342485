"""`python -m tests.faces`: exit status 0 if what is done through one face is so through the other, in every row."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.faces.play import play
from tests.faces.table import LEAST
from tests.support import backend


def main() -> int:
    """Play; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faces", description=__doc__)
    parser.add_argument("--least", type=int, default=LEAST, help=f"operations that must be (default: {LEAST})")
    given = parser.parse_args()
    os.environ[backend.STORE] = "kubernetes"
    with tempfile.TemporaryDirectory(prefix="gurum-faces-") as directory:
        return play(Path(directory), given.least)


if __name__ == "__main__":
    sys.exit(main())
