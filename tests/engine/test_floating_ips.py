"""What floating IPs become in a cloud, and what happens to them when what they lead to goes. Virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.engine.test_routers import QUICK, condition, delete, ours, port_of, public, until_gone
from tests.engine.test_servers import gone, settled
from tests.support.checks import everything
from tests.support.world import ACCOUNT, AWS, PRIVATE, PROJECT, World

from aws_emulator.config import Config as EmulatorConfig
from gurum.model.base import Metadata, new_id
from gurum.model.conditions import Reason, get
from gurum.model.network import AddressClaim, AddressClaimSpec, Port
from gurum.model.quota import QuotaUsage, QuotaUsageSpec
from gurum.model.routing import FloatingIP, FloatingIPClaim, FloatingIPClaimSpec, Router
from gurum.model.server import NetworkRequest, Server

Play = Callable[..., None]


async def until_status(w: World, floating: FloatingIP, status: str, within: float = 600.0) -> FloatingIP:
    """Wait until a floating IP has an address and a status; return it."""

    async def there() -> bool:
        now = await w.get(FloatingIP, floating.id)
        return bool(now.address) and now.status.status == status

    await w.until(there, within)
    return await w.get(FloatingIP, floating.id)


def mapped(w: World) -> dict[str, str]:
    """Return which of our addresses leads to which private one."""
    return {row["public_ip"]: row.get("private_ip", "") for row in ours(w, "elastic-ip")}


def test_a_life(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        network, subnet = await w.network()
        router = await w.router(external, subnet)
        server = await w.server(network, await w.group())
        await settled(w, server.id, "active")
        own = public(w)
        assert len(own) == 1
        floating = await w.floating(external)
        free = await until_status(w, floating, "DOWN", within=3)
        assert free.status.external is not None
        assert mapped(w) == {free.address: ""}
        port = await port_of(w, server)
        await w.associate(floating, port, router)
        held = await until_status(w, floating, "ACTIVE", within=30)
        assert mapped(w) == {held.address: port.spec.fixed_ips[0].ip_address}
        assert public(w) == [], "the interface's own address is given up for it"
        for verb, state in (("stop", "stopped"), ("start", "active")):
            await w.act(server.id, verb)
            await settled(w, server.id, state)
            assert (await w.get(FloatingIP, floating.id)).status.status == "ACTIVE"
        await w.associate(floating, None)
        await until_status(w, floating, "DOWN", within=30)
        assert mapped(w) == {held.address: ""}
        await w.until(lambda: len(public(w)) == 1)
        await delete(w, FloatingIP, floating)
        assert ours(w, "elastic-ip") == []
        for action, most in (("AllocateAddress", 1), ("AssociateAddress", 1), ("DisassociateAddress", 1),
                             ("ReleaseAddress", 1)):  # fmt: skip
            assert len({line["params_digest"] for line in w.calls(action)}) <= most, action
        assert w.calls("ModifyNetworkInterfaceAttribute") == []

    play(scenario)


def test_everything_at_once(play: Play) -> None:
    """Router, floating IP, server and association are asked for before anything is in the cloud."""

    async def scenario(w: World) -> None:
        external = await w.external()
        network, subnet = await w.network()
        floating = await w.floating(external)
        port = await w.port(subnet, "10.20.0.70", zone="use1-az2")
        router = await w.router(external, subnet)
        await w.associate(floating, port, router)
        await w.server(network, requests=[NetworkRequest(port_id=port.id)])
        held = await until_status(w, floating, "ACTIVE")
        assert mapped(w) == {held.address: "10.20.0.70"}
        assert public(w) == []

    play(scenario)


def test_an_address_moves_to_another_port(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        network, subnet = await w.network()
        router = await w.router(external, subnet)
        group = await w.group()
        servers = [await w.server(network, group, zone=f"{AWS}-a") for _ in range(2)]
        for server in servers:
            await settled(w, server.id, "active")
        ports = [await port_of(w, server) for server in servers]
        addresses = [port.spec.fixed_ips[0].ip_address for port in ports]
        first, second = await w.floating(external), await w.floating(external)
        await w.associate(first, ports[0], router)
        await w.associate(second, ports[1], router)
        for floating in (first, second):
            await until_status(w, floating, "ACTIVE")
        # Crosswise, as fast as it can be said: each address of a port is free for the other only after the first left.
        await w.associate(first, None)
        await w.associate(second, ports[0], router)
        await w.associate(first, ports[1], router)
        one, two = await w.get(FloatingIP, first.id), await w.get(FloatingIP, second.id)
        await w.until(lambda: mapped(w) == {one.address: addresses[1], two.address: addresses[0]})
        for floating in (first, second):
            await until_status(w, floating, "ACTIVE")

    play(scenario, aws=QUICK)


@pytest.mark.parametrize("how", ["deleted", "terminated outside", "port of the user's own"])
def test_the_instance_goes_from_under_it(play: Play, how: str) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        network, subnet = await w.network()
        router = await w.router(external, subnet)
        requests = None
        if how == "port of the user's own":
            own = await w.port(subnet, "10.20.0.70", zone="use1-az2")
            requests = [NetworkRequest(port_id=own.id)]
        server = await w.server(network, await w.group(), requests=requests)
        active = await settled(w, server.id, "active")
        floating = await w.floating(external)
        await w.associate(floating, await port_of(w, server), router)
        held = await until_status(w, floating, "ACTIVE")
        if how == "terminated outside":
            assert active.status.external is not None
            ids = {"InstanceIds": [active.status.external.id]}
            w.emulator.call("TerminateInstances", ids, account=ACCOUNT, region="us-east-1", external=True)
            await settled(w, server.id, "error", within=120)
            await until_status(w, floating, "DOWN")
            assert (await w.get(FloatingIP, floating.id)).spec.port_id, (
                "the user associated it, and nobody else ends that"
            )
        await delete(w, Server, server)
        down = await until_status(w, floating, "DOWN")
        assert down.address == held.address
        await w.until(lambda: mapped(w) == {held.address: ""})
        if how == "port of the user's own":
            assert down.spec.port_id, "the port is still the user's, and so is what leads to it"
            again = await w.server(network, requests=requests)
            await settled(w, again.id, "active")
            await until_status(w, floating, "ACTIVE")
        else:
            assert (down.spec.port_id, down.spec.fixed_ip_address, down.spec.router_id) == ("", "", "")
            assert await everything(w.store, FloatingIPClaim) == []
        await delete(w, FloatingIP, floating)
        assert ours(w, "elastic-ip") == []

    play(scenario, aws=QUICK)


def test_deleted_while_it_leads_somewhere(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        network, subnet = await w.network()
        router = await w.router(external, subnet)
        server = await w.server(network, await w.group())
        await settled(w, server.id, "active")
        port = await port_of(w, server)
        for delay in (0.0, 0.02, 0.05, 0.1, 1.0, 20.0):
            floating = await w.floating(external)
            await w.associate(floating, port, router)
            await asyncio.sleep(delay)
            await delete(w, FloatingIP, floating)
            assert ours(w, "elastic-ip") == []
            assert await everything(w.store, FloatingIPClaim) == []
        await delete(w, Server, server)
        await gone(w, server.id)

    play(scenario, aws=QUICK)


def test_the_gateway_goes_from_under_it(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        network, subnet = await w.network()
        router = await w.router(external, subnet)
        server = await w.server(network, await w.group())
        await settled(w, server.id, "active")
        floating = await w.floating(external)
        await w.associate(floating, await port_of(w, server), router)
        await until_status(w, floating, "ACTIVE")
        await w.gateway(router, None)  # the API refuses this while a floating IP is associated, but a race may pass
        down = await until_status(w, floating, "DOWN")
        await w.until(lambda: not ours(w, "internet-gateway") and not public(w))
        assert mapped(w) == {down.address: ""}
        await condition(w, floating, "Progressing", "internet gateway")
        await w.gateway(router, external)
        await until_status(w, floating, "ACTIVE")

    play(scenario, aws=QUICK)


def test_the_account_s_limit_is_told_and_leaves_nothing(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        made = [await w.floating(external) for _ in range(2)]
        for floating in made:
            await until_status(w, floating, "DOWN")
        third = await w.floating(external)
        # Before the next attempt is due; a hostile store may keep a shard from its work for some renewals.
        await condition(w, third, "Available", "AddressLimitExceeded", within=30)
        told = get((await w.get(FloatingIP, third.id)).status.conditions, "Available")
        assert told is not None
        assert (told.status, told.reason) == (False, Reason.QUOTA_EXCEEDED)
        await delete(w, FloatingIP, third)
        assert len(ours(w, "elastic-ip")) == 2
        fourth = await w.floating(external)
        await condition(w, fourth, "Available", "AddressLimitExceeded", within=30)
        await delete(w, FloatingIP, made[0])
        await until_status(w, fourth, "DOWN")

    play(scenario, aws=QUICK, emulator=EmulatorConfig().patched({"quotas": {"addresses": 2}}))


def test_the_cloud_is_silent(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        w.transport.down = True
        given_up, kept = await w.floating(external), await w.floating(external)
        await asyncio.sleep(10)
        await w.store.delete(FloatingIP, given_up.id)
        w.transport.down = False
        await until_gone(w, FloatingIP, given_up.id)
        await until_status(w, kept, "DOWN")
        assert len(ours(w, "elastic-ip")) == 1

    play(scenario, aws=QUICK)


def test_lost_answers_and_five_hundreds(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        network, subnet = await w.network()
        router = await w.router(external, subnet)
        group = await w.group()
        servers = [await w.server(network, group, zone=f"{AWS}-a") for _ in range(4)]
        for server in servers:
            await settled(w, server.id, "active")
        w.emulator.add_fault({"action": "*Address*", "kind": "drop-after", "probability": 0.3})
        w.emulator.add_fault({"action": "*Address*", "kind": "error", "code": "InternalError", "probability": 0.2})
        floating = [await w.floating(external) for _ in servers]
        for one, server in zip(floating, servers, strict=True):
            await w.associate(one, await port_of(w, server), router)
        for one in floating:
            await until_status(w, one, "ACTIVE", within=1800)
        assert sorted(mapped(w).values()) == sorted(
            [(await port_of(w, server)).spec.fixed_ips[0].ip_address for server in servers]
        )
        for one in floating[:2]:
            await w.associate(one, None)
        for one in floating[:2]:
            await until_status(w, one, "DOWN", within=1800)
        await w.until(lambda: list(mapped(w).values()).count("") == 2)
        for one in floating:
            await w.store.delete(FloatingIP, one.id)
        for one in floating:
            await until_gone(w, FloatingIP, one.id, within=1800)
        assert ours(w, "elastic-ip") == []

    play(scenario, aws=QUICK)


def test_a_simulated_region_shows_them_as_a_stock_cloud_does(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external(PRIVATE)
        network, subnet = await w.network(PRIVATE)
        router = await w.router(external, subnet, region=PRIVATE)
        server = await w.server(network, await w.group(PRIVATE))
        await settled(w, server.id, "active")
        floating = await w.floating(external, "203.0.113.7")
        await claimed(w, "FloatingIP", floating.id, "203.0.113.7")
        await until_status(w, floating, "DOWN")
        await w.associate(floating, await port_of(w, server), router)
        await until_status(w, floating, "ACTIVE")
        await delete(w, Server, server)
        down = await until_status(w, floating, "DOWN")
        assert down.spec.port_id == ""
        assert await everything(w.store, FloatingIPClaim) == []
        await delete(w, FloatingIP, floating)
        assert w.resources("elastic-ip") == []

    play(scenario)


async def claimed(w: World, kind: str, owner: str, address: str) -> None:
    """Claim an address of a pool, as the API does before it says that something has it."""
    metadata = Metadata(id=new_id(), key=f"x/{address}", region=PRIVATE, project=PROJECT)
    spec = AddressClaimSpec(subnet_id="x", address=address, owner_kind=kind, owner_id=owner)
    await w.store.create(AddressClaim(metadata=metadata, spec=spec))


def test_claims_of_nobody_are_dropped(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external(PRIVATE)
        router = await w.router(external, region=PRIVATE)
        floating = await w.floating(external, "203.0.113.7")

        await claimed(w, "Router", router.id, "203.0.113.5")  # its gateway was cleared
        await claimed(w, "Router", new_id(), "203.0.113.6")
        await claimed(w, "FloatingIP", floating.id, "203.0.113.7")
        await claimed(w, "FloatingIP", floating.id, "203.0.113.8")
        await claimed(w, "SomethingNewer", new_id(), "203.0.113.9")
        for owner in (floating.id, new_id()):
            spec = FloatingIPClaimSpec(floating_ip_id=owner, port_id=new_id(), fixed_ip_address="10.20.0.9")
            metadata = Metadata(id=new_id(), key=f"{owner}/9", region=PRIVATE, project=PROJECT)
            await w.store.create(FloatingIPClaim(metadata=metadata, spec=spec))
        port = new_id()
        await w.change(FloatingIP, floating.id, lambda obj: setattr(obj.spec, "port_id", port))
        await asyncio.sleep(30)
        assert len(await everything(w.store, AddressClaim)) == 5

        async def dropped() -> bool:  # by the next round, should the store refuse one
            left = {claim.spec.address for claim in await everything(w.store, AddressClaim)}
            parted = (await w.get(FloatingIP, floating.id)).spec.port_id == ""  # it led to a port that is gone
            return parted and left == {"203.0.113.7", "203.0.113.9"} and not await everything(w.store, FloatingIPClaim)

        await w.until(dropped, 4000)
        [newer] = [one for one in await everything(w.store, AddressClaim) if one.spec.owner_kind == "SomethingNewer"]
        await w.store.delete(AddressClaim, newer.id)

    play(scenario)


def test_usage_counts_routers_and_floating_ips(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external(PRIVATE)
        key = f"{PRIVATE}/{PROJECT}/network"
        usage = await w.store.create(
            QuotaUsage(metadata=Metadata(id=new_id(), key=key, region=PRIVATE), spec=QuotaUsageSpec())
        )
        router = await w.router(external, region=PRIVATE)
        floating = [await w.floating(external) for _ in range(2)]

        async def counts(routers: int, addresses: int) -> bool:
            now = (await w.get(QuotaUsage, usage.id)).spec.in_use
            return (now.get("router", 0), now.get("floatingip", 0)) == (routers, addresses)

        await w.until(lambda: counts(1, 2))
        await delete(w, FloatingIP, *floating)
        await delete(w, Router, router)
        await w.until(lambda: counts(0, 0))
        assert await everything(w.store, Port) == []

    play(scenario)
