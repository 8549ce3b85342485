"""What a server costs the store from its request to ACTIVE: the budget, each write with its reason.

Where the store is Kubernetes, a write is a request to the API server and a commit of etcd, which serves the whole
cluster. So none may come in unnoticed; and none may go that a crash rule needs.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from tests.engine.test_servers import settled
from tests.support.world import AWS, PROJECT, World

from gurum.model.base import Resource
from gurum.model.engine import Lease
from gurum.model.network import AddressClaim, Port
from gurum.model.quota import QuotaUsage
from gurum.model.server import Server
from gurum.store.quotas import Quotas

Play = Callable[..., None]

BUDGET: dict[tuple[str, type[Resource]], int] = {
    ("update_spec", QuotaUsage): 2,  # reserved before the server is made; dropped once it is counted
    ("create", Server): 1,
    ("create", AddressClaim): 1,
    ("create", Port): 1,
    ("update_status", Server): 4,  # zone and attempt, before addresses are claimed in it; the request, before it is
    # sent; what it made; ACTIVE
    ("update_status", Port): 1,  # what the launch told of the interface
}
MOST = 10


def counting(store: Any) -> Counter[tuple[str, type[Resource]]]:
    """Count the writes of a store that change something, from now on."""
    counts: Counter[tuple[str, type[Resource]]] = Counter()

    def counted(name: str, write: Callable[..., Awaitable[Resource]]) -> Callable[..., Awaitable[Resource]]:
        async def call(obj: Resource, **more: Any) -> Resource:
            stored = await write(obj, **more)
            if stored.metadata.resource_version != obj.metadata.resource_version:
                counts[name, type(obj)] += 1
            return stored

        return call

    for name in ("create", "update_spec", "update_status"):
        setattr(store, name, counted(name, getattr(store, name)))
    return counts


def test_a_server_costs_ten_writes(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        group = await w.group()
        quotas = Quotas(w.store)

        async def create() -> None:
            server = await w.server(network, group, zone=f"{AWS}-a")
            await quotas.reserve(  # the API does so before it creates; the writes are the same
                region=AWS, project=PROJECT, service="compute", id=server.id, amounts={"instances": 1},
                limits={"instances": 99}, now=w.clock.time(),
            )  # fmt: skip
            await settled(w, server.id, "active")
            await asyncio.sleep(60)

        await create()  # the zone's subnet, the group and its rules, the usage itself: once a network or project
        counts = counting(w.engine_store or w.store)
        await create()
        del counts["update_spec", Lease]  # renewed whatever is created
        assert counts == BUDGET
        assert sum(BUDGET.values()) <= MOST

    play(scenario)
