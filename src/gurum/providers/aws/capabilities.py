"""What AWS can, what we emulate on it, and what is refused: the table that the API refuses from.

Reasons are AWS's rules; `docs/limits.md` shows this table.
"""

from __future__ import annotations

from gurum.model.region import Capability

NATIVE, EMULATED, ABSENT = "native", "emulated", "absent"

_ROWS = (
    ("server.create", NATIVE, ""),
    ("server.start", NATIVE, ""),
    ("server.stop", NATIVE, ""),
    ("server.reboot", NATIVE, ""),
    ("server.reboot.hard", EMULATED, "a forced stop and a start"),
    ("server.delete", NATIVE, ""),
    ("server.console_output", NATIVE, "EC2 keeps at most 64 KB and posts it some minutes after a transition"),
    ("server.pause", ABSENT, "EC2 cannot pause an instance"),
    ("server.suspend", ABSENT, "EC2 hibernates only what was launched for it"),
    ("server.user_data.16k", NATIVE, "EC2 takes at most 16 KiB of user data"),
    ("keypair.x509", ABSENT, "EC2 imports RSA and ED25519 keys only"),
    ("keypair.ecdsa", ABSENT, "EC2 imports RSA and ED25519 keys only"),
    ("network.zonal_subnets", NATIVE, "an AWS subnet lies in one availability zone"),
    ("network.ipv6", ABSENT, "an AWS subnet's IPv6 prefix is Amazon's, not the user's"),
    ("network.mtu", ABSENT, "the MTU inside a VPC is AWS's"),
    ("network.shared", EMULATED, "shared between projects of one AWS account"),
    ("port.mac_address", ABSENT, "the MAC address of a network interface is AWS's"),
    ("port.port_security", ABSENT, "a network interface always has its source checked here"),
    ("port.allowed_address_pairs", ABSENT, "foreign addresses on an interface need routes"),
    ("port.multiple_subnets", ABSENT, "a network interface lies in one AWS subnet"),
    ("port.implied_delete", ABSENT, "the first interface of an instance cannot be taken off"),
    ("subnet.gateway", ABSENT, "the gateway of an AWS subnet is its first address"),
    ("subnet.host_routes", ABSENT, "AWS's DHCP hands out no routes"),
    ("security_group.stateless", ABSENT, "AWS's groups are stateful"),
)

CAPABILITIES = {verb: Capability(verb=verb, level=level, why=why) for verb, level, why in _ROWS}
