"""A request for a row of the route table: everything in it is right as far as the table, its schemas and names tell."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from typing import Any

import msgspec
from tests.fuzz import glance, neutron, values
from tests.fuzz.call import Call, escaped
from tests.fuzz.people import Person
from tests.fuzz.picks import Picks
from tests.fuzz.world import RouteKey, World
from tests.support.pia import REGION

from gurum.model.compute import ServerGroup
from gurum.model.image import Image
from gurum.model.network import Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import Server
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.service import Service

VERSIONS = {"compute": "/compute/v2.1", "network": "/network/v2.0", "image": "/image/v2"}


class Draft(msgspec.Struct, kw_only=True):
    """A request in parts, so that mutations can take hold of one. `body` is JSON unless `raw` is there."""

    key: RouteKey
    person: Person | None
    method: str
    prefix: str
    segments: list[str]
    slots: dict[str, int] = msgspec.field(default_factory=dict)  # name of the path to where it stands
    query: list[tuple[str, str]] = msgspec.field(default_factory=list)
    headers: list[tuple[str, str]] = msgspec.field(default_factory=list)
    body: Any = None
    has_body: bool = False
    raw: bytes | None = None
    target: str | None = None  # instead of prefix, segments and query
    token: str | None = None
    mutations: list[str] = msgspec.field(default_factory=list)
    chunks: int = 1

    def call(self, number: int) -> Call:
        """Return the request."""
        target = self.target
        if target is None:
            target = self.prefix + "".join("/" + escaped(segment) for segment in self.segments)
            if self.query:
                target += "?" + "&".join(f"{escaped(name)}={escaped(value)}" for name, value in self.query)
        body = self.raw
        if body is None:
            body = json.dumps(self.body).encode() if self.has_body else b""
        return Call(
            number=number,
            method=self.method,
            target=_ascii(target),
            headers=list(self.headers),
            body=body,
            token=self.token,
            aim=self.key,
            mutations=list(self.mutations),
            chunks=self.chunks,
        )


def _ascii(target: str) -> str:
    """Return a target as a client may send one: what is no visible ASCII, escaped."""
    return "".join(char if "!" <= char <= "~" else escaped(char) for char in target)


Source = Callable[[Picks], str]


def _server(picks: Picks) -> str:
    picks.server = picks.one(Server, picks.aim)
    return picks.server.id if picks.server is not None else picks.unknown()


def _network_name(picks: Picks) -> str:
    held = picks.server.status.addresses if picks.server is not None else []
    return held[0].network if held else "no-such-network"


def _port_of_server(picks: Picks) -> str:
    uid = picks.server.id if picks.server is not None else ""
    port = picks.one(Port, "own", lambda port: port.spec.device_id == uid)
    return port.id if port is not None else picks.unknown()


def _request_id(picks: Picks) -> str:
    actions = picks.server.spec.actions if picks.server is not None else []
    return actions[0].request_id if actions else "req-" + picks.unknown()


def _metadata_key(picks: Picks) -> str:
    held = list(picks.server.spec.metadata) if picks.server is not None else []
    return "role" if "role" in held or not held else picks.rng.choice(held)


# What stands in a path, by the collection before it and the name in the table.
DEFAULT_RULE = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{REGION}/default-security-group-rule/egress/IPv4"))
SOURCES: dict[tuple[str, str], Source] = {
    ("servers", "id"): _server,
    ("flavors", "id"): Picks.flavor,
    ("images", "id"): lambda picks: picks.id(Image),
    ("networks", "id"): lambda picks: picks.id(Network),
    ("subnets", "id"): lambda picks: picks.id(Subnet),
    ("ports", "id"): lambda picks: picks.id(Port),
    ("security-groups", "id"): lambda picks: picks.id(SecurityGroup),
    ("os-security-groups", "id"): lambda picks: picks.id(SecurityGroup),
    ("security-group-rules", "id"): lambda picks: picks.id(SecurityGroupRule),
    ("os-security-group-rules", "id"): lambda picks: picks.id(SecurityGroupRule),
    ("routers", "id"): lambda picks: picks.id(Router),
    ("floatingips", "id"): lambda picks: picks.id(FloatingIP),
    ("os-server-groups", "id"): lambda picks: picks.id(ServerGroup),
    ("network-ip-availabilities", "id"): lambda picks: picks.id(Network),
    ("os-keypairs", "name"): lambda picks: picks.key_name(picks.aim),
    ("quotas", "project"): Picks.project,
    ("os-quota-sets", "project"): Picks.project,
    ("os-simple-tenant-usage", "project"): Picks.project,
    ("tags", "tag"): lambda picks: "blue",
    ("metadata", "key"): _metadata_key,
    ("os-extra_specs", "key"): lambda picks: "hw:cpu_policy",
    ("ips", "network"): _network_name,
    ("os-interface", "port"): _port_of_server,
    ("os-instance-actions", "request"): _request_id,
    ("extensions", "alias"): lambda picks: "os-keypairs" if picks.service == "compute" else "quotas",
    ("schemas", "name"): lambda picks: picks.rng.choice(("image", "images", "member", "members")),
    ("metadefs", "name"): lambda picks: picks.rng.choice(
        ("namespace", "namespaces", "resource_type", "resource_types")
    ),
    ("default-security-group-rules", "id"): lambda picks: DEFAULT_RULE,
    ("members", "member"): lambda picks: picks.project("other"),
}
ALWAYS = {
    "POST /servers": frozenset({"networks", "imageRef"}),
    "POST /os-keypairs": frozenset({"public_key"}),
    "POST /os-security-group-rules": frozenset({"ip_protocol", "from_port", "to_port"}),
    "POST /servers/{id}/os-interface": frozenset({"interfaceAttachment", "net_id"}),
}


def draft(
    world: World, key: RouteKey, picks: Picks, *, token: str | None = None, lavish: float = 0.25, latest: bool = False
) -> Draft:
    """Return a request for a row. lavish: how much of what may be left out is there; `latest`: newest microversion."""
    service, route = world.routes[key]
    made = Draft(
        key=key,
        person=picks.person,
        method=route.method,
        prefix=VERSIONS.get(service.name, service.prefix),
        segments=[],
        token=picks.person.token if token is None else token,
    )
    picks.service = service.name
    previous = ""
    for segment in route.path.strip("/").split("/"):
        if segment.startswith("{"):
            source = SOURCES.get((previous, segment[1:-1]), Picks.unknown)
            made.slots[segment[1:-1]] = len(made.segments)
            made.segments.append(source(picks))
        elif segment != ".":  # stands for the version's own path
            made.segments.append(segment)
            previous = segment
    made.headers.append(("Accept", "application/json"))
    version = _version(made, service, route, picks.rng, latest)
    if route.query is not None and (schema := route.query.at(version)) is not None and lavish:
        made.query = values.query(picks, schema)
    _body(made, service, route, picks, version, lavish)
    return made


def _version(made: Draft, service: Service, route: Route, rng: random.Random, latest: bool) -> int:
    rules = service.microversions
    if rules is None:
        return 0
    low, high = max(route.since, rules.lowest), min(route.until, rules.highest)
    version = high if latest else rng.choice((low, high, rng.randint(low, high)))
    if version != rules.lowest or rng.random() < 0.5:
        made.headers.append(("OpenStack-API-Version", f"{rules.service} {rules.major}.{version}"))
    return version


def _body(made: Draft, service: Service, route: Route, picks: Picks, version: int, lavish: float) -> None:
    if service.name == "image":
        kind, made.raw = glance.body(picks, route.method, route.path)
        if kind:
            made.headers.append(("Content-Type", kind))
        if route.shape == "list" and lavish:
            made.query = glance.query(picks)
        return
    noun = neutron.NOUNS.get(route.path.strip("/").split("/")[0].replace("-", "_"))
    if service.name == "network" and noun is not None and route.shape == "list" and lavish:
        made.query = neutron.query(picks, noun)
    if route.method not in ("POST", "PUT", "PATCH"):
        return
    made.headers.append(("Content-Type", "application/json"))
    made.has_body = True
    if service.name == "network":
        if "/tags" in route.path:
            made.body = {"tags": neutron.ATTRIBUTES["tags"](picks) if lavish else ["green"]}
        elif (action := neutron.ACTIONS.get(route.path.rpartition("/")[2])) is not None:
            made.body = action(picks)
        elif noun is not None:
            made.body = neutron.body(picks, noun, route.method, lavish)
        return
    schema = route.body.at(version) if route.body is not None else None
    if schema is not None:
        always = ALWAYS.get(f"{route.method} {route.path}", frozenset())
        made.body = values.valid(picks, schema, lavish=lavish, always=always)
    elif route.action:
        made.body = {route.action: None}
    else:
        made.has_body = False
    _fit(made)


def _fit(made: Draft) -> None:
    """Make a body say of itself what the path says of it."""
    if "key" in made.slots and isinstance(made.body, dict):
        name = made.segments[made.slots["key"]]
        if "meta" in made.body:
            made.body = {"meta": {name: str(next(iter(made.body["meta"].values()), ""))}}
        else:
            made.body = {name: "dedicated"}
