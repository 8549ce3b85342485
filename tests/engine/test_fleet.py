"""Several engines on one store share the shards, in virtual time: who acts for what, and what a late one can do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from tests.support.checks import problems
from tests.support.virtual import run_virtual
from tests.support.world import ACCOUNT, AWS, PRIVATE, World, region_config

from aws_emulator.config import Config as EmulatorConfig
from gurum.engine.fleet import SETTLE
from gurum.engine.leases import key_of
from gurum.model.engine import Lease
from gurum.model.server import Server
from gurum.ops.clock import Clock, LoopClock
from gurum.ops.config import AwsAccountConfig, RegionConfig
from gurum.providers.contract import Place
from gurum.store.contract import Store
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
    rows = [AwsAccountConfig(number=n, credentials_file="unused", projects=[n] if k else []) for k, n in enumerate(numbers)]
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


def test_shards_are_shared_and_a_dead_engines_move() -> None:
    async def scenario() -> None:
        fleet = Fleet(0.0, 0.0, 0.0, region=accounts(*ACCOUNTS))
        one, two, three = fleet.worlds
        await one.start()
        assert fleet.shares() == [4, 0, 0]
        await two.start()
        await fleet.until([2, 2, 0], 30.0)
        await three.start()
        await one.until(lambda: sorted(fleet.shares()) == [1, 1, 2], 30.0)
        mine = fleet.held(two)
        await two.kill()
        began = one.clock.time()
        await one.until(lambda: set(mine) <= {*fleet.held(one), *fleet.held(three)}, MOVED_WITHIN)
        assert one.clock.time() - began < MOVED_WITHIN
        await fleet.until([2, 0, 2], 1.0)
        for world in (one, three):
            await world.kill()

    play(scenario)


def test_clocks_that_differ_by_hours_move_nothing() -> None:
    async def scenario() -> None:
        fleet = Fleet(0.0, 3600.0, -3600.0)
        one, two, three = fleet.worlds
        await one.start()
        await two.start()
        await three.start()
        await one.until(lambda: sorted(fleet.shares()) == [0, 1, 1], 30.0)
        lease = await fleet.store.get_by_key(Lease, f"{AWS}/{ACCOUNT}")
        await asyncio.sleep(120.0)
        assert (await fleet.store.get_by_key(Lease, f"{AWS}/{ACCOUNT}")).spec.epoch == lease.spec.epoch
        standing = [world.assembly.fleet.standing() for world in fleet.worlds if world.assembly is not None]
        assert all(well for well, _ in standing)
        assert [words for _, words in standing if words.startswith("standby")] == [
            "standby: acts for none of 2 shards, beside 2 other engines"
        ]
        for world in fleet.worlds:
            await world.kill()

    play(scenario)


def test_a_graceful_stop_gives_up_at_once() -> None:
    async def scenario() -> None:
        fleet = Fleet(0.0, 0.0, 0.0)
        one, two, three = fleet.worlds
        for world in fleet.worlds:
            await world.start()
        await one.until(lambda: sorted(fleet.shares()) == [0, 1, 1], 30.0)
        standby = fleet.worlds[fleet.shares().index(0)]
        leaver = next(world for world in fleet.worlds if world is not standby)
        [place] = fleet.held(leaver)
        leaver._private = one._private
        assert leaver.assembly is not None
        await leaver.assembly.runtime.stop(10.0)
        assembly = leaver.assembly
        await leaver.kill()
        await assembly.fleet.leave()
        began = one.clock.time()
        await one.until(lambda: fleet.held(standby) == [place], 5.0)
        assert one.clock.time() - began < assembly.fleet.period + 1.0, "it waited for a lease to run out"
        for world in fleet.worlds:
            await world.kill()

    play(scenario)


def test_each_works_only_for_its_own_shards() -> None:
    async def scenario() -> None:
        fleet = Fleet(0.0, 0.0, region=accounts(*ACCOUNTS))
        one, two = fleet.worlds
        await one.start()
        await two.start()
        await fleet.until([2, 2], 30.0)
        servers = []
        for account in ACCOUNTS:
            one.project = account
            network, _ = await one.network()
            servers.append(await one.server(network, await one.group()))
        for server in servers:
            await one.until(lambda s=server: _is(one, s.id, "active"))
        writers = {line["account"] for line in one.calls("RunInstances", "ok")}
        assert writers == set(ACCOUNTS)
        for world in fleet.worlds:
            assert world.assembly is not None
            provider = world.assembly.engine.clouds[AWS].provider
            for place in world.assembly.places:
                if place.region == AWS:
                    looks = bool(provider.listed_at(place))
                    assert looks == (place in fleet.held(world)), "it looks at an account that is another's"
        for world in fleet.worlds:
            await world.kill()

    play(scenario)


async def _is(world: World, server: str, state: str) -> bool:
    return await world.state(server) == state


def test_what_a_dead_engine_may_have_called_is_looked_for_however_long_the_next_has_waited() -> None:
    async def scenario() -> None:
        lag = {"lag": {"resource": 5.0, "tags": 40.0}}
        fleet = Fleet(0.0, 0.0, emulator=EmulatorConfig().patched(lag))
        one, two = fleet.worlds
        await one.start()
        await two.start()
        await fleet.until([1, 1], 60.0)
        active = next(world for world in fleet.worlds if any(place.region == AWS for place in fleet.held(world)))
        other = two if active is one else one
        await asyncio.sleep(300.0)  # the visibility window since its start has long passed for the other
        network, _ = await one.network()
        server = await one.server(network, await one.group())
        await one.until(lambda: bool(one.calls("CreateVpc", "ok")))
        await active.kill()
        await other.until(lambda: _is(other, server.id, "active"))
        assert len([vpc for vpc in one.resources("vpc") if "pia:uid" in vpc["tags"]]) == 1
        assert await problems(other) == []
        await other.kill()

    play(scenario)
