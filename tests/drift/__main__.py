"""`python -m tests.drift`: exit status 0 if what others do shows in time, and what others have is left alone.

In time: two observation periods (2 x idle_interval), the duration of the change at AWS, and one second.
"""

from __future__ import annotations

import sys

from tests.drift.play import play
from tests.drift.verdict import LIMITS
from tests.faults.figures import command

if __name__ == "__main__":
    sys.exit(command("tests.drift", __doc__, LIMITS, play))
