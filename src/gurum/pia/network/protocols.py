"""IP protocols by name and number, as security group rules speak of them.

Names and numbers are IANA's ("Assigned Internet Protocol Numbers"); the order of the names is the order in which
Neutron lists them in its refusal, which clients see.
"""

from __future__ import annotations

from gurum.pia.network.faults import fault

NUMBERS: dict[str, int] = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
ALIASES = {"icmpv6": "ipv6-icmp", "any": None}
WITH_PORTS = ("dccp", "sctp", "tcp", "udp", "udplite")
IPV6_ONLY = ("ipv6-encap", "ipv6-frag", "ipv6-icmp", "ipv6-nonxt", "ipv6-opts", "ipv6-route")
DIGITS = 4000  # of a number in text: Python converts no more than 4300
ICMP = {"icmp", "1", "ipv6-icmp", "58"}

_SUPPORTED = "(" + ", ".join(["None", "'any'", *(f"'{name}'" for name in NUMBERS)]) + ")"


def canonical(value: object) -> str | None:
    """Return the name in lower case or the number as text; None for any protocol.

    Raises SecurityGroupRuleInvalidProtocol.
    """
    if value is None:
        return None
    if isinstance(value, int | str) and not isinstance(value, bool):
        text = str(value).lower()
        if text.isdecimal() and len(text) <= DIGITS and int(text) <= 255:
            return str(int(text))
        if text in ALIASES:
            return ALIASES[text]
        if text in NUMBERS:
            return text
    raise fault("SecurityGroupRuleInvalidProtocol", protocol=value, supported=_SUPPORTED)


def number(protocol: str) -> int:
    """Return the protocol number of a canonical name or number."""
    return NUMBERS[protocol] if protocol in NUMBERS else int(protocol)


def has_ports(protocol: str) -> bool:
    """Whether the protocol knows ports."""
    return number(protocol) in {NUMBERS[name] for name in WITH_PORTS}


def is_icmp(protocol: str) -> bool:
    """Whether the port range of a rule with this protocol means ICMP type and code."""
    return protocol in ICMP
