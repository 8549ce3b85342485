"""Why a server cannot use a network, a port or a group: what was kept while no server held it, and AWS cannot do.

Until a server holds a port on it, an object lives in our store alone, and any OpenStack wish can be kept there. This
table is where such a wish has to be fulfilled. A row that was missing would let a server through that silently
lacks what its port promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Generic, TypeVar

from gurum.model import addresses
from gurum.model.base import Resource
from gurum.model.network import Network, Port, SecurityGroup, Subnet
from gurum.pia.network import capabilities as names
from gurum.pia.network.capabilities import MTU, Capabilities
from gurum.pia.network.subnet_rules import first_address, good_size
from gurum.pia.network.views.networks import VLAN_TRANSPARENT

R = TypeVar("R", bound=Resource)
MAC_ASKED_FOR = "network.openstack.org/mac-asked-for"  # label of a port whose MAC address its user chose


@dataclass(frozen=True, slots=True)
class Row(Generic[R]):
    """A capability, the attribute that hangs on it, and when an object needs it."""

    name: str
    attribute: str
    needed: Callable[[R], bool]


_NETWORK: tuple[Row[Network], ...] = (
    Row("network.admin_state", "admin_state_up", lambda n: not n.spec.admin_state_up),
    Row("network.vlan_transparent", "vlan_transparent", lambda n: VLAN_TRANSPARENT in n.metadata.labels),
)
# Of an interface that is made for the server; a port has its own setting.
_SECURITY: Row[Network] = Row("port.port_security", "port_security_enabled", lambda n: not n.spec.port_security_enabled)
_SUBNET: tuple[Row[Subnet], ...] = (
    Row(names.GATEWAY, "gateway_ip", lambda s: s.spec.gateway_ip not in (None, first_address(s.spec.cidr))),
    Row("subnet.host_routes", "host_routes", lambda s: bool(s.spec.host_routes)),
)
_PORT: tuple[Row[Port], ...] = (
    Row("port.mac_address", "mac_address", lambda p: MAC_ASKED_FOR in p.metadata.labels),
    Row("port.admin_state", "admin_state_up", lambda p: not p.spec.admin_state_up),
    Row("port.port_security", "port_security_enabled", lambda p: not p.spec.port_security_enabled),
    Row("port.allowed_address_pairs", "allowed_address_pairs", lambda p: bool(p.spec.allowed_address_pairs)),
    Row(
        "port.allowed_address_pairs.mac_address",
        "allowed_address_pairs",
        lambda p: any(pair.mac_address for pair in p.spec.allowed_address_pairs),
    ),
    Row("port.extra_dhcp_opts", "extra_dhcp_opts", lambda p: bool(p.spec.extra_dhcp_opts)),
)
_GROUP: tuple[Row[SecurityGroup], ...] = (Row("security_group.stateless", "stateful", lambda g: not g.spec.stateful),)


def reason(
    can: Capabilities,
    network: Network,
    subnets: Iterable[Subnet],
    port: Port | None,
    groups: Iterable[SecurityGroup],
    address: str = "",
) -> str | None:
    """Return a sentence on why a server cannot use these in the region; None if it can.

    subnets: all of the network's. port: the one that the server is to hold; None: it gets one on the network, with
    `address` if that is not empty. groups: the interface's.
    """
    every = list(subnets)
    return next(_reasons(can, network, every, port, groups, address), None)


def _reasons(
    can: Capabilities,
    network: Network,
    every: list[Subnet],
    port: Port | None,
    groups: Iterable[SecurityGroup],
    address: str,
) -> Iterator[str]:
    yield from _of(can, "Network", network, _NETWORK)
    limit = can.limit("network.mtu", MTU)
    yield from _of(can, "Network", network, [Row("network.mtu", "mtu", lambda n: n.spec.mtu not in (0, limit))])
    if port is None:
        yield from _of(can, "Network", network, [_SECURITY])
    for subnet in every:  # a cloud's network is made with the ranges of all subnets
        yield from _of(can, "Subnet", subnet, [_size(can)])
    for subnet in every:
        if _concerned(subnet, port, address):
            yield from _of(can, "Subnet", subnet, _SUBNET)
            if address and _reserved(subnet, address):
                yield from _refused(can, "Subnet", subnet.id, names.RESERVED, f"address {address}")
    if port is not None:
        yield from _of(can, "Port", port, [*_PORT, *_placed(port, every)])
    for group in groups:
        yield from _of(can, "Security group", group, _GROUP)


def _size(can: Capabilities) -> Row[Subnet]:
    return Row(names.SIZE, "cidr", lambda subnet: not good_size(subnet.spec.cidr, can))


def _concerned(subnet: Subnet, port: Port | None, address: str) -> bool:
    """Whether the interface is or may be in the subnet: one that is made for a server takes any that has room."""
    if port is not None:
        return any(ip.subnet_id == subnet.id for ip in port.spec.fixed_ips)
    return not address or _holds(subnet, address)


def _holds(subnet: Subnet, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(subnet.spec.cidr)
    except ValueError:
        return False  # no address at all: the caller's to refuse


def _reserved(subnet: Subnet, address: str) -> bool:
    return bool(subnet.spec.slices) and addresses.reserved(address, subnet.spec.slices)


def _placed(port: Port, subnets: list[Subnet]) -> list[Row[Port]]:
    """Return the rows that need the subnets in which a port's addresses are."""
    held = {subnet.id: subnet for subnet in subnets}
    four = [
        (held[ip.subnet_id], ip.ip_address)
        for ip in port.spec.fixed_ips
        if ip.subnet_id in held and held[ip.subnet_id].spec.ip_version == 4
    ]
    parts = {(subnet.id, addresses.zone_of(address, subnet.spec.slices)) for subnet, address in four}
    nets = [ip_network(subnet.spec.cidr) for subnet, _ in four]
    pairs = [ip_network(pair.ip_address, strict=False) for pair in port.spec.allowed_address_pairs]
    foreign = any(p.num_addresses > 1 or not any(p[0] in net for net in nets) for p in pairs)
    return [
        Row(names.RESERVED, "fixed_ips", lambda p: any(_reserved(subnet, address) for subnet, address in four)),
        Row(names.SEVERAL_SUBNETS, "fixed_ips", lambda p: len(parts) > 1),
        Row(names.FOREIGN, "allowed_address_pairs", lambda p: foreign),
    ]


def of_group(can: Capabilities, group: SecurityGroup) -> str | None:
    """Return a sentence on why no server's interface can be in the group; None if it can."""
    return next(_of(can, "Security group", group, _GROUP), None)


def of_subnet(can: Capabilities, subnet: Subnet) -> str | None:
    """Return a sentence on why no server can be in the subnet; None if it can."""
    return next(_of(can, "Subnet", subnet, (_size(can), *_SUBNET)), None)


def _of(can: Capabilities, noun: str, obj: R, rows: Iterable[Row[R]]) -> Iterator[str]:
    for row in rows:
        if can.refuses(row.name, bound=True) and row.needed(obj):
            yield from _refused(can, noun, obj.id, row.name, row.attribute)


def _refused(can: Capabilities, noun: str, uid: str, name: str, what: str) -> Iterator[str]:
    if can.refuses(name, bound=True):
        yield can.because(f"{noun} {uid} cannot be used by a server of this region for its {what}", name)
