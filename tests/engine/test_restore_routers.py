"""Routers, floating IPs and server groups of a store put back from an older copy. Virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.engine.test_floating_ips import mapped
from tests.engine.test_restore import Life, _gone, _is, _run
from tests.engine.test_routers import ours, port_of, public
from tests.engine.test_server_groups import grouped, is_gone
from tests.support.checks import everything
from tests.support.world import AWS, World

from gurum.engine import restoration
from gurum.model.compute import ServerGroup
from gurum.model.network import HostRoute, Port
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import Server
from gurum.store.contract import NotFoundError

KINDS = ("elastic-ip", "route-table", "internet-gateway", "placement-group")
MAKES = ("AllocateAddress", "CreateRouteTable", "CreateInternetGateway", "CreatePlacementGroup")


def there(w: World) -> dict[str, list[str]]:
    """Return the ids of ours, by kind."""
    return {kind: sorted(row["id"] for row in ours(w, kind)) for kind in KINDS}


def table(w: World) -> dict[str, Any]:
    """Return our one route table: targets by block, and the subnets that follow it."""
    [row] = ours(w, "route-table")
    targets = {route["cidr"]: route["gateway_id"] or route["interface_id"] for route in row["routes"]}
    return {"routes": targets, "subnets": set(row["associations"].values())}


def test_what_was_in_doubt_is_found_and_not_made_again(tmp_path: Path) -> None:
    async def scenario(life: Life) -> None:
        w = life.world
        network, subnet = await w.network()
        security, group = await w.group(), await grouped(w, "anti-affinity")
        external = await w.external()
        first = await w.server(network, security)
        await _is(w, first.id, "active")
        for action in MAKES:
            w.emulator.add_fault({"action": action, "kind": "error", "code": "InternalError", "count": 1000})
        await w.router(external, subnet)
        await w.floating(external)
        server = await w.server(network, security, server_group=group.id)
        await w.until(lambda: all(w.calls(action) for action in ("AllocateAddress", "CreatePlacementGroup")))
        await w.until(lambda: w.calls("CreateRouteTable") and w.calls("CreateInternetGateway"))
        await life.take()
        w.emulator.remove_faults()
        await _is(w, server.id, "active")
        await w.until(lambda: all(there(w).values()) and len(table(w)["routes"]) == 1)
        before, calls = there(w), len(w.calls())
        assert {len(ids) for ids in before.values()} == {1}
        w = await life.go_back()
        await _is(w, server.id, "active")
        await asyncio.sleep(4 * w.config.engine.sweep)
        assert there(w) == before
        assert [
            line["action"] for line in w.calls()[calls:] if line["action"] in MAKES and line["outcome"] == "ok"
        ] == []
        [floating] = await everything(w.store, FloatingIP)
        assert floating.address in mapped(w)

    _run(tmp_path, scenario)


def test_addresses_lead_where_the_store_says(tmp_path: Path) -> None:
    """Since the copy one was moved, one taken off, one put on, one left alone, and one allocated: that is nobody's."""

    async def scenario(life: Life) -> None:
        w = life.world
        network, subnet = await w.network()
        security, external = await w.group(), await w.external()
        router = await w.router(external, subnet)
        servers = [await w.server(network, security) for _ in range(4)]
        for server in servers:
            await _is(w, server.id, "active")
        ports = [await port_of(w, server) for server in servers]
        moved, off, on, same = [await w.floating(external) for _ in range(4)]
        for floating, port in ((moved, ports[0]), (off, ports[1]), (same, ports[3])):
            await w.associate(floating, port, router)
        await w.until(lambda: sum(1 for private in mapped(w).values() if private) == 3)
        await w.until(lambda: len(mapped(w)) == 4)
        await life.take()
        before = mapped(w)
        await w.associate(off, None)
        await w.associate(moved, ports[2], router)
        await w.until(lambda: len([private for private in mapped(w).values() if private]) == 2)
        await w.associate(on, ports[0], router)
        await w.floating(external)
        await w.until(lambda: len(mapped(w)) == 5 and len([each for each in mapped(w).values() if each]) == 3)
        [new] = mapped(w).keys() - before.keys()
        calls = len(w.calls())
        w = await life.go_back()
        await w.until(lambda: mapped(w) == before | {new: ""})
        await asyncio.sleep(4 * w.config.engine.sweep)
        assert mapped(w) == before | {new: ""}, "what was allocated since is kept until an operator has settled it"
        kept = (await w.get(FloatingIP, same.id)).address
        [row] = [row for row in ours(w, "elastic-ip") if row["public_ip"] == kept]
        ended = [line["params"] for line in w.calls()[calls:] if line["action"] == "DisassociateAddress"]
        assert len(ended) == 2, "only what led elsewhere"
        assert row["association_id"] not in str(ended), "what was right was not interrupted"
        shown = {each.id: each.status.status for each in await everything(w.store, FloatingIP)}
        assert shown == {moved.id: "ACTIVE", off.id: "ACTIVE", on.id: "DOWN", same.id: "ACTIVE"}

    _run(tmp_path, scenario)


def test_routes_and_subnets_are_made_so_again(tmp_path: Path) -> None:
    async def scenario(life: Life) -> None:
        w = life.world
        network, subnet = await w.network()
        router = await w.router(await w.external(), subnet)
        security = await w.group()
        hops = [await w.server(network, security, zone=f"{AWS}-a") for _ in range(2)]
        for server in hops:
            await _is(w, server.id, "active")
        first, second = [(await port_of(w, server)).spec.fixed_ips[0].ip_address for server in hops]

        async def route(*routes: tuple[str, str]) -> None:
            made = [HostRoute(destination=block, nexthop=hop) for block, hop in routes]
            await w.change(Router, router.id, lambda obj: setattr(obj.spec, "routes", made))

        await route(("192.168.1.0/24", first), ("192.168.2.0/24", first))
        await w.until(lambda: ours(w, "route-table") and len(table(w)["routes"]) == 3 and table(w)["subnets"])
        await life.take()
        before = table(w)
        await route(("192.168.2.0/24", second), ("192.168.3.0/24", second))
        await w.interface(router, await w.subnet(network, "10.20.1.0/24"))
        third = await w.server(network, security, zone=f"{AWS}-b")
        await _is(w, third.id, "active")
        await w.until(lambda: "192.168.3.0/24" in table(w)["routes"] and len(table(w)["routes"]) == 3)
        await w.until(lambda: len(table(w)["subnets"]) > 1)
        calls = len(w.calls())
        w = await life.go_back()
        await w.until(lambda: table(w) == before)
        late = [line["params"] for line in w.calls()[calls:] if line["action"] == "DeleteRoute"]
        assert "0.0.0.0/0" not in str(late), "the way outside was not interrupted"

    _run(tmp_path, scenario)


def test_what_was_removed_since_is_made_anew(tmp_path: Path) -> None:
    """The tables of a router and the placement group of a server group; not an address, which would be another one."""

    async def scenario(life: Life) -> None:
        w = life.world
        network, subnet = await w.network()
        router = await w.router(None, subnet)
        external = await w.external()
        security, group = await w.group(), await grouped(w, "anti-affinity")
        server = await w.server(network, security, server_group=group.id)
        await _is(w, server.id, "active")
        hop = (await port_of(w, server)).spec.fixed_ips[0].ip_address
        made = [HostRoute(destination="192.168.1.0/24", nexthop=hop)]
        await w.change(Router, router.id, lambda obj: setattr(obj.spec, "routes", made))
        floating = await w.floating(external)
        await w.until(lambda: ours(w, "route-table") and table(w)["routes"] and ours(w, "elastic-ip"))
        await life.take()
        old = there(w)
        await w.change(Router, router.id, lambda obj: obj.spec.routes.clear())
        await w.store.delete(FloatingIP, floating.id)
        await w.store.delete(Server, server.id)
        await _gone(w, server.id)
        await w.store.delete(ServerGroup, group.id)
        await w.until(lambda: is_gone(w, group))
        await w.until(lambda: not any(there(w).values()))
        w = await life.go_back()
        await _is(w, server.id, "error")
        again = await w.server(network, security, server_group=group.id)
        await _is(w, again.id, "active")
        await w.until(lambda: ours(w, "route-table") and ours(w, "placement-group"))
        assert there(w)["placement-group"] != old["placement-group"]
        assert there(w)["elastic-ip"] == []
        await w.associate(floating, await port_of(w, again), router)
        await asyncio.sleep(120)
        assert (await w.get(FloatingIP, floating.id)).status.status == "DOWN"
        await w.store.delete(FloatingIP, floating.id)

        async def absent() -> bool:
            try:
                await w.get(FloatingIP, floating.id)
            except NotFoundError:
                return True
            return False

        await w.until(absent)

    _run(tmp_path, scenario)


def test_addresses_of_interfaces_come_again(tmp_path: Path) -> None:
    async def scenario(life: Life) -> None:
        w = life.world
        network, subnet = await w.network()
        external = await w.external()
        router = await w.router(external, subnet)
        server = await w.server(network, await w.group())
        await _is(w, server.id, "active")
        await w.until(lambda: len(public(w)) == 1)
        await life.take()
        await w.gateway(router, external, snat=False)
        await w.until(lambda: not public(w))
        w = await life.go_back()
        await w.until(lambda: len(public(w)) == 1)
        assert await restoration.settle(w.store)
        assert len(await everything(w.store, Port)) == 2

    _run(tmp_path, scenario)


def test_a_gateway_that_was_removed_since_is_made_anew(tmp_path: Path) -> None:
    async def scenario(life: Life) -> None:
        w = life.world
        network, subnet = await w.network()
        external = await w.external()
        router = await w.router(external, subnet)
        server = await w.server(network, await w.group())
        await _is(w, server.id, "active")
        floating = await w.floating(external)
        await w.until(lambda: len(public(w)) == 1 and table(w)["routes"] and table(w)["subnets"] and mapped(w))
        await life.take()
        await w.gateway(router, None)
        await w.until(lambda: not ours(w, "internet-gateway") and not ours(w, "route-table"))
        w = await life.go_back()
        await w.until(lambda: len(public(w)) == 1 and ours(w, "route-table") and table(w)["subnets"])
        await w.until(lambda: [row["id"] for row in ours(w, "internet-gateway")] == list(table(w)["routes"].values()))
        await w.associate(floating, await port_of(w, server), router)
        await w.until(lambda: all(mapped(w).values()))
        again = await w.server(network, await w.group())
        await _is(w, again.id, "active")

    _run(tmp_path, scenario)
