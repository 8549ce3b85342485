"""What a security group and a rule have."""

from gurum.pia.network import convert
from gurum.pia.network import validators as v
from gurum.pia.network.attributes import OWNER, REQUIRED, STANDARD, TAG_QUERIES, UNSET, Attribute, Noun

SECURITY_GROUP = Noun(
    name="security_group",
    collection="security_groups",
    not_found="SecurityGroupNotFound",
    queries=TAG_QUERIES,
    rows=(
        Attribute("id"),
        Attribute("name", post=True, put=True, default="", validate=v.name_not_default),
        *OWNER,
        Attribute("security_group_rules"),
        Attribute(
            "description", post=True, put=True, default="", convert=convert.string_or_empty, validate=v.string(255)
        ),
        Attribute("stateful", post=True, put=True, default=True, convert=convert.boolean, filter=convert.boolean),
        Attribute("shared", filter=convert.boolean),
        Attribute("tags", post=True, default=UNSET, validate=v.unique(v.string(255))),
        *STANDARD,
    ),
)

SECURITY_GROUP_RULE = Noun(
    name="security_group_rule",
    collection="security_group_rules",
    not_found="SecurityGroupRuleNotFound",
    rows=(
        Attribute("id"),
        Attribute("security_group_id", post=True, default=REQUIRED),
        Attribute("remote_group_id", post=True, default=None),
        Attribute("direction", post=True, default=REQUIRED, validate=v.one_of(("ingress", "egress"))),
        Attribute("protocol", post=True, default=None, convert=convert.protocol, filter=convert.protocol),
        Attribute("port_range_min", post=True, default=None, convert=convert.port_number, filter=convert.integer),
        Attribute("port_range_max", post=True, default=None, convert=convert.port_number, filter=convert.integer),
        Attribute(
            "ethertype",
            post=True,
            default="IPv4",
            convert=convert.ethertype,
            validate=v.one_of(convert.ETHERTYPES),
            filter=convert.ethertype,
        ),
        Attribute("remote_ip_prefix", post=True, default=None, convert=convert.ip_prefix),
        *OWNER,
        Attribute("remote_address_group_id", post=True, default=None, validate=v.optional(v.uuid_like)),
        Attribute("normalized_cidr"),
        Attribute("belongs_to_default_sg", filter=convert.boolean),
        Attribute("description", post=True, default="", convert=convert.string_or_empty, validate=v.string(255)),
        *STANDARD,
    ),
)
