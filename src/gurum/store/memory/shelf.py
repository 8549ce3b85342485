"""The objects of one kind in memory, and the log of what happened to them.

Only stored forms are kept: whoever hands an object in or takes one out has a copy, so that two readers who share one by
mistake are found in a test and not in production.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from typing import Generic, Literal, TypeVar, cast

import msgspec

from gurum.model import codec
from gurum.model.base import Metadata, Resource
from gurum.store import objects
from gurum.store.contract import ConflictError, Event, ExistsError, Filter, NotFoundError

R = TypeVar("R", bound=Resource)


class Row(msgspec.Struct, frozen=True):
    """A stored object. `meta` is for filtering and not handed out."""

    version: int
    meta: Metadata
    schema: int
    data: bytes


class Happened(msgspec.Struct, frozen=True):
    """An entry of the log."""

    type: Literal["put", "gone"]
    row: Row


class Shelf(Generic[R]):
    """One kind. Versions come from the store; the log keeps the last `remember` events."""

    def __init__(self, kind: type[R], remember: int) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self.keys: dict[str, str] = {}
        self.log: list[Happened] = []
        self.horizon = 0  # what happened up to here is forgotten
        self.head = 0  # the version of the latest change
        self.news = asyncio.Event()  # set, and replaced by another, at every change
        self._remember = remember

    def read(self, id: str, version: int | None = None) -> R:
        """Return a copy of the object. Raises NotFoundError; ConflictError when it is not at `version`."""
        row = self.rows.get(id)
        if row is None:
            raise NotFoundError(f"{self.kind.kind} {id!r} does not exist")
        if version is not None and row.version != version:
            raise ConflictError(f"{self.kind.kind} {id!r} changed since it was read")
        return self.thaw(row)

    def insert(self, obj: R, version: int) -> R:
        """Store a new object. Raises ExistsError."""
        meta = obj.metadata
        holder = self.keys.get(meta.key) or (meta.id if meta.id in self.rows else "")
        if holder:
            raise ExistsError(self.kind.kind, meta.key, holder)
        return self.replace(obj, version)

    def replace(self, obj: R, version: int) -> R:
        """Store the object's new state."""
        row = self._freeze(obj, version)
        self.rows[obj.id] = row
        self.keys[row.meta.key] = obj.id
        self._record(Happened("put", row))
        return self.thaw(row)

    def remove(self, obj: R, version: int) -> R:
        """Take the object out; return its last state."""
        row = self._freeze(obj, version)
        del self.rows[obj.id]
        del self.keys[row.meta.key]
        self._record(Happened("gone", row))
        return self.thaw(row)

    def known(self, since: int) -> bool:
        """Whether everything after `since` is in the log."""
        return self.horizon <= since <= self.head

    def after(self, since: int, where: Filter) -> Sequence[Happened]:
        """Return what happened after `since` to objects that match."""
        start = bisect_right(self.log, since, key=lambda happened: happened.row.version)
        return [happened for happened in self.log[start:] if objects.matches(happened.row.meta, where)]

    def forget(self) -> None:
        """Forget the log: watches that are behind expire."""
        self.log.clear()
        self.horizon = self.head

    def restore(self, rows: dict[str, Row]) -> None:
        """Hold these rows and nothing else; what happened is forgotten and versions go back."""
        self.rows = dict(rows)
        self.keys = {row.meta.key: row.meta.id for row in rows.values()}
        self.log.clear()
        self.head = self.horizon = max((row.version for row in rows.values()), default=0)
        self.wake()

    def event(self, happened: Happened, *, known: bool = True) -> Event[R]:
        """Return the entry as an event, with a copy of the object if `known`."""
        row = happened.row
        return Event(happened.type, row.meta.id, row.version, self.thaw(row) if known else None)

    def thaw(self, row: Row) -> R:
        """Return an object of the stored form."""
        obj = codec.decode(self.kind.kind, row.data, row.schema)
        obj.metadata.resource_version = row.version
        return cast("R", obj)

    def wake(self) -> None:
        """Let everybody who waits for news look."""
        self.news.set()
        self.news = asyncio.Event()

    @staticmethod
    def _freeze(obj: R, version: int) -> Row:
        obj.metadata.resource_version = version
        data = codec.encode(obj)
        return Row(version, codec.copy(obj).metadata, obj.schema, data)

    def _record(self, happened: Happened) -> None:
        self.log.append(happened)
        self.head = happened.row.version
        if len(self.log) > self._remember:
            self.horizon = self.log[-self._remember - 1].row.version
            del self.log[: -self._remember]
        self.wake()
