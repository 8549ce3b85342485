"""What routers become in a cloud: domains of joined networks, gateways, tables, routes, egress. Virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.engine.test_servers import settled
from tests.support.checks import everything, leftovers
from tests.support.world import ACCOUNT, AWS, PRIVATE, World, region_config

from aws_emulator.config import Config as EmulatorConfig
from gurum.model.base import Resource
from gurum.model.conditions import Reason, get
from gurum.model.network import AddressClaim, Domain, HostRoute, Network, Port
from gurum.model.routing import Router
from gurum.model.server import Server
from gurum.store.contract import NotFoundError

Play = Callable[..., None]
QUICK = region_config(visibility=5.0)


async def until_gone(w: World, kind: type[Resource], id: str, within: float = 600.0) -> None:
    """Wait until an object is gone."""

    async def absent() -> bool:
        try:
            await w.get(kind, id)
        except NotFoundError:
            return True
        return False

    await w.until(absent, within)


async def delete(w: World, kind: type[Resource], *objects: Resource) -> None:
    """Delete objects of a kind and wait until they are gone."""
    for obj in objects:
        await w.store.delete(kind, obj.id)
    for obj in objects:
        await until_gone(w, kind, obj.id)


async def port_of(w: World, server: Server) -> Port:
    """Return the server's port."""
    [port] = [port for port in await everything(w.store, Port) if port.spec.device_id == server.id]
    return port


def ours(w: World, kind: str) -> list[dict[str, Any]]:
    """Return the emulator's resources of a kind that carry our tag (a VPC's main table does not)."""
    return [row for row in w.resources(kind) if row["tags"].get("pia:uid")]


def vpc_of(w: World, server: Server) -> str:
    """Return the VPC of the server's instance."""
    [instance] = [row for row in w.resources("instance") if row["tags"]["pia:uid"] == server.id]
    return str(instance["vpc_id"])


def public(w: World) -> list[str]:
    """Return the public addresses that came by themselves."""
    return [row["auto_public_ip"] for row in w.resources("network-interface") if row.get("auto_public_ip")]


async def condition(w: World, obj: Resource, type_: str, word: str, within: float = 300.0) -> None:
    """Wait until a condition of the object says a word."""

    async def says() -> bool:
        found = get((await w.get(type(obj), obj.id)).status.conditions, type_)
        return found is not None and word in found.message

    await w.until(says, within)


def test_a_router_costs_nothing_a_server(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, subnet = await w.network()
        await w.router(await w.external(), subnet)
        group = await w.group()
        first = await w.server(network, group, zone=f"{AWS}-a")
        await settled(w, first.id, "active")
        await w.until(lambda: all(row["associations"] for row in ours(w, "route-table")))
        before = len(w.calls())
        servers = [await w.server(network, group, zone=f"{AWS}-a") for _ in range(6)]
        for server in servers:
            await settled(w, server.id, "active")
        await asyncio.sleep(60)
        changing = [line for line in w.calls()[before:] if not line["action"].startswith("Describe")]
        assert {line["action"] for line in changing} == {"RunInstances"}
        assert len({line["client_token"] for line in changing}) == 6
        assert len(set(public(w))) == 7, "without translation each instance needs an address of its own"

    play(scenario)


@pytest.mark.parametrize("snat", [True, False])
def test_a_gateway_comes_and_goes_under_servers(play: Play, snat: bool) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        network, subnet = await w.network()
        group = await w.group()
        servers = [await w.server(network, group, zone=f"{AWS}-a") for _ in range(3)]
        for server in servers:
            await settled(w, server.id, "active")
        router = await w.router(None, subnet)
        await asyncio.sleep(30)
        assert (ours(w, "internet-gateway"), ours(w, "route-table"), public(w)) == ([], [], [])
        await w.gateway(router, external, snat=snat)
        await w.until(lambda: len(public(w)) == (3 if snat else 0) and ours(w, "route-table"))
        await w.until(lambda: ours(w, "route-table")[0]["routes"] and ours(w, "route-table")[0]["associations"])
        [gateway], [table] = ours(w, "internet-gateway"), ours(w, "route-table")
        assert gateway["vpc_id"] == vpc_of(w, servers[0]) == table["vpc_id"]
        assert [(route["cidr"], route["gateway_id"]) for route in table["routes"]] == [("0.0.0.0/0", gateway["id"])]
        [slice_] = w.resources("subnet")
        assert list(table["associations"].values()) == [slice_["id"]]
        await w.change(Router, router.id, lambda obj: setattr(obj.spec, "admin_state_up", False))
        await w.until(lambda: not ours(w, "route-table")[0]["routes"] and not public(w))
        await w.change(Router, router.id, lambda obj: setattr(obj.spec, "admin_state_up", True))
        await w.until(lambda: ours(w, "route-table")[0]["routes"] and len(public(w)) == (3 if snat else 0))
        await w.gateway(router, None)
        await w.until(lambda: not ours(w, "internet-gateway") and not ours(w, "route-table") and not public(w))
        ready = get((await w.get(Router, router.id)).status.conditions, "Available")
        assert ready is not None
        assert ready.status

    play(scenario)


def test_joined_networks_share_a_vpc(play: Play) -> None:
    async def scenario(w: World) -> None:
        networks = [await w.network(cidr=f"10.{n}.0.0/24") for n in (1, 2, 3)]
        (one, first), (two, second), (three, third) = networks
        await w.router(None, first, second)
        other = await w.router(None, third)
        await w.port(second, "10.2.0.9", device=other)  # a chain: the second router is in the second network too
        group = await w.group()
        servers = [await w.server(network, group) for network, _ in networks for _ in range(2)]
        for server in servers:
            await settled(w, server.id, "active")
        assert len({vpc_of(w, server) for server in servers}) == 1
        assert len(w.resources("vpc")) == 1
        assert len(await everything(w.store, Domain)) == 1
        # Whoever made it may go: the domain stays as long as somebody is in it.
        owner = (await everything(w.store, Domain))[0].spec.owner_id
        assert owner in {one.id, two.id, three.id}
        await delete(w, Server, *servers)
        ports = [port for port in await everything(w.store, Port) if port.spec.network_id == owner]
        await delete(w, Port, *ports)
        await w.store.delete(Network, owner)
        await until_gone(w, Network, owner)
        left = [network for network, _ in networks if network.id != owner]
        await delete(w, Port, *await everything(w.store, Port))
        await delete(w, Network, *left)
        await asyncio.sleep(60)
        assert await everything(w.store, Domain) == []
        assert w.resources("vpc") == []

    play(scenario, aws=QUICK)


def test_a_network_without_instances_moves_to_those_it_is_joined_to(play: Play) -> None:
    async def scenario(w: World) -> None:
        (one, first), (two, second) = await w.network(cidr="10.1.0.0/24"), await w.network(cidr="10.2.0.0/24")
        group = await w.group()
        here, there = await w.server(one, group), await w.server(two, group)
        for server in (here, there):
            await settled(w, server.id, "active")
        assert len(w.resources("vpc")) == 2
        await delete(w, Server, there)
        await w.router(await w.external(), first, second)
        await w.until(lambda: len(w.resources("vpc")) == 1)
        again = await w.server(two, group)
        await settled(w, again.id, "active")
        assert vpc_of(w, again) == vpc_of(w, here)
        assert (await w.get(Network, two.id)).status.left == 1
        assert len(ours(w, "route-table")) == 1
        await w.until(lambda: len(ours(w, "route-table")[0]["associations"]) == 2)

    play(scenario, aws=QUICK)


def test_a_network_taken_off_its_router_does_not_stay_with_the_others(play: Play) -> None:
    async def scenario(w: World) -> None:
        (one, first), (two, second) = await w.network(cidr="10.1.0.0/24"), await w.network(cidr="10.2.0.0/24")
        router = await w.router(await w.external(), first)
        interface = await w.interface(router, second)
        group = await w.group()
        here, there = await w.server(one, group), await w.server(two, group)
        for server in (here, there):
            await settled(w, server.id, "active")
        assert vpc_of(w, here) == vpc_of(w, there)
        await delete(w, Server, there)
        await delete(w, Port, interface)
        await w.until(lambda: len(w.resources("subnet")) == 1)
        alone = await w.server(two, group)
        await settled(w, alone.id, "active")
        assert vpc_of(w, alone) != vpc_of(w, here)
        assert public(w)
        assert len([row for row in w.resources("network-interface") if row.get("auto_public_ip")]) == 1
        # Added again while both have instances: refused by the API; here it must at least be told.
        await w.interface(router, second)
        await condition(w, router, "Progressing", "nothing passes")

    play(scenario, aws=QUICK)


def test_instances_at_once_in_networks_joined_at_once(play: Play) -> None:
    async def scenario(w: World) -> None:
        group = await w.group()
        made = [await w.network(cidr=f"10.{n}.0.0/24") for n in range(1, 5)]
        router = await w.router(await w.external(), *(subnet for _, subnet in made))
        servers = [await w.server(network, group) for _ in range(2) for network, _ in made]
        for server in servers:
            await settled(w, server.id, "active")
        assert len({vpc_of(w, server) for server in servers}) == 1
        assert len(w.calls("CreateVpc", "ok")) == 1
        assert len(w.calls("CreateInternetGateway", "ok")) == 1
        await delete(w, Server, *servers)
        await delete(w, Port, *await everything(w.store, Port))
        await delete(w, Router, router)
        await delete(w, Network, *(network for network, _ in made))
        await asyncio.sleep(90)
        assert {kind: n for kind, n in leftovers(w).items() if kind != "security-group"} == {}
        assert ours(w, "route-table") == []

    play(scenario, aws=QUICK)


def test_routes_of_the_user_s_own(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, subnet = await w.network()
        router = await w.router(await w.external(), subnet)
        hop = await w.server(network, await w.group())
        await settled(w, hop.id, "active")
        address = (await port_of(w, hop)).spec.fixed_ips[0].ip_address
        routes = [
            HostRoute(destination="192.168.7.0/24", nexthop=address),
            HostRoute(destination="192.168.8.0/24", nexthop="10.20.0.250"),
        ]
        await w.change(Router, router.id, lambda obj: setattr(obj.spec, "routes", routes))
        await condition(w, router, "Progressing", "192.168.8.0/24 waits for an instance with the address 10.20.0.250")
        [table] = ours(w, "route-table")
        assert {route["cidr"] for route in table["routes"]} == {"0.0.0.0/0", "192.168.7.0/24"}
        await delete(w, Server, hop)
        await w.until(lambda: [r["cidr"] for r in ours(w, "route-table")[0]["routes"]] == ["0.0.0.0/0"])
        await w.change(Router, router.id, lambda obj: setattr(obj.spec, "routes", []))

        async def done() -> bool:
            waits = get((await w.get(Router, router.id)).status.conditions, "Progressing")
            return waits is not None and not waits.status

        await w.until(done)

    play(scenario, aws=QUICK)


def test_the_gateway_address_passes_to_another_router(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        network, subnet = await w.network()
        first = await w.router(external, subnet)
        server = await w.server(network, await w.group())
        await settled(w, server.id, "active")
        await w.until(lambda: [row for row in ours(w, "route-table") if row["associations"]])
        [interface] = [port for port in await everything(w.store, Port) if port.spec.device_id == first.id]
        await w.store.delete(Port, interface.id)
        await until_gone(w, Port, interface.id)
        second = await w.router(external, subnet)

        def held() -> bool:
            return [row["tags"]["pia:uid"] for row in ours(w, "route-table") if row["associations"]] == [second.id]

        await w.until(held)
        await delete(w, Router, first)
        await w.until(lambda: len(ours(w, "internet-gateway")) == 1)  # between the two nobody may have needed one

    play(scenario, aws=QUICK)


@pytest.mark.parametrize(
    ("quota", "text"),
    [("vpcs", "VpcLimitExceeded"), ("internet_gateways", "InternetGatewayLimitExceeded"),
     ("route_tables_per_vpc", "RouteTableLimitExceeded"), ("routes_per_table", "RouteLimitExceeded")],
)  # fmt: skip
def test_the_account_s_limits_are_told(play: Play, quota: str, text: str) -> None:
    async def scenario(w: World) -> None:
        network, subnet = await w.network()
        router = await w.router(await w.external(), subnet)
        server = await w.server(network, await w.group())
        if quota == "vpcs":
            failed = await settled(w, server.id, "error")
            assert failed.status.fault is not None
            assert text in failed.status.fault.message
            return
        await settled(w, server.id, "active")  # without a way to the world, but the user has what was asked for
        if quota == "internet_gateways":
            [domain] = await everything(w.store, Domain)
            await condition(w, domain, "Gateway", text)
            await condition(w, router, "Progressing", text)
            second = await w.server(network, requests=None)
            await settled(w, second.id, "active")  # a port without groups: the VPC is of use without a gateway
        else:
            await condition(w, router, "Available", text)
        found = get((await w.get(Router, router.id)).status.conditions, "Available")
        assert found is None or quota == "internet_gateways" or found.reason == Reason.QUOTA_EXCEEDED
        w.emulator.configure({"quotas": {quota: 20}})
        await w.until(lambda: ours(w, "route-table") and ours(w, "route-table")[0]["routes"])

    limit = 1 if quota == "route_tables_per_vpc" else 0
    play(scenario, aws=QUICK, emulator=EmulatorConfig().patched({"quotas": {quota: limit}}))


def test_leftovers_are_swept(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, subnet = await w.network()
        await w.router(await w.external(), subnet)
        server = await w.server(network, await w.group())
        await settled(w, server.id, "active")
        await w.floating(await w.external())
        await w.until(lambda: ours(w, "elastic-ip") and ours(w, "route-table") and ours(w, "internet-gateway"))
        kept = {row["id"] for kind in ("elastic-ip", "route-table", "internet-gateway") for row in ours(w, kind)}

        def late(action: str, kind: str, **params: Any) -> None:
            """What a call does that was under way when its process lost the lease."""
            tags = [{"Key": key, "Value": value} for key, value in ours(w, kind)[0]["tags"].items()]
            params["TagSpecifications"] = [{"ResourceType": kind, "Tags": tags}]
            w.emulator.call(action, params, account=ACCOUNT, region="us-east-1", external=True)

        late("AllocateAddress", "elastic-ip")
        late("CreateInternetGateway", "internet-gateway")
        late("CreateRouteTable", "route-table", VpcId=vpc_of(w, server))
        w.emulator.call("AllocateAddress", {}, account=ACCOUNT, region="us-east-1", external=True)
        await asyncio.sleep(1500)  # two rounds: what a hostile store keeps from one, the next one does
        left = {row["id"] for kind in ("elastic-ip", "route-table", "internet-gateway") for row in ours(w, kind)}
        assert left == kept
        assert len(w.resources("elastic-ip")) == 2, "what is not ours was touched"

    play(scenario, aws=QUICK)


def test_a_router_that_is_deleted_leaves_nothing(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, subnet = await w.network()
        external = await w.external()
        router = await w.router(external, subnet)
        server = await w.server(network, await w.group())
        await settled(w, server.id, "active")
        await w.until(lambda: ours(w, "route-table"))
        # The interface was added while the router was being deleted: the API could not see it.
        await delete(w, Router, router)
        await w.until(lambda: not ours(w, "route-table") and not ours(w, "internet-gateway") and not public(w))
        await asyncio.sleep(30)
        assert [port.spec.device_id for port in await everything(w.store, Port)] == [server.id]
        await w.router(external, subnet)
        await w.until(lambda: ours(w, "internet-gateway") and public(w))
        await delete(w, Server, server)

    play(scenario, aws=QUICK)


def test_a_domain_is_not_taken_from_under_a_network(play: Play) -> None:
    async def scenario(w: World) -> None:
        (one, first), (two, second) = await w.network(cidr="10.1.0.0/24"), await w.network(cidr="10.2.0.0/24")
        group = await w.group()
        await w.router(None, first, second)
        for delay in (0.0, 0.01, 0.02, 0.05, 0.1, 0.5):
            server = await w.server(one, group)
            await settled(w, server.id, "active")
            await delete(w, Server, server)
            domain = (await w.get(Network, one.id)).status.domain
            await w.store.delete(Domain, domain)  # nobody but the engine asks for this, and it only when it is unneeded
            await asyncio.sleep(delay)
            joining = await w.server(two, group)
            await settled(w, joining.id, "active")
            await delete(w, Server, joining)
        assert len(w.resources("vpc")) <= 1

    play(scenario, aws=QUICK)


@pytest.mark.parametrize("region", [PRIVATE, AWS])
def test_a_router_is_active_before_anything_is_in_a_cloud(play: Play, region: str) -> None:
    async def scenario(w: World) -> None:
        _, subnet = await w.network(region)
        router = await w.router(await w.external(region), subnet, region=region)
        await asyncio.sleep(5)
        now = await w.get(Router, router.id)
        ready = get(now.status.conditions, "Available")
        assert now.status.status == "ACTIVE"
        assert ready is not None
        assert ready.status
        assert [line for line in w.calls() if not line["action"].startswith("Describe")] == []
        for port in await everything(w.store, Port):
            await w.store.delete(Port, port.id)
            await until_gone(w, Port, port.id)
        await delete(w, Router, router)
        assert await everything(w.store, AddressClaim) == []

    play(scenario)
