"""The fleet: engines that share the shards among themselves without anybody who assigns them.

Each looks at the leases a few times within a lease's time, renews its own, takes what is free up to its fair share, and
gives one up when another engine has at least two fewer. What nobody with room wants for as long as a lease lasts is
taken all the same: an engine of another configuration counts as an engine and may not serve the shard. What a dead
engine leaves is taken by whoever is there, beyond its share if need be: that is evened out later.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable

import structlog

from gurum.engine.leases import BELIEVED, Leases, RewoundError, key_of
from gurum.engine.shards import Shards, loop_time
from gurum.ops.clock import Clock
from gurum.providers.contract import Place
from gurum.store.contract import StoreError

log = structlog.get_logger("gurum.engine")

ROUNDS = 4  # looks within the time of a lease
# Seconds between taking a shard over from an engine that is silent and looking at what it left: what was under way to
# the store is there by then, or is refused.
SETTLE = 1.0
# Seconds that who has a share already leaves a silent engine's shard to those who have room. Not longer: they may be
# few and slow, or be the silent one itself, which was started again and counts a lease's time from its own beginning.
SPARED = 1.0
DRAIN = 10.0  # seconds that work under way has when a shard is given up


class Fleet:
    """This engine among others.

    `gained` is awaited before work begins for a shard, and may raise StoreError; `opened` is called when it begins, and
    when it goes on after it was suspended. `rewound` is awaited when the store went back to an earlier state, before
    any shard is held again; likewise.
    """

    def __init__(
        self,
        shards: Shards,
        leases: Leases,
        clock: Clock,
        *,
        gained: Callable[[Place], Awaitable[None]],
        opened: Callable[[Place], None],
        rewound: Callable[[], Awaitable[None]],
        now: Callable[[], float] = loop_time,
    ) -> None:
        self._shards, self._leases, self._clock, self._now = shards, leases, clock, now
        self._gained, self._opened, self._rewound = gained, opened, rewound
        self._beginning: dict[Place, asyncio.Task[None]] = {}
        self._leaving: dict[Place, asyncio.Task[None]] = {}
        self._unwanted: frozenset[str] = frozenset()  # engines that were offered a shard and left it lying
        self._given: dict[Place, frozenset[str]] = {}
        self._anew: set[Place] = set()  # shards of which what was done to begin them is void
        self._uneven_since = self._now()
        self._went_back = False
        self._trouble = "it has not looked yet"

    @property
    def period(self) -> float:
        """Seconds between two rounds."""
        return self._leases.duration / ROUNDS

    async def join(self) -> None:
        """Take part: the first round. What is free is held when it returns, unless that takes long."""
        await self._round()
        if self._beginning:
            await asyncio.wait(self._beginning.values(), timeout=self.period)

    async def run(self) -> None:
        """Take part until cancelled."""
        try:
            began = self._now()
            while True:
                await self._clock.sleep(self._pause(began))
                began = self._now()
                await self._round()
        finally:
            for task in (*self._beginning.values(), *self._leaving.values()):
                task.cancel()

    async def leave(self) -> None:
        """Give everything up at once: a graceful stop, after which nothing is under way. Raises StoreError."""
        for place in self._shards.held:
            self._shards.lose(place)
            await self._leases.release(place)
        await self._leases.end()

    def standing(self) -> tuple[bool, str]:
        """Return whether this engine does its part, and in words which."""
        held = [key_of(place) for place in self._shards.held if self._shards.holds(place)]
        engines, shards = len(self._leases.engines()), len(self._shards.places)
        of = f"of {shards} shards, beside {engines - 1} other engine{'' if engines == 2 else 's'}"
        if held or not shards:
            return True, f"acts for {len(held)} {of}: {', '.join(held)}"
        if self._trouble:
            return False, f"acts for none {of}: {self._trouble}"
        if engines > shards or all(self._leases.holder_of(key_of(place)) for place in self._shards.places):
            return True, f"standby: acts for none {of}"
        return False, f"acts for none {of}: their leases are of engines that may live"

    def _pause(self, began: float) -> float:
        """Return how long to wait: for the next round after that which began then, or until something may be taken.

        A round that took long is no reason to renew later: a machine with much to do would lose what it has.
        """
        now = self._now()
        ends = [self._leases.expires(key_of(p)) for p in self._shards.places if p not in self._shards.held]
        soon = [end - now for each in ends for end in (each, each + SPARED) if end > now]
        return max(0.001, min([max(began + self.period - now, self.period / ROUNDS), *soon]))

    async def _round(self) -> None:
        """Renew, look, take and give. What the store does not let be done now is done in the next round.

        A shard is suspended until a look has succeeded: a store that was away may come back as it was before.
        """
        try:
            if self._went_back:
                await self._rewound()
                self._went_back = False
            # Longer, and what was renewed would not be believed any more. Not shorter: a machine with too much to do
            # would never come to the end of a round, and its shards go to and fro.
            async with asyncio.timeout(BELIEVED * self._leases.duration):
                async with asyncio.TaskGroup() as group:  # at once: what is free is not to wait for a renewal as well
                    group.create_task(self._leases.beat())
                    for place in self._shards.held:
                        group.create_task(self._renew(place))
                    group.create_task(self._leases.look())
                for _ in range(ROUNDS):
                    if all([await self._take(place) for place in self._wanted()]):
                        break
                    await self._leases.look()  # another was faster: it may have left something else
                await self._leases.tidy()
            self._trouble = ""
        except* (StoreError, TimeoutError) as errors:
            words = str(_first(errors)) or "the store did not answer in time"
            self._trouble = f"leases cannot be renewed: {words}"
            log.warning("leases not renewed", why=words)
            self._suspend(went_back=errors.subgroup(RewoundError) is not None)
        if not self._trouble:
            self._resume()
            self._give()

    def _suspend(self, *, went_back: bool) -> None:
        for place in self._shards.held:
            self._shards.leave(place)
            if went_back:
                self._shards.lose(place)
        if went_back:
            log.error("the store went back to an earlier state: nothing is done until that has been dealt with")
            self._leases.forget()
            self._went_back = True

    def _resume(self) -> None:
        for place in self._shards.held:
            if not self._shards.holds(place) and place not in self._beginning and place not in self._leaving:
                self._shards.begin(place)
                self._opened(place)

    def again(self) -> None:
        """Have all shards begun anew, as if they had just been taken: the store was put back."""
        for place in self._shards.held:
            self._shards.leave(place)
            self._anew.add(place)
            if place not in self._beginning and place not in self._leaving:
                self._start(place, 0.0)

    async def _renew(self, place: Place) -> None:
        began = self._now()
        if not await self._leases.renew(place):
            log.warning("lease lost", region=place.region, account=place.account)
            self._leases.lost(place)
            self._shards.lose(place)
        elif self._shards.renew(place, began + BELIEVED * self._leases.duration):
            self._shards.leave(place)  # what was to be done meanwhile was passed over

    def _wanted(self) -> list[Place]:
        """Return what to take now, in an order of this engine's own, so that not all try the same first."""
        shards, leases = self._shards, self._leases
        share = math.ceil(len(shards.places) / len(leases.engines()))
        room = share - len(shards.held)
        out = []
        for place in sorted(shards.places, key=self._liking):
            since = leases.free_since(key_of(place)) if place not in shards.held else None
            if since is None or place in self._leaving or place in self._beginning:
                continue
            if room > 0:
                room -= 1
            elif self._now() < since + (SPARED if leases.silent(key_of(place)) else leases.duration):
                continue
            out.append(place)
        return out

    def _liking(self, place: Place) -> bytes:
        return hashlib.sha256(f"{self._leases.holder} {key_of(place)}".encode()).digest()

    async def _take(self, place: Place) -> bool:
        """Take a shard; return whether nobody else was faster."""
        key = key_of(place)
        silent = self._leases.silent(key)
        began = self._now()
        epoch = await self._leases.take(place)
        if not epoch:
            return False
        log.info("lease taken", region=place.region, account=place.account, epoch=epoch, from_a_silent_engine=silent)
        if self._given.pop(place, None) == frozenset(self._leases.engines()):
            self._unwanted = frozenset(self._leases.engines())
        self._shards.take(place, key, self._leases.holder, epoch, began + BELIEVED * self._leases.duration)
        self._start(place, SETTLE if silent else 0.0)
        return True

    def _start(self, place: Place, pause: float) -> None:
        self._beginning[place] = asyncio.create_task(self._begin(place, pause), name=f"begin {place.account}")

    async def _begin(self, place: Place, pause: float) -> None:
        try:
            while place in self._shards.held:
                await self._clock.sleep(pause)
                pause = SETTLE
                self._anew.discard(place)
                try:
                    await self._gained(place)
                except StoreError as error:
                    log.warning("shard not begun", account=place.account, why=str(error))
                    continue
                except Exception:  # a defect in what one shard holds must not stop the others
                    log.exception("shard not begun", account=place.account)
                    continue
                if place in self._anew:
                    continue
                if not self._trouble:  # else with the next round that succeeds
                    self._shards.begin(place)
                    self._opened(place)
                return
        finally:
            del self._beginning[place]

    def _give(self) -> None:
        """Begin to give a shard up, if another engine has at least two fewer."""
        shards, leases = self._shards, self._leases
        engines = frozenset(leases.engines())
        holders = [leases.holder_of(key_of(place)) for place in shards.places]
        if self._leaving or self._beginning or engines == self._unwanted or not all(holders):
            self._uneven_since = self._now()
            return
        counts = dict.fromkeys(engines, 0)
        for holder in holders:
            counts[holder] = counts.get(holder, 0) + 1
        most = max(counts.values())
        first = min(engine for engine, number in counts.items() if number == most)
        if first != leases.holder or most < min(counts[engine] for engine in engines) + 2:
            self._uneven_since = self._now()
            return
        if self._now() < self._uneven_since + leases.duration:
            return  # who has just come may be gone again: nobody's work is interrupted for that
        place = max(shards.held, key=self._liking)
        self._given[place] = engines
        self._leaving[place] = asyncio.create_task(self._hand_over(place), name=f"hand over {place.account}")

    async def _hand_over(self, place: Place) -> None:
        """End what is under way for a shard, then let others have it."""
        self._shards.leave(place)
        try:
            end = self._now() + DRAIN
            while self._shards.busy(place) and self._now() < end:
                await self._clock.sleep(0.02)
            self._shards.lose(place)
            log.info("lease given up", region=place.region, account=place.account)
            await self._leases.release(place)
        except StoreError as error:  # it runs out instead
            log.warning("lease not given up", account=place.account, why=str(error))
        finally:
            self._leaving.pop(place, None)


def _first(error: BaseException) -> BaseException:
    """Return the first of what a group of tasks raised."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
