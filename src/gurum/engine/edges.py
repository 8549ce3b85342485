"""Who must look again when something changes: the edges between kinds, as a table.

A level-triggered controller may be woken too often but never too seldom. Too often costs: a thousand ports of a
subnet must not reconcile the subnet a thousand times, so an edge asks whether the other end still needs the change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gurum.engine import topology
from gurum.engine.context import Engine
from gurum.engine.noun import Edge, nouns
from gurum.engine.queue import Key
from gurum.engine.view import public_key
from gurum.model.base import Resource
from gurum.model.compute import CloudKey, KeyPair
from gurum.model.network import ISOLATED, Domain, Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.routing import FloatingIP, Router, is_held, is_interface
from gurum.model.server import ConsoleLog, Server
from gurum.providers.contract import DOUBT


def _key(kind: type[Resource], id: str) -> Key:
    return (kind.kind, id)


def _facts(obj: Resource) -> dict[str, str]:
    return {name: fact for name, fact in obj.status.applied.items() if not name.startswith(DOUBT)}


def _settled(old: Resource | None, new: Resource | None) -> bool:
    """Whether nothing that others wait for changed: what was made, what was applied, whether it is going."""
    return (
        old is not None
        and new is not None
        and old.deleting == new.deleting
        and _facts(old) == _facts(new)
        and {k: (i.state, i.external) for k, i in old.status.intents.items()}
        == {k: (i.state, i.external) for k, i in new.status.intents.items()}
        and [c.reason for c in old.status.conditions] == [c.reason for c in new.status.conditions]
    )


def _port(engine: Engine, old: Port | None, new: Port | None) -> Iterable[Key]:
    port = new or old
    if port is None:
        return
    for one in (old, new):
        if one is not None and one.spec.device_id:
            yield _key(Server, one.spec.device_id)
    yield from _routed_port(engine, old, new)
    network = engine.cache.get(Network, port.spec.network_id)
    freed = old is not None and is_held(old) and not is_held(port)
    if network is not None and (
        new is None or freed or network.deleting or network.status.leaving or not network.status.domain
    ):
        yield _key(Network, network.id)
    for fixed in port.spec.fixed_ips:
        subnet = engine.cache.get(Subnet, fixed.subnet_id)
        if subnet is None:
            continue
        made = subnet.status.intents.get(f"slice:{port.spec.zone}")
        if new is None or subnet.deleting or (port.spec.zone and (made is None or made.state != "done")):
            yield _key(Subnet, subnet.id)
    domain = network.status.domain if network is not None else ""
    groups = set(port.spec.security_groups) | set(old.spec.security_groups if old is not None else ())
    for group_id in groups:
        group = engine.cache.get(SecurityGroup, group_id)
        if group is not None and (new is None or group.deleting or f"group:{domain}" not in group.status.applied):
            yield _key(SecurityGroup, group_id)
    if domain and not port.spec.security_groups and is_held(port):
        yield _key(Domain, domain)


def _routed_port(engine: Engine, old: Port | None, new: Port | None) -> Iterable[Key]:
    """A port as routers and floating IPs see it: an interface of theirs, a next hop, where an address leads."""
    port = new or old
    if port is None or (old is not None and new is not None and _seat(old) == _seat(new)):
        return
    for floating in engine.view.index(FloatingIP, "by_port", port.id):
        yield _key(FloatingIP, floating.id)
    if any(is_interface(one) for one in (old, new) if one is not None):
        for one in (old, new):
            if one is not None:
                yield _key(Router, one.spec.device_id)
                yield from _joined(engine, [one.spec.network_id, *topology.networks_of(engine, one.spec.device_id)])
        return
    for router_id in topology.routers_of(engine, port.spec.network_id):
        router = engine.cache.get(Router, router_id)
        if router is not None and router.spec.routes:
            yield _key(Router, router_id)
    if is_held(port):
        yield from _closing(engine, port.spec.network_id)


def _closing(engine: Engine, network_id: str) -> Iterable[Key]:
    """The domain, if its gateway is wanted no more and waits for the last interface with an address of its own."""
    network = engine.cache.get(Network, network_id)
    domain = engine.cache.get(Domain, network.status.domain) if network is not None else None
    gateway = domain.status.intents.get("gateway") if domain is not None else None
    if domain is None or gateway is None or gateway.state in ("gone", "failed"):
        return
    for router_id in topology.routers_of(engine, network_id):
        router = engine.cache.get(Router, router_id)
        if router is not None and router.spec.gateway is not None:
            return
    yield _key(Domain, domain.id)


def _seat(port: Port) -> tuple[object, ...]:
    egress = {name: fact for name, fact in port.status.applied.items() if name == "egress"}
    held = (port.spec.device_id, port.spec.device_owner, port.spec.fixed_ips, port.deleting)
    return (*held, port.status.external, port.status.status, egress)


def _domain_of(engine: Engine, network_id: str) -> Iterable[Key]:
    network = engine.cache.get(Network, network_id)
    if network is not None and network.status.domain:
        yield _key(Domain, network.status.domain)


def _joined(engine: Engine, network_ids: Iterable[str]) -> Iterable[Key]:
    """Networks that came together or apart: each chooses its domain anew, and what hangs on routes is looked at."""
    seen: set[str] = set()
    for network_id in network_ids:
        if network_id not in seen:
            for network in topology.component(engine, network_id):
                if network.id not in seen:
                    seen.add(network.id)
                    yield _key(Network, network.id)
                    yield from _domain_of(engine, network.id)
                    yield from _ports_in(engine, network.id)


def _ports_in(engine: Engine, network_id: str) -> Iterable[Key]:
    """The ports of a network that instances hold: whether they have an address of their own hangs on the router."""
    for port in engine.view.index(Port, "by_network", network_id):
        if is_held(port):
            yield _key(Port, port.id)


def _router(engine: Engine, old: Router | None, new: Router | None) -> Iterable[Key]:
    router = new or old
    if router is None:
        return
    turned = old is None or new is None or old.deleting != new.deleting
    if old is not None and new is not None:
        turned = turned or old.spec.admin_state_up != new.spec.admin_state_up or old.spec.gateway != new.spec.gateway
    if turned:
        yield from _joined(engine, sorted(topology.networks_of(engine, router.id)))
    before = set(old.status.intents) if old is not None else set()
    if old is not None and not _settled(old, new):
        for name in before:
            if name.startswith("table:"):
                yield _key(Domain, name.removeprefix("table:"))


def _floating_ip(engine: Engine, old: FloatingIP | None, new: FloatingIP | None) -> Iterable[Key]:
    """While a floating IP leads to it, an interface's own public address is left alone."""
    before, now = (one.spec.port_id if one is not None else "" for one in (old, new))
    if before != now:
        yield from (_key(Port, port_id) for port_id in (before, now) if port_id)


def _routers_in(engine: Engine, network_id: str) -> Iterable[Key]:
    """The routers of a network, and the floating IPs that lead through them."""
    for router_id in topology.routers_of(engine, network_id):
        yield _key(Router, router_id)
        for floating in engine.view.index(FloatingIP, "by_router", router_id):
            yield _key(FloatingIP, floating.id)


def _moves(network: Network) -> tuple[str, bool]:
    return network.status.domain, network.status.leaving


def _network(engine: Engine, old: Network | None, new: Network | None) -> Iterable[Key]:
    if old is not None and (new is None or new.deleting != old.deleting or _moves(old) != _moves(new)):
        for domain in {old.status.domain, new.status.domain if new is not None else ""} - {""}:
            yield _key(Domain, domain)
        for owned in engine.view.index(Domain, "by_owner", old.id):
            yield _key(Domain, owned.id)
        for neighbour in topology.component(engine, old.id):
            yield _key(Network, neighbour.id)
        yield from _routers_in(engine, old.id)
    if new is None or (old is not None and (_moves(old), old.spec.name) == (_moves(new), new.spec.name)):
        return
    if old is not None and _moves(old) != _moves(new):
        for port in engine.view.index(Port, "by_network", new.id) if new.status.leaving else ():
            if not port.spec.implied:
                yield _key(Port, port.id)
        for subnet in engine.view.index(Subnet, "by_network", new.id):
            yield _key(Subnet, subnet.id)
    for port in engine.view.index(Port, "by_network", new.id):
        if port.spec.device_id:
            yield _key(Server, port.spec.device_id)
            for group in port.spec.security_groups:
                yield _key(SecurityGroup, group)


def _subnet(engine: Engine, old: Subnet | None, new: Subnet | None) -> Iterable[Key]:
    subnet = new or old
    moved = old is not None and new is not None and old.spec.gateway_ip != new.spec.gateway_ip
    if subnet is None or (_settled(old, new) and not moved):
        return
    network = engine.cache.get(Network, subnet.spec.network_id)
    if network is not None:
        if new is None or network.deleting or network.status.leaving:
            yield _key(Network, network.id)
        yield from _routers_in(engine, network.id)
        if network.status.domain:
            yield _key(Domain, network.status.domain)
    for port in engine.view.index(Port, "by_subnet", subnet.id):
        yield _key(Port, port.id)
        if port.spec.device_id:
            yield _key(Server, port.spec.device_id)


def _domain(engine: Engine, old: Domain | None, new: Domain | None) -> Iterable[Key]:
    domain = new or old
    if domain is None or _settled(old, new):
        return
    for group in engine.view.index(SecurityGroup, "by_domain", domain.id):
        yield _key(SecurityGroup, group.id)
    for router in engine.view.index(Router, "by_domain", domain.id):
        yield _key(Router, router.id)
    if domain.spec.owner_kind == Network.kind:
        yield _key(Network, domain.spec.owner_id)
    elif domain.spec.owner_kind == ISOLATED:
        for server in engine.cache.objects(Server, region=domain.metadata.region):
            if not server.spec.networks and server.status.vm_state == "building":
                yield _key(Server, server.id)
    for network in engine.view.index(Network, "by_domain", domain.id):
        yield _key(Network, network.id)
        yield from _routers_in(engine, network.id)
        for subnet in engine.view.index(Subnet, "by_network", network.id):
            yield _key(Subnet, subnet.id)
        for port in engine.view.index(Port, "by_network", network.id):
            yield _key(Port, port.id)
            if port.spec.device_id:
                yield _key(Server, port.spec.device_id)
            for group_id in port.spec.security_groups:
                yield _key(SecurityGroup, group_id)


def _group(engine: Engine, old: SecurityGroup | None, new: SecurityGroup | None) -> Iterable[Key]:
    group = new or old
    if group is None or _settled(old, new):
        return
    if old is not None:
        for domain in {k for k in old.status.intents if k.startswith("group:")}:
            yield _key(Domain, domain.removeprefix("group:"))
    for rule in engine.view.index(SecurityGroupRule, "by_remote_group", group.id):
        yield _key(SecurityGroup, rule.spec.security_group_id)
    for port in engine.view.index(Port, "by_group", group.id):
        yield _key(Port, port.id)
        if port.spec.device_id:
            yield _key(Server, port.spec.device_id)


def _rule(engine: Engine, old: SecurityGroupRule | None, new: SecurityGroupRule | None) -> Iterable[Key]:
    for rule in (old, new):
        if rule is not None:
            yield _key(SecurityGroup, rule.spec.security_group_id)
            if rule.spec.remote_group_id:
                yield _key(SecurityGroup, rule.spec.remote_group_id)


def _cloud_key(engine: Engine, old: CloudKey | None, new: CloudKey | None) -> Iterable[Key]:
    key = new or old
    if key is None or _settled(old, new):
        return
    for server in engine.view.index(Server, "by_public_key", public_key(key, key.spec.public_key)):
        yield _key(Server, server.id)


def _users_of_key(engine: Engine, material: str) -> Iterable[Key]:
    for key in engine.cache.objects(CloudKey):
        if key.spec.public_key.strip() == material.strip():
            yield _key(CloudKey, key.id)


def _key_pair(engine: Engine, old: KeyPair | None, new: KeyPair | None) -> Iterable[Key]:
    return _users_of_key(engine, old.spec.public_key) if new is None and old is not None else ()


def _server(engine: Engine, old: Server | None, new: Server | None) -> Iterable[Key]:
    if new is None and old is not None:
        for port in engine.view.index(Port, "by_device", old.id):
            yield _key(Port, port.id)
        if old.spec.key is not None:
            yield from _users_of_key(engine, old.spec.key.public_key)
    elif new is not None and old is not None:
        settled, turned = _settled(old, new), old.status.vm_state != new.status.vm_state
        for port in engine.view.index(Port, "by_device", new.id) if turned or not settled else ():
            if port.deleting and not settled:
                yield _key(Port, port.id)
            network = engine.cache.get(Network, port.spec.network_id)
            if network is not None and network.status.leaving:
                yield _key(Network, network.id)
            if turned:  # an instance that is being made can have neither kind of public address
                for floating in engine.view.index(FloatingIP, "by_port", port.id):
                    yield _key(FloatingIP, floating.id)
                if topology.routers_of(engine, port.spec.network_id):
                    yield _key(Port, port.id)


EDGES: dict[type[Resource], Edge] = {
    Port: _port, Network: _network, Subnet: _subnet, Domain: _domain, SecurityGroup: _group,
    SecurityGroupRule: _rule, CloudKey: _cloud_key, KeyPair: _key_pair, Server: _server, Router: _router,
    FloatingIP: _floating_ip,
}  # fmt: skip

# Kinds that a controller of their own reconciles: a change wakes themselves too.
SELF: tuple[type[Resource], ...] = (
    Network, Domain, Subnet, Port, SecurityGroup, CloudKey, Server, ConsoleLog, Router,
    FloatingIP,
)  # fmt: skip


def _only_status(old: Resource | None, new: Resource) -> bool:
    """Whether the controller itself made this change: it wrote what it found, and must not be woken by that."""
    return old is not None and old.metadata.generation == new.metadata.generation and old.deleting == new.deleting


def connect(engine: Engine) -> None:
    """Have every change wake whom it concerns."""
    edges = [*EDGES.items(), *(row for noun in nouns() for row in noun.edges.items())]
    own = [*SELF, *(noun.kind for noun in nouns())]
    for kind in dict.fromkeys((*own, *(kind for kind, _ in edges))):
        mine = [edge for of, edge in edges if of is kind]
        engine.cache.subscribe(kind, _waker(engine, kind, mine, own=kind in own), replay=False)


def _waker(
    engine: Engine, kind: type[Resource], edges: Sequence[Edge], *, own: bool
) -> Callable[[Any, Any, Any], None]:
    def wake(change: str, old: Resource | None, new: Resource | None) -> None:
        if own and new is not None and not _only_status(old, new):
            engine.queue.add((kind.kind, new.id))
        for edge in edges:
            for key in edge(engine, old, new):
                engine.queue.add(key)

    return wake
