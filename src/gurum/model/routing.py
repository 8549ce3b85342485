"""Routers and floating IPs: how networks reach each other and the world.

A router's interfaces are ports (`device_owner` network:router_interface, `device_id` the router's id), as in Neutron.
Its gateway is part of its spec; the gateway's addresses are claimed in the external network's subnet.
"""

from __future__ import annotations

import msgspec

from gurum.model.base import External, Resource, Spec, Status
from gurum.model.network import FixedIP, HostRoute, Port

ROUTER_INTERFACE = "network:router_interface"
ROUTER_GATEWAY = "network:router_gateway"
FLOATING_IP = "network:floatingip"
SERVED = "compute:"  # how the device owner of a port begins that an instance holds


def is_interface(port: Port) -> bool:
    """Whether the port is a router's interface: an address of ours, with nothing in a cloud."""
    return port.spec.device_owner == ROUTER_INTERFACE


def is_held(port: Port) -> bool:
    """Whether an instance holds the port, or is to."""
    return bool(port.spec.device_id) and not is_interface(port)


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """Neutron's external_gateway_info."""

    network_id: str
    enable_snat: bool = True
    external_fixed_ips: list[FixedIP] = msgspec.field(default_factory=list)


class RouterSpec(Spec, kw_only=True, omit_defaults=True):
    """Neutron's router."""

    name: str = ""
    description: str = ""
    admin_state_up: bool = True
    gateway: Gateway | None = None
    routes: list[HostRoute] = msgspec.field(default_factory=list)
    availability_zone_hints: list[str] = msgspec.field(default_factory=list)
    tags: list[str] = msgspec.field(default_factory=list)


class RouterStatus(Status, kw_only=True, omit_defaults=True):
    """As Neutron shows it."""

    status: str = "ACTIVE"


class Router(Resource, kw_only=True):
    """A router. In AWS a route table in the VPC of the networks that it joins, and that VPC's internet gateway."""

    kind = "Router"
    spec: RouterSpec
    status: RouterStatus = msgspec.field(default_factory=RouterStatus)


class FloatingIPSpec(Spec, kw_only=True, omit_defaults=True):
    """Neutron's floating IP. `floating_ip_address` is empty where the cloud chooses it (then it is in the status).

    `port_id`, `fixed_ip_address` and `router_id` are all empty while it is associated with nothing.
    """

    floating_network_id: str
    floating_ip_address: str = ""
    subnet_id: str = ""
    port_id: str = ""
    fixed_ip_address: str = ""
    router_id: str = ""
    description: str = ""
    dns_name: str = ""
    dns_domain: str = ""
    tags: list[str] = msgspec.field(default_factory=list)


class FloatingIPStatus(Status, kw_only=True, omit_defaults=True):
    """ACTIVE while its traffic reaches an instance. `floating_ip_address`: what the cloud chose."""

    status: str = "DOWN"
    floating_ip_address: str = ""
    external: External | None = None


class FloatingIP(Resource, kw_only=True):
    """A public address. In AWS an Elastic IP."""

    kind = "FloatingIP"
    spec: FloatingIPSpec
    status: FloatingIPStatus = msgspec.field(default_factory=FloatingIPStatus)

    @property
    def address(self) -> str:
        """Return the address, empty while the cloud has not chosen it."""
        return self.spec.floating_ip_address or self.status.floating_ip_address


class FloatingIPClaimSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Who holds the association."""

    floating_ip_id: str
    port_id: str
    fixed_ip_address: str


class FloatingIPClaim(Resource, kw_only=True):
    """An address of a port, held by a floating IP. Its key is `<port>/<address>`: a second association is refused."""

    kind = "FloatingIPClaim"
    spec: FloatingIPClaimSpec
    status: Status = msgspec.field(default_factory=Status)
