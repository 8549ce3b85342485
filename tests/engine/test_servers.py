"""What a server does in a cloud that answers late, refuses, and is changed behind our back. Virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.support.checks import everything, leftovers
from tests.support.world import AWS, PRIVATE, PROJECT, World, region_config

from aws_emulator.config import Config as EmulatorConfig
from gurum.model.conditions import Reason, get
from gurum.model.network import AddressClaim, FixedIP, Network, Pool, Port, PortSpec, Subnet
from gurum.model.server import NetworkRequest, Server
from gurum.store.claims import claim_address

Scenario = Callable[[World], Awaitable[None]]
Play = Callable[..., None]


async def settled(w: World, id: str, state: str, within: float = 600.0) -> Server:
    """Wait until the server is in a state and has nothing to do; return it."""

    async def there() -> bool:
        server = await w.get(Server, id)
        return server.status.vm_state == state and server.status.done >= server.spec.actions[-1].number

    await w.until(there, within)
    return await w.get(Server, id)


async def gone(w: World, id: str) -> None:
    """Wait until the server is gone."""

    async def absent() -> bool:
        return await w.state(id) == "gone"

    await w.until(absent)


async def ports_gone(w: World) -> None:
    """Wait until there is no port."""

    async def none() -> bool:
        return await everything(w.store, Port) == []

    await w.until(none)


@pytest.mark.parametrize("region", [PRIVATE, AWS])
def test_a_life(play: Play, region: str) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network(region)
        group = await w.group(region)
        server = await w.server(network, group)
        active = await settled(w, server.id, "active")
        assert active.status.power_state == 1
        assert active.status.task_state is None
        [address] = active.status.addresses
        assert address.network == "net"
        assert address.addr.startswith("10.20.0.")
        for verb, state in (("stop", "stopped"), ("start", "active"), ("reboot", "active")):
            await w.act(server.id, verb, type="SOFT")
            await settled(w, server.id, state)
        await w.act(server.id, "reboot", type="HARD")
        last = await settled(w, server.id, "active")
        assert [(o.number, o.result) for o in last.status.outcomes] == [(n, "Success") for n in range(1, 6)]
        await w.store.delete(Server, server.id)
        await gone(w, server.id)
        assert await everything(w.store, AddressClaim) == []
        assert await everything(w.store, Port) == []
        [record] = await w.journal.read(type="deleted")
        assert record.object_id == server.id

    play(scenario)


def test_a_server_costs_one_mutating_call(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group = await w.group()
        first = await w.server(network, group, zone=f"{AWS}-a")
        await settled(w, first.id, "active")
        before = len(w.calls())
        servers = [await w.server(network, group, zone=f"{AWS}-a") for _ in range(4)]
        for server in servers:
            await settled(w, server.id, "active")
        changing = [line for line in w.calls()[before:] if not line["action"].startswith("Describe")]
        assert {line["action"] for line in changing} == {"RunInstances"}
        assert len({line["client_token"] for line in changing}) == 4  # what could not be written is asked again

    play(scenario)


def test_another_zone_after_a_capacity_error(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group = await w.group()
        servers = [await w.server(network, group) for _ in range(8)]
        for server in servers:
            seen = await settled(w, server.id, "active")
            assert seen.status.zone in ("use1-az4", "use1-az6")
        refused = w.calls("RunInstances", "InsufficientInstanceCapacity")
        assert refused
        sent = {(line["client_token"], line["params_digest"]) for line in w.calls("RunInstances")}
        assert len({token for token, _ in sent}) == len(sent), "a token was sent with two requests"

    full = [{"zone_id": "use1-az1", "limit": 0}, {"zone_id": "use1-az2", "limit": 0}]
    play(scenario, emulator=EmulatorConfig().patched({"capacity": full}))


def test_no_zone_has_capacity(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        server = await w.server(network, await w.group())
        failed = await settled(w, server.id, "error")
        assert failed.status.fault is not None
        assert failed.status.fault.message.startswith("No valid host was found.")
        assert failed.status.fault.code == 500
        assert len({line["client_token"] for line in w.calls("RunInstances")}) == 4
        await ports_gone(w)
        await w.store.delete(Server, server.id)
        await gone(w, server.id)

    play(scenario, emulator=EmulatorConfig().patched({"capacity": [{"zone_id": "*", "limit": 0}]}))


def test_a_named_zone_is_not_left(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        server = await w.server(network, await w.group(), zone=f"{AWS}-a")
        failed = await settled(w, server.id, "error")
        assert failed.status.fault is not None
        assert len({line["client_token"] for line in w.calls("RunInstances")}) == 1
        await ports_gone(w)  # what the failure gives back is given back a little later

    play(scenario, emulator=EmulatorConfig().patched({"capacity": [{"zone_id": "use1-az1", "limit": 0}]}))


def test_a_lost_capacity_error_moves_on_once(play: Play) -> None:
    async def scenario(w: World) -> None:
        w.emulator.add_fault({"action": "RunInstances", "kind": "drop-after", "count": 1})
        network, _ = await w.network()
        server = await w.server(network, await w.group())
        await settled(w, server.id, "active")

    play(scenario, emulator=EmulatorConfig().patched({"capacity": [{"zone_id": "use1-az1", "limit": 0}]}))


def test_throttled_creations_tell_their_turn(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group = await w.group()
        servers = [await w.server(network, group) for _ in range(60)]
        await asyncio.sleep(3)
        waiting = [await w.get(Server, server.id) for server in servers]
        told = [s for s in waiting if s.status.fault is not None]
        assert told, "nobody was told that its creation waits"
        condition = get(told[0].status.conditions, "Progressing")
        assert condition is not None
        assert condition.reason == Reason.THROTTLED
        assert condition.until is not None
        assert condition.until > w.clock.time()
        for server in servers:
            active = await settled(w, server.id, "active")
            assert active.status.fault is None
        wasted = w.calls(outcome="RequestLimitExceeded")
        assert len(wasted) <= 3, f"{len(wasted)} requests were wasted"

    play(scenario)


def test_aws_down_for_a_minute(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group = await w.group()
        first = await w.server(network, group)
        await settled(w, first.id, "active")
        w.transport.down = True
        servers = [await w.server(network, group) for _ in range(10)]
        await w.store.delete(Server, first.id)
        await asyncio.sleep(60)
        told = await w.get(Server, servers[0].id)
        assert told.status.vm_state == "building"
        assert told.status.fault is not None
        assert "AWS" in told.status.fault.message
        assert "next attempt at" in told.status.fault.message
        w.transport.down = False
        for server in servers:
            await settled(w, server.id, "active", within=60)
        await gone(w, first.id)

    play(scenario)


def test_five_hundreds_and_lost_answers(play: Play) -> None:
    async def scenario(w: World) -> None:
        w.emulator.add_fault({"action": "*", "kind": "error", "code": "InternalError", "probability": 0.2})
        w.emulator.add_fault({"action": "*", "kind": "drop-after", "probability": 0.1})
        network, _ = await w.network()
        group = await w.group()
        servers = [await w.server(network, group) for _ in range(20)]
        for server in servers:
            await settled(w, server.id, "active", within=1200)
        for server in servers:
            await w.store.delete(Server, server.id)
        for server in servers:
            await gone(w, server.id)

    play(scenario)


@pytest.mark.parametrize(
    ("deed", "state", "text"),
    [("StopInstances", "stopped", ""), ("TerminateInstances", "error", "deleted outside of OpenStack")],
)
def test_what_others_do_is_taken_over(play: Play, deed: str, state: str, text: str) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        server = await w.server(network, await w.group())
        active = await settled(w, server.id, "active")
        assert active.status.external is not None
        ids = {"InstanceIds": [active.status.external.id]}
        w.emulator.call(deed, ids, account="111122223333", region="us-east-1", external=True)
        seen = await settled(w, server.id, state, within=2 * 30 + 40)
        assert text in (seen.status.fault.message if seen.status.fault else "")
        if state == "stopped":
            w.emulator.call("StartInstances", ids, account="111122223333", region="us-east-1", external=True)
            await settled(w, server.id, "active", within=2 * 30 + 10)
        await w.store.delete(Server, server.id)
        await gone(w, server.id)
        assert leftovers(w).get("instance") is None

    play(scenario)


async def _port(w: World, network: Network, subnet: Subnet, address: str, zone: str) -> Port:
    port = Port(
        metadata=w.meta(AWS),
        spec=PortSpec(
            network_id=network.id, fixed_ips=[FixedIP(subnet_id=subnet.id, ip_address=address)], zone=zone,
            mac_address="fa:16:3e:00:00:01",
        ),
    )  # fmt: skip
    claimed = await claim_address(
        w.store, region=AWS, project=PROJECT, subnet_id=subnet.id, address=address, owner_kind="Port", owner_id=port.id
    )
    assert claimed is not None
    return await w.store.create(port)


def test_a_port_of_the_user_s_own(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, subnet = await w.network()
        port = await _port(w, network, subnet, "10.20.0.70", "use1-az2")
        server = await w.server(network, requests=[NetworkRequest(port_id=port.id)])
        active = await settled(w, server.id, "active")
        assert [a.addr for a in active.status.addresses] == ["10.20.0.70"]
        assert active.status.zone == "use1-az2"
        assert len(w.calls("CreateNetworkInterface", "ok")) == 1
        bound = await w.get(Port, port.id)
        assert bound.spec.device_id == server.id
        assert bound.status.status == "ACTIVE"
        assert bound.status.mac_address == active.status.addresses[0].mac != "fa:16:3e:00:00:01"
        second = await w.server(network, requests=[NetworkRequest(port_id=port.id)])
        failed = await settled(w, second.id, "error")
        assert failed.status.fault is not None
        assert "still in use" in failed.status.fault.message
        await w.store.delete(Server, server.id)
        await w.store.delete(Server, second.id)
        await gone(w, server.id)
        await gone(w, second.id)
        free = await w.get(Port, port.id)
        assert (free.spec.device_id, free.status.status) == ("", "DOWN")
        again = await w.server(network, requests=[NetworkRequest(port_id=port.id)])
        await settled(w, again.id, "active")
        await w.store.delete(Server, again.id)
        await gone(w, again.id)
        await w.store.delete(Port, port.id)
        await w.store.delete(Network, network.id)
        await asyncio.sleep(120)
        assert await everything(w.store, AddressClaim) == []
        assert leftovers(w) == {}

    play(scenario)


def test_another_zone_when_one_has_no_addresses(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, subnet = await w.network()
        # Pools within the last slice but one, of four addresses: 10.20.0.132 to .135.
        pools = [Pool(start="10.20.0.132", end="10.20.0.135")]
        await w.change(Subnet, subnet.id, lambda obj: setattr(obj.spec, "allocation_pools", pools))
        group = await w.group()
        servers = [await w.server(network, group) for _ in range(4)]
        for server in servers:
            assert (await settled(w, server.id, "active")).status.zone == "use1-az4"
        fifth = await w.server(network, group)
        failed = await settled(w, fifth.id, "error")
        assert failed.status.fault is not None
        assert failed.status.fault.message == "No more IP addresses available on the network."

    play(scenario)


def test_a_subnet_outside_the_vpc_s_first_block(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group = await w.group()
        first = await w.server(network, group)
        await settled(w, first.id, "active")
        await w.subnet(network, "10.30.0.0/24")
        second = await w.server(network, group, requests=[NetworkRequest(network_id=network.id, fixed_ip="10.30.0.70")])
        active = await settled(w, second.id, "active")
        assert [address.addr for address in active.status.addresses] == ["10.30.0.70"]
        assert len(w.calls("AssociateVpcCidrBlock", "ok")) == 1

    play(scenario)


def test_deleted_while_it_is_built(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group = await w.group()
        for delay in (0.0, 0.02, 0.05, 0.1, 0.3, 2.0):
            server = await w.server(network, group)
            await asyncio.sleep(delay)
            await w.store.delete(Server, server.id)
            await gone(w, server.id)
        assert leftovers(w).get("instance") is None

    play(scenario, aws=region_config(visibility=10.0))


def test_two_engines_take_turns(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group = await w.group()
        server = await w.server(network, group)
        await settled(w, server.id, "active")
        await w.stop()
        await w.start()
        assert w.assembly is not None
        assert all(epoch == 2 for epoch in w.assembly.engine.shards.epochs.values())
        await w.act(server.id, "stop")
        await settled(w, server.id, "stopped")

    play(scenario)


def test_more_actions_than_an_object_keeps(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network(PRIVATE)
        server = await w.server(network, await w.group(PRIVATE))
        await settled(w, server.id, "active")
        for number in range(12):
            await w.act(server.id, "stop" if number % 2 == 0 else "start")
            await settled(w, server.id, "stopped" if number % 2 == 0 else "active")
        records = await w.journal.read(type="action", object_id=server.id)
        assert [record.request_id for record in records] == ["req-test"] + ["req-stop", "req-start"] * 6

    play(scenario)


def test_a_project_without_an_account_is_told(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        server = await w.server(network, await w.group())
        failed = await settled(w, server.id, "error")
        assert failed.status.fault is not None
        assert "No cloud account of this region serves the project" in failed.status.fault.message

    play(scenario, aws=region_config(projects=["q" * 32]))


def test_a_server_without_a_network_is_connected_to_nothing(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        servers = [await w.server(network, requests=[]) for _ in range(2)]
        for server in servers:
            active = await settled(w, server.id, "active")
            assert active.status.addresses == []
        assert await everything(w.store, Port) == []
        [vpc] = w.resources("vpc")
        assert vpc["cidr"] == "100.64.0.0/16"
        groups = {group["name"]: group["rules"] for group in w.resources("security-group")}
        assert [rules for name, rules in groups.items() if name.endswith("-none")] == [[]]
        for instance in w.resources("instance"):
            assert instance["vpc_id"] == vpc["id"]
        await w.store.delete(Server, servers[0].id)
        await gone(w, servers[0].id)
        private, _ = await w.network(PRIVATE)
        alone = await w.server(private, requests=[])
        assert (await settled(w, alone.id, "active")).status.addresses == []

    play(scenario)
