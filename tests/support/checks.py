"""What must hold whenever the dust has settled: nothing duplicated, nothing leaked, nothing lost."""

from __future__ import annotations

from typing import TypeVar

from tests.support.world import World

from gurum.model.base import Resource
from gurum.model.network import AddressClaim, Port
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import Server
from gurum.store.contract import Store

R = TypeVar("R", bound=Resource)

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
    """Return what is wrong, in words."""
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
    all_ports = await everything(world.store, Port)
    ports = {port.id: {fixed.ip_address for fixed in port.spec.fixed_ips} for port in all_ports}
    others: dict[str, set[str]] = {}  # worlds without an API make routers whose addresses nobody claimed
    for router in await everything(world.store, Router):
        gateway = router.spec.gateway
        others[router.id] = {fixed.ip_address for fixed in gateway.external_fixed_ips} if gateway is not None else set()
    for floating in await everything(world.store, FloatingIP):
        others[floating.id] = {floating.spec.floating_ip_address}
    held: dict[str, set[str]] = {}
    for claim in await everything(world.store, AddressClaim):
        held.setdefault(claim.spec.owner_id, set()).add(claim.spec.address)
    for owner in ports.keys() | held.keys():
        claimed = held.get(owner, set())
        wrong = claimed - others[owner] if owner in others else claimed ^ ports.get(owner, set())
        if wrong:
            found.append(f"claims of {owner}: {claimed}, addresses {ports.get(owner, others.get(owner))}")
    return found


def leftovers(world: World) -> dict[str, int]:
    """Return how many resources of each kind the cloud still has; terminated instances do not count."""
    kinds = (
        "vpc", "subnet", "security-group", "network-interface", "key-pair", "internet-gateway", "elastic-ip",
    )  # fmt: skip
    out = {kind: len(world.resources(kind)) for kind in kinds}
    out["instance"] = sum(1 for instance in world.resources("instance") if instance["state"] in LIVING)
    return {kind: count for kind, count in out.items() if count}
