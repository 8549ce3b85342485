"""Which objects have a value: kept by the mirror's changes, so that "what is on this network?" is a look-up.

Without it, deleting a network would read every port of the region.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from gurum.model.base import Resource
from gurum.pia.kernel.mirror import Mirror
from gurum.pia.network.runs import Run, of_ids

R = TypeVar("R", bound=Resource)


class Relation(Generic[R]):
    """Which objects have a value: the ids of the ports on a network, for example, in the order they came."""

    def __init__(self, mirror: Mirror[R], values: Callable[[R], Iterable[str]]) -> None:
        self._mirror, self._values = mirror, values
        self._ids: dict[str, dict[str, None]] = {}
        self._ordered: dict[str, list[str]] = {}  # of the values that a run was asked of
        mirror.listen(self._move)

    def _move(self, old: R | None, new: R | None) -> None:
        before: set[str] = set(self._values(old)) if old is not None else set()
        after: set[str] = set(self._values(new)) if new is not None else set()
        for value in before - after:
            self._drop(value, old.metadata.id if old is not None else "")
        for value in after - before:
            self._add(value, new.metadata.id if new is not None else "")

    def _drop(self, value: str, uid: str) -> None:
        ids = self._ids[value]
        ids.pop(uid, None)
        if not ids:
            del self._ids[value]
            self._ordered.pop(value, None)
        elif value in self._ordered:
            ordered = self._ordered[value]
            del ordered[bisect_left(ordered, uid)]

    def _add(self, value: str, uid: str) -> None:
        self._ids.setdefault(value, {})[uid] = None
        if value in self._ordered:
            insort(self._ordered[value], uid)

    def ids(self, value: str) -> list[str]:
        """Return the ids that have the value."""
        return list(self._ids.get(value, ()))

    def objects(self, value: str) -> Iterator[R]:
        """Yield the objects that have the value. They belong to the cache."""
        for member in self.ids(value):
            obj = self._mirror.get(member)
            if obj is not None:
                yield obj

    def run(self, value: str) -> Run[R]:
        """Return the objects that have the value, in order of id. The order is kept from the first time on."""
        ordered = self._ordered.get(value)
        if ordered is None:
            ids = self._ids.get(value)
            if ids is None:
                return of_ids((), self._mirror)
            ordered = self._ordered[value] = sorted(ids)
        return of_ids(ordered, self._mirror)

    def __contains__(self, value: object) -> bool:
        return value in self._ids
