"""What works beside the API while requests come: an engine that has no cloud, and at the end the question what is left.

A handler that checks and then writes can be overtaken in between: a network deleted while a port is put on it, the
last instance of a quota given twice. No single answer shows it. So when all is quiet the store is asked whether it
still makes sense.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network
from itertools import combinations
from typing import Any, cast

from tests.fuzz.chance import Draws, drawing
from tests.fuzz.world import World
from tests.support.pia import REGION
from tests.support.pretender import Pretender

from gurum.engine.quotas import COUNTED
from gurum.model.network import Port
from gurum.model.quota import QuotaUsage
from gurum.model.routing import is_interface
from gurum.model.server import NetworkRequest, Server
from gurum.store.contract import StoreError
from gurum.store.memory.hostility import PEACEFUL
from gurum.store.quotas import settle, usage_key

QUIET = 8  # turns after which an engine has nothing left to do


class _Engine(Pretender):
    """An engine that also meets subnets too small for its way of choosing addresses: the server then has a fault."""

    async def _port(self, server: Server, number: int, request: NetworkRequest) -> Port | None:
        try:
            return await super()._port(server, number, request)
        except IndexError:
            return None


async def engine(world: World, turn: int) -> None:
    """Let the engine work: servers come up, stop and go, usage is recounted; as far as the store lets it."""
    with drawing(Draws(0, f"engine {turn}")):
        try:
            await _Engine(cast(Any, world)).work()
            await _recount(world)
        except StoreError:
            return  # somebody was faster, or the store has a bad day: the next turn goes on


async def _recount(world: World) -> None:
    """Settle usage as the quota controller does."""
    tallies: dict[str, Counter[str]] = {}
    present = set()
    for kind, (service, amounts) in COUNTED.items():
        for obj in world.store.objects[kind.kind].values():
            present.add(obj.id)
            if obj.metadata.project:
                key = usage_key(REGION, obj.metadata.project, service)
                tallies.setdefault(key, Counter()).update(amounts(obj))
    for usage in list(world.store.objects["QuotaUsage"].values()):
        now = await world.store.get(QuotaUsage, usage.id)
        tally = tallies.get(now.metadata.key, Counter())
        await world.store.update_spec(settle(now, present, tally, now=world.clock.time()))


async def settled(world: World) -> list[str]:
    """Let everything come to rest and return what makes no sense."""
    world.inner.hostility = PEACEFUL
    for turn in range(QUIET):
        await engine(world, -turn)
    return list(nonsense(world))


def nonsense(world: World) -> Iterator[str]:
    """Yield what the store must never hold when all is quiet."""
    held = world.store.objects
    living = {kind: {uid: obj for uid, obj in held[kind].items() if not obj.deleting} for kind in held}
    networks, subnets, groups = living["Network"], living["Subnet"], living["SecurityGroup"]
    claims = {obj.metadata.key: obj.spec for obj in held["AddressClaim"].values()}
    for subnet in subnets.values():
        if subnet.spec.network_id not in networks:
            yield f"subnet {subnet.id} is on network {subnet.spec.network_id}, which is gone"
    for one, other in combinations(subnets.values(), 2):
        if one.spec.network_id == other.spec.network_id and _overlap(one.spec.cidr, other.spec.cidr):
            yield f"subnets {one.id} and {other.id} of one network overlap: {one.spec.cidr}, {other.spec.cidr}"
    for rule in living["SecurityGroupRule"].values():
        for name in ("security_group_id", "remote_group_id"):
            uid = getattr(rule.spec, name)
            if uid and uid not in groups:
                yield f"rule {rule.id} has {name} {uid}, which is gone"
    for port in living["Port"].values():
        if port.spec.implied:
            continue  # the engine's own
        yield from _port(port, networks, subnets, groups, claims)
    yield from _outside(living, claims)
    yield from _over_quota(world, living)


def _outside(living: dict[str, dict[str, Any]], claims: dict[str, Any]) -> Iterator[str]:
    """Yield what of routers and floating IPs hangs on nothing, or holds what is another's."""
    networks, ports, routers, floating = (living[k] for k in ("Network", "Port", "Router", "FloatingIP"))

    def address(owner: Any, subnet_id: str, wanted: str) -> Iterator[str]:
        claim = claims.get(f"{subnet_id}/{wanted}")
        if claim is None or claim.owner_id != owner.id:
            yield f"{owner.kind} {owner.id} has {wanted}, which is held by {claim.owner_id if claim else 'nobody'}"

    joined: dict[str, list[Any]] = {}
    for port in ports.values():
        if is_interface(port) and port.spec.device_id:
            if port.spec.device_id not in routers:
                yield f"port {port.id} is an interface of router {port.spec.device_id}, which is gone"
            joined.setdefault(port.spec.device_id, []).append(port)
    for router in routers.values():
        held = [(ip.subnet_id, port) for port in joined.get(router.id, ()) for ip in port.spec.fixed_ips]
        for (one, first), (other, second) in combinations(held, 2):
            if one == other and first is not second:
                yield f"router {router.id} is twice on subnet {one}"
        if router.spec.gateway is not None:
            if router.spec.gateway.network_id not in networks:
                yield f"router {router.id} leads to network {router.spec.gateway.network_id}, which is gone"
            for ip in router.spec.gateway.external_fixed_ips:
                yield from address(router, ip.subnet_id, ip.ip_address)
    holders: dict[tuple[str, str], str] = {}
    for found in floating.values():
        spec = found.spec
        if spec.floating_ip_address:
            yield from address(found, spec.subnet_id, spec.floating_ip_address)
        if not spec.port_id:
            continue
        port, router = ports.get(spec.port_id), routers.get(spec.router_id)
        if port is None or all(ip.ip_address != spec.fixed_ip_address for ip in port.spec.fixed_ips):
            yield f"floating IP {found.id} is of {spec.fixed_ip_address} of port {spec.port_id}, which has it not"
        if router is None or router.spec.gateway is None:
            yield f"floating IP {found.id} goes by router {spec.router_id}, which leads nowhere"
        elif port is not None:
            subnets = {ip.subnet_id for ip in port.spec.fixed_ips if ip.ip_address == spec.fixed_ip_address}
            if not any(ip.subnet_id in subnets for p in joined.get(router.id, ()) for ip in p.spec.fixed_ips):
                yield f"floating IP {found.id} goes by router {router.id}, which is not on its port's subnet"
        place = (spec.port_id, spec.fixed_ip_address)
        if place in holders:
            yield f"floating IPs {found.id} and {holders[place]} are both of {place}"
        holders[place] = found.id
    for claim in living["FloatingIPClaim"].values():
        wanted = (claim.spec.port_id, claim.spec.fixed_ip_address)
        holder = floating.get(claim.spec.floating_ip_id)
        if holder is None or (holder.spec.port_id, holder.spec.fixed_ip_address) != wanted:
            yield f"{wanted} is held for floating IP {claim.spec.floating_ip_id}, which has it not"


def _overlap(one: str, other: str) -> bool:
    first, second = ip_network(one), ip_network(other)
    return first.version == second.version and first.overlaps(second)


def _port(
    port: Any, networks: dict[str, Any], subnets: dict[str, Any], groups: dict[str, Any], claims: dict[str, Any]
) -> Iterator[str]:
    spec = port.spec
    if spec.network_id not in networks:
        yield f"port {port.id} is on network {spec.network_id}, which is gone"
    for uid in spec.security_groups:
        if uid not in groups:
            yield f"port {port.id} is in group {uid}, which is gone"
    for ip in spec.fixed_ips:
        if ip.subnet_id not in subnets:
            yield f"port {port.id} has an address of subnet {ip.subnet_id}, which is gone"
        claim = claims.get(f"{ip.subnet_id}/{ip.ip_address}")
        if claim is None or claim.owner_id != port.id:
            yield f"port {port.id} has {ip.ip_address}, which is held by {claim.owner_id if claim else 'nobody'}"


def _over_quota(world: World, living: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Compare with the highest limit that ever held; implied ports and groups made with a project do not ask."""
    for (project, service, resource), limit in world.limits().items():
        if limit < 0:
            continue
        kind = {"instances": "Server", "network": "Network", "subnet": "Subnet", "port": "Port"}.get(resource)
        if kind is None or (service == "compute") != (kind == "Server"):
            continue
        mine = [obj for obj in living[kind].values() if obj.metadata.project == project]
        count = sum(1 for obj in mine if not getattr(obj.spec, "implied", False))
        if count > limit:
            yield f"project {project} has {count} of {resource}, and never more than {limit} were allowed"
