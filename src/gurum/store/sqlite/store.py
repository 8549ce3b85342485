"""Desired state in SQLite: the default backend, one file, any number of processes.

Versions come from one counter that is only advanced under the write lock, so the order of versions is the order of
commits: whoever has seen version n has seen everything before it. That is what makes watches free of gaps.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from gurum.model.base import Cause, Resource
from gurum.model.engine import Lease
from gurum.ops.clock import Clock, SystemClock
from gurum.store import fence, objects
from gurum.store.contract import (
    EVERYTHING,
    ConflictError,
    Event,
    ExistsError,
    Filter,
    NotFoundError,
    Page,
    StoreError,
    WatchExpiredError,
)
from gurum.store.rows import decode, encode
from gurum.store.sqlite.database import Database, Transaction
from gurum.store.sqlite.errors import explain
from gurum.store.sqlite.lists import Snapshots
from gurum.store.sqlite.statements import REMOVE, TOMBSTONE

R = TypeVar("R", bound=Resource)
T = TypeVar("T")
Row = tuple[Any, ...]  # as the driver returns it

_BY_ID = "SELECT resource_version, schema, data FROM objects WHERE kind = ? AND id = ?"
_BY_KEY = "SELECT resource_version, schema, data FROM objects WHERE kind = ? AND key = ?"
_LIST = """
    SELECT resource_version, schema, data FROM objects
    WHERE kind = :kind AND id > :after
      AND (:region = '' OR region = :region)
      AND (:account = '' OR account = :account)
      AND (:project = '' OR project = :project)
    ORDER BY id LIMIT :limit"""
_CHANGES = """
    SELECT resource_version, schema, data, id, 'put' FROM objects
    WHERE kind = :kind AND resource_version > :since
      AND (:region = '' OR region = :region)
      AND (:account = '' OR account = :account)
      AND (:project = '' OR project = :project)
    UNION ALL
    SELECT resource_version, schema, data, id, 'gone' FROM tombstones
    WHERE kind = :kind AND resource_version > :since
      AND (:region = '' OR region = :region)
      AND (:account = '' OR account = :account)
      AND (:project = '' OR project = :project)
    ORDER BY 1 LIMIT :limit"""
_INSERT = "INSERT INTO objects VALUES (:kind, :id, :key, :region, :account, :project, :version, :schema, :data)"
_REPLACE = (
    "UPDATE objects SET account = :account, resource_version = :version, schema = :schema, data = :data"
    " WHERE kind = :kind AND id = :id"
)
_CHUNK = 1000  # events a watch reads at once
_FORGET_EVERY = 256  # removals between two prunings of tombstones


class SqliteStore:
    """See `gurum.store.contract.Store`. Open it with `SqliteStore.open`, or on a database shared with a journal."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock | None = None,
        remember: float = 3600.0,
        lists: int = 16,
        list_idle: float = 60.0,
    ) -> None:
        """`remember` and `list_idle` are seconds: for how long watchers may be away, and a list between two pages.

        At most `lists` lists are open at once; one more ends the one that waited longest.
        """
        self.database = database
        self._clock = clock or SystemClock()
        self._remember = remember
        self._snapshots = Snapshots(database, limit=lists, idle=list_idle)
        self._removals = 0

    @classmethod
    async def open(
        cls,
        path: Path | str,
        *,
        clock: Clock | None = None,
        busy_timeout: float = 5.0,
        poll: float = 0.010,
        backup_to: Path | None = None,
        remember: float = 3600.0,
        lists: int = 16,
        list_idle: float = 60.0,
    ) -> SqliteStore:
        """Open a store in a file of its own name. Raises UnavailableError, NewerStoreError."""
        database = await Database.open(path, busy_timeout=busy_timeout, poll=poll, backup_to=backup_to)
        return cls(database, clock=clock, remember=remember, lists=lists, list_idle=list_idle)

    def trace(self, hook: Callable[[str], None] | None) -> None:
        """Call `hook` with every SQL statement from now on (values included), on any thread; None ends it."""
        self.database.trace(hook)

    async def get(self, kind: type[R], id: str) -> R:
        """Return the object. Raises NotFoundError."""
        return self._one(kind, _BY_ID, id)

    async def get_by_key(self, kind: type[R], key: str) -> R:
        """Return the object that holds the key. Raises NotFoundError."""
        return self._one(kind, _BY_KEY, key)

    async def list(
        self, kind: type[R], where: Filter = EVERYTHING, *, limit: int = 500, after: str | None = None
    ) -> Page[R]:
        """Return a page of at most `limit`; see `lists` for how all pages are of one version."""
        objects.check_limit(limit)
        await asyncio.sleep(0)  # reading 50,000 objects page by page must not stop the event loop for a second
        try:
            if after is None:
                snapshot, last = self._snapshots.begin(kind.kind, where), ""
            else:
                snapshot, last = self._snapshots.resume(after, kind.kind, where)
            more = False
            try:
                arguments = {**_filter(kind, where), "after": last, "limit": limit + 1}
                with objects.collector_paused():
                    rows = snapshot.connection.execute(_LIST, arguments).fetchall()
                    items = [decode(kind, row) for row in rows[:limit]]
                more = len(rows) > limit
            finally:
                if not more:
                    self._snapshots.end(snapshot)
            token = self._snapshots.keep(snapshot, items[-1].id) if more else None
        except sqlite3.Error as error:
            raise explain(error, self.database.path) from error
        return Page(items, snapshot.version, token)

    async def create(self, obj: R) -> R:
        """Store a new object and return it as stored. Raises ExistsError."""
        new = objects.created(obj, self._clock.time())
        return await self._write(lambda transaction: self._insert(transaction, new))

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        """Create in order, in one commit, and stop at the first refusal; return what was created and the refusal."""
        now = self._clock.time()
        new = [objects.created(obj, now) for obj in objs]

        def insert_all(transaction: Transaction) -> tuple[Sequence[Resource], StoreError | None]:
            done: list[Resource] = []
            for obj in new:
                try:
                    done.append(self._insert(transaction, obj))
                except ExistsError as refusal:
                    return done, refusal
            return done, None

        return await self._write(insert_all)

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        """Replace spec, labels and finalizers at the version that was read. Raises ConflictError, NotFoundError."""
        new = objects.duplicate(obj)
        return await self._update(new, lambda current, now: objects.with_spec(current, new, cause, now))

    async def update_status(self, obj: R) -> R:
        """Replace status, finalizers, account and revision at the version that was read.

        Raises ConflictError, NotFoundError.
        """
        new = objects.duplicate(obj)
        return await self._update(new, lambda current, _: objects.with_status(current, new))

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        """Ask for deletion; return the marked object, None when it is gone. Raises NotFoundError, ConflictError."""

        def mark(transaction: Transaction) -> R | None:
            current = _current(transaction, kind, id, resource_version)
            if not current.metadata.finalizers:
                self._remove(transaction, current)
                return None
            if not objects.mark_deleted(current, cause, self._clock.time()):
                return current
            return self._replace(transaction, current)

        return await self._write(mark)

    async def watch(self, kind: type[R], since: int, where: Filter = EVERYTHING) -> AsyncIterator[Event[R]]:
        """Yield what happens after `since`, for ever. Raises WatchExpiredError, UnavailableError."""
        while True:
            events = self._changes(kind, since, where, _CHUNK)
            for event in events:
                since = event.resource_version
                yield event
            if not events:
                await self.database.heads.wait(kind.kind)

    def expect(self) -> float | None:
        """Return None: a look costs microseconds."""
        return None

    async def changed(self, kind: type[R], since: int, *, begun: float | None = None) -> Sequence[Event[R]]:
        """Return, without waiting, what a watch would yield now. Raises WatchExpiredError."""
        return self._changes(kind, since, EVERYTHING, -1, begun)

    async def forget(self, age: float) -> int:
        """Forget removals older than `age` seconds; watches that began before expire. Return how many."""
        return await self.database.write(lambda transaction: _forget(transaction, self._clock.time() - age))

    async def close(self) -> None:
        """End pending writes, then release the file."""
        self._snapshots.close()
        await self.database.close()

    async def _write(self, operation: Callable[[Transaction], T]) -> T:
        """Write, if the writer's fence still stands when the transaction has the lock."""
        guard = fence.current()
        if guard is None:
            return await self.database.write(operation)

        def guarded(transaction: Transaction) -> T:
            guard.check(lease(transaction, guard.key))
            return operation(transaction)

        return await self.database.write(guarded)

    def _one(self, kind: type[R], query: str, name: str) -> R:
        try:
            row = self.database.reader.execute(query, (kind.kind, name)).fetchone()
        except sqlite3.Error as error:
            raise explain(error, self.database.path) from error
        if row is None:
            raise NotFoundError(f"{kind.kind} {name!r} does not exist")
        return decode(kind, row)

    def _changes(
        self, kind: type[R], since: int, where: Filter, limit: int, begun: float | None = None
    ) -> Sequence[Event[R]]:
        heads = self.database.heads
        try:
            heads.refresh(begun)
            head = heads.head(kind.kind)
            if head == since:
                return ()
            arguments = {**_filter(kind, where), "since": since, "limit": limit}
            rows = self.database.reader.execute(_CHANGES, arguments).fetchall()
            heads.refresh()  # after the rows: a removal that was forgotten just before they were read is missing there
            if not heads.known(kind.kind, since):
                raise WatchExpiredError(f"changes of {kind.kind} since version {since} are no longer known: list again")
        except sqlite3.Error as error:
            raise explain(error, self.database.path) from error
        with objects.collector_paused():
            events = [_event(kind, row) for row in rows]
        if len(rows) != limit and (not rows or rows[-1][0] < head):
            # The head was read before the rows: up to it, the filter let nothing else through.
            events.append(Event("bookmark", "", head))
        return events

    async def _update(self, obj: R, change: Callable[[R, float], bool]) -> R:
        kind, meta = type(obj), obj.metadata

        def update(transaction: Transaction) -> R:
            current = _current(transaction, kind, meta.id, meta.resource_version)
            if not change(current, self._clock.time()):
                return current
            if objects.finished(current):
                return self._remove(transaction, current)
            return self._replace(transaction, current)

        return await self._write(update)

    def _insert(self, transaction: Transaction, obj: R) -> R:
        row = encode(obj, transaction.next_version(obj.kind))
        try:
            transaction.execute(_INSERT, row)
        except sqlite3.IntegrityError:
            held = "SELECT id FROM objects WHERE kind = :kind AND (id = :id OR key = :key) ORDER BY key = :key DESC"
            [holder] = transaction.execute(held, row).fetchone()
            raise ExistsError(obj.kind, obj.metadata.key, holder) from None
        return obj

    @staticmethod
    def _replace(transaction: Transaction, obj: R) -> R:
        row = encode(obj, transaction.next_version(obj.kind))
        transaction.execute(_REPLACE, row)
        return obj

    def _remove(self, transaction: Transaction, obj: R) -> R:
        row = encode(obj, transaction.next_version(obj.kind))
        row["removed_at"] = self._clock.time()
        transaction.execute(TOMBSTONE, row)
        transaction.execute(REMOVE, (obj.kind, obj.id))
        self._removals += 1
        if self._removals % _FORGET_EVERY == 0:
            _forget(transaction, self._clock.time() - self._remember)
        return obj


def lease(transaction: Transaction, key: str) -> Lease | None:
    """Return a lease as it is in the transaction; None when there is none of that key."""
    row = transaction.execute(_BY_KEY, (Lease.kind, key)).fetchone()
    return None if row is None else decode(Lease, row)


def _filter(kind: type[Resource], where: Filter) -> dict[str, str | int]:
    return {"kind": kind.kind, "region": where.region, "account": where.account, "project": where.project}


def _event(kind: type[R], row: Row) -> Event[R]:
    return Event(cast("Literal['put', 'gone']", row[4]), row[3], row[0], decode(kind, row))


def _current(transaction: Transaction, kind: type[R], id: str, version: int | None) -> R:
    row = transaction.execute(_BY_ID, (kind.kind, id)).fetchone()
    if row is None:
        raise NotFoundError(f"{kind.kind} {id!r} does not exist")
    if version is not None and row[0] != version:
        raise ConflictError(f"{kind.kind} {id!r} changed since it was read")
    return decode(kind, row)


def _forget(transaction: Transaction, before: float) -> int:
    transaction.execute(
        "UPDATE kinds SET horizon = max(horizon, coalesce((SELECT max(resource_version) FROM tombstones"
        " WHERE tombstones.kind = kinds.kind AND removed_at < ?), 0))",
        (before,),
    )
    return transaction.execute("DELETE FROM tombstones WHERE removed_at < ?", (before,)).rowcount
