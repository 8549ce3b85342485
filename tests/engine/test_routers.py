"""What routers and floating IPs become in a cloud: domains, gateways, tables, addresses. Virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.engine.test_servers import gone, settled
from tests.support.checks import everything, leftovers
from tests.support.world import AWS, PRIVATE, World, region_config

from aws_emulator.config import Config as EmulatorConfig
from gurum.model.conditions import Reason, get
from gurum.model.network import AddressClaim, Domain, HostRoute, Network, Port, Subnet
from gurum.model.routing import FloatingIP, FloatingIPClaim, Router
from gurum.model.server import Server
from gurum.store.contract import NotFoundError

Play = Callable[..., None]
ROOMY = EmulatorConfig().patched({"quotas": {"addresses": 20}})


async def until_gone(w: World, kind: type[Any], id: str, within: float = 600.0) -> None:
    """Wait until an object is gone."""

    async def absent() -> bool:
        try:
            await w.get(kind, id)
        except NotFoundError:
            return True
        return False

    await w.until(absent, within)


async def until_status(w: World, floating: FloatingIP, status: str, within: float = 600.0) -> FloatingIP:
    """Wait until a floating IP has an address and a status."""

    async def there() -> bool:
        now = await w.get(FloatingIP, floating.id)
        return bool(now.address) and now.status.status == status

    await w.until(there, within)
    return await w.get(FloatingIP, floating.id)


async def port_of(w: World, server: Server) -> Port:
    """Return the server's port."""
    [port] = [port for port in await everything(w.store, Port) if port.spec.device_id == server.id]
    return port


def table(w: World) -> dict[str, Any]:
    """Return the one route table that is ours."""
    [found] = [row for row in w.resources("route-table") if row["tags"].get("pia:uid")]
    return found


def test_a_floating_ip_leads_to_a_server(play: Play) -> None:
    async def scenario(w: World) -> None:
        external = await w.external()
        network, subnet = await w.network()
        router = await w.router(external, subnet)
        server = await w.server(network, await w.group())
        await settled(w, server.id, "active")
        floating = await w.floating(external)
        free = await until_status(w, floating, "DOWN")
        assert free.status.external is not None
        port = await port_of(w, server)
        await w.associate(floating, port, router)
        held = await until_status(w, floating, "ACTIVE")
        [address] = w.resources("elastic-ip")
        assert address["public_ip"] == held.address
        assert address["private_ip"] == port.spec.fixed_ips[0].ip_address
        assert [route["cidr"] for route in table(w)["routes"]] == ["0.0.0.0/0"]
        assert len(table(w)["associations"]) == 1
        await w.associate(floating, None)
        await until_status(w, floating, "DOWN")
        assert not w.resources("elastic-ip")[0].get("association_id")
        await w.store.delete(FloatingIP, floating.id)
        await until_gone(w, FloatingIP, floating.id)
        assert w.resources("elastic-ip") == []
        await w.store.delete(Server, server.id)
        await gone(w, server.id)

    play(scenario)
