"""The contract in memory. See the package for why it may be hostile."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar, cast

import msgspec

from gurum.model.base import Cause, Resource
from gurum.model.engine import Lease
from gurum.ops.clock import Clock, SystemClock
from gurum.store import fence, objects
from gurum.store.contract import (
    EVERYTHING,
    Event,
    Filter,
    NotFoundError,
    Page,
    StoreError,
    UnavailableError,
    WatchExpiredError,
)
from gurum.store.memory.hostility import PEACEFUL, Dice, Hostility
from gurum.store.memory.shelf import Happened, Row, Shelf

R = TypeVar("R", bound=Resource)

_LISTS = 16  # lists open at once


class _List(msgspec.Struct, frozen=True):
    """What is left of a list, all of one version."""

    kind: str
    where: Filter
    version: int
    rows: list[Row]


class MemoryStore:
    """See `gurum.store.contract.Store`. `hostility` may be replaced at any time; `remember` counts events of a kind."""

    def __init__(
        self, *, clock: Clock | None = None, seed: int = 0, hostility: Hostility = PEACEFUL, remember: int = 100_000
    ) -> None:
        self.hostility = hostility
        self.writes = 0  # how many states were stored or removed: a write without effect does not count
        self._clock = clock or SystemClock()
        self._dice = Dice(seed, self._clock)
        self._remember = remember
        self._shelves: dict[str, Shelf[Any]] = {}
        self._version = 0
        self._lists: dict[str, _List] = {}
        self._list_count = 0
        self._closed = False

    async def get(self, kind: type[R], id: str) -> R:
        """Return the object. Raises NotFoundError."""
        await self._enter()
        return self.shelf(kind).read(id)

    async def get_by_key(self, kind: type[R], key: str) -> R:
        """Return the object that holds the key. Raises NotFoundError."""
        await self._enter()
        shelf = self.shelf(kind)
        if key not in shelf.keys:
            raise NotFoundError(f"{kind.kind} {key!r} does not exist")
        return shelf.read(shelf.keys[key])

    async def list(
        self, kind: type[R], where: Filter = EVERYTHING, *, limit: int = 500, after: str | None = None
    ) -> Page[R]:
        """Return a page. All rows of a list are set aside with its first page."""
        objects.check_limit(limit)
        await self._enter()
        shelf = self.shelf(kind)
        if after is None:
            rows = sorted(shelf.rows.values(), key=lambda row: row.meta.id)
            rest = _List(kind.kind, where, shelf.head, [row for row in rows if objects.matches(row.meta, where)])
        else:
            self._dice.expire(self.hostility)
            known = self._lists.pop(after, None)
            if known is None or (known.kind, known.where) != (kind.kind, where):
                raise WatchExpiredError(f"the list of {kind.kind} is no longer known: list again")
            rest = known
        token = None
        if len(rest.rows) > limit:
            self._list_count += 1
            token = str(self._list_count)
            self._lists[token] = msgspec.structs.replace(rest, rows=rest.rows[limit:])
            if len(self._lists) > _LISTS:
                del self._lists[next(iter(self._lists))]
        return Page([shelf.thaw(row) for row in rest.rows[:limit]], rest.version, token)

    async def create(self, obj: R) -> R:
        """Store a new object and return it as stored. Raises ExistsError."""
        await self._enter()
        return await self._acknowledged(self._insert(obj))

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        """Create one after the other and stop at the first refusal; return what was created and the refusal."""
        await self._enter()
        done: list[Resource] = []
        for obj in objs:
            try:
                if done:
                    await self._enter()  # each is a call of its own, so that the middle can fail
                done.append(await self._acknowledged(self._insert(obj)))
            except StoreError as refusal:
                return done, refusal
        return done, None

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        """Replace spec, labels and finalizers at the version that was read. Raises ConflictError, NotFoundError."""
        new = objects.duplicate(obj)
        return await self._update(new, lambda current: objects.with_spec(current, new, cause, self._clock.time()))

    async def update_status(self, obj: R) -> R:
        """Replace status, finalizers, account and revision at the version that was read.

        Raises ConflictError, NotFoundError.
        """
        new = objects.duplicate(obj)
        return await self._update(new, lambda current: objects.with_status(current, new))

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        """Ask for deletion; return the marked object, None when it is gone. Raises NotFoundError, ConflictError."""
        await self._enter()
        if resource_version is not None:
            self._dice.conflict(self.hostility)
        self._fenced()
        shelf = self.shelf(kind)
        current = shelf.read(id, resource_version)
        if not current.metadata.finalizers:
            await self._acknowledged(shelf.remove(current, self.next()))
            return None
        if not objects.mark_deleted(current, cause, self._clock.time()):
            return current
        return await self._acknowledged(shelf.replace(current, self.next()))

    async def watch(self, kind: type[R], since: int, where: Filter = EVERYTHING) -> AsyncIterator[Event[R]]:
        """Yield what happens after `since`, for ever. Raises WatchExpiredError, UnavailableError."""
        shelf = self.shelf(kind)
        while True:
            news = shelf.news
            await self._dice.pause(self.hostility.stall, self.hostility.pause)
            self._dice.expire(self.hostility)
            seen, head = since, shelf.head
            for event in self._changes(shelf, since, where):
                yield event
            since = max(since, head)
            if self._dice.hit(self.hostility.bookmark):
                yield Event("bookmark", "", since)
            if since == seen:
                await news.wait()

    def expect(self) -> float | None:
        """Return now: what looks before it waits is exercised thereby."""
        return time.monotonic()

    async def changed(self, kind: type[R], since: int, *, begun: float | None = None) -> Sequence[Event[R]]:
        """Return, without waiting, what a watch would yield now. Raises WatchExpiredError."""
        await self._enter()
        self._dice.expire(self.hostility)
        return self._changes(self.shelf(kind), since, EVERYTHING)

    async def close(self) -> None:
        """Refuse everything from now on; watches end with UnavailableError."""
        self._closed = True
        for shelf in self._shelves.values():
            shelf.wake()

    async def forget(self) -> None:
        """Forget what happened: every watch that is behind expires."""
        for shelf in self._shelves.values():
            shelf.forget()

    def backup(self) -> tuple[int, dict[str, dict[str, Row]]]:
        """Return the present contents, for `restore`."""
        return self._version, {name: dict(shelf.rows) for name, shelf in self._shelves.items()}

    def restore(self, backup: tuple[int, dict[str, dict[str, Row]]]) -> None:
        """Go back to a backup, versions included: what an operator does after a disaster."""
        self._version, contents = backup
        self._lists.clear()
        for name, shelf in self._shelves.items():
            shelf.restore(contents.get(name, {}))

    def _changes(self, shelf: Shelf[R], since: int, where: Filter) -> Sequence[Event[R]]:
        if self._closed:
            raise UnavailableError("the store is closed")
        if not shelf.known(since):
            raise WatchExpiredError(f"changes of {shelf.kind.kind} since version {since} are no longer known")
        if since == shelf.head:
            return ()
        events = []
        happened = shelf.after(since, where)
        for number, one in enumerate(happened):
            if self._dice.hit(self.hostility.coalesce) and _overtaken(one, happened[number + 1 :]):
                continue
            known = one.type == "put" or not self._dice.hit(self.hostility.amnesia)
            events.append(shelf.event(one, known=known))
            if self._dice.hit(self.hostility.twice):
                events.append(shelf.event(one, known=known))
        if not happened or happened[-1].row.version < shelf.head:
            events.append(Event("bookmark", "", shelf.head))
        return events

    async def _update(self, obj: R, change: Callable[[R], bool]) -> R:
        await self._enter()
        self._dice.conflict(self.hostility)
        self._fenced()
        shelf, meta = self.shelf(type(obj)), obj.metadata
        current = shelf.read(meta.id, meta.resource_version)
        if not change(current):
            return current
        if objects.finished(current):
            return await self._acknowledged(shelf.remove(current, self.next()))
        return await self._acknowledged(shelf.replace(current, self.next()))

    def _insert(self, obj: R) -> R:
        self._fenced()
        stored = self.shelf(type(obj)).insert(objects.created(obj, self._clock.time()), self._version + 1)
        self.next()
        return stored

    def _fenced(self) -> None:
        guard = fence.current()
        if guard is not None:
            leases = self.shelf(Lease)
            guard.check(leases.read(leases.keys[guard.key]) if guard.key in leases.keys else None)

    def next(self) -> int:
        """Return the next version."""
        self._version += 1
        self.writes += 1
        return self._version

    async def _enter(self) -> None:
        await self._dice.enter(self.hostility)
        if self._closed:
            raise UnavailableError("the store is closed")

    async def _acknowledged(self, result: R) -> R:
        """Return the result, perhaps after watchers have seen it."""
        await self._dice.pause(self.hostility.early, self.hostility.pause)
        return result

    def shelf(self, kind: type[R]) -> Shelf[R]:
        """Return where the objects of a kind are."""
        if kind.kind not in self._shelves:
            self._shelves[kind.kind] = Shelf(kind, self._remember)
        return cast("Shelf[R]", self._shelves[kind.kind])


def _overtaken(one: Happened, later: Sequence[Happened]) -> bool:
    """Whether something later makes this state superfluous. A removal never is."""
    return one.type == "put" and any(other.row.meta.id == one.row.meta.id for other in later)
