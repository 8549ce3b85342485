"""`python -m tests.audit`: exit status 0 if every call to AWS is led back to who asked, and no change is unseen."""

from __future__ import annotations

import sys
from pathlib import Path

import structlog
import tests.audit
from tests.audit import cost, play
from tests.audit.verdict import LIMITS
from tests.faults.figures import Figures, command

EVENTS = 1_000_000


def whole(directory: Path, figures: Figures, kills: int = play.KILLS, events: int = EVENTS) -> None:
    """Play the run, then measure."""
    play.play(directory / "run", figures, kills)
    cost.measure(directory, figures, events)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    options = {
        "kills": (play.KILLS, "SIGKILLs of the engine while it works"),
        "events": (EVENTS, "events that are verified for the time that it takes"),
    }
    sys.exit(command("tests.audit", tests.audit.__doc__, LIMITS, whole, options))
