"""Order and indexes over the objects of one kind, kept up to date change by change.

A page of a list must cost what the page holds, not what the region holds: so the order is kept, not made.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from gurum.model.base import Metadata, Resource

R = TypeVar("R", bound=Resource)

Place = tuple[float, str]  # (created_at, id): the order of every list
Scope = tuple[str, str]  # (region, project); empty: any


def place(meta: Metadata) -> Place:
    """Return where the object stands in the lists it is in."""
    return meta.created_at, meta.id


class Views:
    """For every region, project, pair of them and for all: the places of the objects, ascending."""

    def __init__(self) -> None:
        self._places: dict[Scope, list[Place]] = {}

    def add(self, meta: Metadata) -> None:
        """Insert one object: a binary search and a move of pointers."""
        where = place(meta)
        for scope in _scopes(meta):
            insort(self._places.setdefault(scope, []), where)

    def add_all(self, metas: Iterable[Metadata]) -> None:
        """Insert many: one sort for each list touched."""
        touched = set()
        for meta in metas:
            where = place(meta)
            for scope in _scopes(meta):
                self._places.setdefault(scope, []).append(where)
                touched.add(scope)
        for scope in touched:
            self._places[scope].sort()

    def remove(self, meta: Metadata) -> None:
        """Take one object out."""
        where = place(meta)
        for scope in _scopes(meta):
            places = self._places[scope]
            del places[bisect_left(places, where)]
            if not places:
                del self._places[scope]

    def of(self, region: str, project: str) -> Sequence[Place]:
        """Return the places of a scope; not to be changed, and only valid until the next change."""
        return self._places.get((region, project), ())


class Index(Generic[R]):
    """Which ids have a value. `values` says which values an object has."""

    def __init__(self, values: Callable[[R], Iterable[str]]) -> None:
        self._values = values
        self._ids: dict[str, set[str]] = {}

    def move(self, old: R | None, new: R | None) -> None:
        """Replace the old state of one object by the new; None: there was or is none."""
        before = set(self._values(old)) if old is not None else set()
        after = set(self._values(new)) if new is not None else set()
        if before == after:
            return
        some = new if new is not None else old
        if some is None:
            return
        for value in before - after:
            ids = self._ids[value]
            ids.discard(some.id)
            if not ids:
                del self._ids[value]
        for value in after - before:
            self._ids.setdefault(value, set()).add(some.id)

    def ids(self, value: str) -> set[str]:
        """Return the ids; not to be changed."""
        return self._ids.get(value, _NONE)


_NONE: set[str] = set()


def _scopes(meta: Metadata) -> set[Scope]:
    region, project = meta.region, meta.project
    return {(region, project), (region, ""), ("", project), ("", "")}
