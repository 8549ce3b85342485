"""What may differ between two clouds that answer alike, as tables: shapes of ids and times, headers, lists.

Every entry weakens the comparison a little, so they are kept together where they can be counted. A shape too many
and a wrong id passes; one too few and no second recording is ever equal to the first.
"""

from __future__ import annotations

import re

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

SHAPES: dict[str, str] = {
    # Order matters: the first shape that fits at a place wins.
    "req": rf"\breq-{_UUID}\b|\btx[0-9a-f]{{21}}-[0-9a-f]{{10}}[\w-]*",
    "uuid": rf"\b{_UUID}\b",
    "time": r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?",
    "date": r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT",
    "epoch": r"\b(?:1[5-9]\d{8}|2\d{9})\.\d{5}\b",
    "mac": r"(?<![0-9a-f:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![0-9a-f:])",
    "hash": r"\b(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{56}|[0-9a-f]{40})\b",
    "hex": r"\b[0-9a-f]{32}\b",
    "ip": r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)",
    "ipv6": r"(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}:?[0-9a-f]{0,4}(?::[0-9a-f]{1,4})*(?![\w:])",
    "port": r"(?<=//localhost:)\d+|(?<=//127\.0\.0\.1:)\d+",
}

SHAPE = re.compile("|".join(f"(?P<{name}>{shape})" for name, shape in SHAPES.items()))
"""Any of the shapes; the name of the matching group is the shape's."""

UNNUMBERED = frozenset({"req", "date", "epoch", "port"})
"""Shapes that stand for themselves: whether the same one comes back means nothing."""

ADDRESSES = frozenset({"ip", "ipv6"})

CHECKSUMS = frozenset({"hash", "hex"})

LISTED_ID = re.compile(rf"{_UUID}|[0-9a-f]{{32}}")
"""A list of nothing but these has no order."""

WRITTEN_IP = re.compile(SHAPES["ip"])
WRITTEN_IPV6 = re.compile(r"[0-9a-f]*:[0-9a-f:]+")

SETUP_POOL = re.compile(r"\{start: [\d.]+\.100, end: [\d.]+\.200\}")
"""Address pools that scenarios only prepare: their addresses are handed out, not written."""

LITERAL_ADDRESSES = frozenset({"0.0.0.0", "127.0.0.1"})

LITERAL_ADDRESS_KEYS = frozenset(
    {
        "cidr",
        "gateway_ip",
        "start",
        "end",
        "nexthop",
        "destination",
        "dns_nameservers",
        "remote_ip_prefix",
        "prefixes",
        "normalized_cidr",
        "min_version",
        "version",
    }
)
"""Keys whose addresses the user chose."""

LITERAL_CHECKSUM_KEYS = frozenset({"checksum", "etag", "hash", "os_hash_value", "content-md5", "fingerprint"})
"""Keys whose checksum is that of data a scenario sent."""

UNORDERED_KEYS = frozenset(
    {
        "tags",
        "security_groups",
        "subnets",
        "ports",
        "methods",
        "audit_ids",
        "router_ids",
        "availability_zones",
        "members",
        "volumes",
        "roles",
        "used_by",
        "policies",
        "enum",
        "required",
        "subports",
        "rules",
        "stores",
        "pools",
        "listeners",
    }
)
"""Keys whose lists are sets, even of plain words (a list of objects always is one)."""

SETS_IN_TEXT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(is not one of \[)([^\]]*)(?=\])"), ", "),
    (re.compile(r"(ports still attached: )(.+)"), ", "),
)
"""Sets that error texts repeat in no fixed order: what comes before, the set, and its separator."""

HEADERS = re.compile(
    r"content-(?:type|md5|range|disposition|encoding|length)|accept-ranges|last-modified|etag|vary|allow|location"
    r"|x-openstack-request-id|x-compute-request-id|openstack-api-version|x-openstack-nova-api-version"
    r"|www-authenticate|retry-after|x-subject-token|x-timestamp|openstack-image-.*"
    r"|x-(?:account|container|object|versions|history|symlink|static|delete|copied|storage|trans|newest|backend"
    r"|bulk|manifest|auth).*"
)
"""Headers that clients read. The rest belongs to whatever stands in front of the service."""

PRESENT_HEADERS = frozenset(
    {
        "x-openstack-request-id",
        "x-compute-request-id",
        "retry-after",
        "x-subject-token",
        "x-trans-id",
        "x-account-bytes-used-actual",
    }
)
"""Headers that must be there, whatever they hold."""

NUMBERED = re.compile(r"<(uuid|hex|mac|ip|ipv6|hash):(\d+)>")
ANY = re.compile(r"<any:(\w+)>")
MAYBE = "<maybe>"
PRESENT = "<present>"


def unnumbered(text: str) -> str:
    """A masked text without the numbers of its tokens: what its form says, not which id it is."""
    return NUMBERED.sub(r"<\1>", text)


def any_kind(value: object) -> str | None:
    """The kind that a mask `<any:kind>` asks for; None if the value is no such mask."""
    match = ANY.fullmatch(value) if isinstance(value, str) else None
    return match[1] if match else None
