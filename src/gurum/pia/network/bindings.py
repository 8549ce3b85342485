"""The nouns tied to the inventory: for each, what policy decides by and which objects a list may contain.

The scopes of a list are policy's (`gurum.policy.model.Scopes`); here they become unions of groups that are kept
anyway, so that a member's list costs what the member has and not what the region has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from gurum.model.base import Resource
from gurum.model.network import Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.routing import FloatingIP, Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.mirror import Board, Mirror
from gurum.pia.network.capabilities import Capabilities
from gurum.pia.network.guests import Guests
from gurum.pia.network.inventory import Inventory, by_id
from gurum.pia.network.nouns import Bound
from gurum.pia.network.relation import Relation
from gurum.pia.network.runs import Run, of_entries
from gurum.pia.network.select import Test
from gurum.pia.network.tables.floatingips import FLOATINGIP
from gurum.pia.network.tables.networks import NETWORK
from gurum.pia.network.tables.ports import PORT
from gurum.pia.network.tables.routers import ROUTER
from gurum.pia.network.tables.security_groups import SECURITY_GROUP, SECURITY_GROUP_RULE
from gurum.pia.network.tables.subnets import SUBNET
from gurum.pia.network.views.floatingips import floatingip_view
from gurum.pia.network.views.networks import network_view
from gurum.pia.network.views.ports import port_view
from gurum.pia.network.views.routers import router_view
from gurum.pia.network.views.security_groups import group_view, rule_view
from gurum.pia.network.views.subnets import subnet_view
from gurum.policy.model import Scopes, Target

R = TypeVar("R", bound=Resource)
Admitted = Callable[[Scopes, str], list[Run[R]]]


class Home(Mirror[Network]):
    """The mirror of networks, which leads to all that belongs to its board: thus the service itself has no state."""

    def __init__(self, board: Board) -> None:
        super().__init__(Network, order=by_id, hide_deleting=True)
        self.bindings = Bindings(Inventory(board, self))


def of(ctx: Context) -> Bindings:
    """Return the nouns as a request sees them."""
    home = ctx.mirror(Network)
    if not isinstance(home, Home):
        raise TypeError("the network service was not prepared on this board")
    return home.bindings


class Bindings:
    """Every noun of the API, tied to a board's objects."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.networks = Bound(
            noun=NETWORK,
            path="/networks",
            action="network:networks",
            mirror=inventory.networks,
            view=network_view(inventory),
            target=network_target,
            admitted=self._networks,
        )
        self.subnets = Bound(
            noun=SUBNET,
            path="/subnets",
            action="network:subnets",
            mirror=inventory.subnets,
            view=subnet_view(inventory),
            target=self.subnet_target,
            admitted=self._on_networks(inventory.subnets, inventory.subnets_of_network, inventory.subnet_guests),
            narrow={"network_id": inventory.subnets_of_network},
        )
        self.ports = Bound(
            noun=PORT,
            path="/ports",
            action="network:ports",
            mirror=inventory.ports,
            view=port_view(),
            target=self.port_target,
            admitted=self._on_networks(inventory.ports, inventory.ports_of_network, inventory.port_guests),
            narrow={"device_id": inventory.ports_of_device, "network_id": inventory.ports_of_network},
            special={"fixed_ips": _fixed_ips, "ip_address_substr": _address_part},
        )
        self.security_groups = Bound(
            noun=SECURITY_GROUP,
            path="/security-groups",
            action="network:security_groups",
            mirror=inventory.groups,
            view=group_view(inventory),
            target=group_target,
            admitted=lambda scopes, region: _own(inventory.groups, scopes, region),
        )
        self.security_group_rules = Bound(
            noun=SECURITY_GROUP_RULE,
            path="/security-group-rules",
            action="network:security_group_rules",
            mirror=inventory.rules,
            view=rule_view(),
            target=self.rule_target,
            admitted=lambda scopes, region: _within(inventory.rules, inventory.rule_guests, scopes, region),
            narrow={"security_group_id": inventory.rules_of_group},
        )
        self.routers = Bound(
            noun=ROUTER,
            path="/routers",
            action="network:routers",
            mirror=inventory.routers,
            view=router_view(),
            target=owned_target,
            admitted=lambda scopes, region: _own(inventory.routers, scopes, region),
        )
        self.floatingips = Bound(
            noun=FLOATINGIP,
            path="/floatingips",
            action="network:floatingips",
            mirror=inventory.floatingips,
            view=floatingip_view(inventory),
            target=owned_target,
            admitted=lambda scopes, region: _own(inventory.floatingips, scopes, region),
            narrow={
                "port_id": inventory.floatingips_of_port,
                "router_id": inventory.floatingips_of_router,
                "floating_network_id": inventory.floatingips_of_network,
            },
        )

    def capabilities(self, region: str) -> Capabilities:
        """Return what a region can do."""
        return Capabilities(self.inventory.regions.by_key(region))

    def subnet_target(self, subnet: Subnet) -> Target:
        """Return what policy decides by: a subnet is as public as its network."""
        return self.on_network(subnet.spec.network_id, subnet.metadata.project)

    def port_target(self, port: Port) -> Target:
        """Return what policy decides by: the port's owner, its network's, and what uses it."""
        return self.on_network(port.spec.network_id, port.metadata.project, device_owner=port.spec.device_owner)

    def on_network(self, network_id: str, project: str, *, device_owner: str = "") -> Target:
        """Return the target of something on a network."""
        network = self.inventory.networks.get(network_id)
        return Target(
            project_id=project,
            parent_project_id=network.metadata.project if network else None,
            shared=network is not None and network.spec.shared,
            router_external=network is not None and network.spec.external,
            device_owner=device_owner,
        )

    def rule_target(self, rule: SecurityGroupRule) -> Target:
        """Return what policy decides by: whose group the rule is in."""
        group = self.inventory.groups.get(rule.spec.security_group_id)
        return Target(project_id=rule.metadata.project, parent_project_id=group.metadata.project if group else None)

    def _networks(self, scopes: Scopes, region: str) -> list[Run[Network]]:
        public = self.inventory.public_networks
        runs = _own(self.inventory.networks, scopes, region)
        return runs if scopes.all else [*runs, *(public.run(value) for value in _public(scopes, region))]

    def _on_networks(self, mirror: Mirror[R], contents: Relation[R], guests: Guests[R]) -> Admitted[R]:
        """Return what scopes admit of what lies on networks: the contents of public ones, too, if they say so."""
        public = self.inventory.public_networks

        def admitted(scopes: Scopes, region: str) -> list[Run[R]]:
            runs = _within(mirror, guests, scopes, region)
            if not scopes.all:
                networks = dict.fromkeys(uid for value in _public(scopes, region) for uid in public.ids(value))
                runs += [contents.run(network) for network in networks]
            return runs

        return admitted


def network_target(network: Network) -> Target:
    """Return what policy decides by."""
    return Target(
        project_id=network.metadata.project, shared=network.spec.shared, router_external=network.spec.external
    )


def owned_target(obj: Router | FloatingIP) -> Target:
    """Return what policy decides by."""
    return Target(project_id=obj.metadata.project)


def group_target(group: SecurityGroup) -> Target:
    """Return what policy decides by."""
    return Target(project_id=group.metadata.project, shared=group.spec.shared)


def _public(scopes: Scopes, region: str) -> Iterator[str]:
    """Yield the values of public networks that scopes admit."""
    if scopes.shared:
        yield f"{region}/shared"
    if scopes.external:
        yield f"{region}/external"


def _own(mirror: Mirror[R], scopes: Scopes, region: str) -> list[Run[R]]:
    """Return what scopes admit of a kind by whose it is."""
    if scopes.all:
        return [of_entries(mirror.members(region))]
    return [of_entries(mirror.members(region, project)) for project in scopes.projects]


def _within(mirror: Mirror[R], guests: Guests[R], scopes: Scopes, region: str) -> list[Run[R]]:
    """Return what scopes admit of a kind by whose it is or by whose the thing is in which it lies."""
    runs = _own(mirror, scopes, region)
    for parent in () if scopes.all else scopes.parents:
        if parent not in scopes.projects:
            runs.append(of_entries(mirror.members(region, parent), without=guests))
        runs.append(guests.run(region, parent))
    return runs


def _fixed_ips(values: tuple[Any, ...]) -> Test[Port]:
    wanted: dict[str, set[str]] = {}
    for key, value in values:
        wanted.setdefault(key, set()).add(value)
    subnets, addresses, parts = (wanted.get(key) for key in ("subnet_id", "ip_address", "ip_address_substr"))

    def test(port: Port) -> bool:
        ips = port.spec.fixed_ips
        return (
            (subnets is None or any(ip.subnet_id in subnets for ip in ips))
            and (addresses is None or any(ip.ip_address in addresses for ip in ips))
            and (parts is None or any(part in ip.ip_address for part in parts for ip in ips))
        )

    return test


def _address_part(values: tuple[Any, ...]) -> Test[Port]:
    return lambda port: any(value in ip.ip_address for value in values for ip in port.spec.fixed_ips)
