"""Two API processes over one store: what the one is told to make, the other is told to end, at the same moment.

`tests/fuzz/test_races.py` interleaves requests within a process in many orders; here each process has its own cache.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.pia.network.support import Client, Routed, bundle, region_object
from tests.support.pia import Kit

from gurum.model.network import AddressClaim, Port
from gurum.model.routing import FloatingIP, FloatingIPClaim, Router, is_interface
from gurum.pia.network.service import SERVICE

Asked = tuple[str, str, Any]
ROUNDS = 6  # who begins, and by how many turns of the loop


async def _later(client: Client, turns: int, asked: Asked) -> int:
    for _ in range(turns):
        await asyncio.sleep(0)
    return (await client.call(*asked)).status


async def _world() -> tuple[Routed, Client, Client]:
    first = Kit([SERVICE], policy=bundle())
    await first.seed(region_object())
    second = Kit([SERVICE], policy=bundle(), store=first.store)
    one, two = Client(first), Client(second)
    return await Routed.of(one), one, two


async def _makes_sense(kit: Kit) -> None:
    store = kit.store
    ports = {p.id: p for p in (await store.list(Port)).items if not p.deleting}
    routers = {r.id: r for r in (await store.list(Router)).items if not r.deleting}
    floating = [f for f in (await store.list(FloatingIP)).items if not f.deleting]
    associated = {f"{f.spec.port_id}/{f.spec.fixed_ip_address}" for f in floating if f.spec.port_id}
    assert {c.metadata.key for c in (await store.list(FloatingIPClaim)).items} == associated
    assert len(associated) == sum(bool(f.spec.port_id) for f in floating)
    for found in floating:
        if found.spec.port_id:
            assert found.spec.port_id in ports
            assert routers[found.spec.router_id].spec.gateway is not None
            assert any(p.spec.device_id == found.spec.router_id for p in ports.values())
    for port in ports.values():
        assert not is_interface(port) or port.spec.device_id in routers
    owners = {*ports, *routers, *(f.id for f in floating)}
    assert {c.spec.owner_id for c in (await store.list(AddressClaim)).items} <= owners


@pytest.mark.parametrize("turns", range(ROUNDS))
@pytest.mark.parametrize("pair", ["port", "interface", "gateway", "twice", "router", "join", "route"])
async def test_what_meets_makes_sense_afterwards(pair: str, turns: int) -> None:
    routed, one, two = await _world()
    port = (await one.make("port", network_id=routed.network))["id"]
    first = (await one.make("floatingip", floating_network_id=routed.external))["id"]
    second = (await one.make("floatingip", floating_network_id=routed.external))["id"]
    idle = (await one.make("router"))["id"]
    router, leave = f"/routers/{routed.router}", {"subnet_id": routed.subnet}
    associate: Asked = ("PUT", f"/floatingips/{first}", {"floatingip": {"port_id": port}})
    join: Asked = ("PUT", f"/routers/{idle}/add_router_interface", {"port_id": port})
    pairs: dict[str, tuple[Asked, Asked]] = {
        "port": (associate, ("DELETE", f"/ports/{port}", None)),
        "interface": (associate, ("PUT", f"{router}/remove_router_interface", leave)),
        "gateway": (associate, ("PUT", router, {"router": {"external_gateway_info": None}})),
        "twice": (associate, ("PUT", f"/floatingips/{second}", {"floatingip": {"port_id": port}})),
        "router": (join, ("DELETE", f"/routers/{idle}", None)),
        "join": (join, join),
        "route": (
            ("PUT", router, {"router": {"routes": [{"destination": "198.51.100.0/24", "nexthop": "10.0.0.9"}]}}),
            ("PUT", f"{router}/remove_router_interface", leave),
        ),
    }
    asked, ended = pairs[pair]
    statuses = await asyncio.gather(_later(one, turns, asked), _later(two, ROUNDS - turns, ended))
    assert all(status < 500 for status in statuses)
    if pair in ("twice", "join"):
        done, refused = sorted(statuses)
        assert (done, refused in (400, 409)) == (200, True)
    await _makes_sense(one.kit)
