"""Several engines on one store share the shards, in virtual time: who acts for what, and what a late one can do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import pytest
from tests.engine.test_interfaces import attached, interfaces, started
from tests.support.checks import everything, problems
from tests.support.virtual import run_virtual
from tests.support.world import ACCOUNT, AWS, World, region_config

from aws_emulator.config import Config as EmulatorConfig
from aws_emulator.rules import Refusal
from gurum.engine import restoration
from gurum.model.engine import Lease
from gurum.model.network import ATTACH, INDEX, WAITING, AddressClaim, Port
from gurum.model.server import Server
from gurum.ops.clock import Clock, LoopClock
from gurum.ops.config import AwsAccountConfig, RegionConfig
from gurum.providers.contract import Place
from gurum.store.contract import Record
from gurum.store.memory import PEACEFUL, Hostility, MemoryStore

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
        one = fleet.worlds[0]
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
            await one.until(partial(_is, one, server.id, "active"))
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


class Held:
    """A transport that keeps calls of an action back: they leave when the sender is long gone."""

    def __init__(self, world: World) -> None:
        self._inner, self._world = world.transport, world
        self.action = self.refused = ""
        self.kept: list[tuple[str, str, dict[str, Any]]] = []

    async def call(self, account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call, or keep it."""
        if action == self.action:
            self.kept.append((account, action, params))
            await asyncio.Event().wait()
        return await self._inner.call(account, action, params)

    async def close(self) -> None:
        """Nothing is open."""

    def arrive(self) -> None:
        """Let what was kept back arrive."""
        for account, action, params in self.kept:
            try:
                self._world.emulator.call(action, params, account=account, region="us-east-1")
            except Refusal as refusal:
                self.refused = refusal.code
        assert self.kept, "nothing was kept back"


async def pair(action: str) -> tuple[Fleet, World, World, Held]:
    """Start an engine that acts for AWS, whose calls of an action are kept back, and another; return both."""
    fleet = Fleet(0.0, 0.0)
    first, second = fleet.worlds
    held = Held(first)
    first.transport = cast("Any", held)
    await first.start()
    await second.start()
    await fleet.until([1, 1], 60.0)
    if not any(place.region == AWS for place in fleet.held(first)):
        await second.kill()
        await first.until(lambda: fleet.shares() == [2, 0], 30.0)
    return fleet, first, second, held


async def over(fleet: Fleet, dead: World, heir: World) -> None:
    """Have the first engine die and the other take over."""
    await dead.kill()
    if heir.assembly is None:
        await heir.start()
    await heir.until(lambda: len(fleet.held(heir)) == 2, MOVED_WITHIN)


def test_a_late_stop_is_undone_within_two_observation_periods() -> None:
    async def scenario() -> None:
        fleet, dead, heir, held = await pair("StopInstances")
        network, _ = await heir.network()
        server = await heir.server(network, await heir.group())
        await heir.until(lambda: _is(heir, server.id, "active"))
        held.action = "StopInstances"
        await heir.act(server.id, "stop")
        await heir.until(lambda: bool(held.kept))
        await over(fleet, dead, heir)
        await heir.until(lambda: _is(heir, server.id, "stopped"))
        await heir.act(server.id, "start")
        await heir.until(lambda: _is(heir, server.id, "active"))
        held.arrive()
        began = heir.clock.time()
        await heir.until(lambda: heir.resources("instance")[0]["state"] == "stopped")
        await heir.until(lambda: heir.resources("instance")[0]["state"] == "running")
        assert heir.clock.time() - began < 2 * 30.0 + 20.0, "two observation periods, and the cloud's own time"
        await asyncio.sleep(60.0)
        assert await heir.state(server.id) == "active"
        # From then on a stop is somebody's: it shows, and stays.
        instance = heir.resources("instance")[0]["id"]
        stop = {"InstanceIds": [instance]}
        heir.emulator.call("StopInstances", stop, account=ACCOUNT, region="us-east-1", external=True)
        await heir.until(lambda: _is(heir, server.id, "stopped"))
        await heir.kill()

    play(scenario)


def test_a_late_termination_ends_nothing_that_lives() -> None:
    async def scenario() -> None:
        fleet, dead, heir, held = await pair("TerminateInstances")
        network, _ = await heir.network()
        group = await heir.group()
        server = await heir.server(network, group)
        await heir.until(lambda: _is(heir, server.id, "active"))
        held.action = "TerminateInstances"
        await heir.store.delete(Server, server.id)
        await heir.until(lambda: bool(held.kept))
        await over(fleet, dead, heir)
        await heir.until(lambda: _is(heir, server.id, "gone"))
        next_ = await heir.server(network, group)
        await heir.until(lambda: _is(heir, next_.id, "active"))
        held.arrive()
        await asyncio.sleep(120.0)
        assert await heir.state(next_.id) == "active"
        assert [one["state"] for one in heir.resources("instance") if one["state"] != "terminated"] == ["running"]
        assert await problems(heir) == []
        await heir.kill()

    play(scenario)


@pytest.mark.parametrize("late", ["DetachNetworkInterface", "AttachNetworkInterface"])
def test_a_late_detachment_or_attachment_leaves_interfaces_where_they_belong(late: str) -> None:
    async def scenario() -> None:
        fleet, dead, heir, held = await pair(late)
        server, subnet = await started(heir)
        if late == "AttachNetworkInterface":
            held.action = late
        port = await attached(heir, server, subnet, 9)

        async def rests() -> bool:
            now = await heir.get(Server, server.id)
            return now.status.done == len(now.spec.actions)

        if late == "DetachNetworkInterface":
            await heir.until(rests)
            held.action = late
            await heir.act(server.id, "detach_interface", port_id=port.id)
        await heir.until(lambda: bool(held.kept))
        await over(fleet, dead, heir)
        await heir.until(rests)
        # Once more, and the other way round, before the late call comes.
        if late == "AttachNetworkInterface":
            await heir.act(server.id, "detach_interface", port_id=port.id)
        else:

            def bind(obj: Port) -> None:
                obj.spec.device_id, obj.spec.device_owner = server.id, f"compute:{AWS}-a"
                obj.metadata.labels |= {INDEX: WAITING, ATTACH: "req-attach_interface"}

            await heir.change(Port, port.id, bind)
            await heir.act(server.id, "attach_interface", port_id=port.id)
        await heir.until(rests)
        address = port.spec.fixed_ips[0].ip_address
        assert (address in interfaces(heir)) == (late == "DetachNetworkInterface")
        held.arrive()
        began = heir.clock.time()
        if late == "AttachNetworkInterface":
            assert address in interfaces(heir), "it did not come"
            await heir.until(lambda: address not in interfaces(heir))
        else:
            assert held.refused == "InvalidAttachmentID.NotFound"
        assert heir.clock.time() - began < 2 * 30.0 + 20.0, "two observation periods, and the cloud's own time"
        await asyncio.sleep(100.0)
        assert (address in interfaces(heir)) == (late == "DetachNetworkInterface")
        await heir.kill()

    play(scenario)


def test_a_store_that_went_back_is_noticed_before_anything_is_called() -> None:
    async def scenario() -> None:
        fleet = Fleet(0.0, 0.0)
        one, two = fleet.worlds
        await one.start()
        await two.start()
        await fleet.until([1, 1], 60.0)
        network, _ = await one.network()
        group = await one.group()
        kept = await one.server(network, group)
        await one.until(lambda: _is(one, kept.id, "active"))
        copy = fleet.store.backup()
        forgotten = await one.server(network, group)
        await one.until(lambda: _is(one, forgotten.id, "active"))
        stray = next(row for row in one.resources("instance") if row["tags"]["pia:uid"] == forgotten.id)
        address = (await one.get(Server, forgotten.id)).status.addresses[0].addr
        wanted = await one.server(network, group)
        # Nobody puts a store back while it answers.
        fleet.store.hostility = Hostility(throttle=1.0)
        await asyncio.sleep(8.0)
        fleet.store.restore(copy)
        back = one.clock.time()
        fleet.store.hostility = PEACEFUL
        again = await one.server(network, group)

        async def reported() -> list[Record]:
            return await one.journal.read(type="orphans", region=AWS)

        await one.until(reported)
        [record] = await reported()
        told = [line for line in one.calls() if not line["action"].startswith("Describe")]
        early = [line["action"] for line in told if back <= line["time"] < record.at]
        assert early == [], "something was changed before the report"
        assert any(line["time"] >= record.at for line in told) or await _is(one, again.id, "active")
        assert stray["id"] in {row["id"] for row in json.loads(record.data)}
        held = {claim.spec.address: claim.spec.owner_kind for claim in await everything(one.store, AddressClaim)}
        assert held[address] == "Stray"
        await one.until(lambda: _is(one, again.id, "active"), 1200.0)
        assert (await one.get(Server, again.id)).status.addresses[0].addr != address
        await asyncio.sleep(1500.0)
        states = {row["tags"]["pia:uid"]: row["state"] for row in one.resources("instance")}
        assert states[forgotten.id] == states[kept.id] == "running", "what the store does not know is not garbage"
        assert await one.state(wanted.id) == "gone"
        # Settled, its address is free again.
        stop = {"InstanceIds": [stray["id"]]}
        one.emulator.call("TerminateInstances", stop, account=ACCOUNT, region="us-east-1", external=True)
        assert await restoration.settle(fleet.store)
        await asyncio.sleep(1500.0)
        assert address not in {claim.spec.address for claim in await everything(one.store, AddressClaim)}
        for world in fleet.worlds:
            await world.kill()

    play(scenario)


def test_while_the_store_is_away_nothing_is_called_and_then_everything_goes_on() -> None:
    async def scenario() -> None:
        fleet = Fleet(0.0)
        [one] = fleet.worlds
        await one.start()
        network, _ = await one.network()
        group = await one.group()
        servers = [await one.server(network, group) for _ in range(5)]
        await one.until(lambda: len(one.calls("RunInstances", "ok")) >= 2)
        fleet.store.hostility = Hostility(throttle=1.0)
        await asyncio.sleep(one.config.engine.lease)
        before = len([line for line in one.calls() if not line["action"].startswith("Describe")])
        await asyncio.sleep(60.0)
        after = len([line for line in one.calls() if not line["action"].startswith("Describe")])
        assert after == before, "it acts although it cannot know whether another does"
        fleet.store.hostility = PEACEFUL
        for server in servers:
            await one.until(partial(_is, one, server.id, "active"))
        assert await problems(one) == []
        await one.kill()

    play(scenario)
