"""A store that remembers what every object looks like and who changed it.

It is asked two questions after each answer: did a request that was refused leave anything behind, and did one that
only reads? Comparing the whole store would tell neither while other requests run beside it, so each write is put down
to the request in whose context it was made. The contents are also summed up in one digest, for whoever runs alone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from gurum.model import codec
from gurum.model.base import Cause, Resource
from gurum.model.quota import QuotaUsage
from gurum.store.contract import EVERYTHING, Event, Filter, Page, Store, StoreError

R = TypeVar("R", bound=Resource)

Place = tuple[str, str]  # kind and id (of a quota: its key)
GONE = b""


class Trace:
    """What one request did to the store: of each object it touched, how it was before and how it is now.

    `pace` says where it lets others run: its own, so that leaving others out does not change it. company: others are
    at work; what they reserve of a quota is then in this request's writes, too, and tells nothing of it.
    """

    def __init__(self, pace: str = "", *, company: bool = False) -> None:
        self.pace, self.company = random.Random(pace), company
        self.before: dict[Place, bytes] = {}
        self.after: dict[Place, bytes] = {}
        self.calls = 0

    def note(self, place: Place, before: bytes, after: bytes) -> None:
        """Add a write."""
        self.before.setdefault(place, before)
        self.after[place] = after

    def left(self) -> dict[Place, tuple[bytes, bytes]]:
        """Return what is different now: (before, now); empty bytes: there is none.

        What the request itself created and marked for deletion counts as gone: the engine removes it.
        """
        found = {}
        for place, after in self.after.items():
            before = self.before[place]
            if self.company and place[0] == QuotaUsage.kind:
                continue
            if after != before and not (before == GONE and b'"deletion_requested_at"' in after):
                found[place] = (before, after)
        return found


TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)


def content(obj: Resource) -> bytes:
    """Return what an object says, without the store's own numbers.

    Of a quota only limits and reservations count: the rest is a recount, and an empty one is none.
    """
    if isinstance(obj, QuotaUsage):
        spec = obj.spec
        held = sorted(reservation.id for reservation in spec.reservations)
        return msgspec.json.encode([spec.limits, held]) if spec.limits or held else GONE
    document = msgspec.to_builtins(obj)
    meta = document["metadata"]
    for number in ("resource_version", "generation", "revision", "updated_at", "cause"):
        meta.pop(number, None)
    return msgspec.json.encode(document, order="sorted")


def place_of(obj: Resource) -> Place:
    """Return where an object is kept."""
    return obj.kind, obj.metadata.key if isinstance(obj, QuotaUsage) else obj.id


class Recorder:
    """See the module. Everything passes through it to the store behind; `objects` is how they are now.

    `yields`: how many times, at most, a call lets others run first (drawn from the seed): how requests interleave.
    """

    def __init__(self, inner: Store, *, seed: int = 0, yields: int = 0) -> None:
        self.inner = inner
        self.objects: dict[str, dict[str, Any]] = {kind: {} for kind in codec.KINDS}
        self.gone: dict[str, list[Any]] = {kind: [] for kind in codec.KINDS}
        self.limits: dict[tuple[str, str], int] = {}  # the highest that ever held, by quota's key and resource
        self._contents: dict[Place, bytes] = {}
        self._sum = 0
        self._rng, self.yields = random.Random(seed), yields

    @property
    def digest(self) -> int:
        """Sum up everything that is stored."""
        return self._sum

    def content_at(self, place: Place) -> bytes:
        """Return what is stored at a place."""
        return self._contents.get(place, GONE)

    def places(self) -> dict[Place, bytes]:
        """Return all contents by place."""
        return dict(self._contents)

    async def get(self, kind: type[R], id: str) -> R:
        await self._enter()
        return await self.inner.get(kind, id)

    async def get_by_key(self, kind: type[R], key: str) -> R:
        await self._enter()
        return await self.inner.get_by_key(kind, key)

    async def list(
        self, kind: type[R], where: Filter = EVERYTHING, *, limit: int = 500, after: str | None = None
    ) -> Page[R]:
        await self._enter()
        return await self.inner.list(kind, where, limit=limit, after=after)

    async def create(self, obj: R) -> R:
        await self._enter()
        made = await self.inner.create(obj)
        self._put(made)
        return made

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        await self._enter()
        made, refusal = await self.inner.create_many(objs)
        for obj in made:
            self._put(obj)
        return made, refusal

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        await self._enter()
        stored = await self.inner.update_spec(obj, cause=cause)
        self._put(stored)
        return stored

    async def update_status(self, obj: R) -> R:
        await self._enter()
        stored = await self.inner.update_status(obj)
        if stored.deleting and not stored.metadata.finalizers:
            self._remove(type(stored), stored.id)
        else:
            self._put(stored)
        return stored

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        await self._enter()
        marked = await self.inner.delete(kind, id, cause=cause, resource_version=resource_version)
        if marked is None:
            self._remove(kind, id)
        else:
            self._put(marked)
        return marked

    def watch(self, kind: type[R], since: int, where: Filter = EVERYTHING) -> AsyncIterator[Event[R]]:
        return self.inner.watch(kind, since, where)

    def expect(self) -> float | None:
        return self.inner.expect()

    async def changed(self, kind: type[R], since: int, *, begun: float | None = None) -> Sequence[Event[R]]:
        await self._enter()
        return await self.inner.changed(kind, since, begun=begun)

    async def close(self) -> None:
        await self.inner.close()

    async def _enter(self) -> None:
        trace = TRACE.get()
        pace = self._rng
        if trace is not None:
            trace.calls += 1
            pace = trace.pace
        for _ in range(pace.randint(0, self.yields)):
            await asyncio.sleep(0)

    def _put(self, obj: Resource) -> None:
        known = self.objects[obj.kind].get(obj.id)
        if known is not None and known.metadata.resource_version > obj.metadata.resource_version:
            return  # acknowledged late: a newer state is known
        kept = codec.copy(obj)
        if isinstance(kept, QuotaUsage):
            for resource, limit in kept.spec.limits.items():
                known_limit = self.limits.get((kept.metadata.key, resource), limit)
                most = -1 if -1 in (limit, known_limit) else max(limit, known_limit)
                self.limits[kept.metadata.key, resource] = most
        self.objects[obj.kind][obj.id] = kept
        self._write(place_of(obj), content(kept))

    def _remove(self, kind: type[Resource], id: str) -> None:
        last = self.objects[kind.kind].pop(id, None)
        if last is not None:
            self.gone[kind.kind].append(last)
            self._write(place_of(last), GONE)

    def _write(self, place: Place, after: bytes) -> None:
        before = self._contents.get(place, GONE)
        self._sum ^= _number(place, before) ^ _number(place, after)
        if after:
            self._contents[place] = after
        else:
            self._contents.pop(place, None)
        trace = TRACE.get()
        if trace is not None:
            trace.note(place, before, after)


def _number(place: Place, data: bytes) -> int:
    if not data:
        return 0
    return int.from_bytes(blake2b(f"{place[0]}/{place[1]}/".encode() + data, digest_size=16).digest())
