"""The objects of the network API and how they hang together, kept up to date by the cache's events.

Every question a handler asks ("which ports are on this network?", "which addresses are taken?") is a look-up here.
Without it, deleting a network would read every port of the region, and a subnet's list of taken addresses would be
gathered anew for each port.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gurum.model.base import Resource
from gurum.model.network import AddressClaim, Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.quota import QuotaUsage
from gurum.model.region import Region
from gurum.model.routing import FloatingIP, Router, is_held, is_interface
from gurum.pia.kernel.mirror import Board, Mirror
from gurum.pia.network.guests import Guests
from gurum.pia.network.relation import Relation

NOBODY: Mapping[str, str] = {}

KINDS = (
    *(Network, Subnet, Port, SecurityGroup, SecurityGroupRule, Router, FloatingIP),
    *(AddressClaim, QuotaUsage, Region),
)


class Inventory:
    """Mirrors and relations of all network kinds of a board. Only the cache writes to it."""

    def __init__(self, board: Board, networks: Mirror[Network]) -> None:
        """Add the mirrors to the board and begin to follow them."""
        self.networks = networks
        self.subnets = Mirror(Subnet, order=by_id, hide_deleting=True)
        self.ports = Mirror(Port, order=by_id, hide_deleting=True)
        self.groups = Mirror(SecurityGroup, order=by_id, hide_deleting=True)
        self.rules = Mirror(SecurityGroupRule, order=by_id, hide_deleting=True)
        self.routers = Mirror(Router, order=by_id, hide_deleting=True)
        self.floatingips = Mirror(FloatingIP, order=by_id, hide_deleting=True)
        claims = Mirror(AddressClaim)
        self._watched: dict[str, set[asyncio.Event]] = {}
        self._taken: dict[str, dict[str, str]] = {}

        self.subnets_of_network = Relation(self.subnets, lambda s: (s.spec.network_id,))
        self.ports_of_network = Relation(self.ports, lambda p: (p.spec.network_id,))
        self.ports_of_subnet = Relation(self.ports, lambda p: {ip.subnet_id for ip in p.spec.fixed_ips})
        self.ports_of_group = Relation(self.ports, lambda p: p.spec.security_groups)
        self.ports_of_device = Relation(self.ports, lambda p: (p.spec.device_id,) if p.spec.device_id else ())
        self.ports_by_mac = Relation(self.ports, lambda p: (f"{p.spec.network_id}/{mac_of(p)}",))
        self.rules_of_group = Relation(self.rules, lambda r: (r.spec.security_group_id,))
        self.rules_naming_group = Relation(
            self.rules, lambda r: (r.spec.remote_group_id,) if r.spec.remote_group_id else ()
        )
        self.interfaces_of_network = Relation(self.ports, lambda p: (p.spec.network_id,) if is_interface(p) else ())
        self.routers_of_network = Relation(
            self.routers, lambda r: (r.spec.gateway.network_id,) if r.spec.gateway else ()
        )
        self.routers_of_subnet = Relation(
            self.routers, lambda r: {ip.subnet_id for ip in r.spec.gateway.external_fixed_ips} if r.spec.gateway else ()
        )
        self.floatingips_of_network = Relation(self.floatingips, lambda f: (f.spec.floating_network_id,))
        self.floatingips_of_subnet = Relation(self.floatingips, lambda f: _if_any(f.spec.subnet_id))
        self.floatingips_of_port = Relation(self.floatingips, lambda f: _if_any(f.spec.port_id))
        self.floatingips_of_router = Relation(self.floatingips, lambda f: _if_any(f.spec.router_id))
        self.public_networks = Relation(self.networks, _public)
        self.subnet_guests = Guests(self.subnets, self.networks, lambda s: s.spec.network_id, self.subnets_of_network)
        self.port_guests = Guests(self.ports, self.networks, lambda p: p.spec.network_id, self.ports_of_network)
        self.rule_guests = Guests(self.rules, self.groups, lambda r: r.spec.security_group_id, self.rules_of_group)

        self.subnets.listen(self._subnet_changed)
        self.networks.listen(self._network_changed)
        self.rules.listen(self._rule_changed)
        self.ports.listen(self._port_changed)
        self.floatingips.listen(self._floatingip_changed)
        claims.listen(self._claim_changed)
        board.add(self.networks)
        board.add(self.subnets)
        board.add(self.ports)
        board.add(self.groups)
        board.add(self.rules)
        board.add(self.routers)
        board.add(self.floatingips)
        board.add(claims)
        self.usages, self.regions = board.of(QuotaUsage), board.of(Region)

    def taken(self, subnet_id: str) -> Mapping[str, str]:
        """Return the addresses of a subnet that are claimed, and by which object. Not to be changed."""
        return self._taken.get(subnet_id, NOBODY)

    def holds(self, uid: str) -> bool:
        """Whether there is an object of any of the counted kinds with that id."""
        mirrors: tuple[Mirror[Any], ...] = (
            *(self.networks, self.subnets, self.ports, self.groups, self.rules),
            *(self.routers, self.floatingips),
        )
        return any(uid in mirror.hidden or mirror.entry(uid) is not None for mirror in mirrors)

    def interfaces(self, router_id: str) -> list[Port]:
        """Return the ports that are a router's interfaces, the oldest first. They belong to the cache."""
        ports = filter(is_interface, self.ports_of_device.objects(router_id))
        return sorted(ports, key=lambda port: port.metadata.created_at)

    @contextmanager
    def watching(self, uid: str) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever the floating IP changes."""
        event = asyncio.Event()
        self._watched.setdefault(uid, set()).add(event)
        try:
            yield event
        finally:
            self._watched[uid].discard(event)
            if not self._watched[uid]:
                del self._watched[uid]

    def _floatingip_changed(self, old: FloatingIP | None, new: FloatingIP | None) -> None:
        some = new or old
        for event in self._watched.get(some.id, ()) if some else ():
            event.set()

    def _claim_changed(self, old: AddressClaim | None, new: AddressClaim | None) -> None:
        if old is not None:
            self._taken[old.spec.subnet_id].pop(old.spec.address, None)
        if new is not None:
            self._taken.setdefault(new.spec.subnet_id, {})[new.spec.address] = new.spec.owner_id

    # What was rendered of one object goes when another one that it shows has changed.

    def _subnet_changed(self, old: Subnet | None, new: Subnet | None) -> None:
        for subnet in (old, new):
            if subnet is not None:
                self.networks.forget(subnet.spec.network_id)

    def _network_changed(self, old: Network | None, new: Network | None) -> None:
        if old is None or new is None or old.spec.external != new.spec.external:
            some = new or old
            for member in self.subnets_of_network.ids(some.id) if some else ():
                self.subnets.forget(member)

    def _port_changed(self, old: Port | None, new: Port | None) -> None:
        some = new or old
        for uid in self.floatingips_of_port.ids(some.id) if some else ():
            self.floatingips.forget(uid)

    def _rule_changed(self, old: SecurityGroupRule | None, new: SecurityGroupRule | None) -> None:
        for rule in (old, new):
            if rule is not None:
                self.groups.forget(rule.spec.security_group_id)


def mac_of(port: Port) -> str:
    """Return the port's MAC address: the cloud's own once it is known, ours until then."""
    return port.status.mac_address or port.spec.mac_address


def is_bound(port: Port) -> bool:
    """Whether a server holds the port, or a cloud may still have its interface. A router's needs nothing of a cloud."""
    return is_held(port) or in_cloud(port)


def in_cloud(port: Port) -> bool:
    """Whether a cloud may hold something of the port, so that its addresses are the engine's to give up."""
    return port.status.external is not None or bool(port.status.intents)


def by_id(obj: Resource) -> tuple[str]:
    """Order by id: Neutron's pages are."""
    return (obj.id,)


def _if_any(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _public(network: Network) -> Iterable[str]:
    region = network.metadata.region
    if network.spec.shared:
        yield f"{region}/shared"
    if network.spec.external:
        yield f"{region}/external"
