"""What must hold of an adoption, as figures. No process, no clock: tested by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tests.faults.verdict import Limits

IDLE_INTERVAL = 4.0  # seconds between surveys, as this run configures it
LOOKS = ("Describe", "Get", "AssumeRole")  # a session changes nothing of the account's
TAGS = frozenset({"CreateTags", "DeleteTags"})

LIMITS: Limits = {
    "foreign_things": (">=", 200),
    "kinds_of_things": ("==", 11),
    "written_by_dry_run": ("==", 0),
    "conflicts_named": (">=", 3),
    "adopted_again": ("==", 0),
    "objects_twice": ("==", 0),
    "shown_wrong": ("==", 0),
    "details_wrong": ("==", 0),
    "writes_let_through": ("==", 0),
    "stop_shown_s": ("<=", 2 * IDLE_INTERVAL + 3),
    "terminate_shown_s": ("<=", 2 * IDLE_INTERVAL + 3),
    "address_shown_s": ("<=", 2 * IDLE_INTERVAL + 3),
    "read_only_changing_calls": ("==", 0),
    "read_only_differences": ("==", 0),
    "managed_creates": ("==", 0),
    "managed_other_changes": ("==", 0),
    "managed_tag_calls": (">=", 100),
    "managed_ids_changed": ("==", 0),
    "managed_stop_calls": ("==", 1),
    "swept_or_cleaned": ("==", 0),
    "detach_left_in_openstack": ("==", 0),
    "detach_changing_calls": ("==", 0),
    "detach_differences": ("==", 0),
}


def changing(calls: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Return how often each action was called that changes something, whatever came of it."""
    return Counter(call["action"] for call in calls if not call["action"].startswith(LOOKS))


def creates(calls: Iterable[Mapping[str, Any]]) -> int:
    """Return how many calls made something."""
    return sum(1 for call in calls if call["made"])


def others(calls: Iterable[Mapping[str, Any]], *allowed: str) -> int:
    """Return how many calls changed something otherwise than by tags."""
    return sum(n for action, n in changing(calls).items() if action not in TAGS and action not in allowed)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return in words what of a description differs: by kind and id."""
    out = []
    for kind in sorted(before.keys() | after.keys()):
        old = {row["id"]: row for row in before.get(kind, ())}
        new = {row["id"]: row for row in after.get(kind, ())}
        for id_ in sorted(old.keys() | new.keys()):
            was, now = old.get(id_, {}), new.get(id_, {})
            fields = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
            if fields:
                out.append(f"{kind} {id_} differs in {', '.join(fields)}")
    return out
