"""A table of resources of one kind, with indexes.

Why indexes: a tag filter is how a controller finds what it made before it crashed. If that cost a
walk over every instance (and a rendering of each), the emulator would be the bottleneck of the
tests of exactly the code that matters. With an index a filter costs what it finds.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Generic, TypeVar

from aws_emulator.state.resource import Resource

R = TypeVar("R", bound=Resource)
Keys = Callable[[Any], Iterable[Hashable]]
_by_seq = attrgetter("seq")


class Table(Generic[R]):
    """Rows by id in order of creation.

    After changing a row, `put` it again: that keeps the indexes and marks it for the disk.
    """

    def __init__(self, kind: str, indexes: Mapping[str, Keys], on_change: Callable[[str, str], None]) -> None:
        self.kind = kind
        self._indexes = {**indexes, "tag": _tag_pairs, "tag-key": _tag_keys}
        self._on_change = on_change
        self._rows: dict[str, R] = {}
        self._keys: dict[str, tuple[tuple[Hashable, ...], ...]] = {}
        self._found: dict[str, dict[Hashable, set[str]]] = {name: {} for name in self._indexes}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self._rows.values())

    def get(self, identity: str) -> R | None:
        """Return the row, visible or not, or None."""
        return self._rows.get(identity)

    def put(self, row: R) -> None:
        """Insert a row, or note that it changed."""
        old = self._keys.get(row.id)
        new = tuple(tuple(keys(row)) for keys in self._indexes.values())
        if old != new:
            self._unindex(row.id, old)
            for found, keys in zip(self._found.values(), new, strict=True):
                for key in keys:
                    found.setdefault(key, set()).add(row.id)
            self._keys[row.id] = new
        self._rows[row.id] = row
        self._on_change(self.kind, row.id)

    def remove(self, identity: str) -> None:
        """Delete a row; KeyError when it is absent."""
        del self._rows[identity]
        self._unindex(identity, self._keys.pop(identity))
        self._on_change(self.kind, identity)

    def by(self, index: str, key: Hashable) -> list[R]:
        """Return the rows with `key` in `index`, in order of creation."""
        ids = self._found[index].get(key)
        if not ids:
            return []
        return sorted((self._rows[identity] for identity in ids), key=_by_seq)

    def ids(self, index: str, key: Hashable) -> frozenset[str] | set[str]:
        """Return the ids with `key` in `index`; not to be changed."""
        return self._found[index].get(key) or frozenset()

    def ordered(self, ids: set[str]) -> list[R]:
        """Return the rows of `ids` (which are of this table) in order of creation."""
        if len(ids) * 4 > len(self._rows):
            return [row for row in self._rows.values() if row.id in ids]
        return sorted((self._rows[identity] for identity in ids), key=_by_seq)

    def _unindex(self, identity: str, keys: tuple[tuple[Hashable, ...], ...] | None) -> None:
        if keys is None:
            return
        for found, each in zip(self._found.values(), keys, strict=True):
            for key in each:
                ids = found[key]
                ids.discard(identity)
                if not ids:
                    del found[key]


def _tag_pairs(row: Resource) -> Iterable[Hashable]:
    return row.shown_tags.items()


def _tag_keys(row: Resource) -> Iterable[Hashable]:
    return row.shown_tags
