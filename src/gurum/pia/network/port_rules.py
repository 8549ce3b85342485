"""What makes a port's security settings valid together, in Neutron's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from gurum.model.network import AddressPair, FixedIP, Network, PortSpec
from gurum.pia.kernel.context import Context
from gurum.pia.network import convert, default_group
from gurum.pia.network.attributes import UNSET
from gurum.pia.network.bindings import Bindings
from gurum.pia.network.capabilities import FOREIGN, Capabilities
from gurum.pia.network.faults import fault, invalid_input
from gurum.pia.network.visible import group_for

MAX_PAIRS = 10  # max_allowed_address_pair


def trusted(device_owner: str) -> bool:
    """Whether the port is a network service's own, which Neutron filters nothing of."""
    return device_owner.startswith("network:")


def port_security(values: Mapping[str, Any], network: Network) -> bool:
    """Return whether a new port's traffic is filtered."""
    given = values["port_security_enabled"]
    if trusted(values["device_owner"]):
        return False
    return network.spec.port_security_enabled if given is UNSET else bool(given)


async def groups_of_new(
    ctx: Context, values: Mapping[str, Any], project: str, secure: bool, can: Capabilities
) -> list[str]:
    """Return the security groups of a new port: those given, or the project's default one. Raises the faults."""
    given = values["security_groups"]
    if given is UNSET or given is None:
        if not secure:
            return []
        return [(await default_group.ensure(ctx, project)).id]
    return groups_given(ctx, given, secure, can)


def groups_given(ctx: Context, given: Sequence[str], secure: bool, can: Capabilities) -> list[str]:
    """Return the ids of groups that a body names. Raises the faults."""
    if given and not secure:
        raise fault("PortSecurityAndIPRequiredForSecurityGroups")
    found = list(dict.fromkeys(group_for(ctx, uid).id for uid in given))
    limit = can.limit("port.security_groups")
    if 0 <= limit < len(found):
        raise invalid_input(f"a port of this region can be in at most {limit} security groups")
    return found


def check_pairs(given: Any, secure: bool) -> None:
    """Raise Neutron's faults of pairs that a port cannot have, whatever the cloud."""
    if given is UNSET or not given:
        return
    if not secure:
        raise fault("AddressPairAndPortSecurityRequired")
    if len(given) > MAX_PAIRS:
        raise fault("AllowedAddressPairExhausted", limit=MAX_PAIRS)


def pairs(
    given: Any, secure: bool, bindings: Bindings, fixed_ips: Sequence[FixedIP], can: Capabilities, *, bound: bool
) -> list[AddressPair]:
    """Return the allowed address pairs of a body. Raises the faults.

    A pair without a MAC address keeps an empty one: it is the port's own, also when that changes.
    """
    check_pairs(given, secure)
    if given is UNSET:
        return []
    subnets = [bindings.inventory.subnets.get(ip.subnet_id) for ip in fixed_ips]
    own = [ip_network(subnet.spec.cidr) for subnet in subnets if subnet]
    found = []
    for pair in given:
        wanted = ip_network(pair["ip_address"], strict=False)
        inside = wanted.num_addresses == 1 and any(wanted[0] in network for network in own)
        can.refuse_if(FOREIGN, "allowed_address_pairs", not inside, bound=bound)
        found.append(AddressPair(ip_address=pair["ip_address"], mac_address=convert.mac(pair.get("mac_address")) or ""))
    return found


def check_security(
    ctx: Context, spec: PortSpec, values: Mapping[str, Any], can: Capabilities
) -> tuple[bool, list[str]]:
    """Return whether the port is filtered, and by which groups, after a PUT. Raises what does not go together."""
    secure = bool(values.get("port_security_enabled", spec.port_security_enabled))
    groups = values.get("security_groups", UNSET)
    after = spec.security_groups if groups is UNSET else groups or []
    if not secure and after:
        if groups:
            raise fault("PortSecurityAndIPRequiredForSecurityGroups")
        raise fault("PortSecurityPortHasSecurityGroup")
    if "allowed_address_pairs" in values:
        check_pairs(values["allowed_address_pairs"], secure)
    elif not secure and spec.allowed_address_pairs:
        raise fault("AddressPairAndPortSecurityRequired")
    return secure, spec.security_groups if groups is UNSET else groups_given(ctx, after, secure, can)


def change_security(
    ctx: Context, spec: PortSpec, values: Mapping[str, Any], bindings: Bindings, can: Capabilities, *, bound: bool
) -> None:
    """Apply the security settings of a PUT to a port's spec. Raises the faults of what does not go together."""
    spec.port_security_enabled, spec.security_groups = check_security(ctx, spec, values, can)
    if "allowed_address_pairs" in values:
        secure = spec.port_security_enabled
        spec.allowed_address_pairs = pairs(
            values["allowed_address_pairs"], secure, bindings, spec.fixed_ips, can, bound=bound
        )


def dhcp_options(given: Any, current: Sequence[dict[str, str | int]] = ()) -> list[dict[str, str | int]]:
    """Return the DHCP options after a body's: one with a null value goes, the others are set by name and version."""
    options = {(o["opt_name"], o["ip_version"]): o for o in current}
    for option in given if given is not UNSET and given else ():
        version = int(option.get("ip_version", 4))
        key = (option["opt_name"], version)
        if option["opt_value"] is None:
            options.pop(key, None)
        else:
            options[key] = {"opt_name": key[0], "opt_value": str(option["opt_value"]), "ip_version": version}
    return list(options.values())
