"""Requests by which one project could learn of another: its ids, names and addresses wherever a request takes a value.

Each is built as a request of the project's own and then has one place overwritten: a segment of the path, a reference
in the body, a filter, a marker. All places are read from the tables; `REFERENCES` says which leaves of bodies name
things.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from tests.fuzz.build import SOURCES, Draft, draft
from tests.fuzz.glance import FILTERS
from tests.fuzz.neutron import NOUNS
from tests.fuzz.people import BETA, Person
from tests.fuzz.picks import Aim, Picks
from tests.fuzz.population import GUEST_ADDRESS, GUEST_MAC, Estate, named
from tests.fuzz.values import seeded
from tests.fuzz.world import RouteKey, World
from tests.isolation.expect import READS

from gurum.model.network import Port
from gurum.model.routing import is_interface

REFERENCES = frozenset(
    {
        *("flavorRef", "imageRef", "uuid", "port", "port_id", "net_id", "network_id", "subnet_id", "fixed_ip"),
        *("security_group_id", "remote_group_id", "security_groups", "name", "key_name", "tenant", "tenant_id"),
        *("project_id", "user_id", "device_id", "ip_address", "mac_address", "volumeId", "member", "group"),
        *("gateway_ip", "address", "networkId", "parent_group_id", "group_id"),
        *("floating_network_id", "fixed_ip_address", "floating_ip_address"),
    }
)
GONE = 410  # nothing is looked at there
COMMON = ("tenant_id", "project_id", "user_id", "name", "all_tenants", "marker", "reserved", "host", "detailed")
PAGES = (
    [("limit", "1")],
    [("limit", "2"), ("sort_key", "name"), ("sort_dir", "asc")],
    [("limit", "1000"), ("sort_key", "id"), ("sort_dir", "desc")],
    [("limit", "2"), ("page_reverse", "True")],
)
TIMES = (
    [("changes-since", "2020-01-01T00:00:00Z")],
    [("changes-since", "2020-01-01T00:00:00Z"), ("deleted", "true")],
    [("deleted", "True"), ("all_tenants", "1")],
    [("all_tenants", "1")],
    [("all_tenants", "1"), ("tenant_id", BETA)],
    [("status", "DELETED")],
    [("name", ".*beta.*")],
    [("name", "^[^a]")],
    [("shared", "true")],
    [("shared", "False"), ("project_id", BETA)],
)


def values(estate: Estate) -> dict[str, str]:
    """Return what can be known of the other project: what it is, and the value."""
    port, server = estate.port, estate.servers[0]
    return {
        "server": server.id,
        "deleted server": estate.deleted[0].id,
        "network": estate.networks[0].id,
        "network name": estate.networks[0].spec.name,
        "subnet": estate.subnets[0].id,
        "port": port.id,
        "server's port": next(a.port_id for a in server.status.addresses),
        "group": estate.web.id,
        "group name": estate.web.spec.name,
        "default group": estate.default.id,
        "rule": next(obj.id for obj in estate.objects if obj.kind == "SecurityGroupRule"),
        "project": BETA,
        "user": estate.users[0],
        "address": port.spec.fixed_ips[0].ip_address,
        "MAC address": port.spec.mac_address,
        "port on a shared network": estate.guests()[0].id,
        "shared network": named("net operator-shared"),
        "shared subnet": named("subnet operator-shared"),
        "address on a shared network": GUEST_ADDRESS,
        "MAC address on a shared network": GUEST_MAC,
        "router": estate.routers[0].id,
        "router's port": next(obj.id for obj in estate.objects if isinstance(obj, Port) and is_interface(obj)),
        "server group": estate.server_group.id,
        "floating IP": estate.floating[0].id,
        "floating address": estate.floating[0].address,
        "key pair": f"key {estate.canary} {estate.users[0][:2]}",
        "flavor": f"private-{estate.canary}",
        "image": next(obj.id for obj in estate.objects if obj.kind == "Image"),
        "host name": server.spec.hostname,
        "server's name": server.spec.name,
        "request": server.spec.actions[0].request_id,
        "canary": estate.canary,
    }


def requests(world: World, person: Person, estate: Estate) -> Iterator[tuple[RouteKey, str, Draft]]:
    """Yield (route, what is tried, request). Own objects are looked up in the world as it is at that moment."""
    known = values(estate)
    for key in world.routes:
        yield key, "own", _own(world, person, key)
        if world.routes[key][1].status == GONE:
            continue
        yield from _paths(world, person, key, known)
        if key.method in READS:
            yield from _queries(world, person, key, known)
        else:
            yield from _bodies(world, person, key, known)
            yield from _guests(world, person, key)


def _guests(world: World, person: Person, key: RouteKey) -> Iterator[tuple[RouteKey, str, Draft]]:
    """On a network that both share: the one thing in which two projects meet."""
    network = named("net operator-shared")
    made = _own(world, person, key)
    if (key.method, key.path) == ("POST", "/ports"):
        bodies: dict[str, dict[str, Any]] = {
            "address of a guest": {"fixed_ips": [{"ip_address": GUEST_ADDRESS}]},
            "MAC address of a guest": {"mac_address": GUEST_MAC},
            "any address": {},
        }
        for what, attributes in bodies.items():
            changed = copy.deepcopy(made)
            changed.body = {"port": {"network_id": network, **attributes}}
            yield key, f"{what} on a shared network", changed
    if (key.method, key.path) == ("POST", "/servers"):
        for what, address in (("address of a guest", {"fixed_ip": GUEST_ADDRESS}), ("any address", {})):
            changed = copy.deepcopy(made)
            changed.body["server"]["networks"] = [{"uuid": network, **address}]
            yield key, f"{what} on a shared network", changed


def _own(world: World, person: Person, key: RouteKey, lavish: float = 0, salt: int = 0, refer: Aim = "own") -> Draft:
    prefer = ("active", "main", "free", "web", "private", "key") if not lavish else ()
    return draft(world, key, Picks(world, person, seeded(key, salt), prefer=prefer, refer=refer), lavish=lavish)


def _paths(world: World, person: Person, key: RouteKey, known: dict[str, str]) -> Iterator[tuple[RouteKey, str, Draft]]:
    made = _own(world, person, key)
    for name, place in made.slots.items():
        if (made.segments[place - 1], name) not in SOURCES and name != "volume":
            continue
        for what, value in known.items():
            changed = copy.deepcopy(made)
            changed.segments[place] = value
            yield key, f"{name} is the {what}", changed


def _queries(
    world: World, person: Person, key: RouteKey, known: dict[str, str]
) -> Iterator[tuple[RouteKey, str, Draft]]:
    route = world.routes[key][1]
    made = _own(world, person, key)
    names = _names(world, key)
    if not names and route.shape != "list":
        names = COMMON
    for name in names:
        for what, value in known.items():
            asked = copy.deepcopy(made)
            asked.query = [(name, value)]
            if name == "marker":
                asked.query.append(("limit", "2"))
            yield key, f"{name} is the {what}", asked
    if route.shape == "list":
        for query in (*PAGES, *TIMES):
            asked = copy.deepcopy(made)
            asked.query = list(query)
            yield key, "&".join(f"{name}={value}" for name, value in query), asked


def _names(world: World, key: RouteKey) -> tuple[str, ...]:
    service, route = world.routes[key]
    if key.method == "OPTIONS":  # the list once more
        return ()
    if route.query is not None:
        found = {name for _, schema in route.query.rows if schema for name in schema.document.get("properties", {})}
        return tuple(sorted(found | {"marker"}))
    if route.shape != "list":
        return ()
    noun = NOUNS.get(key.path.strip("/").replace("-", "_")) if service.name == "network" else None
    if noun is not None:
        rows = [row.name for row in noun.rows if row.visible]
        return (*rows, *sorted(noun.queries), "marker", "fields", "sort_key")
    return (*FILTERS, "marker", "id") if key.path == "/images" and service.name == "image" else COMMON


def _bodies(
    world: World, person: Person, key: RouteKey, known: dict[str, str]
) -> Iterator[tuple[RouteKey, str, Draft]]:
    done: set[tuple[Any, ...]] = set()
    ways: tuple[tuple[float, Aim], ...] = ((0.0, "own"), (0.9, "own"), (0.9, "own"), (0.6, "own"), (0.9, "shared"))
    for salt, (lavish, refer) in enumerate(ways):
        made = _own(world, person, key, lavish, salt, refer)
        for path in _leaves(made.body):
            names = [part for part in path if isinstance(part, str)]
            if (path, refer) in done or not names or names[-1] not in REFERENCES:
                continue
            done.add((path, refer))
            for what, value in known.items():
                changed = copy.deepcopy(made)
                _set(changed.body, path, value)
                yield key, f"{'.'.join(map(str, path))} is the {what}", changed


def _leaves(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(body, dict):
        for name, value in body.items():
            yield from _leaves(value, (*path, name))
    elif isinstance(body, list):
        for place, value in enumerate(body):
            yield from _leaves(value, (*path, place))
    elif isinstance(body, str) and path:
        yield path


def _set(body: Any, path: tuple[str | int, ...], value: str) -> None:
    for part in path[:-1]:
        body = body[part]
    body[path[-1]] = value
