"""`python -m tests.adopt`: exit status 0 if 200 foreign things are shown, followed, taken over and left untouched."""

from __future__ import annotations

import sys

from tests.adopt.play import play
from tests.adopt.verdict import LIMITS
from tests.faults.figures import command

if __name__ == "__main__":
    sys.exit(command("tests.adopt", __doc__, LIMITS, play))
