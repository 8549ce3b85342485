"""Security groups and their rules."""

from __future__ import annotations

from gurum.store.kubernetes.definitions.networks import DESCRIPTION, NAME, TAGS
from gurum.store.kubernetes.definitions.row import SOME, Column, Field, Fields, Kind, Kinds, Reference, Rule

# IANA's names as Neutron knows them; a number is said in digits.
PROTOCOLS = (
    *("ah", "dccp", "egp", "esp", "gre", "hopopt", "icmp", "icmpv6", "igmp", "ip", "ipip", "ipv6-encap", "ipv6-frag"),
    *("ipv6-icmp", "ipv6-nonxt", "ipv6-opts", "ipv6-route", "ospf", "pgm", "rsvp", "sctp", "tcp", "udp", "udplite"),
    "vrrp",
)
_NUMBER = "25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9]"

FIELDS: Fields = {
    "SecurityGroupSpec.name": Field(NAME),
    "SecurityGroupSpec.description": Field(DESCRIPTION),
    "SecurityGroupSpec.stateful": Field("Whether answers pass without a rule of their own."),
    "SecurityGroupSpec.is_default": Field("Whether it is the project's default group. Gurum makes that one."),
    "SecurityGroupSpec.shared": Field("Whether other projects may use it."),
    "SecurityGroupSpec.tags": Field(TAGS, most=SOME, merge="set"),
    "SecurityGroupRuleSpec.security_group_id": Field(
        "The id of the group that the rule is of. Filled in from securityGroupRef."
    ),
    "SecurityGroupRuleSpec.direction": Field(
        "ingress: what reaches the port. egress: what leaves it.", words=("ingress", "egress")
    ),
    "SecurityGroupRuleSpec.ethertype": Field("IPv4 or IPv6.", words=("IPv4", "IPv6")),
    "SecurityGroupRuleSpec.protocol": Field(
        "The protocol by name (tcp, udp, icmp, …) or number (0 to 255). Left out: any.",
        pattern=f"^({'|'.join(PROTOCOLS)}|{_NUMBER})$",
    ),
    "SecurityGroupRuleSpec.port_range_min": Field(
        "The first port; of ICMP the type. Left out: any.", least=0, greatest=65_535
    ),
    "SecurityGroupRuleSpec.port_range_max": Field(
        "The last port, included; of ICMP the code. Left out: any.", least=0, greatest=65_535
    ),
    "SecurityGroupRuleSpec.remote_ip_prefix": Field("The addresses at the other end: 10.0.0.0/8. Left out: any."),
    "SecurityGroupRuleSpec.remote_group_id": Field(
        "The id of the group that the other end is in. Filled in from remoteGroupRef."
    ),
    "SecurityGroupRuleSpec.remote_address_group_id": Field(
        "The id of the address group that the other end is in; there are none here."
    ),
    "SecurityGroupRuleSpec.normalized_cidr": Field("The other end's addresses without host bits. Filled in."),
    "SecurityGroupRuleSpec.description": Field(DESCRIPTION),
    "SecurityGroupRuleSpec.belongs_to_default_sg": Field("Whether its group is a project's default one. Filled in."),
}

KINDS: Kinds = {
    "SecurityGroup": Kind(
        text="A set of rules that says what may reach and leave ports. In AWS it is one security group a VPC.",
        fixed=("is_default",),
        rules=(
            Rule(
                "!has(oldSelf.isDefault) || !oldSelf.isDefault || !has(oldSelf.name)"
                " || (has(self.name) && self.name == oldSelf.name)",
                "Updating default security group not allowed.",
                "name",
            ),
        ),
    ),
    "SecurityGroupRule": Kind(
        text="A rule of a security group. It cannot be changed; delete it and make another.",
        fixed=("*",),
        shown=("description",),
        references=(
            Reference(
                written="securityGroupRef",
                filled="securityGroupID",
                target="SecurityGroup",
                text="The group that the rule is of: its name or id.",
            ),
            Reference(
                written="remoteGroupRef",
                filled="remoteGroupID",
                target="SecurityGroup",
                text="The group that the other end is in: its name or id.",
            ),
        ),
        columns=(
            Column("Direction", ".spec.direction"),
            Column("Protocol", ".spec.protocol"),
            Column("Min", ".spec.portRangeMin", "integer"),
            Column("Max", ".spec.portRangeMax", "integer"),
            Column("Remote", ".spec.remoteIPPrefix"),
            Column("Group", ".spec.securityGroupID", priority=1),
        ),
    ),
}
