"""Who changed what: the latest version of every kind, and those who wait for a newer one.

`changed` runs before every answer of an API, and a watcher sits on every kind. The two need different things.

* An answer must show what was acknowledged before it was asked for, by whichever process. A notification cannot promise
  that: it travels beside the acknowledgement and may arrive after it. So an answer costs one round trip, for one number
  in one row; those who ask at the same moment share it, and an answer about several kinds needs one.
* A watcher must hear soon and cheaply. Every commit notifies (LISTEN/NOTIFY) with the kinds it touched and their new
  heads, and wakes those who wait for one of these. Should notifications be lost with a connection, a look every second
  finds what they told.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from gurum.store.contract import UnavailableError
from gurum.store.postgresql.errors import FAILURES, explain
from gurum.store.postgresql.link import Place, Session

_VERSION = "SELECT version FROM counter"
_KINDS = "SELECT kind, head FROM kinds"


class Heads:
    """The versions of all kinds as of the last look. Lives on one event loop, with a connection of its own."""

    def __init__(self, place: Place, channel: str, poll: float) -> None:
        self._place, self._channel = place, channel
        self._poll = poll  # seconds
        self._session: Session | None = None
        self._looking: tuple[float, asyncio.Task[None]] | None = None  # since when, and the look
        self._looked = float("-inf")  # when the last look that succeeded began
        self._version = -1
        self._heads: dict[str, int] = {}
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def expect(self) -> float:
        """Begin a look, unless one is under way; return since when there will have been one, for `refresh`."""
        now = time.monotonic()
        if not self._closed:
            self._begun(now)
        return now

    async def refresh(self, begun: float | None = None) -> None:
        """Know every commit acknowledged before `begun` (time.monotonic(); default: now). Raises UnavailableError."""
        begun = time.monotonic() if begun is None else begun
        while self._looked < begun:
            if self._closed:
                raise UnavailableError("the store is closed")
            since, look = self._begun(time.monotonic())
            await asyncio.wait((look,))
            if since >= begun and (error := look.exception()) is not None:
                raise UnavailableError(str(error)) from error

    def head(self, kind: str) -> int:
        """Return the version of the kind's latest change as of the last refresh, 0 when there was none."""
        return self._heads.get(kind, 0)

    async def wait(self, kind: str, head: int) -> None:
        """Return soon after the kind's head is not `head` any more, or for no reason. Raises UnavailableError."""
        if self._closed:
            raise UnavailableError("the store is closed")
        if self.head(kind) != head:
            return
        future = asyncio.get_running_loop().create_future()
        waiters = self._waiting[kind]
        waiters.add(future)
        if self._timer is None:
            self._arm()
        try:
            await future
        finally:
            waiters.discard(future)

    def tell(self, heads: Mapping[str, int]) -> None:
        """Learn what a commit changed, ahead of the next look; wake those who wait for it."""
        for kind, head in heads.items():
            self._heads[kind] = max(head, self.head(kind))
            self._wake(self._waiting[kind])

    async def forget(self) -> None:
        """Read every head anew, also should the store be at an older version than before. Raises UnavailableError."""
        self._version = -1
        await self.refresh()

    async def close(self) -> None:
        """Wake everybody who waits, with UnavailableError; let go of the connection."""
        self._closed = True
        if self._timer:
            self._timer.cancel()
        for waiters in self._waiting.values():
            self._wake(waiters, UnavailableError("the store is closed"))
        if self._looking is not None:
            await asyncio.wait((self._looking[1],))
        if self._session is not None:
            await self._session.close()

    def _begun(self, now: float) -> tuple[float, asyncio.Task[None]]:
        """Return the look that is under way and since when, beginning one if there is none."""
        if self._looking is None:
            self._looking = now, asyncio.create_task(self._look(), name="store-heads")
        return self._looking

    async def _look(self) -> None:
        began = time.monotonic()
        try:
            session = self._session
            if session is None or session.broken:
                session = self._session = await self._listen()
            [[version]] = await session.ask(_VERSION)
            if version != self._version:
                rows = await session.ask(_KINDS)
                old, self._heads = self._heads, {str(kind): int(head) for kind, head in rows}
                self._version = version  # read before the rows: a commit in between is seen the next time
                for kind, waiters in self._waiting.items():
                    if old.get(kind) != self._heads.get(kind):
                        self._wake(waiters)
            self._looked = began
        except FAILURES as error:
            if self._session is not None:
                self._session.give_up()
            raise explain(error, str(self._place)) from error
        finally:
            self._looking = None

    async def _listen(self) -> Session:
        session = await self._place.session()
        session.connection.add_termination_listener(self._lost)
        await session.connection.add_listener(self._channel, self._notified)
        self._version = -1  # this may be another server, or a restored one
        return session

    def _notified(self, _connection: Any, _process: int, _channel: str, payload: str) -> None:
        self.tell({kind: int(head) for kind, _, head in (word.partition("=") for word in payload.split())})

    def _lost(self, _connection: Any = None) -> None:
        """Have everybody look: they meet the error where it can be told, and reconnect."""
        for waiters in self._waiting.values():
            self._wake(waiters)

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._poll, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._looking is None:
            self._begun(time.monotonic())[1].add_done_callback(self._ticked)
        if any(self._waiting.values()):
            self._arm()

    def _ticked(self, look: asyncio.Task[None]) -> None:
        if not look.cancelled() and look.exception() is not None:
            self._lost()

    @staticmethod
    def _wake(waiters: set[asyncio.Future[None]], error: Exception | None = None) -> None:
        for future in waiters:
            if not future.done():
                future.set_exception(error) if error else future.set_result(None)
        waiters.clear()
