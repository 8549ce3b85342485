"""Which other objects one is made of or needs: a row a relation, so that a new kind is a new row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gurum.cli.reading import everything
from gurum.model.base import Resource
from gurum.model.compute import CloudKey
from gurum.model.image import Image
from gurum.model.network import Domain, Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.server import Server
from gurum.store.contract import Filter, NotFoundError, Store


@dataclass(frozen=True)
class Part:
    """A related object; None: it does not exist (any more). needed: then that is in the way."""

    kind: str
    id: str
    role: str
    obj: Resource | None
    needed: bool


@dataclass(frozen=True)
class Named:
    """A relation by ids that stand in the object itself."""

    role: str
    kind: type[Resource]
    ids: Callable[[Any], Iterable[str]]
    needed: bool = True


@dataclass(frozen=True)
class Backward:
    """A relation by what stands in the other objects, within the same region and project (or only the region)."""

    role: str
    kind: type[Resource]
    is_of: Callable[[Any, Any], bool]
    of_region: bool = False


NAMED: dict[type[Resource], tuple[Named, ...]] = {
    Server: (Named("boots from", Image, lambda s: [s.spec.image_id] if s.spec.image_id else [], needed=False),),
    Port: (
        Named("in", Network, lambda p: [p.spec.network_id]),
        Named("address from", Subnet, lambda p: [fixed.subnet_id for fixed in p.spec.fixed_ips]),
        Named("filtered by", SecurityGroup, lambda p: p.spec.security_groups),
        Named("held by", Server, lambda p: [p.spec.device_id] if p.spec.device_id else [], needed=False),
    ),
    Subnet: (Named("in", Network, lambda s: [s.spec.network_id]),),
    Network: (Named("within", Domain, lambda n: [n.status.domain] if n.status.domain else []),),
    SecurityGroupRule: (Named("of", SecurityGroup, lambda r: [r.spec.security_group_id]),),
}
BACKWARD: dict[type[Resource], tuple[Backward, ...]] = {
    Server: (
        Backward("has", Port, lambda server, port: port.spec.device_id == server.id),
        Backward(
            "opened by",
            CloudKey,
            lambda server, key: (
                server.spec.key is not None and key.spec.public_key.strip() == server.spec.key.public_key.strip()
            ),
            of_region=True,
        ),
    ),
    Network: (Backward("has", Subnet, lambda network, subnet: subnet.spec.network_id == network.id),),
    SecurityGroup: (Backward("has", SecurityGroupRule, lambda group, rule: rule.spec.security_group_id == group.id),),
}
DEPTH = 3  # server, port, network, domain


async def parts(store: Store, obj: Resource) -> list[Part]:
    """Return what the object is made of and needs, nearest first, each object once."""
    found: dict[str, Part] = {}
    layer = [obj]
    for _ in range(DEPTH):
        fresh: list[Part] = []
        for one in layer:
            fresh += [part async for part in _around(store, one) if part.id not in found and part.id != obj.id]
            found |= {part.id: part for part in fresh}
        layer = [part.obj for part in fresh if part.obj is not None and not isinstance(part.obj, Server)]
        # Backward relations of the parts themselves would lead to all of the project.
    return list(found.values())


async def _around(store: Store, obj: Resource) -> AsyncIterator[Part]:
    for relation in NAMED.get(type(obj), ()):
        for identity in dict.fromkeys(relation.ids(obj)):
            yield Part(
                relation.kind.kind, identity, relation.role, await _get(store, relation.kind, identity), relation.needed
            )
    for backward in BACKWARD.get(type(obj), ()):
        where = Filter(region=obj.metadata.region, project="" if backward.of_region else obj.metadata.project)
        for other in await everything(store, backward.kind, where):
            if backward.is_of(obj, other):
                yield Part(backward.kind.kind, other.id, backward.role, other, True)


async def _get(store: Store, kind: type[Resource], identity: str) -> Resource | None:
    try:
        return await store.get(kind, identity)
    except NotFoundError:
        return None
