"""What must hold whenever the dust has settled: nothing duplicated, nothing leaked, nothing lost."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from tests.support.world import World

from gurum.model.base import Resource
from gurum.model.network import AddressClaim, Port
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import Server
from gurum.store.contract import Store

R = TypeVar("R", bound=Resource)

LOOKS = 20
LIVING = ("pending", "running", "stopping", "stopped")


async def everything(store: Store, kind: type[R]) -> list[R]:
    """Return all objects of a kind."""
    out: list[R] = []
    after = None
    while True:
        page = await store.list(kind, after=after)
        out += page.items
        after = page.next
        if after is None:
            return out


async def problems(world: World) -> list[str]:
    """Return what is wrong and stays so, in words.

    The kinds are read one after another beside an engine at work (a server that ends in ERROR gives its claims back,
    then its ports), so what one look finds may only be between two steps of it; a defect is there at each look.
    """
    found = await _look(world)
    for _ in range(LOOKS):
        if not found:
            break
        await asyncio.sleep(0.5)
        found = await _look(world)
    return found


async def _look(world: World) -> list[str]:
    servers = {server.id: server for server in await everything(world.store, Server)}
    found: list[str] = []
    living: dict[str, list[str]] = {}
    for instance in world.resources("instance"):
        if instance["state"] in LIVING:
            uid = instance["tags"].get("pia:uid", "")
            living.setdefault(uid, []).append(instance["id"])
    for uid, ids in living.items():
        if len(ids) > 1:
            found.append(f"duplicated: {len(ids)} instances of {uid}")
        if uid not in servers:
            found.append(f"leaked: the instance {ids[0]} of {uid or 'nobody'}")
    for server in servers.values():
        external = server.status.external
        if external is None or external.provider != "aws" or server.status.vm_state not in ("active", "stopped"):
            continue
        if living.get(server.id) != [external.id]:
            found.append(f"lost: {server.id} is {server.status.vm_state} but has {living.get(server.id)}")
    owned = {port.id: {ip.ip_address for ip in port.spec.fixed_ips} for port in await everything(world.store, Port)}
    for router in await everything(world.store, Router):
        gateway = router.spec.gateway
        owned[router.id] = {ip.ip_address for ip in gateway.external_fixed_ips} if gateway is not None else set()
    for floating in await everything(world.store, FloatingIP):  # what the cloud chose is claimed by nobody
        owned[floating.id] = {floating.spec.floating_ip_address} - {""}
    held: dict[str, set[str]] = {}
    for claim in await everything(world.store, AddressClaim):
        held.setdefault(claim.spec.owner_id, set()).add(claim.spec.address)
    found.extend(
        f"claims of {owner}: {held.get(owner)}, addresses {owned.get(owner)}"
        for owner in owned.keys() | held.keys()
        if owned.get(owner, set()) != held.get(owner, set())
    )
    return found


def leftovers(world: World) -> dict[str, int]:
    """Return how many resources of each kind the cloud still has; terminated instances do not count."""
    kinds = (
        "vpc", "subnet", "security-group", "network-interface", "key-pair", "internet-gateway", "elastic-ip",
    )  # fmt: skip
    out = {kind: len(world.resources(kind)) for kind in kinds}
    out["instance"] = sum(1 for instance in world.resources("instance") if instance["state"] in LIVING)
    return {kind: count for kind, count in out.items() if count}
