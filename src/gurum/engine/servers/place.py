"""Where a server may be: a zone that the user, an explicit port or a fixed address names, else each zone in turn.

Gurum never chooses a region for anybody; within a region it chooses a zone only when nobody has.
"""

from __future__ import annotations

import zlib
from collections import Counter

from gurum.engine.context import Engine
from gurum.model import addresses
from gurum.model.compute import ServerGroup
from gurum.model.network import Port, Subnet
from gurum.model.region import Region
from gurum.model.server import Server


class NoPlaceError(Exception):
    """No zone can hold the server; the message says why."""


def named_zones(engine: Engine, server: Server) -> set[str]:
    """Return the zone ids that something about the server names."""
    named: set[str] = set()
    region = engine.cache.by_key(Region, server.metadata.region)
    wanted = server.spec.availability_zone
    if wanted and region is not None:
        named |= {zone.id for zone in region.spec.zones if zone.name == wanted} or {wanted}
    for request in server.spec.networks:
        if request.port_id:
            port = engine.cache.get(Port, request.port_id)
            if port is not None and port.spec.zone:
                named.add(port.spec.zone)
        elif request.fixed_ip:
            for subnet in engine.view.index(Subnet, "by_network", request.network_id):
                zone = addresses.zone_of(request.fixed_ip, subnet.spec.slices)
                if zone is not None:
                    named.add(zone)
    return named


def next_zone(engine: Engine, server: Server) -> str:
    """Return the zone of the next attempt. Raises NoPlaceError.

    The order starts at a zone that follows from the server's id, so that servers spread without anybody counting.
    """
    zones = list(engine.clouds[server.metadata.region].provider.zones())
    named = named_zones(engine, server)
    if len(named) > 1:
        raise NoPlaceError(f"its zone, ports and addresses lie in different availability zones: {sorted(named)}")
    if named:
        candidates = list(named)
    else:
        start = zlib.crc32(server.id.encode()) % max(1, len(zones))
        candidates = zones[start:] + zones[:start]
        held = [request.network_id for request in server.spec.networks if request.network_id]
        for network_id in held:
            sliced = [s.spec.slices for s in engine.view.index(Subnet, "by_network", network_id) if s.spec.slices]
            if sliced:
                candidates = [zone for zone in candidates if any(zone in slices for slices in sliced)]
    for zone in _by_group(engine, server, candidates):
        if zone not in server.status.zones_failed:
            return zone
    raise NoPlaceError(
        "no availability zone has capacity for it" if server.status.zones_failed else "its networks lie in no zone"
    )


def _by_group(engine: Engine, server: Server, zones: list[str]) -> list[str]:
    """Return the zones in which the server's group lets it be, the better ones first. Raises NoPlaceError for none."""
    group = engine.cache.get(ServerGroup, server.spec.group) if server.spec.group else None
    if group is None or group.deleting:
        return zones
    provider = engine.clouds[server.metadata.region].provider
    members = [other for other in engine.view.index(Server, "by_server_group", group.id) if other.id != server.id]
    held = Counter(other.status.zone for other in members if _stays(other))
    if group.spec.policy == "affinity":
        can = provider.capabilities.get("server_group.affinity")
        if held and can is not None and can.level == "absent":
            raise NoPlaceError(f"the servers of the group {group.id} cannot be kept on one host: {can.why}")
    elif group.spec.policy == "soft-affinity":
        return sorted(zones, key=lambda zone: -held[zone])
    elif group.spec.policy == "anti-affinity":
        most = provider.limits.get("server_group.members_per_zone")
        if most is not None:
            free = [zone for zone in zones if held[zone] < most]
            if zones and not free:
                raise NoPlaceError(
                    f"the group {group.id} has {most} servers in each availability zone, the most there can be"
                )
            return free
    return zones


def _stays(server: Server) -> bool:
    """Whether a server has, or is to have, an instance in its zone."""
    intent = server.status.intents.get("instance")
    made = intent is not None and intent.state not in ("gone", "failed")
    return bool(server.status.zone) and (made or server.status.vm_state == "building")
