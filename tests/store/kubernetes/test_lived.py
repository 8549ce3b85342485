"""What really comes to be stored fits, and is within the engine's rights: a project's life, in both kinds of cloud."""

from __future__ import annotations

from typing import cast

import pytest
from tests.store.kubernetes.fitting import Fitting, fixed
from tests.support.store import make_server
from tests.support.virtual import run_virtual
from tests.support.world import AWS, PRIVATE, World

from gurum.engine.adoption.follow import FOLLOWED
from gurum.model.network import Network, Port, SecurityGroup
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import Server
from gurum.ops.clock import LoopClock
from gurum.store.contract import Store
from gurum.store.kubernetes.definitions.tables import KINDS
from gurum.store.kubernetes.words import camel
from gurum.store.memory import MemoryStore


async def life(w: World, region: str) -> None:
    """Make what a project has, use it, and take it away again."""
    external = await w.external(region)
    network, subnet = await w.network(region)
    router = await w.router(external, subnet, region=region)
    group = await w.group(region)
    server = await w.server(network, group)
    floating = await w.floating(external, "" if region == AWS else "203.0.113.7")
    await w.clock.sleep(120)
    [port] = [port for port in (await w.store.list(Port)).items if port.spec.device_id == server.id]
    await w.associate(floating, port, router)
    for verb in ("stop", "start", "reboot"):
        await w.act(server.id, verb)
        await w.clock.sleep(120)
    await w.associate(floating, None)
    interfaces = [port.id for port in (await w.store.list(Port)).items if port.spec.device_id == router.id]
    await w.store.delete(Server, server.id)
    await w.store.delete(FloatingIP, floating.id)
    await w.clock.sleep(300)
    for uid in interfaces:
        await w.store.delete(Port, uid)
    await w.clock.sleep(60)
    await w.store.delete(Router, router.id)
    await w.clock.sleep(60)
    await w.store.delete(Network, network.id)
    await w.clock.sleep(60)
    await w.store.delete(SecurityGroup, group.id)
    await w.clock.sleep(300)


@pytest.mark.parametrize("region", [AWS, PRIVATE])
def test_a_projects_life_fits(region: str) -> None:
    faults: list[str] = []

    async def whole() -> Fitting:
        clock = LoopClock()
        memory = MemoryStore(clock=clock)
        world = World(store=cast("Store", Fitting(memory, "people", faults)), clock=clock)
        engine = Fitting(memory, "gurum-engine", faults)
        world.engine_store = cast("Store", engine)
        await world.start()
        try:
            await life(world, region)
            assert (await world.store.list(Server)).items == []
        finally:
            await world.kill()
        return engine

    engine = run_virtual(whole())
    assert faults == []
    assert {("create", "Port"), ("status", "Server"), ("update", "Server"), ("create", "Lease")} <= engine.seen


async def test_what_would_be_refused_is_found() -> None:
    faults: list[str] = []
    store = Fitting(MemoryStore(), "gurum-engine", faults)
    server = await store.create(make_server("n" * 256))
    server.spec.availability_zone = "elsewhere"
    await store.update_spec(server)
    assert len(faults) == 4
    assert faults[0] == "gurum-engine may not create Server"
    assert faults[1].startswith("Server.spec.name: ")
    assert faults[3] == "Server.availabilityZone changed"


def test_what_follows_a_cloud_may_be_written() -> None:
    for kind, names in FOLLOWED.items():
        assert not {camel(name) for name in names} & fixed(kind, looked_at=True), kind
        assert set(KINDS[kind].shown) <= set(names)
    assert {kind for kind, row in KINDS.items() if row.shown} <= set(FOLLOWED)
