"""The objects of one kind as of some version, and the rules by which they move to a later one.

Three sources meet here and may contradict each other for a moment: the stream of changes, a list, and the answers to
this process's own writes. The version decides; without these rules an object that was deleted could rise again from a
late answer, or a list could hide what was written after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, Literal, TypeVar

from gurum.model.base import Resource
from gurum.store import objects
from gurum.store.cache.views import Entry, Index, Views
from gurum.store.contract import Event, Filter

R = TypeVar("R", bound=Resource)

Change = Literal["put", "gone"]
Callback = Callable[[Change, R | None, R | None], None]


class Table(Generic[R]):
    """All objects of `kind` that match `where`. Versions up to `position` are applied."""

    def __init__(self, kind: type[R], where: Filter) -> None:
        self.kind, self.where = kind, where
        self.position = 0
        self.epoch = 0  # rises with every list: what was asked before a list must not be applied after it
        self.lock = asyncio.Lock()  # held while a list replaces the contents
        self.entries: dict[str, Entry[R]] = {}
        self.keys: dict[str, str] = {}
        self.views: Views[R] = Views()
        self.indexes: dict[str, Index[R]] = {}
        self.callbacks: list[Callback[R]] = []

    def observe(self, events: Sequence[Event[R]], epoch: int) -> bool:
        """Apply a part of the stream; return False when a list came between, and nothing was applied."""
        for event in events:
            if epoch != self.epoch or self.lock.locked():
                return False
            if event.resource_version <= self.position:
                continue  # delivered twice
            self.position = event.resource_version
            if event.type == "gone":
                self._gone(event.id, event.resource_version)
            elif event.type == "put" and event.object is not None and self._newer(event.object):
                self._put(event.object)
        return True

    def write_through(self, obj: R) -> None:
        """Apply what a write of this process returned, unless something later is known."""
        if objects.finished(obj):
            self._gone(obj.id, obj.metadata.resource_version)
        elif self._newer(obj) and (obj.id in self.entries or obj.metadata.resource_version > self.position):
            self._put(obj)

    def replace(self, items: Sequence[R], version: int) -> None:
        """Make the contents those of a list of `version`; the differences are told as changes.

        What this process wrote after the list is kept: the stream after `version` confirms it or removes it. Unless the
        store went back to before what was seen already: then the list alone counts.
        """
        restored = version < self.position
        self.epoch += 1
        self.position = version
        listed = {obj.id for obj in items}
        for uid, entry in list(self.entries.items()):
            if uid not in listed and (restored or entry.object.metadata.resource_version <= version):
                self._gone(uid, None)
        fresh = []
        for obj in items:
            if obj.id not in self.entries:
                fresh.append(obj)
            elif restored or self._newer(obj):
                self._put(obj)
        with objects.collector_paused():
            for obj in fresh:
                self.entries[obj.id] = Entry(obj)
                self._index(None, obj)
            self.views.add_all(self.entries[obj.id] for obj in fresh)
        for obj in fresh:
            self._tell("put", None, obj)

    def add_index(self, name: str, index: Index[R]) -> None:
        """Keep a further index, filled from what is there. Raises ValueError when the name is taken."""
        if name in self.indexes:
            raise ValueError(f"{self.kind.kind} has an index {name!r} already")
        self.indexes[name] = index
        for entry in self.entries.values():
            index.move(None, entry.object)

    def _newer(self, obj: R) -> bool:
        if not objects.matches(obj.metadata, self.where):
            return False
        entry = self.entries.get(obj.id)
        return entry is None or entry.object.metadata.resource_version < obj.metadata.resource_version

    def _put(self, obj: R) -> None:
        before = self.entries.get(obj.id)
        old = before.object if before is not None else None
        entry = self.entries[obj.id] = Entry(obj)
        if old is not None and _standing(old) == _standing(obj):
            self.views.replace(entry)
        else:
            if old is not None:
                self.views.remove(old.metadata)
            self.views.add(entry)
        self._index(old, obj)
        self._tell("put", old, obj)

    def _gone(self, id: str, version: int | None) -> None:
        entry = self.entries.get(id)
        if entry is None or (version is not None and entry.object.metadata.resource_version > version):
            return
        del self.entries[id]
        self.views.remove(entry.object.metadata)
        self._index(entry.object, None)
        self._tell("gone", entry.object, None)

    def _index(self, old: R | None, new: R | None) -> None:
        if old is not None and self.keys.get(old.metadata.key) == old.id:
            del self.keys[old.metadata.key]
        if new is not None:
            holder = self.entries.get(self.keys.get(new.metadata.key, ""))
            # The stream may be behind this process's own writes: a key that was passed on stays where it is now.
            if holder is None or holder.object.metadata.resource_version <= new.metadata.resource_version:
                self.keys[new.metadata.key] = new.id
        for index in self.indexes.values():
            index.move(old, new)

    def _tell(self, change: Change, old: R | None, new: R | None) -> None:
        for callback in self.callbacks:
            callback(change, old, new)


def _standing(obj: Resource) -> tuple[float, str, str]:
    """Return what decides where an object stands in the views; fixed for life, except across a restore."""
    return obj.metadata.created_at, obj.metadata.region, obj.metadata.project
