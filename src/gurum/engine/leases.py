"""Leases: which engine acts for a shard, so that two do not spend one account's rate or see half of its instances.

AWS cannot be fenced: a call that is under way when a lease ends arrives all the same. Why that is harmless, or how it
is repaired, stands at each driver. `epoch` rises with every change of holder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import structlog

from gurum.engine.context import Engine
from gurum.model.base import Metadata, new_id
from gurum.model.engine import Lease, LeaseSpec
from gurum.providers.contract import Place
from gurum.store.contract import ConflictError, ExistsError, NotFoundError, UnavailableError

log = structlog.get_logger("gurum.engine")


class Leases:
    """Takes and keeps the leases of this engine's places; a place whose lease is not held is fenced.

    `regained` is called when a lost lease is held again: what was passed over meanwhile must be looked at.
    """

    def __init__(self, engine: Engine, holder: str, regained: Callable[[], None] = lambda: None) -> None:
        self._engine = engine
        self._holder = holder
        self._regained = regained
        self.epochs: dict[Place, int] = {}
        self._renewed: dict[Place, float] = {}

    async def step(self, place: Place) -> bool:
        """Take or renew one lease; return whether it is held."""
        engine, now = self._engine, self._engine.clock.time()
        key, duration = f"{place.region}/{place.account}", engine.config.lease
        try:
            lease = await engine.store.get_by_key(Lease, key)
        except NotFoundError:
            spec = LeaseSpec(holder=self._holder, epoch=1, renewed_at=now, duration=duration)
            metadata = Metadata(id=new_id(), key=key, region=place.region, account=place.account)
            try:
                await engine.store.create(Lease(metadata=metadata, spec=spec))
            except ExistsError:
                return False
            return self._held(place, 1, now)
        mine = lease.spec.holder == self._holder
        if not mine and lease.spec.holder and lease.spec.renewed_at + lease.spec.duration > now:
            return False
        epoch = lease.spec.epoch if mine else lease.spec.epoch + 1
        lease.spec = LeaseSpec(holder=self._holder, epoch=epoch, renewed_at=now, duration=duration)
        try:
            await engine.store.update_spec(lease)
        except (ConflictError, NotFoundError):
            return False
        return self._held(place, epoch, now)

    def _held(self, place: Place, epoch: int, now: float) -> bool:
        if self.epochs.get(place) != epoch:
            log.info("lease taken", region=place.region, account=place.account, epoch=epoch)
        self.epochs[place], self._renewed[place] = epoch, now
        if place in self._engine.fenced:
            self._engine.fenced.discard(place)
            self._regained()
        return True

    async def take(self, places: list[Place]) -> None:
        """Wait until every place's lease is held."""
        waiting = list(places)
        self._engine.fenced.update(waiting)
        while waiting:
            waiting = [place for place in waiting if not await self._tried(place)]
            if waiting:
                await self._engine.clock.sleep(min(1.0, self._engine.config.lease / 5))

    async def _tried(self, place: Place) -> bool:
        try:
            return await self.step(place)
        except UnavailableError as error:
            log.warning("lease not taken", region=place.region, account=place.account, why=str(error))
            return False

    async def keep(self, places: list[Place]) -> None:
        """Renew until cancelled. A lease that cannot be renewed in time is treated as lost before it is."""
        half = self._engine.config.lease / 2
        while True:
            await self._engine.clock.sleep(self._engine.config.lease / 3)
            for place in places:
                held = await self._tried(place)
                if not held and self._engine.clock.time() > self._renewed.get(place, 0.0) + half:
                    self._engine.fenced.add(place)

    async def give_up(self) -> None:
        """Let others take over at once, after a graceful stop."""
        for place in list(self.epochs):
            with contextlib.suppress(ConflictError, NotFoundError, UnavailableError):
                lease = await self._engine.store.get_by_key(Lease, f"{place.region}/{place.account}")
                if lease.spec.holder == self._holder:
                    lease.spec = LeaseSpec(holder="", epoch=lease.spec.epoch, duration=lease.spec.duration)
                    await self._engine.store.update_spec(lease)
