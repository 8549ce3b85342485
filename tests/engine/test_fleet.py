"""Several engines on one store share the shards, in virtual time: who acts for what, and when nobody does."""

from __future__ import annotations

import asyncio
import json
from functools import partial

from tests.engine.fleet import ACCOUNTS, MOVED_WITHIN, Fleet, accounts, is_in, play
from tests.support.checks import everything, problems
from tests.support.world import ACCOUNT, AWS

from aws_emulator.config import Config as EmulatorConfig
from gurum.engine import restoration
from gurum.engine.fleet import SETTLE, SPARED
from gurum.model.engine import Lease
from gurum.model.network import AddressClaim
from gurum.model.server import Server
from gurum.store.contract import Record
from gurum.store.memory import PEACEFUL, Hostility


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


def test_whenever_an_engine_dies_its_time_counts_from_its_last_renewal() -> None:
    async def scenario() -> None:
        fleet = Fleet(0.0, 0.0)
        one, two = await fleet.start()
        lease = one.config.engine.lease
        waited = []
        for step in range(8):  # moments between two rounds, which differ from time to time
            await fleet.until([1, 1], 60.0)
            [mine] = fleet.held(two)
            await asyncio.sleep(step * lease / 32)
            await two.kill()
            began = one.clock.time()
            await one.until(lambda mine=mine: mine in fleet.held(one), MOVED_WITHIN)  # type: ignore[misc] # mypy#12557
            waited.append(one.clock.time() - began)
            await two.start()
        assert max(waited) < lease + SPARED + SETTLE + 0.5, "it waited for the time between two looks as well"
        await fleet.kill()

    play(scenario)


def test_a_dead_engine_that_is_started_again_keeps_nobody_from_taking_over() -> None:
    async def scenario() -> None:
        fleet = Fleet(0.0, 0.0)
        one, two = await fleet.start()
        await fleet.until([1, 1], 60.0)
        [mine] = fleet.held(two)
        lease = one.config.engine.lease
        await two.kill()
        began = one.clock.time()
        await asyncio.sleep(0.6 * lease)  # so slow is a process that a supervisor starts again
        await two.start()
        await one.until(lambda: mine in fleet.held(one), MOVED_WITHIN)
        assert one.clock.time() - began < lease + SPARED + SETTLE + 0.5, "it waited for the one that was started again"
        await fleet.until([1, 1], 60.0)  # evened out
        await fleet.kill()

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
        one, _ = await fleet.start()
        await fleet.until([2, 2], 30.0)
        servers = []
        for account in ACCOUNTS:
            one.project = account
            network, _ = await one.network()
            servers.append(await one.server(network, await one.group()))
        for server in servers:
            await one.until(partial(is_in, one, server.id, "active"))
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


def test_what_a_dead_engine_may_have_called_is_looked_for_however_long_the_next_has_waited() -> None:
    async def scenario() -> None:
        lag = {"lag": {"resource": 5.0, "tags": 40.0}}
        fleet = Fleet(0.0, 0.0, emulator=EmulatorConfig().patched(lag))
        one, two = await fleet.start()
        await fleet.until([1, 1], 60.0)
        active = next(world for world in fleet.worlds if any(place.region == AWS for place in fleet.held(world)))
        other = two if active is one else one
        await asyncio.sleep(300.0)  # the visibility window since its start has long passed for the other
        network, _ = await one.network()
        server = await one.server(network, await one.group())
        await one.until(lambda: bool(one.calls("CreateVpc", "ok")))
        await active.kill()
        await other.until(lambda: is_in(other, server.id, "active"))
        assert len([vpc for vpc in one.resources("vpc") if "pia:uid" in vpc["tags"]]) == 1
        assert await problems(other) == []
        await other.kill()

    play(scenario)


def test_a_store_that_went_back_is_noticed_before_anything_is_called() -> None:
    async def scenario() -> None:
        fleet = Fleet(0.0, 0.0)
        one, _ = await fleet.start()
        await fleet.until([1, 1], 60.0)
        network, _ = await one.network()
        group = await one.group()
        kept = await one.server(network, group)
        await one.until(lambda: is_in(one, kept.id, "active"))
        copy = fleet.store.backup()
        forgotten = await one.server(network, group)
        await one.until(lambda: is_in(one, forgotten.id, "active"))
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
        assert any(line["time"] >= record.at for line in told) or await is_in(one, again.id, "active")
        assert stray["id"] in {row["id"] for row in json.loads(record.data)}
        held = {claim.spec.address: claim.spec.owner_kind for claim in await everything(one.store, AddressClaim)}
        assert held[address] == "Stray"
        await one.until(lambda: is_in(one, again.id, "active"), 1200.0)
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
            await one.until(partial(is_in, one, server.id, "active"))
        assert await problems(one) == []
        await one.kill()

    play(scenario)
