"""The connections that only read: a few, shared by everything that a process asks.

A server has connections for all its clients, and each costs it a process. So questions wait for each other here when
there are too many at once, and a connection that the server closed while nobody used it (a restart, an idle timeout)
is replaced without anybody noticing: what only reads may be asked twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gurum.store.contract import UnavailableError
from gurum.store.postgresql.errors import FAILURES, explain
from gurum.store.postgresql.link import Place, Row, Session


class Readers:
    """At most `limit` questions at once. Lists that wait for their next page keep theirs beside that."""

    def __init__(self, place: Place, *, limit: int) -> None:
        self._place = place
        self._limit = limit
        self._turns = asyncio.Semaphore(limit)
        self._idle: list[Session] = []
        self._closed = False

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until a question may be asked. Raises UnavailableError, also for what goes wrong inside."""
        async with self._turns:
            if self._closed:
                raise UnavailableError("the store is closed")
            try:
                yield
            except FAILURES as error:
                raise explain(error, str(self._place)) from error

    async def fetch(self, statement: str, *arguments: Any) -> list[Row]:
        """Ask; return the rows. Raises UnavailableError."""
        async with self.turn():
            while True:
                old = self.idle
                session = await self.take()
                try:
                    return await session.fetch(statement, *arguments)
                except FAILURES:
                    if not (old and session.broken):
                        raise
                finally:
                    self.give_back(session)

    @property
    def idle(self) -> bool:
        """Whether there are connections that were made earlier."""
        return bool(self._idle)

    async def take(self) -> Session:
        """Return a connection to read with, within a turn; `give_back` it."""
        return self._idle.pop() if self._idle else await self._place.session()

    def give_back(self, session: Session) -> None:
        """Keep the connection for the next question, unless it is of no use any more."""
        if session.busy or self._closed or len(self._idle) >= self._limit:
            session.give_up()
        elif not session.broken:
            self._idle.append(session)

    async def close(self) -> None:
        """End pending questions, then the connections."""
        self._closed = True
        for _ in range(self._limit):
            await self._turns.acquire()  # whoever had one is done
        for session in self._idle:
            await session.close()
        self._idle.clear()
        for _ in range(self._limit):
            self._turns.release()  # whoever waited is told that it is closed
