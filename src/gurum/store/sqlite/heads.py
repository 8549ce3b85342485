"""Who changed what: the latest version of every kind, and those who wait for a newer one.

`changed` runs before every answer of an API and a watcher sits on every kind, so that "nothing new" must cost one
look at a counter (`PRAGMA data_version`: it moves when any other connection commits, in whichever process) and a
commit must wake only those whose kind it touched.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import defaultdict

from gurum.store.contract import UnavailableError


class Heads:
    """The versions of all kinds as of the last `refresh`. Lives on one event loop."""

    def __init__(self, connection: sqlite3.Connection, poll: float) -> None:
        self._connection = connection
        self._poll = poll  # seconds
        self._data_version = -1
        self._looked = float("-inf")  # of time.monotonic(): every commit before it is known
        self._heads: dict[str, int] = {}
        self._horizons: dict[str, int] = {}
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def refresh(self, begun: float | None = None) -> None:
        """Know every commit acknowledged before `begun` (time.monotonic(); default: now).

        A question about several kinds is one look so. Wakes the waiters of kinds that changed. Raises sqlite3.Error.
        """
        if begun is not None and begun <= self._looked:
            return
        looking = time.monotonic()
        self._look()
        self._looked = looking

    def _look(self) -> None:
        [data_version] = self._connection.execute("PRAGMA data_version").fetchone()
        if data_version == self._data_version:
            return
        rows = self._connection.execute("SELECT kind, head, horizon FROM kinds").fetchall()
        old, self._heads = self._heads, {kind: head for kind, head, _ in rows}
        self._horizons = {kind: horizon for kind, _, horizon in rows}
        self._data_version = data_version  # read before the rows: a commit in between is seen the next time
        for kind, waiters in self._waiting.items():
            if waiters and self._heads.get(kind) != old.get(kind):
                self._wake(waiters)

    def head(self, kind: str) -> int:
        """Return the version of the kind's latest change as of the last refresh, 0 when there was none."""
        return self._heads.get(kind, 0)

    def known(self, kind: str, since: int) -> bool:
        """Whether everything after `since` is still remembered (and `since` is not from a lost future)."""
        return self._horizons.get(kind, 0) <= since <= self._heads.get(kind, 0)

    async def wait(self, kind: str) -> None:
        """Return soon after the kind changed. Call `refresh` first. Raises UnavailableError once closed."""
        if self._closed:
            raise UnavailableError("the store is closed")
        future = asyncio.get_running_loop().create_future()
        waiters = self._waiting[kind]
        waiters.add(future)
        if self._timer is None:
            self._arm()
        try:
            await future
        finally:
            waiters.discard(future)

    def close(self) -> None:
        """Wake everybody who waits, with UnavailableError."""
        self._closed = True
        if self._timer:
            self._timer.cancel()
        for waiters in self._waiting.values():
            self._wake(waiters, UnavailableError("the store is closed"))

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._poll, self._tick)

    def _tick(self) -> None:
        self._timer = None
        try:
            self.refresh()
        except sqlite3.Error:
            # Those who wait look for themselves and meet the error where it can be told.
            for waiters in self._waiting.values():
                self._wake(waiters)
        if any(self._waiting.values()):
            self._arm()

    @staticmethod
    def _wake(waiters: set[asyncio.Future[None]], error: Exception | None = None) -> None:
        for future in waiters:
            if not future.done():
                future.set_exception(error) if error else future.set_result(None)
        waiters.clear()
