"""Which networks routers join, and so which domain each must be in.

AWS has no way to take two networks of one VPC apart, nor to let two VPCs be one network: what is joined must be in one
domain before its first instance, and what is not joined any more must not stay in it. The answers follow from the store
alone, so that every controller, and the one after a crash, gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from gurum.engine.context import Engine
from gurum.model.network import Domain, Network, Port
from gurum.model.routing import Router, is_held, is_interface


def routers_of(engine: Engine, network_id: str) -> set[str]:
    """Return the ids of the routers with an interface in a network."""
    ports = engine.view.index(Port, "routed", network_id)
    return {port.spec.device_id for port in ports if not port.deleting}


def networks_of(engine: Engine, router_id: str) -> set[str]:
    """Return the ids of the networks in which a router has an interface."""
    ports = engine.view.index(Port, "by_device", router_id)
    return {port.spec.network_id for port in ports if is_interface(port) and not port.deleting}


def component(engine: Engine, network_id: str) -> list[Network]:
    """Return the networks that routers join to one, itself included, oldest first. What is going does not count."""
    seen, todo, routers = {network_id}, [network_id], set[str]()
    while todo:
        for router_id in routers_of(engine, todo.pop()) - routers:
            routers.add(router_id)
            router = engine.cache.get(Router, router_id)
            if router is None or router.deleting:
                continue
            fresh = networks_of(engine, router_id) - seen
            seen |= fresh
            todo += fresh
    found = (engine.cache.get(Network, id_) for id_ in seen)
    return sorted((one for one in found if one is not None and not one.deleting), key=_age)


def needed(engine: Engine, network: Network) -> bool:
    """Whether an instance has, or is to have, an interface in the network: it needs a domain."""
    return any(is_held(port) for port in engine.view.index(Port, "by_network", network.id))


def settled(engine: Engine, network: Network) -> bool:
    """Whether an interface in the network was made, or may have been: it cannot leave its domain."""
    return any(engine.view.occupied(port) for port in engine.view.index(Port, "by_network", network.id))


def alive(engine: Engine, domain_id: str) -> Domain | None:
    """Return the domain unless it is going or gone."""
    domain = engine.cache.get(Domain, domain_id) if domain_id else None
    return domain if domain is not None and not domain.deleting else None


def home(engine: Engine, network: Network) -> Domain | None:
    """Return the domain in which the network belongs; None: in a new one, should it come to need one.

    Of the domains of the networks that are joined to it the one with instances counts, else the oldest. But not a
    domain that other networks, which are not joined to these (any more), have more right to: they have instances in it
    and these do not, or neither has and they are older.
    """
    joined = component(engine, network.id)
    mine = {one.id for one in joined}
    candidates = []
    for one in joined:
        domain = alive(engine, one.status.domain)
        if domain is not None and not one.status.leaving:
            candidates.append((not settled(engine, one), domain.metadata.created_at, domain.id, domain))
    for empty, _, _, domain in sorted(candidates, key=lambda candidate: candidate[:3]):
        others = [one for one in members(engine, domain.id) if one.id not in mine and not one.deleting]
        stronger = [one for one in others if settled(engine, one)]
        if not empty or not (stronger or any(_age(one) < _age(joined[0]) for one in others)):
            return domain
    return None


def astray(engine: Engine, network: Network) -> bool:
    """Whether the network is in a domain in which it does not belong, and can still leave it."""
    if not network.status.domain or alone(engine, network):
        return False
    belongs = home(engine, network)
    return (belongs is None or belongs.id != network.status.domain) and not settled(engine, network)


def members(engine: Engine, domain_id: str) -> Iterable[Network]:
    """Return the networks of a domain."""
    return engine.view.index(Network, "by_domain", domain_id)


def alone(engine: Engine, network: Network) -> bool:
    """Whether the network is joined to no other, and no other is in its domain."""
    others = any(one.id != network.id for one in members(engine, network.status.domain))
    return not others and len(component(engine, network.id)) <= 1


def _age(network: Network) -> tuple[float, str]:
    return network.metadata.created_at, network.id
