"""What must hold of a journey, as figures."""

from __future__ import annotations

from tests.faults.verdict import Limits
from tests.move.journey import LEGS

OBJECTS = 20_000
LINES = 40_000


def limits(objects: int = OBJECTS, lines: int = LINES, kills: int = 2) -> Limits:
    """Return the limits for so many objects and lines of history, and so many kills a leg."""
    found: dict[str, tuple[str, float]] = {"differences": ("==", 0), "lines": ("==", lines)}
    for name in LEGS:
        found |= {
            f"{name}_status": ("==", 0),
            f"{name}_kills": (">=", kills),
            f"{name}_resumed": ("==", 1),
            f"{name}_objects": ("==", objects),
            f"{name}_different": ("==", 0),
            f"{name}_opened_while_not_whole": ("==", 0),
            f"{name}_opened_when_whole": ("==", 1),
        }
    for what in ("namespaces_missing", "keys_missing", "keys_too_many", "names_wrong", "heads_wrong",
                 "user_data_in_objects", "secrets_wrong"):  # fmt: skip
        found[f"kubernetes_{what}"] = ("==", 0)
    return found
