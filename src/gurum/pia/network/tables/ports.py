"""What a port has."""

from gurum.pia.network import convert
from gurum.pia.network import validators as v
from gurum.pia.network.attributes import OWNER, REQUIRED, STANDARD, TAG_QUERIES, UNSET, Attribute, Noun

VNIC_TYPES = (
    "normal",
    "direct",
    "macvtap",
    "baremetal",
    "direct-physical",
    "virtio-forwarder",
    "smart-nic",
    "accelerator-direct",
    "accelerator-direct-physical",
    "remote-managed",
    "vdpa",
)

PORT = Noun(
    name="port",
    collection="ports",
    not_found="PortNotFound",
    queries=TAG_QUERIES | {"ip_address_substr"},
    rows=(
        Attribute("id"),
        Attribute("name", post=True, put=True, default="", validate=v.string(255)),
        Attribute("network_id", post=True, default=REQUIRED, validate=v.uuid_like),
        Attribute("admin_state_up", post=True, put=True, default=True, convert=convert.boolean, filter=convert.boolean),
        Attribute(
            "mac_address",
            post=True,
            put=True,
            default=UNSET,
            convert=convert.mac,
            validate=v.mac_address,
            filter=convert.mac,
        ),
        Attribute(
            "fixed_ips",
            post=True,
            put=True,
            default=UNSET,
            convert=convert.list_or_empty,
            validate=v.fixed_ips,
            filter=convert.key_value,
        ),
        Attribute("device_id", post=True, put=True, default="", validate=v.string(255)),
        Attribute("device_owner", post=True, put=True, default="", validate=v.string(255)),
        *OWNER,
        Attribute("status"),
        Attribute("security_groups", post=True, put=True, default=UNSET, validate=v.optional(v.unique(v.uuid_like))),
        Attribute(
            "port_security_enabled",
            post=True,
            put=True,
            default=UNSET,
            convert=convert.boolean,
            filter=convert.boolean,
        ),
        Attribute(
            "allowed_address_pairs",
            post=True,
            put=True,
            default=UNSET,
            convert=convert.list_or_empty,
            validate=v.address_pairs,
        ),
        Attribute("extra_dhcp_opts", post=True, put=True, default=UNSET, validate=v.dhcp_options),
        Attribute("binding:vnic_type", post=True, put=True, default="normal", validate=v.one_of(VNIC_TYPES)),
        Attribute("binding:host_id", post=True, put=True, default=UNSET, validate=v.optional(v.string(255))),
        Attribute("binding:profile", post=True, put=True, default=UNSET, validate=v.optional(v.mapping)),
        Attribute("binding:vif_type"),
        Attribute("binding:vif_details"),
        Attribute(
            "description", post=True, put=True, default="", convert=convert.string_or_empty, validate=v.string(255)
        ),
        Attribute("dns_name", post=True, put=True, default="", validate=v.optional(v.string(255)), visible=False),
        Attribute("dns_domain", post=True, put=True, default="", validate=v.optional(v.string(255)), visible=False),
        Attribute("qos_policy_id", post=True, put=True, default=None, validate=v.optional(v.uuid_like)),
        Attribute("qos_network_policy_id"),
        Attribute("ip_allocation"),
        Attribute("tags", post=True, default=UNSET, validate=v.unique(v.string(255))),
        *STANDARD,
    ),
)
