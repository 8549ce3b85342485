"""What security groups and rules look like.

Neutron shows a group's rules with a few more keys than a rule by itself, and hides in lists whose rules they are
(belongs_to_default_sg is null there); clients compare, so both are kept.
"""

from __future__ import annotations

from typing import Any

from gurum.model.network import SecurityGroup, SecurityGroupRule
from gurum.pia.network.inventory import Inventory
from gurum.pia.network.views.base import STANDARD, Shape, View, row_number

MADE_WITH_GROUP = "network.openstack.org/made-with-group"  # label of the rules that every new group gets
_SHOWN = Shape("show")


def rule_view() -> View[SecurityGroupRule]:
    """Return the view of rules."""
    return View(
        fields={
            **STANDARD,
            "security_group_id": lambda r: r.spec.security_group_id,
            "direction": lambda r: r.spec.direction,
            "ethertype": lambda r: r.spec.ethertype,
            "protocol": lambda r: r.spec.protocol,
            "port_range_min": lambda r: r.spec.port_range_min,
            "port_range_max": lambda r: r.spec.port_range_max,
            "remote_ip_prefix": lambda r: r.spec.remote_ip_prefix,
            "remote_group_id": lambda r: r.spec.remote_group_id,
            "remote_address_group_id": lambda r: r.spec.remote_address_group_id,
            "normalized_cidr": lambda r: r.spec.normalized_cidr,
            "description": lambda r: None if MADE_WITH_GROUP in r.metadata.labels else r.spec.description,
            "belongs_to_default_sg": lambda r: r.spec.belongs_to_default_sg,
        }
    )


def group_view(inventory: Inventory) -> View[SecurityGroup]:
    """Return the view of groups."""
    rule = rule_view()

    def parts(group: SecurityGroup, listed: bool) -> list[dict[str, Any]]:
        shown = []
        for obj in inventory.rules_of_group.objects(group.id):
            part = rule.document(obj, _SHOWN)
            part |= {"standard_attr_id": row_number(obj), "tags": []}
            if listed:
                part["belongs_to_default_sg"] = None
            shown.append(part)
        return shown

    return View(
        fields={
            **STANDARD,
            "name": lambda g: g.spec.name,
            "description": lambda g: g.spec.description,
            "stateful": lambda g: g.spec.stateful,
            "shared": lambda g: g.spec.shared,
            "security_group_rules": lambda g: parts(g, False),
            "tags": lambda g: g.spec.tags,
        },
        overrides={("list", "security_group_rules"): lambda g: parts(g, True)},
    )
