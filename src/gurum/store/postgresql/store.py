"""Desired state in PostgreSQL: one database, any number of processes on any number of machines.

Versions come from one row that is only advanced under its lock, so the order of versions is the order of commits:
whoever has seen version n has seen everything before it. That is what makes watches free of gaps.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Literal, TypeVar, cast

import asyncpg

from gurum.model.base import Cause, Resource
from gurum.model.engine import Lease
from gurum.ops.clock import Clock, SystemClock
from gurum.store import fence, objects
from gurum.store.contract import EVERYTHING, Event, Filter, NotFoundError, Page, StoreError, WatchExpiredError
from gurum.store.postgresql.batch import Batch, Count, Name
from gurum.store.postgresql.database import Database
from gurum.store.postgresql.link import Connect, Row
from gurum.store.postgresql.lists import Snapshots
from gurum.store.postgresql.texts import possible, storable
from gurum.store.rows import decode

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

_BY_ID = "SELECT resource_version, schema, data FROM objects WHERE kind = $1 AND id = $2"
_BY_KEY = "SELECT resource_version, schema, data FROM objects WHERE kind = $1 AND sha256(key) = sha256($2)"
_LIST = """
    SELECT resource_version, schema, data FROM objects
    WHERE kind = $1 AND id > $2
      AND ($3::text = '' OR region = $3)
      AND ($4::text = '' OR account = $4)
      AND ($5::text = '' OR project = $5)
    ORDER BY id LIMIT $6"""
# One statement is one snapshot: a removal is among the rows, or the horizon beside them has passed it.
_CHANGES = """
    (SELECT head, 0, ''::bytea, '', horizon::text FROM kinds WHERE kind = $1)
    UNION ALL
    (SELECT * FROM (
      (SELECT resource_version, schema, data, id, 'put' FROM objects
       WHERE kind = $1 AND resource_version > $2
         AND ($3::text = '' OR region = $3)
         AND ($4::text = '' OR account = $4)
         AND ($5::text = '' OR project = $5)
       ORDER BY resource_version LIMIT $6)
      UNION ALL
      (SELECT resource_version, schema, data, id, 'gone' FROM tombstones
       WHERE kind = $1 AND resource_version > $2
         AND ($3::text = '' OR region = $3)
         AND ($4::text = '' OR account = $4)
         AND ($5::text = '' OR project = $5)
       ORDER BY resource_version LIMIT $6)
    ) AS changes ORDER BY 1 LIMIT $6)"""
_HORIZONS = """
    UPDATE kinds SET horizon = old.version
    FROM (SELECT kind, max(resource_version) AS version FROM tombstones WHERE removed_at < $1 GROUP BY kind) AS old
    WHERE kinds.kind = old.kind AND kinds.horizon < old.version"""
_FORGET = "DELETE FROM tombstones WHERE removed_at < $1"
_CHUNK = 1000  # events a watch reads at once
_FORGET_EVERY = 256  # removals between two prunings of tombstones


class PostgresqlStore:
    """See `gurum.store.contract.Store`. Open it with `open`, or on a database shared with a journal."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock | None = None,
        remember: float = 3600.0,
        lists: int = 8,
        list_idle: float = 60.0,
    ) -> None:
        """`remember` and `list_idle` are seconds: for how long watchers may be away, and a list between two pages.

        At most `lists` lists wait for their next page at once; one more ends the one that waited longest.
        """
        self.database = database
        self._clock = clock or SystemClock()
        self._remember = remember
        self._snapshots = Snapshots(database.readers, limit=lists, idle=list_idle)
        self._removals = 0

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        password: str = "",
        clock: Clock | None = None,
        lock_timeout: float = 5.0,
        poll: float = 1.0,
        backup: bool = False,
        make: bool = True,
        remember: float = 3600.0,
        lists: int = 8,
        list_idle: float = 60.0,
        connect: Connect = asyncpg.connect,
    ) -> PostgresqlStore:
        """Open a store in a database; see `Database.open`. Raises UnavailableError, NewerStoreError, ConfigError."""
        database = await Database.open(
            url, password=password, lock_timeout=lock_timeout, poll=poll, backup=backup, make=make, connect=connect
        )
        return cls(database, clock=clock, remember=remember, lists=lists, list_idle=list_idle)

    def trace(self, hook: Callable[[str], None] | None) -> None:
        """Call `hook` with every SQL statement from now on (without values); None ends it."""
        self.database.trace(hook)

    async def get(self, kind: type[R], id: str) -> R:
        """Return the object. Raises NotFoundError."""
        _known(kind, id)
        return await self._one(kind, _BY_ID, id, id)

    async def get_by_key(self, kind: type[R], key: str) -> R:
        """Return the object that holds the key. Raises NotFoundError."""
        return await self._one(kind, _BY_KEY, key, key.encode("utf-8", "surrogatepass"))

    async def list(
        self, kind: type[R], where: Filter = EVERYTHING, *, limit: int = 500, after: str | None = None
    ) -> Page[R]:
        """Return a page of at most `limit`; see `lists` for how all pages are of one version."""
        objects.check_limit(limit)
        async with self.database.readers.turn():
            if after is None:
                snapshot, last = await self._snapshots.begin(kind.kind, where), ""
            else:
                snapshot, last = self._snapshots.resume(after, kind.kind, where)
            try:
                rows = await snapshot.session.fetch(
                    _LIST, kind.kind, last, where.region, where.account, where.project, limit + 1
                )
                with objects.collector_paused():
                    items = [decode(kind, row) for row in rows[:limit]]
                if len(rows) <= limit:
                    await self._snapshots.end(snapshot)
                    return Page(items, snapshot.version)
            except BaseException:
                self._snapshots.drop(snapshot)
                raise
            return Page(items, snapshot.version, self._snapshots.keep(snapshot, items[-1].id))

    async def create(self, obj: R) -> R:
        """Store a new object and return it as stored. Raises ExistsError; ValueError for an impossible id."""
        new = possible(objects.created(obj, self._clock.time()))
        meta = new.metadata
        return await self._write(
            lambda batch: batch.insert(new), ids=[(new.kind, meta.id)], keys=[(new.kind, meta.key)]
        )

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        """Create in order, in one commit, and stop at the first refusal; return what was created and the refusal."""
        now = self._clock.time()
        new = [possible(objects.created(obj, now)) for obj in objs]

        def insert_all(batch: Batch) -> tuple[Sequence[Resource], StoreError | None]:
            done: list[Resource] = []
            for obj in new:
                try:
                    done.append(batch.insert(obj))
                except StoreError as refusal:
                    return done, refusal
            return done, None

        return await self._write(
            insert_all,
            ids=[(obj.kind, obj.id) for obj in new],
            keys=[(obj.kind, obj.metadata.key) for obj in new],
        )

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
        _known(kind, id)

        def mark(batch: Batch) -> R | None:
            current = batch.current(kind, id, resource_version)
            if not current.metadata.finalizers:
                self._remove(batch, current)
                return None
            if not objects.mark_deleted(current, cause, self._clock.time()):
                return current
            return batch.replace(current)

        return await self._write(mark, ids=[(kind.kind, id)])

    async def watch(self, kind: type[R], since: int, where: Filter = EVERYTHING) -> AsyncIterator[Event[R]]:
        """Yield what happens after `since`, for ever. Raises WatchExpiredError, UnavailableError."""
        heads = self.database.heads
        while True:
            if heads.head(kind.kind) == since:  # nobody told of anything newer: look
                await heads.refresh()
            events = await self._changes(kind, since, where, _CHUNK)
            for event in events:
                since = event.resource_version
                yield event
            if not events:
                await heads.wait(kind.kind, since)

    def expect(self) -> float | None:
        """Begin a look, which takes a round trip; return since when it sees what was acknowledged."""
        return self.database.heads.expect()

    async def changed(self, kind: type[R], since: int, *, begun: float | None = None) -> Sequence[Event[R]]:
        """Return, without waiting, what a watch would yield now. Raises WatchExpiredError."""
        await self.database.heads.refresh(begun)
        return await self._changes(kind, since, EVERYTHING, None)

    async def forget(self, age: float) -> int:
        """Forget removals older than `age` seconds; watches that began before expire. Return how many."""
        before = self._clock.time() - age
        return (await self.database.write(lambda batch: _forget(batch, before))).rows

    async def close(self) -> None:
        """End pending calls, then the connections."""
        self._snapshots.close()
        await self.database.close()

    async def _write(self, operation: Callable[[Batch], T], *, ids: Sequence[Name], keys: Sequence[Name] = ()) -> T:
        """Write, if the writer's fence still stands when the transaction has the lock: read with what is written."""
        guard = fence.current()
        if guard is None:
            return await self.database.write(operation, ids=ids, keys=keys)

        def guarded(batch: Batch) -> T:
            guard.check(batch.by_key(Lease, guard.key))
            return operation(batch)

        return await self.database.write(guarded, ids=ids, keys=[*keys, (Lease.kind, guard.key)])

    async def _one(self, kind: type[R], query: str, name: str, value: str | bytes) -> R:
        rows = await self.database.readers.fetch(query, kind.kind, value)
        if not rows:
            raise NotFoundError(f"{kind.kind} {name!r} does not exist")
        return decode(kind, rows[0])

    async def _changes(self, kind: type[R], since: int, where: Filter, limit: int | None) -> Sequence[Event[R]]:
        heads = self.database.heads
        known = heads.head(kind.kind)
        if known == since:
            return ()
        rows = await self.database.readers.fetch(
            _CHANGES, kind.kind, since, where.region, where.account, where.project, limit
        )
        head, horizon = next(((row[0], int(row[4])) for row in rows if not row[3]), (0, 0))
        if head < known:  # the store went back to a backup
            await heads.forget()
        elif head > known:  # read ahead of the notification: who waits for news from here must not be told of it again
            heads.tell({kind.kind: head})
        if not horizon <= since <= head:
            raise WatchExpiredError(f"changes of {kind.kind} since version {since} are no longer known: list again")
        with objects.collector_paused():
            events = [_event(kind, row) for row in rows if row[3]]
        if len(events) != limit and since < head and (not events or events[-1].resource_version < head):
            events.append(Event("bookmark", "", head))  # up to it, the filter let nothing else through
        return events

    async def _update(self, obj: R, change: Callable[[R, float], bool]) -> R:
        kind, meta = type(obj), obj.metadata
        _known(kind, meta.id)

        def update(batch: Batch) -> R:
            current = batch.current(kind, meta.id, meta.resource_version)
            if not change(current, self._clock.time()):
                return current
            if objects.finished(current):
                return self._remove(batch, current)
            return batch.replace(current)

        return await self._write(update, ids=[(kind.kind, meta.id)])

    def _remove(self, batch: Batch, obj: R) -> R:
        now = self._clock.time()
        self._removals += 1
        if self._removals % _FORGET_EVERY == 0:
            _forget(batch, now - self._remember)
        return batch.remove(obj, now)


def _event(kind: type[R], row: Row) -> Event[R]:
    return Event(cast("Literal['put', 'gone']", row[4]), row[3], row[0], decode(kind, row))


def _forget(batch: Batch, before: float) -> Count:
    batch.execute(_HORIZONS, before)
    return batch.execute(_FORGET, before)


def _known(kind: type[Resource], id: str) -> None:
    """Raise NotFoundError for an id that nothing can have, because the database could not hold it."""
    if not storable(id):
        raise NotFoundError(f"{kind.kind} {id!r} does not exist")
