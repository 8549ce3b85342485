"""What lists are made of: every object of a kind in list order, with what was rendered of it.

A list of a thousand servers must cost the copying of a thousand pieces of bytes. So the order is kept, not computed
(a marker is found by bisection), the fields that filters look at are taken out of the object once per change, and
renderings (`entries`) are kept until the object, or what it shows of others, changes. Without it every list would sort,
decide and encode all over. The store's cache underneath keeps the objects; what a *list of an API* needs is kept here.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar

from gurum.model.base import Resource
from gurum.pia.kernel.entries import Entry, Order, Renderings
from gurum.pia.kernel.seams import Cache
from gurum.store.contract import AdriftError

R = TypeVar("R", bound=Resource)


def by_age(obj: Resource) -> Order:
    """Order by creation, then id: what Nova lists by (newest first) where nobody asks otherwise."""
    return (obj.metadata.created_at, obj.metadata.id)


def by_project(obj: Resource) -> str:
    """Group by project."""
    return obj.metadata.project


Listener = Callable[[R | None, R | None], None]


class Mirror(Generic[R]):
    """All objects of one kind. Fed by the cache's changes, asked by handlers; never waits.

    order: the sort key of lists, ascending. group: what `members` confines a list to. row: what filters need, computed
    once per change. hide_deleting: an object whose deletion was asked for is gone here at once (`hidden` has it).
    """

    def __init__(
        self,
        kind: type[R],
        *,
        order: Callable[[R], Order] = by_age,
        group: Callable[[R], str] = by_project,
        row: Callable[[R], Any] = lambda obj: None,
        hide_deleting: bool = False,
    ) -> None:
        self.kind = kind
        self.renderings = Renderings()
        self.hidden: dict[str, R] = {}
        self._order, self._group, self._row, self._hide = order, group, row, hide_deleting
        self._entries: dict[str, Entry[R]] = {}
        self._keys: dict[str, Entry[R]] = {}
        self._lists: dict[tuple[str, str | None], list[Entry[R]]] = {}
        self._listeners: list[Listener[R]] = []
        self._indexes: dict[str, dict[str, dict[str, None]]] = {}
        self._totals: dict[str, dict[tuple[str, str], Counter[str]]] = {}

    def listen(self, listener: Listener[R]) -> None:
        """Call with (object before, object after) at every change; None is absence. Begins with what is there."""
        for entry in self._entries.values():
            listener(None, entry.object)
        self._listeners.append(listener)

    def index(self, name: str, values: Callable[[R], Iterable[str]]) -> None:
        """Keep an index by the values of an object, for `select`. An index of that name already there stays."""
        if name in self._indexes:
            return
        ids: dict[str, dict[str, None]] = {}
        self._indexes[name] = ids

        def move(old: R | None, new: R | None) -> None:
            before = set(values(old)) if old is not None else set()
            after = set(values(new)) if new is not None else set()
            some = new if new is not None else old
            uid = some.metadata.id if some is not None else ""
            for value in before - after:
                ids[value].pop(uid, None)
                if not ids[value]:
                    del ids[value]
            for value in after - before:
                ids.setdefault(value, {})[uid] = None

        self.listen(move)

    def tally(self, name: str, amounts: Callable[[R], Mapping[str, int]]) -> None:
        """Keep sums of what objects amount to, by region and group, for `total`."""
        totals: dict[tuple[str, str], Counter[str]] = {}
        self._totals[name] = totals

        def count(old: R | None, new: R | None) -> None:
            for obj, sign in ((old, -1), (new, 1)):
                if obj is not None:
                    total = totals.setdefault((obj.metadata.region, self._group(obj)), Counter())
                    for resource, amount in amounts(obj).items():
                        total[resource] += sign * amount

        self.listen(count)

    def total(self, name: str, region: str, group: str) -> Mapping[str, int]:
        """Return the sums of a group; what is not in it is 0. Raises KeyError for an unknown tally."""
        return self._totals[name].get((region, group), Counter())

    def select(self, name: str, value: str) -> list[R]:
        """Return the objects that have the value in an index. Raises KeyError for an unknown index."""
        return [self._entries[uid].object for uid in self._indexes[name].get(value, ())]

    def feed(self, change: Literal["put", "gone"], before: R | None, after: R | None) -> None:
        """Take in one change of the cache."""
        some = after if after is not None else before
        if some is None:
            return
        uid = some.metadata.id
        new = after if change == "put" else None
        if new is not None and self._hide and new.deleting:
            self.hidden[uid] = new
            new = None
        else:
            self.hidden.pop(uid, None)
        entry = self._entries.get(uid)
        old = entry.object if entry else None
        if new is None:
            if entry is not None:
                self._remove(entry)
        elif entry is None:
            self._insert(new)
        else:
            self._replace(entry, new)
        if old is not None or new is not None:
            for listener in self._listeners:
                listener(old, new)

    def _places(self, obj: R) -> tuple[tuple[str, str | None], tuple[str, str | None]]:
        return (obj.metadata.region, self._group(obj)), (obj.metadata.region, None)

    def _insert(self, obj: R) -> None:
        entry = Entry(obj, self._order(obj), self._row(obj), self.renderings)
        self._entries[obj.metadata.id] = self._keys[obj.metadata.key] = entry
        for place in self._places(obj):
            entries = self._lists.setdefault(place, [])
            entries.insert(bisect_right(entries, entry.order, key=_order_of), entry)

    def _remove(self, entry: Entry[R]) -> None:
        obj = entry.object
        self.renderings.forget(entry)
        self._entries.pop(obj.metadata.id, None)
        if self._keys.get(obj.metadata.key) is entry:
            del self._keys[obj.metadata.key]
        for place in self._places(obj):
            entries = self._lists[place]
            position = bisect_left(entries, entry.order, key=_order_of)
            while entries[position] is not entry:
                position += 1
            del entries[position]
            if not entries:
                del self._lists[place]

    def _replace(self, entry: Entry[R], new: R) -> None:
        old = entry.object
        if (
            self._order(new) != entry.order
            or self._places(new) != self._places(old)
            or new.metadata.key != old.metadata.key
        ):
            self._remove(entry)
            self._insert(new)
            return
        self.renderings.forget(entry)
        entry.object, entry.row = new, self._row(new)

    def forget(self, id: str) -> None:
        """Drop what was rendered (and the row) of an object: something else it shows has changed."""
        entry = self._entries.get(id)
        if entry is not None:
            self.renderings.forget(entry)
            entry.row = self._row(entry.object)

    def entry(self, id: str) -> Entry[R] | None:
        """Return the entry of an id."""
        return self._entries.get(id)

    def get(self, id: str, region: str = "") -> R | None:
        """Return the object of an id, in that region only where one is named."""
        entry = self._entries.get(id)
        return entry.object if entry is not None and region in ("", entry.object.metadata.region) else None

    def by_key(self, key: str) -> R | None:
        """Return the object that holds a key."""
        entry = self._keys.get(key)
        return entry.object if entry is not None else None

    def members(self, region: str, group: str | None = None) -> Sequence[Entry[R]]:
        """Return the entries of a group of a region (None: of the whole region), ascending. Do not change the list."""
        return self._lists.get((region, group), ())

    def objects(self, region: str, group: str | None = None) -> Iterator[R]:
        """Yield the objects of a group of a region (None: of the whole region), ascending."""
        return (entry.object for entry in self.members(region, group))

    def __len__(self) -> int:
        return len(self._entries)


def _order_of(entry: Entry[Any]) -> Order:
    return entry.order


class Board:
    """The mirrors of a process, one a kind, all fed by the same cache, and what was rendered of their objects."""

    def __init__(self, cache: Cache, renderings: Renderings | None = None) -> None:
        self._cache = cache
        self._renderings = renderings if renderings is not None else Renderings()
        self._mirrors: dict[type[Resource], Mirror[Any]] = {}
        self._waiting: dict[type[Resource], list[Callable[[Mirror[Any]], None]]] = {}

    def add(self, mirror: Mirror[R]) -> Mirror[R]:
        """Take a mirror in and have it fed. A kind has one mirror: a second is a mistake (ValueError)."""
        if mirror.kind in self._mirrors:
            raise ValueError(f"{mirror.kind.kind} has a mirror already")
        self._mirrors[mirror.kind] = mirror
        mirror.renderings = self._renderings
        for prepare in self._waiting.pop(mirror.kind, ()):
            prepare(mirror)
        self._cache.subscribe(mirror.kind, mirror.feed, replay=True)
        return mirror

    def of(self, kind: type[R]) -> Mirror[R]:
        """Return the mirror of a kind; one with the defaults where nobody added another."""
        mirror = self._mirrors.get(kind)
        return mirror if mirror is not None else self.add(Mirror(kind))

    def peek(self, kind: type[R]) -> Mirror[R] | None:
        """Return the mirror of a kind if there is one yet."""
        return self._mirrors.get(kind)

    def when(self, kind: type[R], prepare: Callable[[Mirror[R]], None]) -> None:
        """Call with the mirror of a kind as soon as there is one: for indexes and listeners on what others add."""
        mirror = self._mirrors.get(kind)
        if mirror is not None:
            prepare(mirror)
        else:
            self._waiting.setdefault(kind, []).append(prepare)

    def expect(self) -> float | None:
        """Begin what `fresh` will wait for; return the moment to be given to it; None: it waits for no server."""
        return self._cache.expect()

    def state(self, *kinds: type[Resource]) -> Hashable:
        """Return what is another value after anything of these kinds changed."""
        return self._cache.state(*kinds)

    async def fresh(self, *kinds: type[Resource], begun: float | None = None) -> None:
        """Bring kinds up to everything acknowledged before this call, or before `begun` (see `expect`)."""
        for kind in kinds:
            self.of(kind)
        try:
            await self._cache.fresh(*kinds, begun=begun)
        except AdriftError:
            # Its server is away: what was told before is the answer, and what would change it is refused by the store.
            for kind in kinds:
                with contextlib.suppress(AdriftError):
                    await self._cache.fresh(kind, begun=begun)
