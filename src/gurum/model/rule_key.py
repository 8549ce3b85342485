"""The key of a security group rule: its content within its group.

Two rules that say the same have the same key, so the store refuses the second; no look before the write could.
"""

from __future__ import annotations

from gurum.model.network import SecurityGroupRuleSpec


def key_of(spec: SecurityGroupRuleSpec) -> str:
    """Return the key; a part that means any is a hyphen."""
    parts = (
        spec.security_group_id,
        spec.direction,
        spec.ethertype,
        spec.protocol,
        spec.port_range_min,
        spec.port_range_max,
        spec.remote_group_id or spec.remote_address_group_id or spec.remote_ip_prefix,
    )
    return "/".join("-" if part is None else str(part).replace("/", ":") for part in parts)
