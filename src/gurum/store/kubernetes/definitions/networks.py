"""Networks, their subnets, and the router domains that they lie in."""

from __future__ import annotations

from gurum.store.kubernetes.definitions.row import MANY, SOME, Column, Field, Fields, Kind, Kinds, Reference

NAME = "A name for people; it need not be unique. Left out, it is the object's name."
DESCRIPTION = "A description for people, at most 255 characters."
TAGS = "Your own tags, each of at most 255 characters."
MODES = ("dhcpv6-stateful", "dhcpv6-stateless", "slaac")

FIELDS: Fields = {
    "NetworkSpec.name": Field(NAME),
    "NetworkSpec.description": Field(DESCRIPTION),
    "NetworkSpec.admin_state_up": Field("Whether the network carries traffic, as its administrator wants it."),
    "NetworkSpec.shared": Field("Whether every project may use it. An administrator's to set."),
    "NetworkSpec.external": Field(
        "Whether it leads outside, so that routers have gateways and floating IPs on it. An administrator's to set.",
        said="router:external",
    ),
    "NetworkSpec.is_default": Field("Whether it is the external network that is meant where none is named."),
    "NetworkSpec.port_security_enabled": Field("Whether new ports are filtered by security groups."),
    "NetworkSpec.mtu": Field("The largest packet in bytes. Left out or 0: the region's own.", least=0),
    "NetworkSpec.availability_zone_hints": Field(
        "The availability zones in which the network is wished for. It cannot be changed later.", most=32, merge="set"
    ),
    "NetworkSpec.tags": Field(TAGS, most=SOME, merge="set"),
    "NetworkStatus.status": Field("ACTIVE, BUILD, DOWN or ERROR.", words=("ACTIVE", "BUILD", "DOWN", "ERROR")),
    "NetworkStatus.domain": Field("The id of the router domain that it was made in, once it is in a cloud."),
    "NetworkStatus.left": Field("How many domains it has left again.", least=0),
    "NetworkStatus.leaving": Field("Whether it is being taken out of its domain; nothing new is made in there for it."),
    "SubnetSpec.network_id": Field("The id of the network that it is part of. Filled in from networkRef."),
    "SubnetSpec.cidr": Field("Its range of addresses: 10.0.0.0/24. It cannot be changed later."),
    "SubnetSpec.ip_version": Field("4 or 6. It cannot be changed later.", words=(4, 6)),
    "SubnetSpec.name": Field(NAME),
    "SubnetSpec.description": Field(DESCRIPTION),
    "SubnetSpec.gateway_ip": Field("The address of its gateway. Filled in: the first one of the range."),
    "SubnetSpec.enable_dhcp": Field("Whether its hosts get their addresses by DHCP."),
    "SubnetSpec.allocation_pools": Field(
        "The ranges from which addresses are given out; they do not overlap. Filled in: all that can be given out.",
        most=MANY,
        merge=("start",),
    ),
    "SubnetSpec.dns_nameservers": Field("The name servers that DHCP tells, in order; at most 5.", most=5),
    "SubnetSpec.host_routes": Field(
        "The routes that DHCP tells; at most 20.", most=20, merge=("destination", "nexthop")
    ),
    "SubnetSpec.service_types": Field("The device owners whose ports may have addresses of it; empty: all.", most=SOME),
    "SubnetSpec.subnetpool_id": Field("The id of the subnet pool that it was taken from; there are none here."),
    "SubnetSpec.ipv6_address_mode": Field("How hosts get IPv6 addresses. It cannot be changed later.", words=MODES),
    "SubnetSpec.ipv6_ra_mode": Field("How routers advertise the subnet. It cannot be changed later.", words=MODES),
    "SubnetSpec.slices": Field(
        "In a cloud with zonal subnets: zone id to the part of the range that lies in it. Filled in at creation.",
        most=32,
    ),
    "SubnetSpec.tags": Field(TAGS, most=SOME, merge="set"),
    "Pool.start": Field("The first address."),
    "Pool.end": Field("The last address, included."),
    "HostRoute.destination": Field("The network that the route leads to: 10.1.0.0/16."),
    "HostRoute.nexthop": Field("The address of the next router."),
    "DomainSpec.owner_kind": Field(
        "The kind of what the domain is for: a Router, a Network that no router joins to others, or an Account."
    ),
    "DomainSpec.owner_id": Field("The id of what the domain is for."),
    "DomainSpec.cidr": Field("The domain's own range, where it has one that no subnet shows."),
    "DomainSpec.slices": Field("Zone id to the part of that range that lies in it.", most=32),
}

KINDS: Kinds = {
    "Network": Kind(
        text="A network. It costs nothing in the cloud until a server or a router uses it; in AWS it is part of a VPC.",
        fixed=("availability_zone_hints",),
        state=".status.status",
    ),
    "Subnet": Kind(
        text="A range of addresses of a network. In AWS it is one subnet an availability zone.",
        fixed=("network_id", "cidr", "ip_version", "subnetpool_id", "ipv6_address_mode", "ipv6_ra_mode", "slices"),
        references=(
            Reference(
                written="networkRef",
                filled="networkID",
                target="Network",
                text="The network that it is part of: its name or id. It cannot be changed later.",
            ),
        ),
        columns=(Column("CIDR", ".spec.cidr"), Column("Network", ".spec.networkID", priority=1)),
    ),
    "Domain": Kind(
        text="Networks that can reach each other, as the cloud has them: in AWS one VPC. Made by Gurum.",
        fixed=("owner_kind", "owner_id"),
    ),
}
