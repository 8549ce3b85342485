"""The filters of server lists, as a table: what each looks at, and who may use it from which version on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from gurum.model.server import Server
from gurum.pia.compute.servers import schemas, state
from gurum.pia.compute.servers.patterns import finder
from gurum.pia.compute.view import micros
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.entries import Entry
from gurum.pia.kernel.errors import bad_request, forbidden
from gurum.pia.kernel.schema import parse_time

Entries = Sequence[Entry[Server]]
Sieve = Callable[[Entries], Entries]  # keeps those that a filter wants; a loop inside is faster than a call for each
CHUNK = 2000  # entries sieved at once: a list stops when it is full

TRUE = frozenset({"1", "t", "true", "on", "y", "yes"})
FALSE = frozenset({"0", "f", "false", "off", "n", "no"})


def strict_bool(text: str) -> bool:
    """Return a boolean as OpenStack reads one from a query. Raises its 400."""
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        known = ", ".join(f"'{known}'" for known in sorted(TRUE | FALSE))
        raise bad_request(f"Unrecognized value '{text}', acceptable values are: {known}")
    return word in TRUE


class Column(msgspec.Struct, frozen=True):
    """What a filter looks at. exact: the value must be equal, else it is a pattern to be found in it."""

    read: Callable[[Entry[Server]], Any]
    exact: bool = False


def _zone(entry: Entry[Server]) -> str:
    return entry.object.status.availability_zone or entry.object.spec.availability_zone


COLUMNS: dict[str, Column] = {
    "reservation_id": Column(lambda e: e.object.spec.reservation_id),
    "name": Column(lambda e: e.object.spec.name),
    "display_name": Column(lambda e: e.object.spec.name),
    "image": Column(lambda e: e.object.spec.image_id, exact=True),
    "image_ref": Column(lambda e: e.object.spec.image_id, exact=True),
    "flavor": Column(lambda e: e.object.spec.flavor.id, exact=True),
    "user_id": Column(lambda e: e.object.spec.user_id, exact=True),
    "project_id": Column(lambda e: e.object.metadata.project, exact=True),
    "tenant_id": Column(lambda e: e.object.metadata.project, exact=True),
    "vm_state": Column(lambda e: e.row.vm_state, exact=True),
    "task_state": Column(lambda e: e.row.task_state or "", exact=True),
    "uuid": Column(lambda e: e.object.metadata.id, exact=True),
    "host": Column(lambda e: e.object.status.availability_zone, exact=True),
    "node": Column(lambda e: e.object.status.availability_zone),
    "hostname": Column(lambda e: e.object.spec.hostname),
    "key_name": Column(lambda e: e.object.spec.key.name if e.object.spec.key else ""),
    "power_state": Column(lambda e: str(e.object.status.power_state)),
    "progress": Column(lambda e: str(e.object.status.progress)),
    "launch_index": Column(lambda e: str(e.object.spec.launch_index)),
    "availability_zone": Column(_zone),
    "config_drive": Column(lambda e: "True" if e.object.spec.config_drive else ""),
    "description": Column(lambda e: e.object.spec.description or ""),
    "display_description": Column(lambda e: e.object.spec.description or ""),
    "access_ip_v4": Column(lambda e: e.object.spec.access_ipv4),
    "access_ip_v6": Column(lambda e: e.object.spec.access_ipv6),
    "created_at": Column(lambda e: micros(e.object.metadata.created_at) or ""),
    "launched_at": Column(lambda e: micros(e.object.status.launched_at) or ""),
    "terminated_at": Column(lambda e: micros(e.object.status.terminated_at) or ""),
}

# From which version on everybody may use a filter; who is not among these is for administrators, ignored for others.
EVERYBODY: dict[str, int] = {
    **dict.fromkeys(("reservation_id", "name", "status", "image", "flavor", "ip", "changes-since", "all_tenants"), 1),
    "ip6": 5,
    **dict.fromkeys(("tags", "tags-any", "not-tags", "not-tags-any"), 26),
    "changes-before": 66,
    "locked": 73,
    **dict.fromkeys(("availability_zone", "config_drive", "key_name", "created_at", "launched_at"), 83),
    **dict.fromkeys(("terminated_at", "power_state", "task_state", "vm_state", "progress", "user_id"), 83),
    "hostname": 90,
}
PAGING = frozenset({"limit", "marker", "sort_key", "sort_dir"})

TAGS: dict[str, Callable[[set[str], set[str]], bool]] = {
    "tags": lambda asked, held: asked <= held,
    "tags-any": lambda asked, held: bool(asked & held),
    "not-tags": lambda asked, held: not asked <= held,
    "not-tags-any": lambda asked, held: not asked & held,
}


class Choice(msgspec.Struct, kw_only=True):
    """What a list may contain. nothing: no server can match. gone: deleted ones too, or (only_gone) alone."""

    sieves: list[Sieve]
    since: float = 0.0
    nothing: bool = False
    gone: bool = False
    only_gone: bool = False


def options(ctx: Context) -> dict[str, str]:
    """Return the filters that count for this caller: for others than administrators the unknown ones drop out."""
    asked = {name: ctx.query.last(name) for name, _ in ctx.query.pairs if name not in PAGING}
    known = {name: value for name, value in asked.items() if ctx.version >= EVERYBODY.get(name, 9999)}
    if len(known) == len(asked):
        return asked
    action = ctx.route.policy if ctx.route else ""
    target = ctx.own("all_filters")
    if ctx.decide(action, target).allow:
        return {name: value for name, value in asked.items() if name in COLUMNS or name in _SPECIAL or _hidden(name)}
    return known


_SPECIAL = frozenset({*EVERYBODY, "deleted", "soft_deleted"})


def _hidden(name: str) -> bool:
    return name in schemas.JOINED or name.startswith("_")


def choose(ctx: Context) -> Choice:
    """Return the choice that the query makes. Raises 400 and 403 in Nova's words."""
    asked = options(ctx)
    for name in asked:
        if _hidden(name):
            raise bad_request(f"Invalid filter field: {name}.")
    choice = Choice(sieves=[])
    asked.pop("status", None)
    if "status" in ctx.query:
        _by_status(ctx, choice)
    _by_time(asked, choice)
    _by_deletion(ctx, asked, choice)
    everything = strict_bool(asked["all_tenants"] or "1") if "all_tenants" in asked else False
    if not everything:
        asked.pop("tenant_id", None)
        asked.pop("project_id", None)
    for name, text in asked.items():
        if name in COLUMNS:
            choice.sieves.append(_by_column(name, text))
        elif name in TAGS:
            choice.sieves.append(_by_tags(name, text))
        elif name in ("ip", "ip6"):
            choice.sieves.append(_by_address(4 if name == "ip" else 6, text))
        elif name == "locked":
            choice.sieves.append(_by_lock(strict_bool(text)))
    return choice


def _by_status(ctx: Context, choice: Choice) -> None:
    vm_states, tasks = state.states_of(ctx.query.all("status"))
    if not vm_states:
        if ctx.version >= 38:
            raise bad_request("Invalid status value")
        choice.nothing = True
        return
    if vm_states == {state.DELETED}:
        if "admin" not in {role.lower() for role in ctx.principal.roles}:
            raise forbidden("Only administrators may list deleted instances")
        choice.gone = choice.only_gone = True
        return
    choice.sieves.append(lambda entries: [e for e in entries if e.row.vm_state in vm_states])
    if "" not in tasks:
        choice.sieves.append(lambda entries: [e for e in entries if (e.row.task_state or "") in tasks])


def _by_time(asked: dict[str, str], choice: Choice) -> None:
    since, before = asked.get("changes-since"), asked.get("changes-before")
    if since is not None:
        choice.since = parse_time(since)
        choice.sieves.append(lambda entries: [e for e in entries if e.row.touched >= choice.since])
    if before is not None:
        until = parse_time(before)
        if since is not None and until < choice.since:
            raise bad_request("The value of changes-since must be less than or equal to changes-before.")
        choice.sieves.append(lambda entries: [e for e in entries if e.row.touched <= until])
    choice.gone = choice.gone or since is not None or before is not None


def _by_deletion(ctx: Context, asked: dict[str, str], choice: Choice) -> None:
    if "deleted" in asked:
        choice.gone = choice.only_gone = asked["deleted"].strip().lower() in TRUE


def _by_column(name: str, text: str) -> Sieve:
    read = COLUMNS[name].read
    if COLUMNS[name].exact:
        return lambda entries: [e for e in entries if read(e) == text]
    found = finder(name, text)
    if name == "name":
        return lambda entries: [e for e in entries if found(e.row.folded)]
    return lambda entries: [e for e in entries if found(read(e).lower())]


def _by_tags(name: str, text: str) -> Sieve:
    asked, holds = set(text.split(",")), TAGS[name]
    return lambda entries: [e for e in entries if holds(asked, set(e.object.spec.tags))]


def _by_lock(locked: bool) -> Sieve:
    return lambda entries: [e for e in entries if e.object.spec.locked == locked]


def _by_address(version: int, text: str) -> Sieve:
    def holds(server: Server) -> bool:
        return any(address.version == version and text in address.addr for address in server.status.addresses)

    return lambda entries: [e for e in entries if holds(e.object)]


def sift(entries: Entries, sieves: Sequence[Sieve], limit: int, *, backwards: bool = False) -> list[Entry[Server]]:
    """Return the first `limit` entries that pass every sieve, from the end of the list where `backwards`."""
    found: list[Entry[Server]] = []
    total = len(entries)
    for done in range(0, total, CHUNK):
        if backwards:
            chunk: Entries = entries[max(total - done - CHUNK, 0) : total - done][::-1]
        else:
            chunk = entries[done : done + CHUNK]
        for sieve in sieves:
            chunk = sieve(chunk)
        found += chunk
        if len(found) >= limit:
            return found[:limit]
    return found
