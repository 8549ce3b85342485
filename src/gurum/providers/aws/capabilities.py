"""What AWS can, what we emulate on it, and what is refused: the table that the API refuses from.

A reason ends the sentence with which the API refuses, so it has no full stop. `docs/limits.md` shows this table.
"""

from __future__ import annotations

from gurum.model.region import Capability
from gurum.providers.aws.drivers import found

NATIVE, EMULATED, UNBOUND, ABSENT = "native", "emulated", "unbound", "absent"

_ROWS = (
    ("server.create", NATIVE, ""),
    ("server.start", NATIVE, ""),
    ("server.stop", NATIVE, ""),
    ("server.reboot", NATIVE, ""),
    ("server.reboot.hard", EMULATED, "a forced stop and a start"),
    ("server.delete", NATIVE, ""),
    ("server.interface.attach", NATIVE, "an interface of the server's availability zone, as many as its type may have"),
    ("server.interface.detach", NATIVE, ""),
    ("server.interface.detach_first", ABSENT, "the first interface of an instance cannot be taken off"),
    ("server.console_output", NATIVE, "EC2 keeps at most 64 KB and posts it some minutes after a transition"),
    ("server.pause", ABSENT, "EC2 cannot pause an instance"),
    ("server.suspend", ABSENT, "EC2 hibernates only what was launched for it"),
    ("server.user_data.16k", NATIVE, "EC2 takes at most 16 KiB of user data"),
    ("server.without_network", EMULATED, "its interface is in a VPC of ours that leads nowhere"),
    ("server.config_drive", ABSENT, "a config drive is not built for AWS yet"),
    ("flavor.ephemeral", ABSENT, "an instance has no ephemeral disk of a chosen size"),
    ("flavor.swap", ABSENT, "an instance has no swap disk"),
    ("keypair.x509", ABSENT, "EC2 imports RSA and ED25519 keys only"),
    ("keypair.ecdsa", ABSENT, "EC2 imports RSA and ED25519 keys only"),
    ("network.zonal_subnets", EMULATED, "an AWS subnet lies in one availability zone"),
    ("network.ipv6", ABSENT, "an AWS subnet's IPv6 prefix is Amazon's, not the user's"),
    ("network.mtu", UNBOUND, "the MTU inside a VPC is AWS's"),
    ("network.admin_state", UNBOUND, "a VPC cannot be switched off"),
    ("network.shared", EMULATED, "shared between the projects of one AWS account"),
    ("network.external", EMULATED, "the Internet; its addresses are AWS's, and servers cannot be on it"),
    ("network.availability_zone_hints", ABSENT, "a network lies in every zone of the region"),
    ("network.vlan_transparent", UNBOUND, "a VPC carries no VLAN tags between instances"),
    ("subnet.size", ABSENT, "an AWS subnet is between /16 and /28"),
    ("subnet.overlap_of_joined", ABSENT, "networks that routers join are in one VPC, whose subnets cannot overlap"),
    (
        "subnet.several_private_ranges",
        ABSENT,
        "networks that routers join are in one VPC, which has addresses of one private range alone",
    ),
    ("subnet.allocation_pools", EMULATED, "shown as asked for; the addresses that AWS keeps are given to no port"),
    ("subnet.gateway_ip", UNBOUND, "the gateway of an AWS subnet is its first address"),
    ("subnet.dns_nameservers", EMULATED, "kept and shown; AWS's DHCP hands out its own resolver"),
    ("subnet.host_routes", UNBOUND, "AWS's DHCP hands out no routes"),
    ("subnet.service_types", EMULATED, ""),
    ("subnet.enable_dhcp", EMULATED, "AWS answers DHCP in any case"),
    ("port.mac_address", UNBOUND, "AWS gives an interface its own MAC address"),
    ("port.several_subnets", UNBOUND, "a network interface lies in one AWS subnet"),
    ("port.reserved_address", UNBOUND, "AWS keeps the first four addresses and the last one of each zone's part"),
    ("port.several_addresses", NATIVE, ""),
    ("port.fixed_ips_update", ABSENT, "the first address of a network interface cannot be changed"),
    ("port.allowed_address_pairs", UNBOUND, "foreign addresses on an interface need routes"),
    ("port.allowed_address_pairs.mac_address", UNBOUND, "AWS gives an interface its own MAC address"),
    ("port.allowed_address_pairs.cidr", UNBOUND, "foreign addresses on an interface need routes"),
    ("port.port_security", UNBOUND, "a network interface always has its source checked here"),
    ("port.extra_dhcp_opts", UNBOUND, "DHCP options belong to a whole VPC"),
    ("port.vnic_type", ABSENT, "every network interface is of one kind"),
    ("port.admin_state", UNBOUND, "a network interface cannot be switched off"),
    ("port.implied_delete", ABSENT, "the first interface of an instance cannot be taken off"),
    ("router.create", EMULATED, "a route table and the internet gateway of the networks' VPC"),
    ("router.gateway", NATIVE, ""),
    ("router.gateway.snat", EMULATED, "a port without a floating IP leaves by a public address of its own interface"),
    ("router.routes", EMULATED, "a route is in force while an instance has the address of its next hop"),
    ("router.admin_state", EMULATED, "the default route is taken away"),
    (
        "router_interface.join_in_use",
        ABSENT,
        "a network with servers cannot move to the VPC of other networks with servers",
    ),
    ("router_interface.leave_in_use", ABSENT, "networks of one VPC cannot be kept apart"),
    ("floating_ip.create", NATIVE, ""),
    ("floating_ip.address_chosen_by_cloud", NATIVE, "AWS chooses the address"),
    ("floating_ip.address_from_pool", ABSENT, "AWS chooses the address"),
    ("floating_ip.port_forwarding", ABSENT, "an Elastic IP address leads to one interface"),
    ("security_group.stateless", UNBOUND, "AWS's groups are stateful"),
)

# What a row is about, where its name does not say it. Source of the ranges: VPC User Guide, "IPv4 CIDR block
# association restrictions": a VPC with addresses of one of these takes no block of another.
_VALUES = {"subnet.several_private_ranges": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.19.0.0/16"]}

CAPABILITIES = {
    verb: Capability(verb=verb, level=level, why=why, values=_VALUES.get(verb, []))
    for rows in (_ROWS, *found("CAPABILITIES"))
    for verb, level, why in rows
}

# Network interfaces by instance type. Source: EC2's instance type specifications ("maximum network interfaces"). Of a
# type that is not here AWS itself refuses what is too many.
_SIZES: tuple[tuple[str, str, int], ...] = (
    ("t2 t3 t3a t4g", "nano micro", 2),
    ("t2 t3 t4g", "small medium large", 3),
    ("t3 t4g", "xlarge 2xlarge", 4),
    ("m5 c5 r5 m6g c6g r6g m6i c6i r6i", "large", 3),
    ("m5 c5 r5 m6g c6g r6g m6i c6i r6i", "xlarge 2xlarge", 4),
    ("m5 c5 r5 m6g c6g r6g m6i c6i r6i", "4xlarge", 8),
    ("m6g c6g r6g", "medium", 2),
    ("m4", "large", 2),
)
INTERFACES = {
    f"{family}.{size}": count
    for families, sizes, count in _SIZES
    for family in families.split()
    for size in sizes.split()
}

# Numbers that the API refuses from. Source: Amazon VPC quotas and EC2's user guide.
LIMITS = {
    "network.mtu": 9001,
    "security_group.ingress_rules": 60,
    "security_group.egress_rules": 60,
    "port.security_groups": 5,
    "subnet.dns_nameservers": 4,
    "subnet.shortest_prefix": 16,
    "subnet.longest_prefix": 28,
    "server.user_data": 16384,  # bytes before base64
    **{f"server.interfaces.{name}": count for name, count in INTERFACES.items()},
    **{name: count for rows in found("LIMITS") for name, count in rows.items()},
}
