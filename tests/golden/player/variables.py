"""The image, flavors and networks that scenarios take for granted, looked up by name.

A region that lacks one of them cannot play the steps that need it. That is a finding about the region, so it is
reported and those steps count as differing; a run that crashed here would say nothing about all the others.
"""

from __future__ import annotations

from typing import Any

import msgspec
from tests.golden.player.keystone import Actor
from tests.golden.player.transport import Sent, Transport, TransportError


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """Where an id is found: the item of `list` at `path` that has this name."""

    service: str
    path: str
    list: str
    name: str


LOOKUPS: dict[str, Lookup] = {
    # A small public raw image; 1 vCPU 512 MB 1 GB; 2 vCPU 1024 MB 2 GB; no disk at all; an external network.
    "image": Lookup(service="image", path="/v2/images?name=golden-image", list="images", name="golden-image"),
    "flavor": Lookup(service="compute", path="/v2.1/flavors", list="flavors", name="golden.small"),
    "flavor2": Lookup(service="compute", path="/v2.1/flavors", list="flavors", name="golden.medium"),
    "flavor0": Lookup(service="compute", path="/v2.1/flavors", list="flavors", name="golden.zero"),
    "ext_net": Lookup(service="network", path="/v2.0/networks", list="networks", name="public"),
    "ext_subnet": Lookup(service="network", path="/v2.0/subnets", list="subnets", name="public4"),
}


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """Ids by variable, and for each that was not found the reason."""

    values: dict[str, str]
    missing: dict[str, str]


async def resolve(transport: Transport, admin: Actor) -> Resolved:
    """Look up every variable as the administrator. Never raises for one that is not there."""
    values: dict[str, str] = {}
    missing: dict[str, str] = {}
    for variable, lookup in LOOKUPS.items():
        try:
            values[variable] = await _find(transport, admin, lookup)
        except LookupError as error:
            missing[variable] = str(error.args[0])
    return Resolved(values=values, missing=missing)


async def _find(transport: Transport, admin: Actor, lookup: Lookup) -> str:
    root = admin.endpoints.get(lookup.service)
    if root is None:
        raise LookupError(f"the region has no {lookup.service} endpoint")
    headers = {"X-Auth-Token": admin.token, "Accept": "application/json"}
    try:
        answer = await transport.send(Sent(method="GET", url=root + lookup.path, headers=headers))
        document: Any = msgspec.json.decode(answer.content)
        items = document[lookup.list]
        found = [item["id"] for item in items if item["name"] == lookup.name]
    except TransportError as error:
        raise LookupError(f"{lookup.service}: {error}") from error
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise LookupError(f"{lookup.service} {lookup.path}: {answer.status}") from error
    if not found:
        raise LookupError(f"{lookup.service} {lookup.path}: none is called {lookup.name}")
    return str(found[0])
