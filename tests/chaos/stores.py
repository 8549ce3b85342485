"""The store that a run stands on: a file, or a schema of a PostgreSQL server (`GURUM_TEST_STORE=postgresql`).

Each gives the product's own store to the processes, and what is in it to the driver, read past the product's code.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from tests.chaos.timelapse import Lapse
from tests.support import backend, postgresql

from gurum.store.contract import Journal, Store
from gurum.store.postgresql.journal import PostgresqlJournal
from gurum.store.postgresql.store import PostgresqlStore
from gurum.store.sqlite import SqliteJournal, SqliteStore

_OBJECTS = "SELECT kind, schema, data FROM objects"
_HEAD = "SELECT coalesce(max(head), 0) FROM kinds"

Row = tuple[str, int, bytes]  # kind, schema, document


class Kept(Protocol):
    """A run's store, from outside and from inside."""

    async def open(self, lapse: Lapse, who: str, watch_interval: float) -> tuple[Store, Journal, Any]:
        """Return the store and the journal for a process, and the database whose `write` all writes go through."""
        ...

    @staticmethod
    def changes(transaction: Any) -> int:
        """Return how often something was changed, as the transaction of a `write` counts it."""
        ...

    def rows(self) -> Iterable[Row]:
        """Return every object; none while the first process is just making the store."""
        ...

    def writes(self) -> int:
        """Return how many versions the store has given out: its own count of what was written."""
        ...


class SqliteFile:
    """A file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def open(self, lapse: Lapse, who: str, watch_interval: float) -> tuple[Store, Journal, Any]:
        """As the protocol."""
        store = await SqliteStore.open(self._path, clock=lapse, poll=watch_interval)
        return store, SqliteJournal(store.database), store.database

    @staticmethod
    def changes(transaction: Any) -> int:
        """As the protocol."""
        [count] = transaction.execute("SELECT total_changes()").fetchone()
        return int(count)

    def rows(self) -> Iterable[Row]:
        """As the protocol."""
        if not self._path.exists():
            return []
        with contextlib.closing(self._connected()) as connection:
            try:
                return list(connection.execute(_OBJECTS))
            except sqlite3.OperationalError:
                return []

    def writes(self) -> int:
        """As the protocol."""
        with contextlib.closing(self._connected()) as connection:
            return int(connection.execute(_HEAD).fetchone()[0])

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)


class PostgresqlSchema:
    """A schema. The driver's connection has a loop that runs only while it is asked: the driver forks."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop, connection: Any) -> None:
        self._url, self._loop, self._connection = url, loop, connection

    async def open(self, lapse: Lapse, who: str, watch_interval: float) -> tuple[Store, Journal, Any]:
        """As the protocol. Watchers hear of writes as they happen, whatever the pace."""
        store = await PostgresqlStore.open(self._url, clock=lapse, connect=_paced(lapse, who))
        return store, PostgresqlJournal(store.database), store.database

    @staticmethod
    def changes(transaction: Any) -> int:
        """As the protocol."""
        return int(transaction.changes) - len(transaction._statements)  # pruning, of which nothing is known yet

    def rows(self) -> Iterable[Row]:
        """As the protocol."""
        try:
            return [tuple(row) for row in self._ask(_OBJECTS)]
        except asyncpg.UndefinedTableError:
            return []

    def writes(self) -> int:
        """As the protocol."""
        [[head]] = self._ask(_HEAD)
        return int(head)

    def _ask(self, query: str) -> list[Any]:
        return list(self._loop.run_until_complete(self._connection.fetch(query)))


def _paced(lapse: Lapse, who: str) -> Any:
    """Return how to connect so that time slows down while the server works: its time is the machine's."""

    @contextlib.contextmanager
    def slowed() -> Iterator[None]:
        began = lapse.pace.writing(who)
        try:
            yield
        finally:
            lapse.pace.written(who, began)

    class Paced(asyncpg.Connection):  # type: ignore[misc]  # the driver publishes no types
        async def execute(self, query: str, *args: Any, **more: Any) -> Any:
            with slowed():
                return await super().execute(query, *args, **more)

        async def fetch(self, query: str, *args: Any, **more: Any) -> Any:
            with slowed():
                return await super().fetch(query, *args, **more)

    async def connect(url: str, **settings: Any) -> Any:
        with slowed():
            return await asyncpg.connect(url, connection_class=Paced, **settings)

    return connect


@contextlib.contextmanager
def kept(directory: Path) -> Iterator[Kept]:
    """Give the empty store of a run in a directory; with PostgreSQL, `backend.available` has to be around it."""
    if not backend.on_postgresql():
        yield SqliteFile(directory / "store.sqlite")
        return
    name = "chaos_" + hashlib.sha256(str(directory).encode()).hexdigest()[:12]
    loop = asyncio.new_event_loop()
    with postgresql.server() as server:
        url = postgresql.within(server, name)
        connection = loop.run_until_complete(asyncpg.connect(url))
        try:
            loop.run_until_complete(connection.execute(f"CREATE SCHEMA {name}"))
            yield PostgresqlSchema(url, loop, connection)
            loop.run_until_complete(connection.execute(f"DROP SCHEMA {name} CASCADE"))
        finally:
            loop.run_until_complete(connection.close())
            loop.close()
