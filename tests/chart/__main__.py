"""`python -m tests.chart`: exit status 0 if the installed chart's processes run and their rights are enough."""

from __future__ import annotations

import sys

from tests.chart.play import play
from tests.chart.verdict import LIMITS
from tests.faults.figures import command

if __name__ == "__main__":
    sys.exit(
        command(
            "tests.chart",
            __doc__,
            LIMITS,
            play,
            {"minimal": (1, "0: without the last act, which grows the roles from nothing")},
        )
    )
