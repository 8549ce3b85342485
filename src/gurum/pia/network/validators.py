"""Validators: what Neutron says about a value it does not accept.

A validator returns a sentence without a full stop, or None when the value will do. The sentences are the API's:
Terraform and Horizon show them, and Tempest matches some.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import Any

from gurum.pia.network import convert
from gurum.pia.network.faults import bad_request, fault, invalid_input

Validator = Callable[[Any], str | None]  # values of a request body: any JSON

_MAC = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}", re.IGNORECASE)


def string(limit: int | None = None) -> Validator:
    """Text of at most `limit` characters."""

    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return f"'{value}' is not a valid string"
        if limit is not None and len(value) > limit:
            return f"'{value}' exceeds maximum length of {limit}"
        return None

    return check


def one_of(allowed: Iterable[object]) -> Validator:
    """One of the values; Neutron does not say which."""
    known = tuple(allowed)
    return lambda value: None if value in known else f"{value} is not in valid_values"


def optional(validator: Validator) -> Validator:
    """Null, or what `validator` accepts."""
    return lambda value: None if value is None else validator(value)


def at_least(low: int) -> Validator:
    """An integer of at least `low`."""

    def check(value: Any) -> str | None:
        return f"'{value}' is too small - must be at least '{low}'" if value < low else None

    return check


def between(low: int, high: int) -> Validator:
    """An integer from `low` to `high`."""

    def check(value: Any) -> str | None:
        if value > high:
            return f"'{value}' is too large - must be no larger than '{high}'"
        return at_least(low)(value)

    return check


def is_uuid(value: Any) -> bool:
    """Whether the text is a UUID: hyphens and case do not matter."""
    if not isinstance(value, str):
        return False
    try:
        return (
            uuid.UUID(value).hex == value.replace("urn:", "").replace("uuid:", "").strip("{}").replace("-", "").lower()
        )
    except ValueError:
        return False


def uuid_like(value: Any) -> str | None:
    """Accept a UUID."""
    return None if is_uuid(value) else f"'{value}' is not a valid UUID"


def unique(item: Validator) -> Validator:
    """Accept a list without duplicates, each of which `item` accepts."""

    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return f"'{value}' is not a list"
        twice = _twice(value)
        if twice:
            return f"Duplicate items in the list: '{', '.join(twice)}'"
        return next(filter(None, map(item, value)), None)

    return check


def _twice(items: list[Any]) -> list[str]:
    """Return the texts of what is more than once in a list, each once. Linear: a body may hold ten thousand items."""
    seen: set[object] = set()
    twice: dict[str, None] = {}
    for item in items:
        # Lists and dictionaries have no hash; as JSON, equal ones have equal texts.
        known = item if isinstance(item, str | int | float | None) else (json.dumps(item, sort_keys=True),)
        if known in seen:
            twice[str(item)] = None
        seen.add(known)
    return list(twice)


def mac_address(value: Any) -> str | None:
    """Accept a MAC address other than all zeros; a multicast one will do, as in Neutron."""
    good = isinstance(value, str) and _MAC.fullmatch(value) and set(value) - set("0:-")
    return None if good else f"'{value}' is not a valid MAC address"


def address(value: Any) -> str | None:
    """Accept an IP address in its usual text (no leading zeros, four octets)."""
    if isinstance(value, str) and not re.search(r"\s", value) and "%" not in value:
        try:
            ip_address(value)
        except ValueError:
            pass
        else:
            return None
    return f"'{value}' is not a valid IP address"


def subnet(value: Any) -> str | None:
    """Accept a network with its prefix length."""
    if not isinstance(value, str) or re.search(r"\s", value):
        return f"'{value}' is not a valid IP subnet"
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return f"'{value}' is not a valid IP subnet"
    if "/" not in value:
        return f"'{value}' isn't a recognized IP subnet cidr, '{network}' is recommended"
    return None


def _keys(expected: tuple[str, ...], item: Any) -> str | None:
    """Compare the keys of a dictionary with those expected. Neutron prints sets; ours are ordered, extra ones first."""
    if not isinstance(item, dict):
        return f"Invalid input. '{item}' must be a dictionary with keys: {list(expected)}"
    if set(item) == set(expected):
        return None
    want = ", ".join(f"'{key}'" for key in sorted(expected))
    got = ", ".join(f"'{key}'" for key in sorted(item, key=lambda key: (key in expected, key)))
    provided = f"{{{got}}}" if item else "set()"
    return f"Validation of dictionary's keys failed. Expected keys: {{{want}}} Provided keys: {provided}"


def allocation_pools(value: Any) -> str | None:
    """Accept a list of {start, end}."""
    if not isinstance(value, list):
        return f"Invalid data format for IP pool: '{value}'"
    for pool in value:
        problem = _keys(("start", "end"), pool) or address(pool["start"]) or address(pool["end"])
        if problem:
            return problem
    return None


def nameservers(value: Any) -> str | None:
    """Accept an iterable of addresses; text is one, too, as in Neutron: its characters are judged one by one."""
    if not isinstance(value, list | str | dict):
        return f"Invalid data format for nameserver: '{value}'"
    seen: list[object] = []
    for host in value:
        problem = address(host)
        if problem:
            return f"'{host}' is not a valid nameserver. {problem}"
        if host in seen:
            return f"Duplicate nameserver '{host}'"
        seen.append(host)
    return None


def host_routes(value: Any) -> str | None:
    """Accept a list of {destination, nexthop} without duplicates."""
    if not isinstance(value, list):
        return f"Invalid data format for hostroute: '{value}'"
    for number, route in enumerate(value):
        problem = _keys(("destination", "nexthop"), route) or subnet(route["destination"]) or address(route["nexthop"])
        if problem:
            return problem
        if route in value[:number]:
            return f"Duplicate hostroute '{route}'"
    return None


def route_cidr(value: Any) -> str | None:
    """Accept the destination of a router's route: a network without host bits."""
    if not isinstance(value, str):
        return f"'{value}' is not a valid CIDR"
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return f"'{value}' is not a valid CIDR"
    if "/" not in value or str(network.network_address) != value.partition("/")[0]:
        return f"'{value}' is not a recognized CIDR, '{network}' is recommended"
    return None


def routes(value: Any) -> str | None:
    """Accept a router's list of {destination, nexthop} without duplicates."""
    if not isinstance(value, list):
        return f"Invalid data format for hostroute: '{value}'"
    for number, route in enumerate(value):
        keys = ("destination", "nexthop")
        problem = _keys(keys, route) or route_cidr(route["destination"]) or address(route["nexthop"])
        if problem:
            return problem
        if route in value[:number]:
            return f"Duplicate hostroute '{route}'"
    return None


def gateway_info(value: Any) -> str | None:
    """Accept a router's external_gateway_info: null or empty for none, else its network and what is asked of it."""
    if value is None or value == {}:
        return None
    if not isinstance(value, dict):
        return f"'{value}' is not a dictionary"
    extra = [key for key in value if key not in ("network_id", "enable_snat", "external_fixed_ips")]
    if extra:
        return f"Unexpected keys supplied: {', '.join(extra)}"
    if "network_id" not in value:
        return _keys(("network_id",), value)
    given = value.get("external_fixed_ips")
    return uuid_like(value["network_id"]) or (fixed_ips(given) if given is not None else None)


def fixed_ips(value: Any) -> str | None:
    """Accept a list of {subnet_id, ip_address}; either may be left out and other keys are not looked at."""
    if not isinstance(value, list):
        return f"Invalid data format for fixed IP: '{value}'"
    seen: list[object] = []
    for item in value:
        if not isinstance(item, dict):
            return f"Invalid data format for fixed IP: '{item}'"
        if "ip_address" in item:
            if item["ip_address"] in seen:
                return f"Duplicate IP address '{item['ip_address']}'"
            problem = address(item["ip_address"])
            if problem:
                return problem
            seen.append(item["ip_address"])
        if "subnet_id" in item:
            problem = uuid_like(item["subnet_id"])
            if problem:
                return problem
    return None


def address_pairs(value: Any) -> str | None:
    """Accept a list of {ip_address, mac_address?}. Raises the faults that Neutron has for it."""
    if not isinstance(value, list):
        raise bad_request("Allowed address pairs must be a list.")
    seen: list[tuple[str, str | None]] = []
    for pair in value:
        if not isinstance(pair, dict) or "ip_address" not in pair:
            raise fault("AllowedAddressPairsMissingIP")
        mac, where = convert.mac(pair.get("mac_address")), pair["ip_address"]
        if (where, mac) in seen:
            raise fault("DuplicateAddressPairInRequest", mac=mac, address=where)
        seen.append((where, mac))
        extra = set(pair) - {"ip_address", "mac_address"}
        if extra:
            raise bad_request(f"Unrecognized attribute(s) '{', '.join(sorted(extra))}'")
        problem = (mac_address(mac) if mac is not None else None) or (
            subnet(where) if isinstance(where, str) and "/" in where else address(where)
        )
        if problem:
            raise bad_request(problem)
    return None


def dhcp_options(value: Any) -> str | None:
    """Accept a list of {opt_name, opt_value, ip_version?}. Raises InvalidInput."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise invalid_input(f"'{value}' is not a list")
    for option in value:
        name = option.get("opt_name") if isinstance(option, dict) else None
        good = (
            isinstance(option, dict)
            and isinstance(name, str)
            and 0 < len(name.strip()) <= 64
            and "opt_value" in option
            and not set(option) - {"opt_name", "opt_value", "ip_version"}
            and (option["opt_value"] is None or string(255)(option["opt_value"]) is None)
            and str(option.get("ip_version", 4)) in {"4", "6"}
        )
        if not good:
            raise invalid_input(f"No valid key specs matched for: {option}")
    return None


def name_not_default(value: Any) -> str | None:
    """Accept any text but the name of the group that every project has. Raises SecurityGroupDefaultAlreadyExists."""
    problem = string(255)(value)
    if problem is None and value.lower() == "default":
        raise fault("SecurityGroupDefaultAlreadyExists")
    return problem


def service_types(value: Any) -> str | None:
    """Accept a list of device owners. Raises InvalidInput."""
    if not isinstance(value, list):
        return f"Subnet service types must be a list, found '{type(value).__name__}'"
    for item in value:
        if not isinstance(item, str):
            return f"Subnet service type '{item}' is not a string"
        if not item.startswith(("network:", "compute:")) and item:
            return f"Subnet service type '{item}' does not correspond to a valid device owner"
    return None


def mapping(value: Any) -> str | None:
    """Accept a dictionary."""
    return None if isinstance(value, dict) else f"'{value}' is not a dictionary"
