"""`python -m tests.offboarding`: exit status 0 if nothing of who leaves is good any more, and others notice nothing."""

from __future__ import annotations

import sys

from tests.faults.figures import command
from tests.offboarding.limits import LIMITS
from tests.offboarding.play import play

if __name__ == "__main__":
    sys.exit(command("tests.offboarding", __doc__, LIMITS, play))
