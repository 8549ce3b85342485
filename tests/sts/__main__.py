"""`python -m tests.sts`: exit status 0 if AWS is entered without any key that is kept, and everybody is named right."""

from __future__ import annotations

import sys

from tests.faults.figures import command
from tests.sts.play import ROTATIONS, play
from tests.sts.verdict import LIMITS

if __name__ == "__main__":
    options = {"rotations": (ROTATIONS, "signing keys that follow one another under load")}
    sys.exit(command("tests.sts", __doc__, LIMITS, play, options))
