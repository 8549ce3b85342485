"""An instance that was found, not launched, may be that of another attempt than the one that the store remembers.

That happens after a restore: the backup knows the attempt in the first zone, the instance runs in the second. Taking it
over with the first one's address would show users an address at which nobody answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network

import msgspec
import structlog

from gurum.engine.context import Engine
from gurum.engine.servers import ports
from gurum.engine.work import Work
from gurum.model import codec
from gurum.model.network import FixedIP, Port, Subnet
from gurum.model.server import Server
from gurum.store.claims import claim_address

log = structlog.get_logger("gurum.engine")


async def agree(engine: Engine, work: Work[Server], facts: Mapping[str, str]) -> None:
    """Bring implied ports, claims and the zone in line with the addresses that the instance has. Idempotent."""
    for number, port in enumerate(ports.bound(engine, work.obj)):
        told = facts.get(f"interface:{number}", "").split(",")
        address = told[2] if len(told) > 2 else ""
        if not port.spec.implied or not address or address in {fixed.ip_address for fixed in port.spec.fixed_ips}:
            continue
        for subnet in engine.view.index(Subnet, "by_network", port.spec.network_id):
            if ip_address(address) in ip_network(subnet.spec.cidr):
                await _move(engine, work, port, subnet, address)
                break


async def _move(engine: Engine, work: Work[Server], port: Port, subnet: Subnet, address: str) -> None:
    server, status = work.obj, work.obj.status
    claimed = await claim_address(
        engine.store,
        region=port.metadata.region,
        project=port.metadata.project,
        subnet_id=subnet.id,
        address=address,
        owner_kind=Port.kind,
        owner_id=port.id,
        attempt=status.attempt,
    )
    if claimed is None:
        log.warning("the address of an adopted instance is another port's", resource_id=server.id, address=address)
        return
    engine.cache.apply(claimed)
    zones = (zone for zone, cidr in subnet.spec.slices.items() if ip_address(address) in ip_network(cidr))
    zone = next(zones, port.spec.zone)
    mine = codec.copy(port)
    mine.spec.fixed_ips, mine.spec.zone = [FixedIP(subnet_id=subnet.id, ip_address=address)], zone
    # The old claim is collected: the port no longer lists its address.
    engine.cache.apply(await engine.store.update_spec(mine, cause=server.metadata.cause))
    log.warning("an adopted instance has another address than was recorded", resource_id=server.id, address=address)
    status.zone, status.availability_zone = zone, engine.zone_name(server.metadata.region, zone)
    intent = status.intents["instance"]
    intent.zone = zone
    if status.external is not None:
        status.external = msgspec.structs.replace(status.external, zone=zone)
        intent.external = status.external
