"""What the figures must be, by store and part; and what is read off logs and ledgers. No process, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.faults.verdict import Limits

PENDING = 200
AWAY = 60.0  # seconds

KILL: Limits = {
    "accepted": ("==", PENDING),
    "pending_when_killed": (">=", PENDING / 2),  # else nothing was shown
    "lease_moved_s": ("<=", 15),
    "acts_again_s": ("<=", 15),
    "active": ("==", PENDING),
    "duplicates": ("==", 0),
    "instances_without_server": ("==", 0),
}
PAUSE: Limits = {
    "paused_acts_again_s": ("<=", 15),
    "paused_moved": ("==", 1),
    "paused_writes_after_waking": ("==", 0),
    "paused_active": ("==", PENDING / 4),
    "paused_duplicates": ("==", 0),
    "paused_instances_without_server": ("==", 0),
}
GONE: Limits = {
    "away_s": (">=", AWAY),
    "away_reads": (">=", 50),
    "away_reads_wrong": ("==", 0),
    "away_read_max_s": ("<=", 2),
    "away_writes_accepted": ("==", 0),
    "away_writes_503_with_retry_after": (">=", 3),
    "away_writes_otherwise": ("==", 0),
    "away_calls_that_change": ("==", 0),
    "away_active": ("==", 20),
    "away_duplicates": ("==", 0),
    "away_instances_without_server": ("==", 0),
    "away_recovery_s": ("<=", 90),
}
BACK: Limits = {
    "rewound_forgotten": (">=", 5),
    "rewound_noticed": ("==", 1),
    "rewound_calls_before_report": ("==", 0),
    "rewound_not_reported": ("==", 0),
    "rewound_addresses_not_claimed": ("==", 0),
    "rewound_not_listed": ("==", 0),  # by `gurum cleanup --orphans`
    "rewound_lists_wrong": ("==", 0),
    "rewound_active": ("==", 10),
    "rewound_adopted": ("==", 3),  # as the very instances that were made for them
    "rewound_addresses_twice": ("==", 0),
    "rewound_forgotten_running": ("==", 0),  # less than there were
    "rewound_duplicates": ("==", 0),
}


def limits(store: str, parts: Collection[str]) -> dict[str, tuple[str, float]]:
    """Return what must hold on a store, with its name before each figure's."""
    rows: dict[str, Limits] = {"kill": KILL, "pause": PAUSE}
    if store == "kubernetes":
        rows |= {"away": GONE, "rewound": BACK}
    return {f"{store}_{name}": limit for part, some in rows.items() if part in parts for name, limit in some.items()}


def changing(lines: Iterable[Mapping[str, Any]], begin: float = 0.0, end: float = 1e12) -> list[Mapping[str, Any]]:
    """Return the calls between two moments that change something."""
    return [
        line for line in lines if begin <= line["time"] < end and not line["action"].startswith(("Describe", "Get"))
    ]


def moment(line: Mapping[str, Any]) -> float:
    """Return when a line was logged, in seconds since the epoch."""
    return datetime.fromisoformat(str(line["time"])).timestamp()
