"""Values that a JSON Schema accepts, made from the schema, with sense where the field's name tells it.

A schema knows that `flavorRef` is a string and not that it names a flavor. `HINTS` knows; without it nearly every
request would end at the first look-up and no handler would be tested.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.fuzz.patterns import example
from tests.fuzz.people import OPERATOR
from tests.fuzz.picks import Picks
from tests.fuzz.population import LONG_NAME, PUBLIC_KEY
from tests.fuzz.world import ZONES

from gurum.model.network import Network, SecurityGroup
from gurum.pia.kernel.schema import Schema

Document = Mapping[str, Any]
Hint = Callable[[Picks], Any]

NAMES = ("web", "db 1", "구름", "Ünïcödé", "x", LONG_NAME, "100%", "a.b_c-d", "emoji 🌩", "(a+)+$", 'n\'1 "q"', "<b>")
TIMES = ("2026-12-31T23:59:59Z", "2027-01-15T07:00:00", "2027-01-15 08:00:00", "2027-01-15T08:00:00.000001+00:00")


def _networks(picks: Picks) -> Any:
    kind = picks.rng.random()
    if picks.prefer or kind < 0.7:
        return [{"uuid": picks.network()}]
    if kind < 0.85:
        return [{"port": picks.free_port()}]
    return [{"uuid": picks.network(), "fixed_ip": picks.address()}]


def _group_name(picks: Picks) -> str:
    group = picks.one(SecurityGroup, picks.refer)
    if group is not None and picks.prefer and picks.server is not None:  # one that the server has
        group = picks.world.store.objects["SecurityGroup"].get(picks.server.spec.security_groups[0], group)
    if group is None:
        return "no-such-group"
    return group.id if picks.rng.random() < 0.5 else group.spec.name


def _metadata(picks: Picks) -> dict[str, str]:
    rng = picks.rng
    return {f"k{rng.randrange(4)}": picks.name() for _ in range(rng.randint(1, 3))}


HINTS: dict[str, Hint] = {
    "flavorRef": Picks.small_flavor,
    "imageRef": Picks.image,
    "key_name": Picks.key_name,
    "networks": _networks,
    "port_id": Picks.free_port,
    "net_id": Picks.network,
    "ip_address": Picks.address,
    "address": Picks.address,
    "accessIPv4": Picks.address,
    "availability_zone": lambda picks: picks.rng.choice(ZONES).name,
    "user_data": lambda picks: base64.b64encode(picks.name().encode()).decode(),
    "contents": lambda picks: base64.b64encode(b"contents").decode(),
    "public_key": lambda picks: PUBLIC_KEY,
    "tenant": lambda picks: OPERATOR,
    "tenant_id": lambda picks: picks.project(picks.refer),
    "project_id": lambda picks: picks.project(picks.refer),
    "user_id": lambda picks: picks.user(picks.refer),
    "metadata": _metadata,
    "meta": lambda picks: {"role": picks.name()},
    "min_count": lambda picks: picks.rng.choice((1, "1", 2)),
    "max_count": lambda picks: picks.rng.choice((2, "2", 3)),
    "security_group_name": _group_name,
    "parent_group_id": lambda picks: picks.id(SecurityGroup, picks.refer),
    "group_id": lambda picks: picks.id(SecurityGroup, picks.refer),
    "ip_protocol": lambda picks: picks.rng.choice(("tcp", "udp", "UDP")),
    "from_port": lambda picks: picks.rng.choice((22, "80", 443)),
    "to_port": lambda picks: picks.rng.choice((443, "65535")),
    "cidr": lambda picks: picks.rng.choice(("198.51.100.0/24", "2001:db8::/64")),
    "networkId": lambda picks: picks.id(Network, picks.refer),
    "all_tenants": lambda picks: picks.rng.choice(("0", "1", "false", "True", "")),
    "changes-since": lambda picks: picks.rng.choice(TIMES),
    "changes-before": lambda picks: picks.rng.choice(TIMES),
    "status": lambda picks: picks.rng.choice(("ACTIVE", "SHUTOFF", "error", "DELETED", "BUILD", "REBOOT")),
    "limit": lambda picks: str(picks.rng.choice((0, 1, 2, 5, 1000, 10**6))),
    "deleted": lambda picks: picks.rng.choice(("true", "0", "True")),
}
RARE = {
    "block_device_mapping": 0.02,
    "block_device_mapping_v2": 0.04,
    "personality": 0.02,
    "host": 0.03,
    "hypervisor_hostname": 0.03,
    "os:scheduler_hints": 0.03,
    "OS-SCH-HNT:scheduler_hints": 0.02,
    "fixed_ip": 0.1,
    "min_count": 0.1,
    "max_count": 0.1,
    "user_id": 0.05,
    "return_reservation_id": 0.05,
}
USUAL = {"networks": 0.9, "public_key": 0.97}  # a key that is to be made costs a tenth of a second


class Values:
    """Makes values for one request. lavish: how likely an optional field is there (0: only what must be)."""

    def __init__(self, picks: Picks, *, lavish: float = 0.25, always: frozenset[str] = frozenset()) -> None:
        self.picks, self.rng, self.lavish, self.always = picks, picks.rng, lavish, always

    def make(self, schema: Document, name: str = "", within: str = "") -> Any:
        """Return a value; `name` is the field's, `within` that of what holds it."""
        if name == "name" and within in ("security_groups", "addSecurityGroup", "removeSecurityGroup"):
            return _group_name(self.picks)
        if name == "tenant" and within == "removeTenantAccess" and self.picks.of is not None:
            return next(iter(self.picks.of.spec.access), OPERATOR)
        hint = HINTS.get(name)
        if hint is not None and _fits(made := hint(self.picks), schema):
            return made
        if name == "name":
            return self._name(schema)
        return self._typed(schema, name, within)

    def _name(self, schema: Document) -> Any:
        rng = self.rng
        if "pattern" in schema or self.lavish == 0 or rng.random() < 0.7:
            return self.picks.name()
        return rng.choice(NAMES)

    def _typed(self, schema: Document, name: str, within: str) -> Any:
        rng = self.rng
        if "enum" in schema:
            return rng.choice(schema["enum"])
        if "oneOf" in schema:
            return self.make(rng.choice(schema["oneOf"]), name, within)
        types = schema.get("type", "string")
        kind = (
            rng.choice(types)
            if isinstance(types, list) and self.lavish
            else types
            if isinstance(types, str)
            else types[0]
        )
        if kind == "object":
            return self._object(schema, name)
        if kind == "array":
            least = schema.get("minItems", 0 if self.lavish else 1)
            most = min(schema.get("maxItems", 3), 3)
            made = [self.make(schema.get("items", {}), name, name) for _ in range(rng.randint(least, max(least, most)))]
            return made if not schema.get("uniqueItems") else list(dict.fromkeys(map(str, made)))
        if kind in ("integer", "number"):
            return rng.randint(int(schema.get("minimum", 0)), int(min(schema.get("maximum", 64), 64)))
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "null":
            return None
        return self._text(schema)

    def _object(self, schema: Document, name: str) -> dict[str, Any]:
        rng, made = self.rng, {}
        required = schema.get("required", ())
        properties = schema.get("properties", {})
        for key, inner in properties.items():
            likely = RARE.get(key, USUAL.get(key, self.lavish)) if self.lavish else 0.0
            if key in required or key in self.always or rng.random() < likely:
                made[key] = self.make(inner, key, name)
        for pattern, inner in schema.get("patternProperties", {}).items():
            for _ in range(rng.randint(schema.get("minProperties", 0) or 1, schema.get("maxProperties", 3))):
                made[example(pattern, rng, 12) or "k"] = self.make(inner, "", name)
        if not made and properties and schema.get("minProperties"):
            key = rng.choice(list(properties))
            made[key] = self.make(properties[key], key, name)
        return made

    def _text(self, schema: Document) -> str:
        rng = self.rng
        form = schema.get("format")
        if form in FORMATS:
            return FORMATS[form](self.picks)
        least, most = schema.get("minLength", 0), schema.get("maxLength", 40)
        if most == 0:
            return ""
        pattern = schema.get("pattern")
        text = example(pattern, rng, min(most, 16)) if pattern else rng.choice(NAMES)
        if schema.get("minimum") is not None or (pattern and "0-9" in pattern and "a-z" not in pattern):
            text = str(rng.randint(max(int(schema.get("minimum", 0)), 0), 50))
        return (text or "x" * least)[:most].ljust(least, "x")


def _fits(value: Any, schema: Document) -> bool:
    """Whether a hint is meant: `networks` of a quota is a number."""
    kind = "array" if isinstance(value, list) else "object" if isinstance(value, dict) else ""
    return not kind or kind in schema.get("type", kind)


FORMATS: dict[str, Callable[[Picks], str]] = {
    "uuid": Picks.unknown,
    "ipv4": Picks.address,
    "ipv6": lambda picks: f"2001:db8::{picks.rng.randrange(1, 65535):x}",
    "cidr": lambda picks: f"10.{picks.rng.randrange(256)}.0.0/16",
    "date-time": lambda picks: picks.rng.choice(TIMES),
    "base64": lambda picks: base64.b64encode(picks.name().encode()).decode(),
    "regex": lambda picks: picks.rng.choice(("zq", "^a", "[0-9]+", "alpha|beta", "a.*b", "e$", ".", "\\d", "(web)")),
    "name": lambda picks: picks.name(),
    "az_name": lambda picks: picks.rng.choice(ZONES).name,
}


def valid(picks: Picks, schema: Schema, *, lavish: float = 0.25, always: frozenset[str] = frozenset()) -> Any:
    """Return a body that the schema accepts; after some failed tries, the last one whatever it is."""
    made: Any = None
    for _ in range(8):
        made = Values(picks, lavish=lavish, always=always).make(schema.document)
        if schema.body_fault(made) is None:
            return made
    return made


def query(picks: Picks, schema: Schema, most: int = 3) -> list[tuple[str, str]]:
    """Return parameters that the schema of a query accepts, as far as they can be made."""
    values, rng = Values(picks), picks.rng
    properties = schema.document.get("properties", {})
    pairs = []
    for name in rng.sample(sorted(properties), rng.randint(0, min(most, len(properties)))):
        made = values.make(properties[name].get("items", {}), name)
        if schema.query_fault({name: [str(made)]}) is None:
            pairs.append((name, str(made)))
    return pairs


def seeded(*parts: object) -> random.Random:
    """Return a source of choices that depends on the parts alone."""
    return random.Random("/".join(map(str, parts)))
