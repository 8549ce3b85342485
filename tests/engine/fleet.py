"""Several engines on one store and one cloud, in virtual time, each on a machine of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from tests.support.virtual import run_virtual
from tests.support.world import ACCOUNT, World, region_config

from gurum.ops.clock import Clock, LoopClock
from gurum.ops.config import AwsAccountConfig, RegionConfig
from gurum.providers.contract import Place
from gurum.store.memory import MemoryStore

MOVED_WITHIN = 15.0
ACCOUNTS = [ACCOUNT, "222233334444", "333344445555"]


class Skewed:
    """A machine's clock that is wrong by so many seconds."""

    def __init__(self, inner: Clock, by: float) -> None:
        self._inner, self._by = inner, by

    def time(self) -> float:
        """Return the time as this machine has it."""
        return self._inner.time() + self._by

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await self._inner.sleep(seconds)


def accounts(*numbers: str) -> RegionConfig:
    """Return the region with several accounts: the first for every project."""
    config = region_config()
    assert config.aws is not None
    rows = [
        AwsAccountConfig(number=n, credentials_file="unused", projects=[n] if k else []) for k, n in enumerate(numbers)
    ]
    aws = type(config.aws)(accounts=rows, visibility_window=config.aws.visibility_window)
    return type(config)(
        name=config.name, provider="aws", port=0, cloud_region=config.cloud_region, zones=config.zones, aws=aws
    )


class Fleet:
    """Worlds with one store and one cloud: engines on machines of their own."""

    def __init__(self, *skews: float, region: RegionConfig | None = None, **settings: Any) -> None:
        clock = LoopClock()
        self.store = MemoryStore(clock=clock)
        self.worlds: list[World] = []
        first: World | None = None
        for skew in skews:
            world = World(store=self.store, aws=region, clock=cast("Clock", Skewed(clock, skew)), **settings)
            if first is not None:
                world.emulator, world.transport = first.emulator, type(first.transport)(first.emulator)
                world.journal, world._private = first.journal, first._private
            else:
                world.providers()  # makes the simulated cloud, which all share
            first = first or world
            self.worlds.append(world)

    async def start(self) -> list[World]:
        """Start every engine; return what each is in."""
        for world in self.worlds:
            await world.start()
        return self.worlds

    async def kill(self) -> None:
        """End every engine."""
        for world in self.worlds:
            await world.kill()

    def shares(self) -> list[int]:
        """Return how many shards each engine acts for."""
        return [len(self.held(world)) for world in self.worlds]

    @staticmethod
    def held(world: World) -> list[Place]:
        """Return the shards an engine acts for."""
        if world.assembly is None:
            return []
        shards = world.assembly.engine.shards
        return [place for place in shards.places if shards.holds(place)]

    async def until(self, shares: list[int], within: float) -> None:
        """Wait until the shards are shared so, never twice, and stay so."""
        await self.worlds[0].until(lambda: self._once() and self.shares() == shares, within)
        for _ in range(40):
            await asyncio.sleep(1.0)
            assert self._once()
        assert self.shares() == shares

    def _once(self) -> bool:
        all_held = [place for world in self.worlds for place in self.held(world)]
        assert len(all_held) == len(set(all_held)), "two engines act for one shard"
        return True


def play(scenario: Callable[[], Awaitable[None]]) -> None:
    run_virtual(cast("Any", scenario()))


async def is_in(world: World, server: str, state: str) -> bool:
    """Whether a server is in a state."""
    return await world.state(server) == state
