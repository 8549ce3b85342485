"""The second entrance of the store in memory: see `gurum.store.moving.contract`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from gurum.model import codec
from gurum.model.base import Resource
from gurum.store.contract import ExistsError
from gurum.store.memory.shelf import Row
from gurum.store.memory.store import MemoryStore
from gurum.store.moving.contract import PAGE

R = TypeVar("R", bound=Resource)


class MemoryInstant:
    """A copy of the rows. See Instant."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._rows: dict[str, dict[str, Row]] = store.backup()[1]
        self.position = None

    async def count(self, kind: type[Resource]) -> int:
        """See Instant."""
        return len(self._rows.get(kind.kind, {}))

    async def objects(self, kind: type[R]) -> AsyncIterator[Sequence[R]]:
        """See Instant."""
        shelf = self._store.shelf(kind)
        rows = [row for _, row in sorted(self._rows.get(kind.kind, {}).items())]
        for first in range(0, len(rows), PAGE):
            yield [shelf.thaw(row) for row in rows[first : first + PAGE]]


class MemoryRestoring:
    """See Restorable."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @asynccontextmanager
    async def instant(self) -> AsyncIterator[MemoryInstant]:
        """See Restorable."""
        yield MemoryInstant(self._store)

    async def restore(self, objs: Sequence[Resource]) -> None:
        """See Restorable."""
        for obj in objs:
            holder = self._store.shelf(type(obj)).keys.get(obj.metadata.key, obj.id)
            if holder != obj.id:
                raise ExistsError(obj.kind, obj.metadata.key, holder)
        for obj in objs:
            self._store.shelf(type(obj)).replace(codec.copy(obj), self._store.next())

    async def discard(self, kind: type[Resource], ids: Collection[str]) -> None:
        """See Restorable."""
        shelf = self._store.shelf(kind)
        for uid in set(ids) & set(shelf.rows):
            shelf.remove(shelf.read(uid), self._store.next())

    async def settle(self) -> None:
        """Do nothing: there is nothing that anybody could have missed."""
