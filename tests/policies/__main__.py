"""`python -m tests.policies`: exit status 0 if both engines decide alike, and neither what it should not."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.faults.figures import Figures, command
from tests.policies import failing, language, refusing, same, swapping
from tests.policies.verdict import LIMITS
from tests.support import opa


def play(directory: Path, figures: Figures) -> None:
    """Play all parts."""
    if missing := opa.available():
        raise SystemExit(f"there is no OPA: {missing}")
    for part in (language, same, refusing, failing, swapping):
        place = directory / part.__name__.rpartition(".")[2]
        place.mkdir()
        part.play(place, figures)


if __name__ == "__main__":
    sys.exit(command("tests.policies", __doc__, LIMITS, play))
