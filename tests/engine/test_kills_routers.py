"""The engine killed before and after every write and call of routers and floating IPs: nothing twice, left or lost.

As `test_kills`, with stories of their own: a gateway that comes and goes under a server, a floating IP's life, and
networks that join and leave.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from tests.engine.test_floating_ips import mapped, until_status
from tests.engine.test_kills import Point, Trap, _kill_when_sprung, world
from tests.engine.test_routers import delete, ours, port_of, public, vpc_of
from tests.engine.test_servers import settled
from tests.support.checks import everything, leftovers, problems
from tests.support.virtual import run_virtual
from tests.support.world import World

from gurum.model.base import Intent, Resource
from gurum.model.network import AddressClaim, Domain, Network, Port, SecurityGroup
from gurum.model.routing import FloatingIP, FloatingIPClaim, Router
from gurum.model.server import Server
from gurum.providers.aws.drivers.addresses import FloatingIPDriver
from gurum.providers.contract import CreateOutcome, Place

Story = Callable[[World, Trap], Awaitable[None]]


async def gateway(w: World, trap: Trap) -> None:
    """A gateway comes and goes under a server that is there before."""
    external = await w.external()
    network, subnet = await w.network()
    server = await w.server(network, await w.group())
    await settled(w, server.id, "active")
    trap.armed = True
    router = await w.router(None, subnet)
    await w.gateway(router, external)
    await w.until(lambda: len(public(w)) == 1 and len(ours(w, "route-table")) == 1)
    await w.until(lambda: ours(w, "route-table")[0]["routes"] and ours(w, "route-table")[0]["associations"])
    assert len(ours(w, "internet-gateway")) == 1
    await w.gateway(router, None)
    await w.until(lambda: not public(w) and not ours(w, "internet-gateway") and not ours(w, "route-table"))
    await w.gateway(router, external)
    await w.until(lambda: len(public(w)) == 1 and ours(w, "route-table") and ours(w, "route-table")[0]["routes"])
    await delete(w, Server, server)
    await delete(w, Port, *await everything(w.store, Port))
    await delete(w, Router, router)
    await delete(w, Network, network)


async def floating(w: World, trap: Trap) -> None:
    """A floating IP is made before the server that it leads to, moves to another one, and loses that."""
    external = await w.external()
    network, subnet = await w.network()
    router = await w.router(external, subnet)
    group = await w.group()
    trap.armed = True
    address = await w.floating(external)
    first, second = await w.server(network, group), await w.server(network, group)
    for server in (first, second):
        await settled(w, server.id, "active")
    port = await port_of(w, first)
    await w.associate(address, port, router)
    held = await until_status(w, address, "ACTIVE")
    assert mapped(w) == {held.address: port.spec.fixed_ips[0].ip_address}
    await w.associate(address, None)
    await until_status(w, address, "DOWN")
    await w.until(lambda: mapped(w) == {held.address: ""})
    await w.associate(address, await port_of(w, second), router)
    await until_status(w, address, "ACTIVE")
    await delete(w, Server, second)
    gone = await until_status(w, address, "DOWN")
    assert (gone.address, gone.spec.port_id) == (held.address, "")
    await w.until(lambda: mapped(w) == {held.address: ""})
    await w.associate(address, port, router)
    await delete(w, FloatingIP, address)  # while it may or may not be associated already
    await delete(w, Server, first)
    await delete(w, Port, *await everything(w.store, Port))
    await delete(w, Router, router)
    await delete(w, Network, network)


async def domains(w: World, trap: Trap) -> None:
    """A network with a VPC of its own joins another's, is used there, leaves it, and is used alone."""
    (one, first), (two, second) = await w.network(cidr="10.1.0.0/24"), await w.network(cidr="10.2.0.0/24")
    group = await w.group()
    here, there = await w.server(one, group), await w.server(two, group)
    for server in (here, there):
        await settled(w, server.id, "active")
    await delete(w, Server, there)
    trap.armed = True
    router = await w.router(await w.external(), first)
    interface = await w.interface(router, second)
    joined = await w.server(two, group)  # at once: it may come before the network has left
    await settled(w, joined.id, "active")
    assert vpc_of(w, joined) == vpc_of(w, here)
    await delete(w, Server, joined)
    await delete(w, Port, interface)
    alone = await w.server(two, group)
    await settled(w, alone.id, "active")
    assert vpc_of(w, alone) != vpc_of(w, here)
    await delete(w, Server, alone, here)
    await delete(w, Port, *await everything(w.store, Port))
    await delete(w, Router, router)
    await delete(w, Network, one, two)


async def scenario(story: Story, at: Point | None) -> tuple[Counter[str], list[str], dict[str, int]]:
    """Play a story with a kill at a step; return the steps, what is wrong, what is left."""
    trap = Trap(at)
    w = world(trap)
    await w.start()
    killer = asyncio.create_task(_kill_when_sprung(w, trap))
    wrong: list[str] = []
    try:
        await story(w, trap)
        wrong += await problems(w)
        for group in await everything(w.store, SecurityGroup):
            await w.store.delete(SecurityGroup, group.id)
        await asyncio.sleep(150)
        wrong += await problems(w)
        for kind in (AddressClaim, FloatingIPClaim, Domain, Router, FloatingIP):
            left = await everything(w.store, kind)
            wrong += [f"{kind.kind} {obj.metadata.key} is left" for obj in left]
    except (TimeoutError, AssertionError) as error:
        wrong.append(f"{type(error).__name__}: {error}")
    if at is not None and at[1] == 1 and not trap.sprung.is_set():
        wrong.append(f"the run never came to {at}")
    killer.cancel()
    await w.kill()
    return trap.seen, wrong, leftovers(w) | ({"route-table": 1} if ours(w, "route-table") else {})


def failures(story: Story, points: list[Point]) -> dict[Point, tuple[list[str], dict[str, int]]]:
    """Return what each kill broke."""
    out = {}
    for at in points:
        _, wrong, left = run_virtual(scenario(story, at))
        if wrong or left:
            out[at] = (wrong, left)
    return out


NEW = ("Address", "Gateway", "Route", "Subnet", "Vpc", "Attribute", "Router", "FloatingIP", "Domain", "Network", "Port")


@pytest.mark.parametrize(("story", "least"), [(gateway, 40), (floating, 40), (domains, 40)])
def test_every_step_can_be_killed(story: Story, least: int) -> None:
    seen, wrong, left = run_virtual(scenario(story, None))
    assert (wrong, left) == ([], {})
    # What a server's own life is made of is killed in test_kills; and each step once, where two stories share it.
    points = [(name, 1) for name in seen if any(word in name for word in NEW)]
    assert len(points) > least, "the recording run saw too few steps to prove anything"
    assert failures(story, points) == {}


def test_an_address_allocated_without_looking_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `adopt` is for: without its tag an address whose answer was lost is lost, and costs money."""
    create = FloatingIPDriver.create

    async def broken(self: FloatingIPDriver, obj: Resource, intent: Intent, place: Place) -> CreateOutcome:
        intent.request = intent.request.replace("pia:uid", "mine:uid")
        return await create(self, obj, intent, place)

    assert failures(floating, [("after AllocateAddress", 1)]) == {}
    monkeypatch.setattr(FloatingIPDriver, "create", broken)
    assert failures(floating, [("after AllocateAddress", 1)])
