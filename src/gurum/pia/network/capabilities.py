"""What a region's cloud cannot do, and the refusal of it: the seam through which AWS shows.

The API may not know the clouds, so the engine publishes their capability tables (Region.status.capabilities) and
this table says which attribute hangs on which name. What is absent is refused with Neutron's own error. What is
unbound is kept and shown for as long as no server would use it, because until then nothing has to be done in a cloud;
then it is refused (`unfit.py`). Neither is ever ignored: a user who asked for a MAC address must not find out later
that AWS gave another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gurum.model.region import Region, Zone
from gurum.pia.network.attributes import UNSET
from gurum.pia.network.faults import invalid_input

ABSENT, UNBOUND = "absent", "unbound"
ZONAL = "network.zonal_subnets"
IMPLIED_DELETE = "port.implied_delete"
SIZE = "subnet.size"
OVERLAP = "subnet.overlap_of_joined"
RANGES = "subnet.several_private_ranges"
GATEWAY = "subnet.gateway_ip"
SEVERAL_SUBNETS = "port.several_subnets"
RESERVED = "port.reserved_address"
FOREIGN = "port.allowed_address_pairs.cidr"
JOIN_IN_USE = "router_interface.join_in_use"
LEAVE_IN_USE = "router_interface.leave_in_use"
CHOSEN_BY_CLOUD = "floating_ip.address_chosen_by_cloud"
MTU = 1500  # of a region that does not say


@dataclass(frozen=True, slots=True)
class Need:
    """A capability and when a body needs it: `attribute` is written and `when` holds of its value."""

    name: str
    noun: str
    attribute: str
    when: Callable[[Any], bool]


def _given(value: Any) -> bool:
    return value is not UNSET and value is not None and value != [] and value != ""


def _off(value: Any) -> bool:
    return value is False


def _on(value: Any) -> bool:
    return value is True


TABLE = (
    Need("network.mtu", "network", "mtu", bool),
    Need("network.admin_state", "network", "admin_state_up", _off),
    Need("network.shared", "network", "shared", _on),
    Need("network.external", "network", "router:external", _on),
    Need("network.availability_zone_hints", "network", "availability_zone_hints", _given),
    Need("network.availability_zone_hints", "router", "availability_zone_hints", _given),
    Need("network.vlan_transparent", "network", "vlan_transparent", _on),
    Need("network.ipv6", "subnet", "ip_version", lambda value: value == 6),
    Need("subnet.dns_nameservers", "subnet", "dns_nameservers", _given),
    Need("subnet.host_routes", "subnet", "host_routes", _given),
    Need("subnet.service_types", "subnet", "service_types", _given),
    Need("subnet.enable_dhcp", "subnet", "enable_dhcp", _off),
    Need("port.mac_address", "port", "mac_address", _given),
    Need("port.several_addresses", "port", "fixed_ips", lambda value: _given(value) and len(value) > 1),
    Need("port.allowed_address_pairs", "port", "allowed_address_pairs", _given),
    Need(
        "port.allowed_address_pairs.mac_address",
        "port",
        "allowed_address_pairs",
        lambda value: _given(value) and any(pair.get("mac_address") for pair in value),
    ),
    Need("port.port_security", "port", "port_security_enabled", _off),
    Need("port.port_security", "network", "port_security_enabled", _off),
    Need("port.extra_dhcp_opts", "port", "extra_dhcp_opts", _given),
    Need("port.vnic_type", "port", "binding:vnic_type", lambda value: value not in (UNSET, None, "normal")),
    Need("port.admin_state", "port", "admin_state_up", _off),
    Need("security_group.stateless", "security_group", "stateful", _off),
)

# Those that are no question of one attribute's value; handlers ask for them by name.
OTHERS = (
    ZONAL,
    SIZE,
    OVERLAP,
    RANGES,
    GATEWAY,
    SEVERAL_SUBNETS,
    RESERVED,
    "port.fixed_ips_update",
    FOREIGN,
    IMPLIED_DELETE,
    JOIN_IN_USE,
    LEAVE_IN_USE,
    CHOSEN_BY_CLOUD,
)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A region as far as the network API asks; without the region's object, nothing is absent and nothing zonal."""

    region: Region | None

    def level(self, name: str) -> str:
        """Return how the region's cloud does it; empty for a name that nobody published, which is there."""
        found = self.region.status.capabilities.get(name) if self.region else None
        return found.level if found is not None else ""

    def absent(self, name: str) -> bool:
        """Whether the region's cloud cannot do it, and nothing that asks for it is kept."""
        return self.level(name) == ABSENT

    def keeps(self, name: str) -> bool:
        """Whether the cloud cannot do it, but what asks for it is kept until a server holds it."""
        return self.level(name) == UNBOUND

    def refuses(self, name: str, *, bound: bool) -> bool:
        """Whether it is refused; bound: of something that a server holds."""
        return self.absent(name) or (bound and self.keeps(name))

    def values(self, name: str) -> Sequence[str]:
        """Return what the region says that a capability is about."""
        found = self.region.status.capabilities.get(name) if self.region else None
        return found.values if found is not None else ()

    @property
    def zonal(self) -> bool:
        """Whether a subnet of the cloud lies in one zone, so that ours are cut into slices."""
        return self.level(ZONAL) not in ("", ABSENT)

    @property
    def chooses_addresses(self) -> bool:
        """Whether the cloud itself chooses the address of a floating IP."""
        return self.level(CHOSEN_BY_CLOUD) not in ("", ABSENT)

    @property
    def zones(self) -> list[Zone]:
        """The region's zones."""
        return self.region.spec.zones if self.region else []

    def limit(self, name: str, default: int = -1) -> int:
        """Return a limit of the cloud; -1 is none."""
        return self.region.status.limits.get(name, default) if self.region else default

    def check(self, noun: str, values: Mapping[str, Any], *, bound: bool) -> None:
        """Raise InvalidInput if the values need what the region's cloud cannot do; bound: for what a server holds."""
        for need in TABLE:
            if need.noun == noun and need.attribute in values and self.refuses(need.name, bound=bound):
                self.refuse_if(need.name, need.attribute, need.when(values[need.attribute]), bound=bound)

    def refuse_if(self, name: str, attribute: str, condition: bool, *, bound: bool) -> None:
        """Raise InvalidInput if the condition holds and the capability is refused."""
        if condition and self.refuses(name, bound=bound):
            raise invalid_input(self.because(f"this value of {attribute} is not possible in this region", name))

    def because(self, sentence: str, name: str) -> str:
        """Return the sentence with the reason that the region gives for what it says of a capability, if any."""
        found = self.region.status.capabilities.get(name) if self.region else None
        return f"{sentence}: {found.why}" if found is not None and found.why else sentence
