"""The second entrance of PostgreSQL: see `gurum.store.moving.contract`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from gurum.model.base import Resource
from gurum.store import objects
from gurum.store.contract import NotFoundError, Record
from gurum.store.moving.contract import PAGE, Line
from gurum.store.postgresql.batch import Batch
from gurum.store.postgresql.database import Database
from gurum.store.postgresql.errors import FAILURES, explain
from gurum.store.postgresql.link import Place, Session
from gurum.store.postgresql.texts import possible
from gurum.store.rows import decode

R = TypeVar("R", bound=Resource)

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_POSITION = "SELECT position FROM counter"
_PAGE = "SELECT resource_version, schema, data FROM objects WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3"
_COUNT = "SELECT count(*) FROM objects WHERE kind = $1"
_HEAD = "SELECT coalesce(max(head), 0) FROM kinds"
_LINES = """
    SELECT at, type, kind, object_id, region, project, data, request_id, position, once FROM journal
    WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3"""
_FIELDS = ("at", "type", "kind", "object_id", "region", "project", "data", "request_id", "position")
_CLEAR = "DELETE FROM journal WHERE position > $1 AND position <= $2"
# What would keep a line from being put where it was: the same one at another position.
_MOVED = """
    DELETE FROM journal USING unnest($1::text[], $2::text[], $3::text[]) AS line (object_id, type, once)
    WHERE journal.object_id = line.object_id AND journal.type = line.type AND journal.once = line.once"""
_LINE = """
    INSERT INTO journal (position, at, type, kind, object_id, region, project, request_id, data, once)
    SELECT * FROM unnest($1::bigint[], $2::double precision[], $3::text[], $4::text[], $5::text[], $6::text[],
                         $7::text[], $8::text[], $9::bytea[], $10::text[])"""


class PostgresqlInstant:
    """A repeatable-read transaction. See Instant."""

    def __init__(self, session: Session, place: Place, position: int) -> None:
        self._session, self._place, self.position = session, place, position

    async def count(self, kind: type[Resource]) -> int:
        """See Instant."""
        [[count]] = await self._fetch(_COUNT, kind.kind)
        return int(count)

    async def objects(self, kind: type[R]) -> AsyncIterator[Sequence[R]]:
        """See Instant."""
        last = ""
        while True:
            rows = await self._fetch(_PAGE, kind.kind, last, PAGE)
            with objects.collector_paused():
                page = [decode(kind, row) for row in rows]
            if page:
                yield page
            if len(page) < PAGE:
                return
            last = page[-1].id

    async def _fetch(self, statement: str, *arguments: Any) -> Sequence[Sequence[Any]]:
        try:
            return await self._session.fetch(statement, *arguments)
        except FAILURES as error:
            raise explain(error, str(self._place)) from error


class PostgresqlRestoring:
    """See Restorable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def instant(self) -> AsyncIterator[PostgresqlInstant]:
        """See Restorable."""
        place = self._database.place
        try:
            session = await place.session()
            try:
                await session.run(_BEGIN)
                [[position]] = await session.fetch(_POSITION)
            except BaseException:
                session.give_up()
                raise
        except FAILURES as error:
            raise explain(error, str(place)) from error
        try:
            yield PostgresqlInstant(session, place, position)
        finally:
            session.give_up()

    async def restore(self, objs: Sequence[Resource]) -> None:
        """See Restorable."""
        mine = [possible(objects.apart(obj)) for obj in objs]
        # Heads may stand there of what had its journal here: versions of ours come after them.
        [[head]] = await self._database.readers.fetch(_HEAD)

        def put(batch: Batch) -> None:
            for obj in mine:
                batch.check_key(obj)
            batch.at_least(head)
            for obj in mine:
                batch.replace(obj)

        await self._database.write(
            put, ids=[(obj.kind, obj.id) for obj in mine], keys=[(obj.kind, obj.metadata.key) for obj in mine]
        )

    async def discard(self, kind: type[Resource], ids: Collection[str]) -> None:
        """See Restorable."""
        now = time.time()

        def remove(batch: Batch) -> None:
            for uid in ids:
                try:
                    batch.remove(batch.current(kind, uid, None), now)
                except NotFoundError:
                    continue

        await self._database.write(remove, ids=[(kind.kind, uid) for uid in ids])

    async def settle(self) -> None:
        """Have versions that are given out from now on come after every head, whoever noted it. See Restorable."""
        [[head]] = await self._database.readers.fetch(_HEAD)
        await self._database.write(lambda batch: batch.at_least(head))


class PostgresqlLedger:
    """See Ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(self) -> str:
        """See Ledger."""
        return str(self._database.place)

    async def last(self) -> int:
        """See Ledger."""
        [[last]] = await self._database.readers.fetch(_POSITION)
        return int(last)

    async def count(self, until: int) -> int:
        """See Ledger."""
        [[count]] = await self._database.readers.fetch("SELECT count(*) FROM journal WHERE position <= $1", until)
        return int(count)

    async def lines(self, after: int, until: int, limit: int = PAGE) -> Sequence[Line]:
        """See Ledger."""
        rows = await self._database.readers.fetch(_LINES, after, until, limit)
        return [Line(Record(**dict(zip(_FIELDS, row, strict=False))), str(row[9])) for row in rows]

    async def restore(self, lines: Sequence[Line], after: int, until: int) -> None:
        """See Ledger."""
        columns: list[list[Any]] = [[] for _ in range(10)]
        for line in lines:
            one = line.record
            what = (one.position, one.at, one.type, one.kind, one.object_id, one.region, one.project, one.request_id)
            for column, value in zip(columns, (*what, one.data, line.unique), strict=True):
                column.append(value)

        def put(batch: Batch) -> None:
            batch.at_least(0, until)
            batch.execute(_CLEAR, after, until)
            batch.execute(_MOVED, columns[4], columns[2], columns[9])
            batch.execute(_LINE, *columns)

        await self._database.write(put)
