"""Who must look again when something changes: the edges between kinds, as a table.

A level-triggered controller may be woken too often but never too seldom. Too often costs: a thousand ports of a
subnet must not reconcile the subnet a thousand times, so an edge asks whether the other end still needs the change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gurum.engine.context import Engine
from gurum.engine.queue import Key
from gurum.engine.view import public_key
from gurum.model.base import Resource
from gurum.model.compute import CloudKey, KeyPair
from gurum.model.network import ISOLATED, Domain, Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.server import ConsoleLog, Server
from gurum.providers.contract import DOUBT

Edge = Callable[[Engine, Any, Any], Iterable[Key]]


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
    network = engine.cache.get(Network, port.spec.network_id)
    if network is not None and (new is None or network.deleting or not network.status.domain):
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
    if domain and not port.spec.security_groups and port.spec.device_id:
        yield _key(Domain, domain)


def _network(engine: Engine, old: Network | None, new: Network | None) -> Iterable[Key]:
    if new is None or (old is not None and (old.status.domain, old.spec.name) == (new.status.domain, new.spec.name)):
        return
    if old is not None and old.status.domain != new.status.domain:
        yield _key(Domain, new.status.domain)
        for subnet in engine.view.index(Subnet, "by_network", new.id):
            yield _key(Subnet, subnet.id)
    for port in engine.view.index(Port, "by_network", new.id):
        if port.spec.device_id:
            yield _key(Server, port.spec.device_id)
            for group in port.spec.security_groups:
                yield _key(SecurityGroup, group)


def _subnet(engine: Engine, old: Subnet | None, new: Subnet | None) -> Iterable[Key]:
    subnet = new or old
    if subnet is None or _settled(old, new):
        return
    network = engine.cache.get(Network, subnet.spec.network_id)
    if network is not None:
        if new is None or network.deleting:
            yield _key(Network, network.id)
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
    if domain.spec.owner_kind == Network.kind:
        yield _key(Network, domain.spec.owner_id)
    elif domain.spec.owner_kind == ISOLATED:
        for server in engine.cache.objects(Server, region=domain.metadata.region):
            if not server.spec.networks and server.status.vm_state == "building":
                yield _key(Server, server.id)
    for network in engine.view.index(Network, "by_domain", domain.id):
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
    elif new is not None and old is not None and not _settled(old, new):
        for port in engine.view.index(Port, "by_device", new.id):
            if port.deleting:
                yield _key(Port, port.id)


EDGES: dict[type[Resource], Edge] = {
    Port: _port, Network: _network, Subnet: _subnet, Domain: _domain, SecurityGroup: _group,
    SecurityGroupRule: _rule, CloudKey: _cloud_key, KeyPair: _key_pair, Server: _server,
}  # fmt: skip

# Kinds that a controller of their own reconciles: a change wakes themselves too.
SELF: tuple[type[Resource], ...] = (Network, Domain, Subnet, Port, SecurityGroup, CloudKey, Server, ConsoleLog)


def _only_status(old: Resource | None, new: Resource) -> bool:
    """Whether the controller itself made this change: it wrote what it found, and must not be woken by that."""
    return old is not None and old.metadata.generation == new.metadata.generation and old.deleting == new.deleting


def connect(engine: Engine) -> None:
    """Have every change wake whom it concerns."""
    for kind in dict.fromkeys((*SELF, *EDGES)):
        engine.cache.subscribe(kind, _waker(engine, kind), replay=False)


def _waker(engine: Engine, kind: type[Resource]) -> Callable[[Any, Any, Any], None]:
    edge, own = EDGES.get(kind), kind in SELF

    def wake(change: str, old: Resource | None, new: Resource | None) -> None:
        if own and new is not None and not _only_status(old, new):
            engine.queue.add((kind.kind, new.id))
        if edge is not None:
            for key in edge(engine, old, new):
                engine.queue.add(key)

    return wake
