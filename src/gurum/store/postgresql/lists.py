"""Lists in pages, all of one version.

A list is a snapshot: a repeatable-read transaction that stays open from its first page to its last, so that each page
is of the version of the first whatever is written meanwhile. (Skipping rows newer than the list's version would lose
every object that was changed between two pages: its old row is gone.) A snapshot keeps a connection, and keeps the
server from cleaning up behind writers, so there is a bound on how many are open and how long one may idle; a list that
lost its snapshot is told to begin again.
"""

from __future__ import annotations

import asyncio
import secrets

import msgspec

from gurum.store.contract import Filter, WatchExpiredError
from gurum.store.postgresql.errors import FAILURES
from gurum.store.postgresql.link import Session
from gurum.store.postgresql.readers import Readers

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_HEAD = "SELECT head FROM kinds WHERE kind = $1"


class Snapshot(msgspec.Struct):
    """An open list: which kind, filter and version it is of."""

    session: Session
    kind: str
    where: Filter
    version: int
    timer: asyncio.TimerHandle | None = None


class Snapshots:
    """The open lists of one store. `idle`: seconds a list may wait for its next page. Used within a reader's turn."""

    def __init__(self, readers: Readers, *, limit: int, idle: float) -> None:
        self._readers, self._limit, self._idle = readers, limit, idle
        self._prefix = secrets.token_hex(4)  # tokens of another process or an earlier one name no list of ours
        self._count = 0
        self._open: dict[str, Snapshot] = {}  # the least recently used first

    async def begin(self, kind: str, where: Filter) -> Snapshot:
        """Return a new snapshot of now. Raises the driver's errors."""
        while True:
            old = self._readers.idle
            session = await self._readers.take()
            try:
                await session.run(_BEGIN)
                rows = await session.fetch(_HEAD, kind)
            except FAILURES:
                stale = old and session.broken  # closed by the server while nobody used it
                session.give_up()
                if not stale:
                    raise
            except BaseException:
                session.give_up()
                raise
            else:
                return Snapshot(session, kind, where, rows[0][0] if rows else 0)

    def resume(self, token: str, kind: str, where: Filter) -> tuple[Snapshot, str]:
        """Return the snapshot a token names and the id its page begins after. Raises WatchExpiredError."""
        name, _, last = token.partition(":")
        snapshot = self._open.pop(name, None)
        if snapshot is None or snapshot.session.broken or (snapshot.kind, snapshot.where) != (kind, where):
            if snapshot is not None:
                self.drop(snapshot)
            raise WatchExpiredError(f"the list of {kind} waited too long for its next page: list again")
        if snapshot.timer:
            snapshot.timer.cancel()
        return snapshot, last

    def keep(self, snapshot: Snapshot, last: str) -> str:
        """Hold the snapshot for the page after `last` and return that page's token."""
        self._count += 1
        name = f"{self._prefix}-{self._count}"
        self._open[name] = snapshot
        snapshot.timer = asyncio.get_running_loop().call_later(self._idle, self._expire, name)
        if len(self._open) > self._limit:
            self._expire(next(iter(self._open)))
        return f"{name}:{last}"

    async def end(self, snapshot: Snapshot) -> None:
        """Let go of the snapshot after its last page. Raises the driver's errors."""
        await snapshot.session.run("ROLLBACK")
        self._readers.give_back(snapshot.session)

    def drop(self, snapshot: Snapshot) -> None:
        """Let go of the snapshot in the middle, with its connection."""
        if snapshot.timer:
            snapshot.timer.cancel()
        snapshot.session.give_up()

    def close(self) -> None:
        """Let go of all."""
        while self._open:
            self._expire(next(iter(self._open)))

    def _expire(self, name: str) -> None:
        if (snapshot := self._open.pop(name, None)) is not None:
            self.drop(snapshot)
