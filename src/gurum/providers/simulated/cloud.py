"""The simulated cloud's own state: instances with states that take time, in a file of its own.

It keeps its own file because a cloud survives the restart of those who use it, and is killed independently of them.
"""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path

from gurum.ops.clock import Clock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS instances (
  id TEXT PRIMARY KEY, uid TEXT NOT NULL, token TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
  next TEXT NOT NULL DEFAULT '', due REAL NOT NULL DEFAULT 0, launched REAL NOT NULL)
"""


@dataclass(frozen=True)
class Instance:
    """An instance: `next` is the state it will be in from `due` on."""

    id: str
    uid: str
    state: str
    next: str
    due: float
    launched: float


class SimulatedCloud:
    """Instances by id. Every method is atomic and durable; all are idempotent but reboot."""

    def __init__(self, path: str, clock: Clock, build_seconds: float, power_seconds: float) -> None:
        self._clock = clock
        self._build, self._power = build_seconds, power_seconds
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(_SCHEMA)

    def create(self, uid: str, token: str) -> Instance:
        """Return the instance of the token, made now unless it was made before."""
        now = self._clock.time()
        self._db.execute(
            "INSERT OR IGNORE INTO instances VALUES (?, ?, ?, 'pending', 'running', ?, ?)",
            (str(uuid.uuid4()), uid, token, now + self._build, now),
        )
        return self._one("token = ?", token)

    def get(self, id_: str) -> Instance | None:
        """Return the instance as it is now."""
        found = self._rows("id = ?", id_)
        return found[0] if found else None

    def of(self, uid: str) -> list[Instance]:
        """Return the living instances of one of our objects."""
        return [instance for instance in self._rows("uid = ?", uid) if instance.state != "terminated"]

    def all(self) -> list[Instance]:
        """Return every instance."""
        return self._rows("1 = 1")

    def next_due(self) -> float | None:
        """Return when the next state change happens."""
        row = self._db.execute("SELECT min(due) FROM instances WHERE next != ''").fetchone()
        return row[0] if row else None

    def power(self, id_: str, verb: str) -> bool:
        """start, stop, force-stop, reboot or terminate; False when there is no such instance."""
        instance = self.get(id_)
        if instance is None or instance.state == "terminated":
            return instance is not None and verb == "terminate"
        now = self._clock.time()
        if verb == "start" and instance.state == "stopped":
            self._set(id_, "pending", "running", now + self._power)
        elif verb in ("stop", "force-stop") and instance.state in ("running", "pending"):
            self._set(id_, "stopping", "stopped", now + self._power)
        elif verb == "reboot":
            self._db.execute("UPDATE instances SET launched = ? WHERE id = ?", (now, id_))
        elif verb == "terminate":
            self._set(id_, "shutting-down", "terminated", now + self._power)
        return True

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _set(self, id_: str, state: str, next_: str, due: float) -> None:
        self._db.execute("UPDATE instances SET state = ?, next = ?, due = ? WHERE id = ?", (state, next_, due, id_))

    def _one(self, where: str, value: str) -> Instance:
        return self._rows(where, value)[0]

    def _rows(self, where: str, *values: str) -> list[Instance]:
        # What is due has happened: states change by reading the clock, so no timer can be lost.
        self._db.execute(
            "UPDATE instances SET state = next, next = '' WHERE next != '' AND due <= ?", (self._clock.time(),)
        )
        query = f"SELECT id, uid, state, next, due, launched FROM instances WHERE {where}"  # noqa: S608 - our own words
        return [Instance(*row) for row in self._db.execute(query, values)]
