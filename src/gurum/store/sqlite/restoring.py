"""The second entrance of SQLite: see `gurum.store.moving.contract`."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from gurum.model.base import Resource
from gurum.store import objects
from gurum.store.contract import ExistsError, Record
from gurum.store.moving.contract import PAGE, Line
from gurum.store.rows import decode, encode
from gurum.store.sqlite.database import Database, Transaction
from gurum.store.sqlite.errors import explain
from gurum.store.sqlite.statements import REMOVE, TOMBSTONE

R = TypeVar("R", bound=Resource)

_PAGE = "SELECT resource_version, schema, data FROM objects WHERE kind = ? AND id > ? ORDER BY id LIMIT ?"
_ONE = "SELECT resource_version, schema, data FROM objects WHERE kind = ? AND id = ?"
_COUNT = "SELECT count(*) FROM objects WHERE kind = ?"
_HOLDER = "SELECT id FROM objects WHERE kind = :kind AND key = :key AND id <> :id"
_PUT = """
    INSERT INTO objects VALUES (:kind, :id, :key, :region, :account, :project, :version, :schema, :data)
    ON CONFLICT (kind, id) DO UPDATE SET key = excluded.key, region = excluded.region, account = excluded.account,
      project = excluded.project, resource_version = excluded.resource_version, schema = excluded.schema,
      data = excluded.data"""
_LAST = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0)"
_LINES = """
    SELECT at, type, kind, object_id, region, project, data, request_id, position, once FROM journal
    WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"""
_LINE = """
    INSERT OR REPLACE INTO journal (position, at, type, kind, object_id, region, project, request_id, data, once)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_FIRST = """
    INSERT INTO sqlite_sequence (name, seq) SELECT 'journal', 0
    WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'journal')"""
_ADVANCE = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'journal'"


class SqliteInstant:
    """A read transaction. See Instant."""

    def __init__(self, connection: sqlite3.Connection, database: Database) -> None:
        self._connection, self._database = connection, database
        [self.position] = connection.execute(_LAST).fetchone()

    async def count(self, kind: type[Resource]) -> int:
        """See Instant."""
        [(count,)] = self._connection.execute(_COUNT, (kind.kind,)).fetchall()
        return int(count)

    async def objects(self, kind: type[R]) -> AsyncIterator[Sequence[R]]:
        """See Instant."""
        last = ""
        while True:
            await asyncio.sleep(0)
            try:
                rows = self._connection.execute(_PAGE, (kind.kind, last, PAGE)).fetchall()
            except sqlite3.Error as error:
                raise explain(error, self._database.path) from error
            with objects.collector_paused():
                page = [decode(kind, row) for row in rows]
            if page:
                yield page
            if len(page) < PAGE:
                return
            last = page[-1].id


class SqliteRestoring:
    """See Restorable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def instant(self) -> AsyncIterator[SqliteInstant]:
        """See Restorable."""
        connection = self._database.acquire()
        try:
            connection.execute("BEGIN")
            yield SqliteInstant(connection, self._database)
        except sqlite3.Error as error:
            raise explain(error, self._database.path) from error
        finally:
            self._database.release(connection)

    async def restore(self, objs: Sequence[Resource]) -> None:
        """See Restorable."""
        mine = [objects.apart(obj) for obj in objs]

        def put(transaction: Transaction) -> None:
            for obj in mine:
                meta = obj.metadata
                row = transaction.execute(_HOLDER, {"kind": obj.kind, "key": meta.key, "id": meta.id}).fetchone()
                if row is not None:
                    raise ExistsError(obj.kind, meta.key, row[0])
            for obj in mine:
                transaction.execute(_PUT, encode(obj, transaction.next_version(obj.kind)))

        await self._database.write(put)

    async def discard(self, kind: type[Resource], ids: Collection[str]) -> None:
        """See Restorable."""

        def remove(transaction: Transaction) -> None:
            for uid in ids:
                row = transaction.execute(_ONE, (kind.kind, uid)).fetchone()
                if row is not None:
                    last = encode(decode(kind, row), transaction.next_version(kind.kind))
                    transaction.execute(TOMBSTONE, last | {"removed_at": time.time()})
                    transaction.execute(REMOVE, (kind.kind, uid))

        await self._database.write(remove)

    async def settle(self) -> None:
        """Do nothing: a commit is seen by everybody."""


class SqliteLedger:
    """See Ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(self) -> str:
        """See Ledger."""
        return f"sqlite:///{self._database.path.resolve()}"

    async def last(self) -> int:
        """See Ledger."""
        [(last,)] = self._ask(_LAST)
        return int(last)

    async def count(self, until: int) -> int:
        """See Ledger."""
        [(count,)] = self._ask("SELECT count(*) FROM journal WHERE position <= ?", until)
        return int(count)

    async def lines(self, after: int, until: int, limit: int = PAGE) -> Sequence[Line]:
        """See Ledger."""
        fields = ("at", "type", "kind", "object_id", "region", "project", "data", "request_id", "position")
        return [
            Line(Record(**dict(zip(fields, row, strict=False))), str(row[-1]))
            for row in self._ask(_LINES, after, until, limit)
        ]

    async def restore(self, lines: Sequence[Line], after: int, until: int) -> None:
        """See Ledger."""

        def put(transaction: Transaction) -> None:
            transaction.execute("DELETE FROM journal WHERE position > ? AND position <= ?", (after, until))
            for line in lines:
                one = line.record
                what = (one.position, one.at, one.type, one.kind, one.object_id, one.region, one.project)
                transaction.execute(_LINE, (*what, one.request_id, one.data, line.unique))
            transaction.execute(_FIRST)
            transaction.execute(_ADVANCE, (until,))

        await self._database.write(put)

    def _ask(self, query: str, *arguments: object) -> Sequence[tuple[Any, ...]]:
        try:
            rows: Sequence[tuple[Any, ...]] = self._database.reader.execute(query, arguments).fetchall()
        except sqlite3.Error as error:
            raise explain(error, self._database.path) from error
        return rows
