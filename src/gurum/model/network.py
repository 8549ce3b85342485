"""Neutron's first nouns, and the address claim under them."""

from __future__ import annotations

import msgspec

from gurum.model.base import External, Resource, Spec, Status


class NetworkSpec(Spec, kw_only=True, omit_defaults=True):
    """Neutron's network."""

    name: str = ""
    description: str = ""
    admin_state_up: bool = True
    shared: bool = False
    external: bool = False
    is_default: bool = False
    port_security_enabled: bool = True
    mtu: int = 0
    availability_zone_hints: list[str] = msgspec.field(default_factory=list)
    tags: list[str] = msgspec.field(default_factory=list)


class NetworkStatus(Status, kw_only=True, omit_defaults=True):
    """`domain` is the router domain the network was made in (its id), once it was made in a cloud.

    `left` counts the domains it left again: with it, the id of a next domain of its own follows from the network's.
    `leaving`: it is being taken out of its domain; nothing new is made in there for it.
    """

    status: str = "ACTIVE"
    domain: str = ""
    left: int = 0
    leaving: bool = False


class Network(Resource, kw_only=True):
    """A network lives only here until its first bound port or router interface."""

    kind = "Network"
    spec: NetworkSpec
    status: NetworkStatus = msgspec.field(default_factory=NetworkStatus)


ISOLATED = "Account"


class DomainSpec(Spec, kw_only=True, omit_defaults=True):
    """Who the domain is for: a router's id, or a network's own id while no router joins it to others.

    Of the kind `ISOLATED` is the domain of an account's servers that have no network, in a cloud where every instance
    has an interface: `cidr` and its `slices` (by zone id) are its own, nothing of it is shown, and it leads nowhere.
    """

    owner_kind: str
    owner_id: str
    cidr: str = ""
    slices: dict[str, str] = msgspec.field(default_factory=dict)


class Domain(Resource, kw_only=True):
    """A router domain: networks that can reach each other. In AWS it is one VPC. Its key is the owner's id."""

    kind = "Domain"
    spec: DomainSpec
    status: Status = msgspec.field(default_factory=Status)

    @staticmethod
    def isolated(region: str, account: str) -> str:
        """Return the key of the domain for an account's servers without a network."""
        return f"{region}/{account}/{ISOLATED}"


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """An allocation pool, both ends included."""

    start: str
    end: str


class HostRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A route that DHCP hands out."""

    destination: str
    nexthop: str


class SubnetSpec(Spec, kw_only=True, omit_defaults=True):
    """Neutron's subnet. `slices`: zone id to the part of `cidr` that lies in it; empty: the subnet is regional."""

    network_id: str
    cidr: str
    ip_version: int = 4
    name: str = ""
    description: str = ""
    gateway_ip: str | None = None
    enable_dhcp: bool = True
    allocation_pools: list[Pool] = msgspec.field(default_factory=list)
    dns_nameservers: list[str] = msgspec.field(default_factory=list)
    host_routes: list[HostRoute] = msgspec.field(default_factory=list)
    service_types: list[str] = msgspec.field(default_factory=list)
    subnetpool_id: str | None = None
    ipv6_address_mode: str | None = None
    ipv6_ra_mode: str | None = None
    slices: dict[str, str] = msgspec.field(default_factory=dict)
    tags: list[str] = msgspec.field(default_factory=list)


class Subnet(Resource, kw_only=True):
    """A subnet; in AWS, one AWS subnet per availability zone."""

    kind = "Subnet"
    spec: SubnetSpec
    status: Status = msgspec.field(default_factory=Status)


class FixedIP(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a port."""

    subnet_id: str
    ip_address: str


class AddressPair(msgspec.Struct, frozen=True, kw_only=True):
    """Neutron's allowed_address_pairs."""

    ip_address: str
    mac_address: str


# Labels of a port that a server holds: which interface it is (three digits; WAITING: it is not attached yet), that it
# came to a living server (by which request), and the tag it was attached with.
INDEX, ATTACH, TAG, WAITING = "index", "attach", "tag", "999"


class PortSpec(Spec, kw_only=True, omit_defaults=True):
    """Neutron's port. `implied` marks the one that a server's creation made; it costs no cloud call of its own.

    `disposable` marks the one that attaching an interface made: it goes when it is detached, and with the server.
    """

    network_id: str
    name: str = ""
    description: str = ""
    admin_state_up: bool = True
    mac_address: str = ""  # provisional until the cloud has given its own
    fixed_ips: list[FixedIP] = msgspec.field(default_factory=list)
    security_groups: list[str] = msgspec.field(default_factory=list)
    port_security_enabled: bool = True
    allowed_address_pairs: list[AddressPair] = msgspec.field(default_factory=list)
    extra_dhcp_opts: list[dict[str, str | int]] = msgspec.field(default_factory=list)
    device_id: str = ""
    device_owner: str = ""
    binding_host_id: str = ""
    binding_vnic_type: str = "normal"
    binding_profile: dict[str, str] = msgspec.field(default_factory=dict)
    propagate_uplink_status: bool = True
    tags: list[str] = msgspec.field(default_factory=list)
    zone: str = ""  # the zone id its addresses fix, empty while free
    implied: bool = False
    disposable: bool = False


class PortStatus(Status, kw_only=True, omit_defaults=True):
    """DOWN until a server holds it."""

    status: str = "DOWN"
    mac_address: str = ""
    external: External | None = None


class Port(Resource, kw_only=True):
    """A port. Its addresses are claimed objects of their own (`AddressClaim`)."""

    kind = "Port"
    spec: PortSpec
    status: PortStatus = msgspec.field(default_factory=PortStatus)


class SecurityGroupSpec(Spec, kw_only=True, omit_defaults=True):
    """Neutron's security group."""

    name: str = ""
    description: str = ""
    stateful: bool = True
    is_default: bool = False
    shared: bool = False
    tags: list[str] = msgspec.field(default_factory=list)


class SecurityGroup(Resource, kw_only=True):
    """A group; in AWS one group per (group, VPC). A project's `default` has the key `<region>/<project>/default`."""

    kind = "SecurityGroup"
    spec: SecurityGroupSpec
    status: Status = msgspec.field(default_factory=Status)


class SecurityGroupRuleSpec(Spec, kw_only=True, omit_defaults=True):
    """Neutron's rule; None means any."""

    security_group_id: str
    direction: str
    ethertype: str = "IPv4"
    protocol: str | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None
    remote_address_group_id: str | None = None
    normalized_cidr: str | None = None
    description: str = ""
    belongs_to_default_sg: bool = False


class SecurityGroupRule(Resource, kw_only=True):
    """A rule. Its key is the rule's content within its group: a duplicate is refused by the store, not by a race."""

    kind = "SecurityGroupRule"
    spec: SecurityGroupRuleSpec
    status: Status = msgspec.field(default_factory=Status)


class AddressClaimSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Who holds an address, and for which attempt: freed only when that attempt is proven dead."""

    subnet_id: str
    address: str
    owner_kind: str
    owner_id: str
    attempt: int = 0


class AddressClaim(Resource, kw_only=True):
    """An address of a subnet, held. Its key is `<subnet>/<address>`: the store refuses the second claimant."""

    kind = "AddressClaim"
    spec: AddressClaimSpec
    status: Status = msgspec.field(default_factory=Status)
