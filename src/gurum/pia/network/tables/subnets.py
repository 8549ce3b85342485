"""What a subnet has."""

from gurum.pia.network import convert
from gurum.pia.network import validators as v
from gurum.pia.network.attributes import OWNER, REQUIRED, STANDARD, TAG_QUERIES, UNSET, Attribute, Noun

IPV6_MODES = ("dhcpv6-stateful", "dhcpv6-stateless", "slaac")

SUBNET = Noun(
    name="subnet",
    collection="subnets",
    not_found="SubnetNotFound",
    queries=TAG_QUERIES,
    rows=(
        Attribute("id"),
        Attribute("name", post=True, put=True, default="", validate=v.string(255)),
        Attribute(
            "ip_version",
            post=True,
            default=REQUIRED,
            convert=convert.integer,
            validate=v.one_of((4, 6)),
            filter=convert.integer,
        ),
        Attribute("network_id", post=True, default=REQUIRED, validate=v.uuid_like),
        Attribute("subnetpool_id", post=True, default=UNSET, validate=v.optional(v.uuid_like)),
        Attribute("use_default_subnetpool", post=True, default=False, convert=convert.boolean, visible=False),
        Attribute("prefixlen", post=True, default=UNSET, convert=convert.positive_integer, visible=False),
        Attribute("cidr", post=True, default=UNSET, convert=convert.cidr, filter=convert.cidr),
        Attribute("gateway_ip", post=True, put=True, default=UNSET, validate=v.optional(v.address)),
        Attribute(
            "allocation_pools",
            post=True,
            put=True,
            default=UNSET,
            convert=convert.pools,
            validate=v.optional(v.allocation_pools),
        ),
        Attribute(
            "dns_nameservers",
            post=True,
            put=True,
            default=[],
            convert=convert.list_or_empty,
            validate=v.nameservers,
        ),
        Attribute(
            "host_routes", post=True, put=True, default=[], convert=convert.list_or_empty, validate=v.host_routes
        ),
        *OWNER,
        Attribute("enable_dhcp", post=True, put=True, default=True, convert=convert.boolean, filter=convert.boolean),
        Attribute("ipv6_ra_mode", post=True, default=UNSET, validate=v.optional(v.one_of(IPV6_MODES))),
        Attribute("ipv6_address_mode", post=True, default=UNSET, validate=v.optional(v.one_of(IPV6_MODES))),
        Attribute("service_types", post=True, put=True, default=[], validate=v.service_types),
        Attribute("segment_id", post=True, put=True, default=UNSET, validate=v.optional(v.uuid_like), visible=False),
        Attribute("dns_publish_fixed_ip", post=True, put=True, default=False, convert=convert.boolean, visible=False),
        Attribute(
            "description", post=True, put=True, default="", convert=convert.string_or_empty, validate=v.string(255)
        ),
        Attribute("tags", post=True, default=UNSET, validate=v.unique(v.string(255))),
        Attribute("router:external", filter=convert.boolean),
        *STANDARD,
    ),
)
