"""Order and indexes over the objects of one kind, kept up to date change by change.

A page of a list must cost what the page holds, not what the region holds: so the order is kept, not made.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from gurum.model.base import Metadata, Resource

R = TypeVar("R", bound=Resource)


class Entry(Generic[R]):
    """An object and what readers derived from it (`memo`: rendered bytes by shape).

    A change makes another entry, so that what was derived from the old state cannot end up beside the new one.
    """

    __slots__ = ("memo", "object")

    def __init__(self, obj: R) -> None:
        self.object = obj
        self.memo: dict[Any, Any] = {}  # the reader's own keys and values


Place = tuple[float, str, Entry[R]]  # in the order of (created_at, id), which is the order of every list
Scope = tuple[str, str]  # (region, project); empty: any


class Views(Generic[R]):
    """For every region, project, pair of them and for all: the entries, oldest first.

    The entries themselves stand in the order, not their ids: on a page of a thousand, looking each up costs as much
    again.
    """

    def __init__(self) -> None:
        self._places: dict[Scope, list[Place[R]]] = {}

    def add(self, entry: Entry[R]) -> None:
        """Insert one: a binary search and a move of pointers."""
        meta = entry.object.metadata
        for scope in _scopes(meta.region, meta.project):
            insort(self._places.setdefault(scope, []), (meta.created_at, meta.id, entry))

    def add_all(self, entries: Iterable[Entry[R]]) -> None:
        """Insert many: one sort for each list touched."""
        groups: dict[Scope, list[Place[R]]] = {}
        for entry in entries:
            meta = entry.object.metadata
            groups.setdefault((meta.region, meta.project), []).append((meta.created_at, meta.id, entry))
        touched = set()
        for (region, project), group in groups.items():
            group.sort()
            for scope in _scopes(region, project):
                self._places.setdefault(scope, []).extend(group)
                touched.add(scope)
        for scope in touched:
            self._places[scope].sort()

    def replace(self, entry: Entry[R]) -> None:
        """Put the entry where the one of the same id, age, region and project stood."""
        meta = entry.object.metadata
        place = (meta.created_at, meta.id, entry)
        for scope in _scopes(meta.region, meta.project):
            places = self._places[scope]
            places[self.at(places, meta)] = place

    def remove(self, meta: Metadata) -> None:
        """Take one out."""
        for scope in _scopes(meta.region, meta.project):
            places = self._places[scope]
            del places[self.at(places, meta)]
            if not places:
                del self._places[scope]

    def of(self, region: str, project: str) -> Sequence[Place[R]]:
        """Return the places of a scope; not to be changed, and only valid until the next change."""
        return self._places.get((region, project), ())

    @staticmethod
    def at(places: Sequence[Place[R]], meta: Metadata) -> int:
        """Return where the object stands in a list, or would stand."""
        return bisect_left(places, (meta.created_at, meta.id))  # a shorter tuple comes before one it begins


class Index(Generic[R]):
    """Which ids have a value. `values` says which values an object has."""

    def __init__(self, values: Callable[[R], Iterable[str]]) -> None:
        self._values = values
        self._ids: dict[str, set[str]] = {}

    def move(self, old: R | None, new: R | None) -> None:
        """Replace the old state of one object by the new; None: there was or is none."""
        if old is None:
            if new is not None:
                for value in self._values(new):
                    self._ids.setdefault(value, set()).add(new.id)
            return
        before = set(self._values(old))
        after = set(self._values(new)) if new is not None else set()
        for value in before - after:
            ids = self._ids[value]
            ids.discard(old.id)
            if not ids:
                del self._ids[value]
        for value in after - before:
            self._ids.setdefault(value, set()).add(old.id)

    def ids(self, value: str) -> set[str]:
        """Return the ids; not to be changed."""
        return self._ids.get(value, _NONE)


_NONE: set[str] = set()


def _scopes(region: str, project: str) -> set[Scope]:
    return {(region, project), (region, ""), ("", project), ("", "")}
