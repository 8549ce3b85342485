"""What a network has."""

from gurum.pia.network import convert
from gurum.pia.network import validators as v
from gurum.pia.network.attributes import OWNER, STANDARD, TAG_QUERIES, UNSET, Attribute, Noun

NETWORK = Noun(
    name="network",
    collection="networks",
    not_found="NetworkNotFound",
    queries=TAG_QUERIES,
    rows=(
        Attribute("id"),
        Attribute("name", post=True, put=True, default="", validate=v.string(255)),
        Attribute("subnets", default=[]),
        Attribute("admin_state_up", post=True, put=True, default=True, convert=convert.boolean, filter=convert.boolean),
        Attribute("status"),
        *OWNER,
        Attribute("shared", post=True, put=True, default=False, convert=convert.boolean, filter=convert.boolean),
        Attribute(
            "router:external", post=True, put=True, default=False, convert=convert.boolean, filter=convert.boolean
        ),
        Attribute("is_default", post=True, put=True, default=False, convert=convert.boolean, filter=convert.boolean),
        Attribute(
            "mtu",
            post=True,
            put=True,
            default=0,
            convert=convert.integer,
            validate=v.at_least(0),
            filter=convert.integer,
        ),
        Attribute(
            "port_security_enabled",
            post=True,
            put=True,
            default=True,
            convert=convert.boolean,
            filter=convert.boolean,
        ),
        Attribute(
            "availability_zone_hints",
            post=True,
            default=[],
            convert=convert.list_or_empty,
            validate=v.unique(v.string(255)),
        ),
        Attribute("availability_zones"),
        Attribute(
            "description", post=True, put=True, default="", convert=convert.string_or_empty, validate=v.string(255)
        ),
        Attribute("qos_policy_id", post=True, put=True, default=None, validate=v.optional(v.uuid_like)),
        Attribute("vlan_transparent", post=True, default=UNSET, convert=convert.boolean, filter=convert.boolean),
        Attribute("qinq", post=True, default=UNSET, convert=convert.boolean, filter=convert.boolean),
        Attribute("dns_domain", post=True, put=True, default="", validate=v.optional(v.string(255)), visible=False),
        Attribute("provider:network_type", post=True, put=True, validate=v.string()),
        Attribute("provider:physical_network", post=True, put=True, validate=v.string()),
        Attribute("provider:segmentation_id", post=True, put=True, convert=convert.integer),
        Attribute("segments", post=True, put=True, visible=False),
        Attribute("tags", post=True, default=UNSET, validate=v.unique(v.string(255))),
        Attribute("ipv4_address_scope"),
        Attribute("ipv6_address_scope"),
        Attribute("l2_adjacency", filter=convert.boolean),
        *STANDARD,
    ),
)
