"""Leases: objects of the store by which engines agree which of them acts for a shard, and which of them live.

An engine renews what it holds; another takes it over when it has not seen it change for the time that its holder said.
Seen is what counts: machines' clocks differ, so the times in a lease are for people, and every observer measures with a
clock of its own since it saw the last change. It is told of changes as they come (`told`), and looks (`look`) before it
acts on having been told of none. The holder stops believing in its lease after seven tenths of that time, counted from
before its last renewal was sent: so it has ended before anybody may begin.

`epoch` rises with every change of holder. It is what the store refuses late writes by (`gurum.store.fence`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gurum.engine.shards import loop_time
from gurum.model.base import Metadata, new_id
from gurum.model.engine import Lease, LeaseSpec
from gurum.ops.clock import Clock
from gurum.providers.contract import Place
from gurum.store.contract import ConflictError, ExistsError, NotFoundError, Store, StoreError

log = structlog.get_logger("gurum.engine")

ENGINE = "engine-"  # begins the key of an engine's own lease; a shard's has a slash
BELIEVED = 0.7  # the part of a lease's time for which its holder relies on a renewal
_TRIES = 8  # of a release
FORGOTTEN = 20  # times of a lease after which the lease of an engine that is no more is removed


class RewoundError(StoreError):
    """The store is not where it was: what was acknowledged is not there any more."""


def key_of(place: Place) -> str:
    """Return the key of a shard's lease."""
    return f"{place.region}/{place.account}"


@dataclass
class _Seen:
    lease: Lease
    since: float  # when it was first seen as it is


class Leases:
    """What the store says of leases, and the changes that this engine makes. `holder` names it for people."""

    def __init__(
        self, store: Store, clock: Clock, holder: str, duration: float, now: Callable[[], float] = loop_time
    ) -> None:
        self.holder = holder
        self.duration = duration
        self.version = 0  # the latest that was looked at or told of
        self._store, self._clock, self._now = store, clock, now
        self._own = f"{ENGINE}{new_id()}"
        self._seen: dict[str, _Seen] = {}
        self._absent: dict[str, float] = {}  # since when a shard is known to have no lease
        self._mine: dict[str, Lease] = {}  # as last written

    async def look(self) -> None:
        """See all leases as they are now. Raises UnavailableError; RewoundError when they are of an earlier time."""
        before = self.version
        leases: list[Lease] = []
        after: str | None = None
        while True:
            page = await self._store.list(Lease, after=after)
            leases += page.items
            after = page.next
            if after is None:
                break
        version = page.resource_version
        if version < before:
            raise RewoundError(f"leases are at version {version}, and have been at {before}")
        self.version = max(self.version, version)
        # What is known of a later version was told of while the list was on its way.
        known = {key: seen for key, seen in self._seen.items() if seen.lease.metadata.resource_version <= version}
        for lease in leases:
            seen = self._seen.get(lease.metadata.key)
            if seen is None or (
                lease.metadata.key in known and seen.lease.metadata.resource_version != lease.metadata.resource_version
            ):
                self._see(lease)
        for key in set(known) - {lease.metadata.key for lease in leases}:
            del self._seen[key]

    def told(self, lease: Lease) -> None:
        """Learn of a lease as it is written, between two looks: a dead engine's time counts from its last renewal.

        Counted from the look that finds it, it would be later by as much as looks are apart.
        """
        self.version = max(self.version, lease.metadata.resource_version)
        known = self._seen.get(lease.metadata.key)
        if known is None or known.lease.metadata.resource_version < lease.metadata.resource_version:
            self._see(lease)

    def _see(self, lease: Lease) -> None:
        self._seen[lease.metadata.key] = _Seen(lease, self._now())

    def forget(self) -> None:
        """Begin anew: what was known of the store is not so any more."""
        self._seen.clear()
        self._mine.clear()
        self.version = 0

    def expires(self, key: str) -> float:
        """Return when a lease may be taken by another (the loop's time), as far as it was seen; 0: at once."""
        seen = self._seen.get(key)
        if seen is None or not seen.lease.spec.holder:
            return 0.0
        return seen.since + max(1.0, seen.lease.spec.duration)

    def free_since(self, key: str) -> float | None:
        """Return since when a shard is anybody's (the loop's time), None while it is somebody's."""
        seen = self._seen.get(key)
        if seen is None:
            return self._absent.setdefault(key, self._now())
        holder = seen.lease.spec.holder
        if not holder or (holder == self.holder and key not in self._mine):  # ours, and we were not told
            return seen.since
        expires = self.expires(key)
        return expires if self._now() >= expires else None

    def silent(self, key: str) -> bool:
        """Whether a shard was some other engine's that has not given it up."""
        seen = self._seen.get(key)
        return seen is not None and seen.lease.spec.holder not in ("", self.holder)

    def holder_of(self, key: str) -> str:
        """Return who holds a shard as of the last look, empty for nobody."""
        seen = self._seen.get(key)
        return seen.lease.spec.holder if seen is not None and self.free_since(key) is None else ""

    def engines(self) -> set[str]:
        """Return the holders' names of all engines that live, this one among them."""
        now = self._now()
        others = (
            seen.lease.spec.holder
            for key, seen in self._seen.items()
            if key.startswith(ENGINE) and now < self.expires(key)
        )
        return {self.holder, *others}

    async def beat(self) -> None:
        """Tell the others that this engine lives. Raises UnavailableError."""
        metadata = Metadata(id=new_id(), key=self._own)
        try:
            await self._put(self._own, metadata, self._mine.get(self._own), 1)
        except (ConflictError, ExistsError, NotFoundError):  # a write of ours that was not acknowledged, or tidied away
            self._mine.pop(self._own, None)
            with contextlib.suppress(NotFoundError):
                self._mine[self._own] = await self._store.get_by_key(Lease, self._own)
            await self._put(self._own, metadata, self._mine.get(self._own), 1)

    async def take(self, place: Place) -> int:
        """Take a shard's lease that is free as of the last look; return its epoch, 0: another was faster."""
        key = key_of(place)
        seen = self._seen.get(key)
        epoch = seen.lease.spec.epoch + 1 if seen is not None else 1
        metadata = Metadata(id=new_id(), key=key, region=place.region, account=place.account)
        try:
            await self._put(key, metadata, seen.lease if seen is not None else None, epoch)
        except (ConflictError, ExistsError, NotFoundError):
            return 0
        return epoch

    async def renew(self, place: Place) -> bool:
        """Renew a shard's lease; return whether it is still ours. Raises UnavailableError, RewoundError."""
        key = key_of(place)
        mine = self._mine[key]
        while True:
            try:
                await self._put(key, mine.metadata, mine, mine.spec.epoch)
                return True
            except NotFoundError:
                return False
            except ConflictError:  # somebody else's, or a write of ours that was not acknowledged
                try:
                    found = await self._store.get_by_key(Lease, key)
                except NotFoundError:
                    return False
                if found.metadata.resource_version < mine.metadata.resource_version:
                    raise RewoundError(f"the lease {key} is as it was before it was renewed last") from None
                if (found.spec.holder, found.spec.epoch) != (self.holder, mine.spec.epoch):
                    return False
                mine = found

    async def release(self, place: Place) -> None:
        """Let others take a shard at once. Nothing when it is not ours. Raises UnavailableError."""
        mine = self._mine.pop(key_of(place), None)
        if mine is None:
            return
        for _ in range(_TRIES):  # a renewal may be under way beside it
            try:
                lease = await self._store.get_by_key(Lease, key_of(place))
                if (lease.spec.holder, lease.spec.epoch) == (self.holder, mine.spec.epoch):
                    lease.spec = LeaseSpec(holder="", epoch=lease.spec.epoch, duration=lease.spec.duration)
                    await self._store.update_spec(lease)
            except ConflictError:
                continue
            except NotFoundError:
                pass
            return

    def lost(self, place: Place) -> None:
        """Forget that a shard was ours."""
        self._mine.pop(key_of(place), None)

    async def end(self) -> None:
        """Be counted no longer. Raises UnavailableError."""
        mine = self._mine.pop(self._own, None)
        if mine is not None:
            with contextlib.suppress(NotFoundError):
                await self._store.delete(Lease, mine.id)

    async def tidy(self) -> None:
        """Remove the leases of engines that are no more. Raises UnavailableError."""
        for key, seen in list(self._seen.items()):
            if key.startswith(ENGINE) and self._now() > seen.since + FORGOTTEN * self.duration:
                with contextlib.suppress(NotFoundError, ConflictError):
                    lease = seen.lease
                    await self._store.delete(Lease, lease.id, resource_version=lease.metadata.resource_version)

    async def _put(self, key: str, metadata: Metadata, before: Lease | None, epoch: int) -> None:
        """Write a lease that is ours from now on."""
        spec = LeaseSpec(holder=self.holder, epoch=epoch, renewed_at=self._clock.time(), duration=self.duration)
        if before is None:
            self._mine[key] = await self._store.create(Lease(metadata=metadata, spec=spec))
            return
        wanted = Lease(metadata=before.metadata, spec=spec)
        self._mine[key] = await self._store.update_spec(wanted)
