"""What a floating IP has."""

from gurum.pia.network import convert
from gurum.pia.network import validators as v
from gurum.pia.network.attributes import OWNER, REQUIRED, STANDARD, TAG_QUERIES, UNSET, Attribute, Noun

FLOATINGIP = Noun(
    name="floatingip",
    collection="floatingips",
    not_found="FloatingIPNotFound",
    queries=TAG_QUERIES,
    rows=(
        Attribute("id"),
        Attribute("floating_ip_address", post=True, default=UNSET, validate=v.optional(v.address)),
        Attribute("subnet_id", post=True, default=UNSET, validate=v.optional(v.uuid_like), visible=False),
        Attribute("floating_network_id", post=True, default=REQUIRED, validate=v.uuid_like),
        Attribute("router_id"),
        Attribute("port_id", post=True, put=True, default=None, validate=v.optional(v.uuid_like)),
        Attribute("fixed_ip_address", post=True, put=True, default=None, validate=v.optional(v.address)),
        *OWNER,
        Attribute("status"),
        Attribute(
            "description", post=True, put=True, default="", convert=convert.string_or_empty, validate=v.string(255)
        ),
        Attribute("dns_name", post=True, default="", convert=convert.string_or_empty, validate=v.string(255)),
        Attribute("dns_domain", post=True, default="", convert=convert.string_or_empty, validate=v.string(255)),
        Attribute("qos_policy_id", post=True, put=True, default=None, validate=v.optional(v.uuid_like)),
        Attribute("port_details"),
        Attribute("port_forwardings"),
        Attribute("tags", post=True, default=UNSET, validate=v.unique(v.string(255))),
        *STANDARD,
    ),
)
