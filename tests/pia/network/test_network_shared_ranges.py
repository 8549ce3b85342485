"""Address ranges that one VPC cannot hold are refused when they would come together, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.pia.network.support import Client, Routed, bundle, external_net, region_object
from tests.support.pia import Kit

from gurum.model.network import Port, Subnet
from gurum.model.routing import is_interface
from gurum.pia.network.capabilities import OVERLAP, RANGES, SIZE
from gurum.pia.network.service import SERVICE
from gurum.providers.aws.capabilities import CAPABILITIES, LIMITS

AWS = (OVERLAP, RANGES, SIZE)


async def somewhere(*names: str) -> Client:
    """A member in a region with these rows of AWS's table."""
    kit = Kit([SERVICE], policy=bundle())
    where = region_object(limits=dict(LIMITS))
    where.status.capabilities |= {name: CAPABILITIES[name] for name in names}
    await kit.seed(where)
    return Client(kit)


async def router(client: Client, *subnets: str) -> Routed:
    """A router that joins the subnets."""
    made = Routed(client)
    made.router = (await client.make("router"))["id"]
    for subnet in subnets:
        await made.join(subnet_id=subnet)
    return made


async def refused_join(routed: Routed, subnet: str) -> tuple[int, str, str]:
    path = f"/routers/{routed.router}/add_router_interface"
    return await routed.client.refused("PUT", path, {"subnet_id": subnet})


async def refused_subnet(client: Client, network: str, cidr: str) -> tuple[int, str, str]:
    body = {"subnet": {"network_id": network, "ip_version": 4, "cidr": cidr}}
    return await client.refused("POST", "/subnets", body)


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/29", "10.0.0.0/8", "10.0.0.0/30"])
async def test_sizes(cidr: str) -> None:
    client = await somewhere(*AWS)
    network = (await client.make("network"))["id"]
    message = f"this value of cidr is not possible in this region: {CAPABILITIES[SIZE].why}."
    wanted = (400, "InvalidInput", f"Invalid input for operation: {message}")
    assert await refused_subnet(client, network, cidr) == wanted
    for size in ("10.0.0.0/16", "10.1.0.0/28"):
        await client.make("subnet", network_id=network, ip_version=4, cidr=size)


async def test_sizes_are_what_the_region_publishes() -> None:
    kit = Kit([SERVICE], policy=bundle())
    where = region_object({SIZE: "absent"}, {"subnet.shortest_prefix": 20, "subnet.longest_prefix": 30})
    await kit.seed(where)
    client = Client(kit)
    network = (await client.make("network"))["id"]
    assert (await refused_subnet(client, network, "10.0.0.0/19"))[1] == "InvalidInput"
    await client.make("subnet", network_id=network, ip_version=4, cidr="10.0.0.0/30")


async def test_a_chain_of_routers_whose_ends_overlap() -> None:
    client = await somewhere(*AWS)
    _, first = await client.net("10.0.0.0/24")
    _, middle = await client.net("10.1.0.0/24")
    network, last = await client.net("10.0.0.128/25")
    await router(client, first, middle)
    second = await router(client, last)
    # The second router leads to neither of the two that overlap both.
    bridge = {
        "port_id": (await client.make("port", network_id=(await client.get(f"/subnets/{middle}"))["network_id"]))["id"]
    }
    path = f"/routers/{second.router}/add_router_interface"
    status, type_, message = await client.refused("PUT", path, bridge)
    assert (status, type_) == (400, "BadRequest")
    assert message.startswith("Bad router request: cidr 10.0.0.128/25 is in subnets of both network ")
    assert message.endswith(f": {CAPABILITIES[OVERLAP].why}.")
    assert (await client.get(f"/ports/{bridge['port_id']}"))["device_id"] == ""
    # Without the one that overlaps it can be done.
    await second.part(subnet_id=last)
    await second.join(**bridge)
    assert (await refused_join(second, last))[0] == 400
    # And so is a subnet that would be such a one.
    beyond = (await client.make("network"))["id"]
    free = await client.make("subnet", network_id=beyond, ip_version=4, cidr="10.2.0.0/24")
    await second.join(subnet_id=free["id"])
    status, type_, message = await refused_subnet(client, beyond, "10.0.0.0/28")
    assert (status, type_) == (400, "InvalidInput")
    asked = f"Requested subnet with cidr: 10.0.0.0/28 for network: {beyond} overlaps with a subnet of a network that"
    assert message == f"Invalid input for operation: {asked} routers join with it: {CAPABILITIES[OVERLAP].why}."
    await client.make("subnet", network_id=network, ip_version=4, cidr="10.1.0.0/24")  # joined with nothing


async def test_overlaps_of_one_router_are_told_as_everywhere() -> None:
    client = await somewhere(*AWS)
    _, first = await client.net("10.0.0.0/24")
    _, other = await client.net("10.0.0.128/25")
    routed = await router(client, first)
    message = f"Cidr 10.0.0.128/25 of subnet {other} overlaps with cidr 10.0.0.0/24 of subnet {first}."
    assert await refused_join(routed, other) == (400, "BadRequest", f"Bad router request: {message}")


async def test_a_subnet_that_no_router_has_counts_too() -> None:
    client = await somewhere(*AWS)
    network, first = await client.net("10.0.0.0/24")
    await client.make("subnet", network_id=network, ip_version=4, cidr="10.5.0.0/24")
    _, other = await client.net("10.5.0.0/25")
    assert (await refused_join(await router(client, first), other))[:2] == (400, "BadRequest")


async def test_another_projects_range_is_not_told() -> None:
    client = await somewhere(*AWS)
    admin, stranger = Client(client.kit, "admin"), Client(client.kit, "other")
    shared = (await admin.make("network", shared=True))["id"]
    gate = await admin.make("subnet", network_id=shared, ip_version=4, cidr="10.9.0.0/24", gateway_ip=None)
    _, theirs = await stranger.net("10.0.0.0/24")
    _, mine = await client.net("10.0.0.0/25")
    for user, subnet in ((stranger, theirs), (client, mine)):
        made = await router(user, subnet)
        port = await user.make("port", network_id=shared)
        if user is stranger:
            await made.join(port_id=port["id"])
            continue
        path = f"/routers/{made.router}/add_router_interface"
        status, _, message = await user.refused("PUT", path, {"port_id": port["id"]})
        assert (status, theirs in message, "10.0.0.0/24" in message) == (400, False, False)
    assert gate["cidr"] == "10.9.0.0/24"


@pytest.mark.parametrize(("one", "other"), [("10.0.0.0/24", "192.168.0.0/24"), ("172.16.0.0/24", "198.19.0.0/24")])
async def test_private_ranges_that_exclude_each_other(one: str, other: str) -> None:
    client = await somewhere(*AWS)
    network, first = await client.net(one)
    status, type_, message = await refused_subnet(client, network, other)
    assert (status, type_, message.endswith(f": {CAPABILITIES[RANGES].why}.")) == (400, "InvalidInput", True)
    _, second = await client.net(other)
    routed = await router(client, first)
    status, type_, message = await refused_join(routed, second)
    assert (status, type_, message.endswith(f": {CAPABILITIES[RANGES].why}.")) == (400, "BadRequest", True)
    assert not [port for port in (await client.kit.store.list(Port)).items if port.spec.network_id != network]
    _, public = await client.net("100.64.0.0/24")
    await routed.join(subnet_id=public)


async def test_several_subnets_of_one_request_count_among_themselves() -> None:
    client = await somewhere(*AWS)
    network = (await client.make("network"))["id"]
    body = {
        "subnets": [
            {"network_id": network, "ip_version": 4, "cidr": cidr} for cidr in ("10.0.0.0/24", "192.168.0.0/24")
        ]
    }
    assert (await client.refused("POST", "/subnets", body))[:2] == (400, "InvalidInput")
    assert (await client.kit.store.list(Subnet)).items == []


async def test_elsewhere_and_outside_everything_is_possible() -> None:
    free = await somewhere()
    network, first = await free.net("10.0.0.0/8")
    await free.make("subnet", network_id=network, ip_version=4, cidr="192.168.0.0/30", gateway_ip=None)
    _, middle = await free.net("172.16.0.0/24")
    _, last = await free.net("10.0.0.0/24")
    await router(free, first, middle)
    second = await router(free, last)
    port = await free.make("port", network_id=(await free.get(f"/subnets/{middle}"))["network_id"])
    await second.join(port_id=port["id"])
    bound = await somewhere(*AWS)
    external, _ = await external_net(bound.kit, cidr="203.0.0.0/8")
    admin = Client(bound.kit, "admin")
    for cidr in ("10.0.0.0/8", "192.168.0.0/16"):
        await admin.make("subnet", network_id=external, ip_version=4, cidr=cidr)


class Meeting:
    """Lets the first write of each of two requests wait for the other's: both have looked before either can be seen."""

    def __init__(self, store: Any, patch: pytest.MonkeyPatch) -> None:
        self._left, self._met = 2, asyncio.Event()
        for name in ("create", "create_many", "update_spec"):
            patch.setattr(store, name, self._held(getattr(store, name)))

    def _held(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def held(*args: Any, **more: Any) -> Any:
            self._left -= 1
            if self._left <= 0:
                self._met.set()
            await self._met.wait()
            return await write(*args, **more)

        return held


@pytest.mark.parametrize("pair", ["join and join", "join and subnet"])
async def test_two_processes_do_not_do_together_what_neither_may_after_the_other(
    pair: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await somewhere(*AWS)
    two = Client(Kit([SERVICE], policy=bundle(), store=one.kit.store))
    _, first = await one.net("10.0.0.0/24")
    far, last = await one.net("10.0.0.128/25" if pair == "join and join" else "10.3.0.0/24")
    bridge, _ = await one.net("10.1.0.0/24")
    ports = [(await one.make("port", network_id=bridge))["id"] for _ in range(2)]
    near, beyond = await router(one, first), await router(one, last)
    asked: list[tuple[str, str, Any]] = [
        ("PUT", f"/routers/{made.router}/add_router_interface", {"port_id": port})
        for made, port in zip((near, beyond), ports, strict=True)
    ]
    if pair == "join and subnet":
        await near.join(port_id=ports[0])
        asked[0] = "POST", "/subnets", {"subnet": {"network_id": far, "ip_version": 4, "cidr": "10.0.0.0/28"}}
    Meeting(one.kit.store, monkeypatch)
    done = await asyncio.gather(one.call(*asked[0]), two.call(*asked[1]))
    statuses = [answer.status for answer in done]
    assert sum(status < 300 for status in statuses) <= 1
    assert all(status < 300 or status == 400 for status in statuses)
    held = [port.spec.network_id for port in (await one.kit.store.list(Port)).items if is_interface(port)]
    made = [subnet for subnet in (await one.kit.store.list(Subnet)).items if not subnet.deleting]
    if pair == "join and join":
        assert held.count(bridge) <= 1
    else:
        assert held.count(bridge) == 1 or all(subnet.spec.cidr != "10.0.0.0/28" for subnet in made)
