"""What a subnet pool has."""

from gurum.pia.network import convert
from gurum.pia.network import validators as v
from gurum.pia.network.attributes import OWNER, REQUIRED, STANDARD, TAG_QUERIES, UNSET, Attribute, Noun

SUBNETPOOL = Noun(
    name="subnetpool",
    collection="subnetpools",
    not_found="SubnetPoolNotFound",
    queries=TAG_QUERIES,
    rows=(
        Attribute("id"),
        Attribute("name", post=True, put=True, default="", validate=v.string(255)),
        *OWNER,
        Attribute("prefixes", post=True, put=True, default=REQUIRED, validate=v.unique(v.subnet)),
        Attribute("default_quota", post=True, put=True, default=UNSET, convert=convert.positive_integer),
        Attribute("ip_version", filter=convert.integer),
        Attribute("default_prefixlen", post=True, put=True, default=UNSET, convert=convert.positive_integer),
        Attribute("min_prefixlen", post=True, put=True, default=UNSET, convert=convert.positive_integer),
        Attribute("max_prefixlen", post=True, put=True, default=UNSET, convert=convert.positive_integer),
        Attribute("is_default", post=True, put=True, default=False, convert=convert.boolean, filter=convert.boolean),
        Attribute("shared", post=True, default=False, convert=convert.boolean, filter=convert.boolean),
        Attribute("address_scope_id", post=True, put=True, default=None, validate=v.optional(v.uuid_like)),
        Attribute(
            "description", post=True, put=True, default="", convert=convert.string_or_empty, validate=v.string(255)
        ),
        Attribute("tags", post=True, default=UNSET, validate=v.unique(v.string(255))),
        *STANDARD,
    ),
)
