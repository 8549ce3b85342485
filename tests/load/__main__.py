"""`python -m tests.load`: exit status 0 if nothing failed under load, nothing was lost, and memory stayed flat."""

from __future__ import annotations

import sys

from tests.faults.figures import command
from tests.load.play import play
from tests.load.verdict import LIMITS

OPTIONS = {
    "creates": (1000, "servers asked for at once, before the rest"),
    "rate": (200, "requests a second after that"),
    "minutes": (30.0, "for how long"),
}

if __name__ == "__main__":
    sys.exit(command("tests.load", __doc__, LIMITS, play, OPTIONS))
