"""What the cloud must have of routers, gateways, floating IPs, added interfaces and server groups when all is done.

Worked out anew from the store's objects, not with what the drivers use: a gateway that both forget would not be missed.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.snapshot import Snapshot, Thing

from gurum.model.base import Resource
from gurum.model.compute import ServerGroup
from gurum.model.network import Domain, Network, Port, Subnet
from gurum.model.routing import FloatingIP, FloatingIPClaim, Router
from gurum.model.server import Server

INTERFACE = "network:router_interface"
EVERYWHERE = "0.0.0.0/0"


def unlike(now: Snapshot) -> Iterator[str]:
    """Yield where the cloud is not as the store says that it should be."""
    for domain in now.of(Domain).values():
        yield from _gateway(now, domain)
    yield from _tables(now)
    for port in now.of(Port).values():
        yield from _interface(now, port)
    for floating in now.of(FloatingIP).values():
        yield from _address(now, floating)
    yield from _claims(now)
    yield from _placement(now)


def _made(obj: Resource, step: str) -> str:
    intent = obj.status.intents.get(step)
    return intent.external.id if intent is not None and intent.state == "done" and intent.external is not None else ""


def _of(now: Snapshot, kind: str, obj: Resource) -> list[Thing]:
    return [thing for thing in now.living(kind) if thing.uid == obj.id]


def _joins(now: Snapshot, router: Router) -> list[Port]:
    ports = now.of(Port).values()
    return [port for port in ports if port.spec.device_owner == INTERFACE and port.spec.device_id == router.id]


def _open(now: Snapshot, domain: Domain) -> bool:
    """Whether a router of the domain leads outside."""
    networks = now.of(Network)
    return any(
        router.spec.gateway is not None and networks[port.spec.network_id].status.domain == domain.id
        for router in now.of(Router).values()
        for port in _joins(now, router)
    )


def _gateway(now: Snapshot, domain: Domain) -> Iterator[str]:
    wanted = [_made(domain, "vpc")] if _open(now, domain) else []
    have = [thing.row["vpc_id"] for thing in _of(now, "internet-gateway", domain)]
    if have != wanted:
        yield f"gateway: {domain.id[:8]} should have one at {wanted}, has {have}"


def _tables(now: Snapshot) -> Iterator[str]:
    """Compare route tables, their routes and the subnets that follow them."""
    for router in now.of(Router).values():
        wanted = _wanted(now, router) if router.spec.gateway is not None else {}
        have = {
            thing.step: (
                {route["cidr"]: route["gateway_id"] or route["interface_id"] for route in thing.row["routes"]},
                set(thing.row["associations"].values()),
            )
            for thing in _of(now, "route-table", router)
        }
        if have != wanted:
            yield f"routes: router {router.id[:8]} should have {wanted}, has {have}"


def _wanted(now: Snapshot, router: Router) -> dict[str, tuple[dict[str, str], set[str]]]:
    out: dict[str, tuple[dict[str, str], set[str]]] = {}
    for port in _joins(now, router):
        domain = now.of(Domain).get(now.of(Network)[port.spec.network_id].status.domain)
        if domain is None:
            continue
        gateways = [thing.id for thing in _of(now, "internet-gateway", domain)]
        _, subnets = out.setdefault(f"table:{domain.id}", (dict.fromkeys([EVERYWHERE], *gateways[:1]), set()))
        for fixed in port.spec.fixed_ips:
            subnet = now.of(Subnet)[fixed.subnet_id]
            if fixed.ip_address == subnet.spec.gateway_ip:
                subnets |= {_made(subnet, step) for step in subnet.status.intents if step.startswith("slice:")} - {""}
    return out


def _held(now: Snapshot, port: Port) -> Server | None:
    """Return the server whose instance has the port's interface, if it is to have one."""
    server = now.of(Server).get(port.spec.device_id)
    return server if server is not None and server.status.vm_state in ("active", "stopped") else None


def _interface(now: Snapshot, port: Port) -> Iterator[str]:
    """Compare who holds an interface, and whether it has a public address of its own."""
    server = _held(now, port)
    if server is None or server.status.external is None or port.status.external is None:
        return
    thing = now.thing(port.status.external.id)
    holder = (thing.row["attachment"] or {}).get("instance_id") if thing is not None else None
    if thing is None or holder != server.status.external.id:
        yield f"attachment: port {port.id[:8]} should be on {server.status.external.id}, is on {holder}"
        return
    first = port.metadata.labels.get("index", "000") == "000"
    wanted = first and any(_snat(now, fixed.subnet_id) for fixed in port.spec.fixed_ips)
    led = any(floating.spec.port_id == port.id for floating in now.of(FloatingIP).values())
    if not led and bool(thing.row["public"]) != wanted:
        yield f"egress: port {port.id[:8]} should{'' if wanted else ' not'} have a public address of its own"


def _snat(now: Snapshot, subnet: str) -> bool:
    return any(
        router.spec.gateway is not None and router.spec.gateway.enable_snat
        for router in now.of(Router).values()
        for port in _joins(now, router)
        if any(fixed.subnet_id == subnet for fixed in port.spec.fixed_ips)
    )


def _address(now: Snapshot, floating: FloatingIP) -> Iterator[str]:
    """Compare where a floating IP leads."""
    thing = now.thing(_made(floating, "address"))
    port = now.of(Port).get(floating.spec.port_id)
    leads = port is not None and _held(now, port) is not None
    external = port.status.external if leads and port is not None else None
    wanted = (floating.status.floating_ip_address, external and external.id, leads and floating.spec.fixed_ip_address)
    row = thing.row if thing is not None else {}
    have = (row.get("public_ip"), row.get("interface_id") or None, row.get("private_ip") or False)
    if have != wanted:
        yield f"address: floating IP {floating.id[:8]} should be {wanted}, is {have}"
    if floating.status.status != ("ACTIVE" if leads else "DOWN"):
        yield f"address: floating IP {floating.id[:8]} is {floating.status.status}, but leads {leads}"


def _claims(now: Snapshot) -> Iterator[str]:
    wanted = {(one.id, one.spec.port_id) for one in now.of(FloatingIP).values() if one.spec.port_id}
    have = {(one.spec.floating_ip_id, one.spec.port_id) for one in now.of(FloatingIPClaim).values()}
    if have != wanted:
        yield f"claims: floating IPs lead to {sorted(wanted)}, claimed are {sorted(have)}"


def _placement(now: Snapshot) -> Iterator[str]:
    """Compare in which placement group the members of a server group are."""
    for server in now.of(Server).values():
        group = now.of(ServerGroup).get(server.spec.group)
        if group is None or group.deleting or server.status.external is None:
            continue
        instance, place = now.thing(server.status.external.id), now.thing(_made(group, "placement"))
        if instance is None or not instance.living:
            continue
        if place is None or instance.row["placement_group"] != place.row["name"]:
            shown = instance.row["placement_group"]
            yield f"placement: {server.id[:8]} is in {shown!r}, its group {group.id[:8]} is {place and place.id}"
