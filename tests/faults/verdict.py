"""What the figures must be, and what the emulator says of duplicates. No process, no clock: tested by itself."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_COMPARE: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, "==": operator.eq, ">=": operator.ge}
_WASTED = "RequestLimitExceeded"
_FAILED = ("InternalError", "(HTTP 5")  # as the emulator records the two kinds of a 5xx
UID = "pia:uid"

Limits = Mapping[str, tuple[str, float]]

# The last of each block say that what should have gone wrong really did: a fair day proves nothing. Of the 20 % and
# 10 % asked for, a run of 130 calls may get half by chance.
STORM: Limits = {
    "storm_active": ("==", 60),
    "storm_duplicates": ("==", 0),
    "storm_instances_without_server": ("==", 0),
    "storm_wasted_share": ("<=", 0.05),
    "storm_run_instances": (">=", 60),
    "storm_5xx_share": (">=", 0.10),
    "storm_lost_share": (">=", 0.03),
    "storm_capacity_errors": (">=", 1),
}
OUTAGE: Limits = {
    "outage_read_max_s": ("<=", 1.0),
    "outage_accepted": ("==", 10),
    "outage_told_by_fault": (">=", 1),
    "outage_told_by_conditions": (">=", 1),
    "outage_active": ("==", 10),
    "outage_recovery_s": ("<=", 60),
    "outage_duplicates": ("==", 0),
    "outage_instances_without_server": ("==", 0),
    "outage_silent_s": (">=", 60),
    "outage_built_meanwhile": ("==", 0),
}


def broken(figures: Mapping[str, float], limits: Limits) -> list[str]:
    """Return in words what does not hold; a figure that is missing does not."""
    out = []
    for name, (relation, bound) in limits.items():
        value = figures.get(name)
        if value is None:
            out.append(f"{name}: not measured")
        elif not _COMPARE[relation](value, bound):
            out.append(f"{name}: {value:g}, must be {relation} {bound:g}")
    return out


def only(name: str, limits: Limits) -> dict[str, float]:
    """Return figures at their limits but for one, which is beyond its own: for tests that each is looked at."""
    figures = {each: bound for each, (_, bound) in limits.items()}
    assert broken(figures, limits) == []
    relation, limit = limits[name]
    return figures | {name: limit + (-1 if relation == ">=" else 1)}


def living_twice(instances: Iterable[Mapping[str, Any]]) -> int:
    """Return how many living instances are there beyond one a server."""
    count = Counter(row["tags"].get(UID, "") for row in instances)
    return sum(number - 1 for number in count.values())


def strays(instances: Iterable[Mapping[str, Any]], servers: Iterable[str]) -> int:
    """Return how many living instances belong to no server."""
    known = set(servers)
    return sum(1 for row in instances if row["tags"].get(UID, "") not in known)


def weather(calls: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return what went wrong with these calls. Shares are of all calls, `wasted_share` is of RunInstances alone."""
    lines = list(calls)
    runs = [line for line in lines if line["action"] == "RunInstances"]
    wasted = sum(1 for line in lines if line["outcome"] == _WASTED)
    return {
        "calls": len(lines),
        "run_instances": len(runs),
        "wasted": wasted,
        "wasted_share": wasted / max(1, len(runs)),
        "5xx_share": sum(1 for line in lines if line["outcome"].startswith(_FAILED)) / max(1, len(lines)),
        "lost_share": sum(1 for line in lines if not line["delivered"]) / max(1, len(lines)),
        "capacity_errors": sum(1 for line in runs if line["outcome"] == "InsufficientInstanceCapacity"),
    }


def tells(text: str) -> bool:
    """Whether a text says that it is AWS that is waited for, and until when."""
    return "AWS" in text and "next attempt at 20" in text
