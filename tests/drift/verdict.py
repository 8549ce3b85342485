"""How late a change may show, and whether a call names what is not ours. No process, no clock: tested by itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tests.faults.verdict import Limits

IDLE_INTERVAL = 4.0  # seconds between complete looks at an account at rest, as this run configures it
OBSERVE_INTERVAL = 1.0
SLACK = 1.0
TIME_FACTOR = 0.05
DURATIONS = {"stop": 30 * TIME_FACTOR, "start": 8 * TIME_FACTOR, "terminate": 30 * TIME_FACTOR}


def bound(deed: str) -> float:
    """Return the seconds within which a deed must show: two observation periods, its own duration, and a second."""
    return 2 * IDLE_INTERVAL + DURATIONS[deed] + SLACK


LIMITS: Limits = {
    "stop_shown_s": ("<=", bound("stop")),
    "start_shown_s": ("<=", bound("start")),
    "terminate_shown_s": ("<=", bound("terminate")),
    "terminate_says_deleted_outside": ("==", 1),
    "foreign_things": ("==", 8),
    "foreign_running": ("==", 2),
    "calls_naming_foreign_things": ("==", 0),
    "sweeps": (">=", 2),  # whole ones, with the foreign things there
    "planted_leftovers_swept": ("==", 1),  # the sweep does bite
}


def naming(calls: Iterable[Mapping[str, Any]], foreign: Collection[str]) -> list[str]:
    """Return in words the calls that name, make or change one of the foreign things."""
    out = []
    for call in calls:
        text = json.dumps([call["params"], call["made"], call["changed"]])
        out += [f"{call['action']} names {one}" for one in sorted(foreign) if f'"{one}"' in text]
    return out


def sweeps(calls: Iterable[Mapping[str, Any]], owner: str) -> int:
    """Return how many sweeps there were: nothing else lists all key pairs of an owner, by its tag alone."""
    filters = [{"Name": "tag:pia:owner", "Values": [owner]}]
    return sum(1 for c in calls if c["action"] == "DescribeKeyPairs" and c["params"].get("Filters") == filters)
