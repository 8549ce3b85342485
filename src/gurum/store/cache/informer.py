"""The cache: follows the store in the background, and catches up on demand before an answer is given.

Following alone would be late by a moment, so that a client could miss its own write; asking the store for every answer
would make the store the bottleneck. `fresh` asks only whether something changed, which costs microseconds when nothing
has.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from gurum.model.base import Resource
from gurum.ops.clock import Clock, SystemClock
from gurum.store import objects
from gurum.store.cache.table import Callback, Table
from gurum.store.cache.views import Entry, Index, Place
from gurum.store.contract import EVERYTHING, Filter, NotFoundError, Store, UnavailableError, WatchExpiredError

R = TypeVar("R", bound=Resource)

_PAGE = 1000  # objects of a list read at once
_START_TRIES = 8  # how often a start asks a store that is unavailable, over about 13 s
_PAUSE = (0.1, 5.0)  # seconds between two tries: the first, and the longest


class Cache:
    """A copy of the objects of `kinds` that match `where`, in memory.

    The objects are shared by all readers: nobody may change one. Take `gurum.model.codec.copy` to get one of your own.
    All methods that are not coroutines return at once and see one consistent moment until the next `await`.
    """

    def __init__(
        self,
        store: Store,
        kinds: Sequence[type[Resource]],
        *,
        where: Filter = EVERYTHING,
        clock: Clock | None = None,
    ) -> None:
        self._store, self._where = store, where
        self._clock = clock or SystemClock()
        self._tables: dict[str, Table[Any]] = {kind.kind: Table(kind, where) for kind in kinds}
        for table in self._tables.values():
            table.add_index("name", Index(_name))
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: BaseException | None = None

    async def start(self) -> None:
        """List everything, then follow. Raises UnavailableError when the store stays unavailable.

        A process should call `gc.freeze()` afterwards: with 50,000 servers cached, a full run of the cyclic collector
        stops it for half a second, and there is nothing in here to collect.
        """
        for table in self._tables.values():
            for attempt in range(_START_TRIES):
                try:
                    await self._relist(table, table.epoch)
                    break
                except UnavailableError:
                    if attempt == _START_TRIES - 1:
                        raise
                    await self._clock.sleep(min(_PAUSE[0] * 2**attempt, _PAUSE[1]))
        for name, table in self._tables.items():
            task = asyncio.create_task(self._follow(table), name=f"cache-{name}")
            task.add_done_callback(self._ended)
            self._tasks.append(task)

    async def stop(self) -> None:
        """Stop following. What is cached stays readable."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def failed(self) -> bool:
        """Whether following broke down for a reason that will not pass: the process had better end."""
        return self._failure is not None

    def expect(self) -> float | None:
        """Begin what `fresh` will wait for; return the moment to be given to it; None: it waits for no server."""
        return self._store.expect()

    def state(self, *kinds: type[Resource]) -> Hashable:
        """Return what is another value after anything of these kinds changed in here."""
        return tuple((table.epoch, table.position) for table in map(self._table, kinds))

    async def fresh(self, *kinds: type[Resource], begun: float | None = None) -> None:
        """Apply every write acknowledged before this call, whoever made it; no kinds: all kinds.

        With `begun`, a moment that `expect` returned, those acknowledged before it. Raises UnavailableError;
        RuntimeError when following broke down for a reason that will not pass.
        """
        if self._failure is not None:
            raise RuntimeError("the cache no longer follows the store") from self._failure
        begun = time.monotonic() if begun is None else begun
        tables = [self._tables[kind.kind] for kind in kinds] if kinds else self._tables.values()
        for table in tables:
            applied = False
            while not applied:
                epoch = table.epoch
                try:
                    events = await self._store.changed(table.kind, table.position, begun=begun)
                except WatchExpiredError:
                    await self._relist(table, epoch)
                    break
                applied = not events or table.observe(events, epoch)
                if not applied:
                    async with table.lock:  # until the list that came between is done
                        pass

    def apply(self, obj: Resource) -> None:
        """Take over what a write returned. The object is the cache's from now on. Older versions are ignored."""
        self._tables[obj.kind].write_through(obj)

    def get(self, kind: type[R], id: str) -> R | None:
        """Return the object, if there is one."""
        entry = self._table(kind).entries.get(id)
        return entry.object if entry is not None else None

    def entry(self, kind: type[R], id: str) -> Entry[R] | None:
        """Return the object with its memo, if there is one."""
        return self._table(kind).entries.get(id)

    def by_key(self, kind: type[R], key: str) -> R | None:
        """Return the object that holds the key, if there is one."""
        table = self._table(kind)
        holder = table.keys.get(key)
        return table.entries[holder].object if holder is not None else None

    def by_name(self, kind: type[R], name: str, *, project: str) -> list[R]:
        """Return the project's objects whose `spec.name` this is, oldest first."""
        return self.select(kind, "name", f"{project}/{name}")

    def select(self, kind: type[R], index: str, value: str) -> list[R]:
        """Return the objects that have the value in an index, oldest first. Raises KeyError for an unknown index."""
        table = self._table(kind)
        found = [table.entries[uid].object for uid in table.indexes[index].ids(value)]
        found.sort(key=_age)
        return found

    def count(self, kind: type[Resource], *, region: str = "", project: str = "") -> int:
        """Return how many there are, without counting; empty: any."""
        return len(self._tables[kind.kind].views.of(region, project))

    def count_index(self, kind: type[Resource], index: str, value: str) -> int:
        """Return how many have the value in an index. Raises KeyError for an unknown index."""
        return len(self._tables[kind.kind].indexes[index].ids(value))

    def page(
        self,
        kind: type[R],
        *,
        region: str = "",
        project: str = "",
        marker: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        wanted: Callable[[R], bool] | None = None,
    ) -> list[Entry[R]]:
        """Return up to `limit` entries after the object `marker`, in the order of (created_at, id).

        `wanted` chooses among them before the limit counts. Raises NotFoundError for a marker that is not
        in the scope.
        """
        table = self._table(kind)
        most = limit if wanted is None else None
        places = _after(table, table.views.of(region, project), marker, newest_first, most)
        if wanted is None:
            return [entry for _, _, entry in places]
        return list(islice((entry for _, _, entry in places if wanted(entry.object)), limit))

    def objects(self, kind: type[R], *, region: str = "", project: str = "") -> list[R]:
        """Return all objects of a scope, oldest first."""
        return [entry.object for _, _, entry in self._table(kind).views.of(region, project)]

    def add_index(self, kind: type[R], name: str, values: Callable[[R], Iterable[str]]) -> None:
        """Index a kind by what `values` returns for an object: read it with `select`."""
        self._table(kind).add_index(name, Index(values))

    def subscribe(self, kind: type[R], callback: Callback[R], *, replay: bool = False) -> Callable[[], None]:
        """Call `callback(change, old, new)` after every change, synchronously; return how to end that.

        `put` has the new state and the old one, if there was one; `gone` has the old. States in between may be missing.
        With `replay`, it is first told what is there already. A callback must not raise: that stops the cache.
        """
        table = self._table(kind)
        if replay:
            for entry in list(table.entries.values()):
                callback("put", None, entry.object)
        table.callbacks.append(callback)
        return lambda: table.callbacks.remove(callback)

    def invalidate(self, kind: type[Resource], id: str) -> None:
        """Drop what was derived from an object, because something else it shows has changed."""
        entry = self._tables[kind.kind].entries.get(id)
        if entry is not None:
            entry.memo.clear()

    def _table(self, kind: type[R]) -> Table[R]:
        return cast("Table[R]", self._tables[kind.kind])

    async def _relist(self, table: Table[Any], epoch: int) -> None:
        """List a kind again, unless somebody else has done so since `epoch`."""
        async with table.lock:
            while table.epoch == epoch:
                items: list[Resource] = []
                after = None
                try:
                    while True:
                        page = await self._store.list(table.kind, self._where, limit=_PAGE, after=after)
                        items += page.items
                        after = page.next
                        if after is None:
                            break
                except WatchExpiredError:
                    await self._clock.sleep(_PAUSE[0])  # the list took too long: begin it again
                    continue
                table.replace(items, page.resource_version)

    async def _follow(self, table: Table[Any]) -> None:
        pause = _PAUSE[0]
        while True:
            epoch = table.epoch
            try:
                async with table.lock:
                    since = table.position
                async for event in self._store.watch(table.kind, since, self._where):
                    pause = _PAUSE[0]
                    if not table.observe((event,), epoch):
                        break
            except WatchExpiredError:
                try:
                    await self._relist(table, epoch)
                except UnavailableError:
                    await self._clock.sleep(pause)
            except UnavailableError:
                await self._clock.sleep(pause)
                pause = min(pause * 2, _PAUSE[1])

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._failure = task.exception()


def _name(obj: Resource) -> Iterable[str]:
    name = getattr(objects.whole(obj).spec, "name", None)
    return () if name is None else (f"{obj.metadata.project}/{name}",)


def _age(obj: Resource) -> tuple[float, str]:
    return obj.metadata.created_at, obj.metadata.id


def _after(
    table: Table[R], places: Sequence[Place[R]], marker: str | None, newest_first: bool, limit: int | None
) -> Sequence[Place[R]]:
    """Return the places after the marker's, in the order asked for, at most `limit`."""
    start, end = 0, len(places)
    if marker is not None:
        entry = table.entries.get(marker)
        here = end if entry is None else table.views.at(places, entry.object.metadata)
        if here == end or places[here][1] != marker:
            raise NotFoundError(f"{table.kind.kind} {marker!r} does not exist")
        start, end = (0, here) if newest_first else (here + 1, end)
    if limit is not None:
        start, end = (max(start, end - limit), end) if newest_first else (start, min(end, start + limit))
    return places[start:end][::-1] if newest_first else places[start:end]
