"""The nouns tied to the inventory: for each, what policy decides by and which objects a list may contain.

The scopes of a list are policy's (`gurum.policy.model.Scopes`); here they become unions of groups that are kept
anyway, so that a member's list costs what the member has and not what the region has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from gurum.model.base import Resource
from gurum.model.network import Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.mirror import Board, Entry, Mirror
from gurum.pia.network.capabilities import Capabilities
from gurum.pia.network.inventory import Inventory, Relation, by_id
from gurum.pia.network.nouns import Bound
from gurum.pia.network.select import Test
from gurum.pia.network.tables.networks import NETWORK
from gurum.pia.network.tables.ports import PORT
from gurum.pia.network.tables.security_groups import SECURITY_GROUP, SECURITY_GROUP_RULE
from gurum.pia.network.tables.subnets import SUBNET
from gurum.pia.network.views.networks import network_view
from gurum.pia.network.views.ports import port_view
from gurum.pia.network.views.security_groups import group_view, rule_view
from gurum.pia.network.views.subnets import subnet_view
from gurum.policy.model import Scopes, Target

R = TypeVar("R", bound=Resource)
Scoped = Callable[[Scopes, str], Iterable[Entry[Any]]]


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
            admitted=_admitted(inventory.networks, self._public_networks),
        )
        self.subnets = Bound(
            noun=SUBNET,
            path="/subnets",
            action="network:subnets",
            mirror=inventory.subnets,
            view=subnet_view(inventory),
            target=self.subnet_target,
            admitted=_admitted(inventory.subnets, self._on(inventory.subnets_of_network)),
            narrow={"network_id": inventory.subnets_of_network},
        )
        self.ports = Bound(
            noun=PORT,
            path="/ports",
            action="network:ports",
            mirror=inventory.ports,
            view=port_view(),
            target=self.port_target,
            admitted=_admitted(inventory.ports, self._on(inventory.ports_of_network)),
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
            admitted=_admitted(inventory.groups, lambda scopes, region: ()),
        )
        self.security_group_rules = Bound(
            noun=SECURITY_GROUP_RULE,
            path="/security-group-rules",
            action="network:security_group_rules",
            mirror=inventory.rules,
            view=rule_view(),
            target=self.rule_target,
            admitted=_admitted(inventory.rules, self._rules_of_groups),
            narrow={"security_group_id": inventory.rules_of_group},
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

    def _public_networks(self, scopes: Scopes, region: str) -> Iterator[Entry[Network]]:
        if scopes.shared:
            yield from self.inventory.public_networks.entries(f"{region}/shared")
        if scopes.external:
            yield from self.inventory.public_networks.entries(f"{region}/external")

    def _on(self, relation: Relation[Any]) -> Scoped:
        """Return what is on public networks, where the scopes say so, and on networks of the scopes' parents."""

        def parts(scopes: Scopes, region: str) -> Iterator[Entry[Any]]:
            for network in self._public_networks(scopes, region):
                yield from relation.entries(network.object.id)
            for parent in scopes.parents:
                for own in self.inventory.networks.members(region, parent):
                    yield from relation.entries(own.object.id)

        return parts

    def _rules_of_groups(self, scopes: Scopes, region: str) -> Iterator[Entry[SecurityGroupRule]]:
        for parent in scopes.parents:
            for group in self.inventory.groups.members(region, parent):
                yield from self.inventory.rules_of_group.entries(group.object.id)


def network_target(network: Network) -> Target:
    """Return what policy decides by."""
    return Target(
        project_id=network.metadata.project, shared=network.spec.shared, router_external=network.spec.external
    )


def group_target(group: SecurityGroup) -> Target:
    """Return what policy decides by."""
    return Target(project_id=group.metadata.project, shared=group.spec.shared)


def _admitted(mirror: Mirror[R], more: Scoped) -> Callable[[Scopes, str], Iterable[Entry[R]]]:
    """Return the entries that scopes admit: all, or the projects' own and `more`, each once."""

    def entries(scopes: Scopes, region: str) -> Iterable[Entry[R]]:
        if scopes.all:
            return mirror.members(region)
        own = [entry for project in scopes.projects for entry in mirror.members(region, project)]
        seen = {id(entry) for entry in own}
        for entry in more(scopes, region):
            if id(entry) not in seen:
                seen.add(id(entry))
                own.append(entry)
        return own

    return entries


def _fixed_ips(values: tuple[Any, ...]) -> Test[Port]:
    wanted: dict[str, set[str]] = {}
    for key, value in values:
        wanted.setdefault(key, set()).add(value)
    subnets, addresses = wanted.get("subnet_id"), wanted.get("ip_address")

    def test(port: Port) -> bool:
        ips = port.spec.fixed_ips
        return (subnets is None or any(ip.subnet_id in subnets for ip in ips)) and (
            addresses is None or any(ip.ip_address in addresses for ip in ips)
        )

    return test


def _address_part(values: tuple[Any, ...]) -> Test[Port]:
    return lambda port: any(value in ip.ip_address for value in values for ip in port.spec.fixed_ips)
