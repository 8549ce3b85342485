"""What a router has."""

from gurum.pia.network import convert
from gurum.pia.network import validators as v
from gurum.pia.network.attributes import OWNER, STANDARD, TAG_QUERIES, UNSET, Attribute, Noun

ROUTER = Noun(
    name="router",
    collection="routers",
    not_found="RouterNotFound",
    queries=TAG_QUERIES,
    rows=(
        Attribute("id"),
        Attribute("name", post=True, put=True, default="", validate=v.string(255)),
        Attribute("admin_state_up", post=True, put=True, default=True, convert=convert.boolean, filter=convert.boolean),
        Attribute("status"),
        *OWNER,
        Attribute(
            "external_gateway_info",
            post=True,
            put=True,
            default=None,
            convert=convert.gateway_info,
            validate=v.gateway_info,
        ),
        Attribute(
            "description", post=True, put=True, default="", convert=convert.string_or_empty, validate=v.string(255)
        ),
        Attribute("routes", put=True, default=[], convert=convert.list_or_empty, validate=v.routes),
        Attribute(
            "availability_zone_hints",
            post=True,
            default=[],
            convert=convert.list_or_empty,
            validate=v.unique(v.string(255)),
        ),
        Attribute("availability_zones"),
        Attribute("flavor_id", post=True, default=None, validate=v.optional(v.uuid_like)),
        Attribute("ha", post=True, put=True, default=UNSET, convert=convert.boolean_or_none, filter=convert.boolean),
        Attribute("enable_default_route_bfd", post=True, put=True, default=UNSET, convert=convert.boolean_or_none),
        Attribute("enable_default_route_ecmp", post=True, put=True, default=UNSET, convert=convert.boolean_or_none),
        Attribute("external_gateways"),
        Attribute("enable_snat", filter=convert.boolean),
        Attribute("tags", post=True, default=UNSET, validate=v.unique(v.string(255))),
        *STANDARD,
    ),
)
