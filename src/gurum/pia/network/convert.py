"""Converters: how Neutron reads a value before it judges it.

Neutron is lenient ("4" is 4, "true" is True) and clients lean on it, so the conversions are part of the API. A
converter returns the value to store or raises a fault; what it cannot make sense of and a validator will refuse with
a better sentence, it hands on unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_interface, ip_network
from typing import Any

from gurum.pia.network import protocols
from gurum.pia.network.faults import fault, invalid_input

Converter = Callable[[Any], Any]  # values of a request body: any JSON

TRUE, FALSE = {"true", "1"}, {"false", "0"}
ETHERTYPES = ("IPv4", "IPv6")


def boolean(value: Any) -> bool:
    """Return the boolean meant by true, "True", 1, "1" and their opposites. Raises InvalidInput."""
    word = str(value).lower() if isinstance(value, bool | int | str) else ""
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise invalid_input(f"'{value}' cannot be converted to boolean")


def boolean_or_none(value: Any) -> bool | None:
    """Return null for null, else the boolean meant. Raises InvalidInput."""
    return None if value is None else boolean(value)


def integer(value: Any) -> int:
    """Return the integer meant by 4 or "4". Raises InvalidInput."""
    try:
        return int(value)
    except (ValueError, TypeError):
        raise invalid_input(f"'{value}' is not an integer") from None


def positive_integer(value: Any) -> int:
    """Return the integer, which must not be negative. Raises InvalidInput."""
    number = integer(value)
    if number < 0:
        raise invalid_input(f"'{value}' should be non-negative")
    return number


def list_or_empty(value: Any) -> Any:
    """Return an empty list for null, else the value."""
    return [] if value is None else value


def string_or_empty(value: Any) -> Any:
    """Return an empty string for null, else the value."""
    return "" if value is None else value


def mac(value: Any) -> Any:
    """Return the address in lower case with colons, where it is text."""
    return value.lower().replace("-", ":") if isinstance(value, str) else value


def cidr(value: Any) -> Any:
    """Return the network in canonical text (10.0.0.7/8 becomes 10.0.0.0/8), unchanged where it is none."""
    try:
        return str(ip_network(value, strict=False)) if isinstance(value, str) else value
    except ValueError:
        return value


def ethertype(value: Any) -> Any:
    """Return IPv4 or IPv6 in Neutron's spelling."""
    if isinstance(value, str):
        return next((name for name in ETHERTYPES if name.lower() == value.lower()), value)
    return value


def port_number(value: Any) -> int | None:
    """Return a port number (0..65535), also from text. Raises SecurityGroupInvalidPortValue."""
    if value is None:
        return None
    try:
        number = int(value)
    except (ValueError, TypeError):
        raise fault("SecurityGroupInvalidPortValue", port=value) from None
    if isinstance(value, bool) or not 0 <= number <= 65535:
        raise fault("SecurityGroupInvalidPortValue", port=value)
    return number


def protocol(value: Any) -> str | None:
    """Return the protocol as Neutron stores it: a lower-case name or a number in text, None for any."""
    return protocols.canonical(value)


def ip_prefix(value: Any) -> str | None:
    """Return the prefix with its length; host bits stay, as Neutron keeps them. Raises InvalidCIDR."""
    if not value:
        return None
    try:
        return ip_interface(value).with_prefixlen
    except (ValueError, TypeError):
        raise fault("InvalidCIDR", cidr=value) from None


def pools(value: Any) -> Any:
    """Return null for an empty dictionary, which Neutron takes for "not given", else the value."""
    return None if value == {} else value


def gateway_info(value: Any) -> Any:
    """Return a router's external_gateway_info with `enable_snat` as a boolean. Raises InvalidInput."""
    if not isinstance(value, dict) or "enable_snat" not in value:
        return value
    return {**value, "enable_snat": boolean(value["enable_snat"])}


def key_value(value: Any) -> tuple[str, str]:
    """Return (key, value) of a query's `key=value`. Raises InvalidInput."""
    key, equals, wanted = str(value).partition("=")
    if not equals:
        raise invalid_input(f"'{value}' is not of the form <key>=[value]")
    return key, wanted
