"""The store that a run stands on: a file, a schema of a PostgreSQL server, or a cluster (`GURUM_TEST_STORE`).

Each gives the product's own store to the processes, and what is in it to the driver, read past the product's code.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from tests.chaos.clusters import emptied
from tests.chaos.ground import Ground
from tests.chaos.timelapse import Lapse
from tests.chaos.trap import Trap, sqlite_changes
from tests.support import backend, postgresql

from gurum.model import codec
from gurum.model.base import Resource
from gurum.store.contract import Journal, Store
from gurum.store.postgresql.journal import PostgresqlJournal
from gurum.store.postgresql.store import PostgresqlStore
from gurum.store.sqlite import SqliteJournal, SqliteStore

_OBJECTS = "SELECT kind, schema, data FROM objects"
_HEAD = "SELECT coalesce(max(head), 0) FROM kinds"


class Kept(Protocol):
    """A run's store, from outside and from inside. `cluster`: what can be killed of it, if it is one."""

    cluster: Ground | None

    async def open(self, lapse: Lapse, trap: Trap, watch_interval: float) -> tuple[Store, Journal]:
        """Return the store and the journal for a process; the trap stands at the gate of all that is written."""
        ...

    def objects(self) -> Iterable[Resource]:
        """Return every object; none while the first process is just making the store. Raises AwayError."""
        ...

    def writes(self) -> int:
        """Return how many versions the store has given out: its own count of what was written."""
        ...

    def amiss(self) -> list[str]:
        """Return in words what is wrong in the store's own affairs, of which the model has no word."""
        ...


def _decoded(row: Sequence[Any]) -> Resource:
    kind, schema, data = row
    return codec.decode(kind, data, schema)


class SqliteFile:
    """A file."""

    cluster: Ground | None = None

    def __init__(self, path: Path) -> None:
        self._path = path

    async def open(self, lapse: Lapse, trap: Trap, watch_interval: float) -> tuple[Store, Journal]:
        """As the protocol."""
        store = await SqliteStore.open(self._path, clock=lapse, poll=watch_interval)
        trap.gate(store.database, sqlite_changes)
        return store, SqliteJournal(store.database)

    def objects(self) -> Iterable[Resource]:
        """As the protocol."""
        if not self._path.exists():
            return []
        with contextlib.closing(self._connected()) as connection:
            try:
                return [_decoded(row) for row in connection.execute(_OBJECTS)]
            except sqlite3.OperationalError:
                return []

    def writes(self) -> int:
        """As the protocol."""
        with contextlib.closing(self._connected()) as connection:
            return int(connection.execute(_HEAD).fetchone()[0])

    def amiss(self) -> list[str]:
        """As the protocol."""
        return []

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)


class PostgresqlSchema:
    """A schema. The driver's connection has a loop that runs only while it is asked: the driver forks."""

    cluster: Ground | None = None

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop, connection: Any) -> None:
        self._url, self._loop, self._connection = url, loop, connection

    async def open(self, lapse: Lapse, trap: Trap, watch_interval: float) -> tuple[Store, Journal]:
        """As the protocol. Watchers hear of writes as they happen, whatever the pace."""

        def changes(transaction: Any) -> int:
            return int(transaction.changes) - len(transaction._statements)  # pruning, of which nothing is known yet

        store = await PostgresqlStore.open(self._url, clock=lapse, connect=_paced(lapse, trap.who))
        trap.gate(store.database, changes)
        return store, PostgresqlJournal(store.database)

    def objects(self) -> Iterable[Resource]:
        """As the protocol."""
        try:
            return [_decoded(row) for row in self._ask(_OBJECTS)]
        except asyncpg.UndefinedTableError:
            return []

    def writes(self) -> int:
        """As the protocol."""
        [[head]] = self._ask(_HEAD)
        return int(head)

    def amiss(self) -> list[str]:
        """As the protocol."""
        return []

    def _ask(self, query: str) -> list[Any]:
        return list(self._loop.run_until_complete(self._connection.fetch(query)))


def _paced(lapse: Lapse, who: str) -> Any:
    """Return how to connect so that time slows down while the server works: its time is the machine's."""

    def slowed() -> contextlib.AbstractContextManager[None]:
        return lapse.pace.slowed(who)

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
def kept(directory: Path, ground: Ground | None = None) -> Iterator[Kept]:
    """Give the empty store of a run in a directory; with PostgreSQL, `backend.available` has to be around it.

    ground: the control plane that the run has for itself meanwhile; without, on Kubernetes, one is made.
    """
    if backend.on_kubernetes():
        with contextlib.ExitStack() as ends:
            cluster = emptied(ground or ends.enter_context(Ground(directory / "kubernetes")), directory)
            try:
                yield cluster
            finally:
                cluster.dump(directory / "objects.json")
        return
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
