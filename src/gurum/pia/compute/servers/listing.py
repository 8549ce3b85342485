"""Lists of servers: the most frequent question of all, so nothing here costs more than what it shows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from gurum.model import codec
from gurum.model.server import Server
from gurum.pia.compute.paging import limit_of, links, marker_not_found
from gurum.pia.compute.servers import filters, schemas
from gurum.pia.compute.servers.state import effective
from gurum.pia.compute.servers.view import View, brief
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.entries import Entry, rendered
from gurum.pia.kernel.errors import ApiError, bad_request, forbidden
from gurum.pia.kernel.mirror import by_age
from gurum.pia.kernel.route import Subject
from gurum.pia.kernel.wire import Response, encode, listing
from gurum.policy.model import Target

Read = Callable[[Entry[Server]], Any]

_NOTHING: Read = lambda entry: ""  # noqa: E731 - a column that is empty for all

SORT: dict[str, Read] = {
    **{name: column.read for name, column in filters.COLUMNS.items()},
    "created_at": lambda e: e.object.metadata.created_at,
    "updated_at": lambda e: e.row.touched,
    "launched_at": lambda e: e.object.status.launched_at,
    "terminated_at": lambda e: e.object.status.terminated_at,
    "instance_type_id": lambda e: e.object.spec.flavor.id,
    "power_state": lambda e: e.object.status.power_state,
    "progress": lambda e: e.object.status.progress,
    "launch_index": lambda e: e.object.spec.launch_index,
    "locked": lambda e: e.object.spec.locked,
    "auto_disk_config": lambda e: e.object.spec.disk_config,
    "kernel_id": _NOTHING,
    "ramdisk_id": _NOTHING,
    "root_device_name": _NOTHING,
    "locked_by": _NOTHING,
}


def scope(ctx: Context) -> Subject:
    """Say what is listed: the caller's project or, if asked for, all."""
    asked = "all_tenants" in ctx.query and filters.strict_bool(ctx.query.last("all_tenants") or "1")
    return Subject(target=Target(project_id=ctx.project, user_id=ctx.principal.user_id, all_projects=asked))


def _project(ctx: Context) -> str | None:
    """Return the one project that is listed, None for all."""
    return None if ctx.decision.scopes and ctx.decision.scopes.all else ctx.project


class Sorting(msgspec.Struct):
    """How a list is sorted: keys with their direction, most important first. Without keys: newest first."""

    keys: list[tuple[str, bool]]  # (name, descending)


def sorting(ctx: Context) -> Sorting:
    """Return what the query asks for. Raises Nova's 400 and 403."""
    keys, directions = ctx.query.all("sort_key"), ctx.query.all("sort_dir")
    if any(direction not in ("asc", "desc") for direction in directions):
        raise _invalid("Unknown sort direction, must be 'desc' or 'asc'")
    if len(directions) > max(len(keys), 1):
        raise _invalid("Sort direction array size exceeds sort key array size.")
    if not keys:
        return Sorting([("created_at", False)] if directions == ["asc"] else [])
    first = directions[0] if directions else "desc"
    ignored = set(schemas.IGNORED_SORT_KEYS) - ({"locked"} if ctx.version >= 73 else set())
    pairs = []
    for position, key in enumerate(keys):
        if key in ignored:
            continue
        if key in ("host", "node") and not (ctx.decision.scopes and ctx.decision.scopes.all):
            raise forbidden(f"Only administrators can sort servers by {key}")
        pairs.append((key, (directions[position] if position < len(directions) else first) == "desc"))
    if pairs:
        pairs += [("created_at", first == "desc"), ("uuid", first == "desc")]
    return Sorting(pairs)


def _invalid(text: str) -> ApiError:
    return bad_request(f"Invalid input received: {text}")


def _sorted(entries: Iterable[Entry[Server]], order: Sorting) -> list[Entry[Server]]:
    """Sort by several keys, the least important first; what has no value comes first when ascending."""
    found = list(entries)
    for key, descending in reversed(order.keys):
        read = SORT[key]

        values = [read(entry) for entry in found]
        columns = [(value is not None, value) for value in values] if None in values else values
        found = [found[place] for place in sorted(range(len(found)), key=columns.__getitem__, reverse=descending)]
    return found


async def _select(ctx: Context) -> list[Entry[Server]]:
    choice, order, limit = filters.choose(ctx), sorting(ctx), limit_of(ctx)
    marker = ctx.query.last("marker")
    entries: filters.Entries = ctx.mirror(Server).members(ctx.region.name, _project(ctx))
    gone = await _gone(ctx, choice) if choice.gone else []
    if choice.nothing or not limit:
        return []
    if gone or choice.only_gone or order.keys:
        pool = [*gone] if choice.only_gone else [*gone, *entries]
        ordered = _sorted(pool, order if order.keys else Sorting([("created_at", True), ("uuid", True)]))
        start = 0
        if marker:
            start = next((n + 1 for n, entry in enumerate(ordered) if entry.object.id == marker), 0)
            if not start:
                raise marker_not_found(marker)
        return filters.sift(ordered[start:], choice.sieves, limit)
    end = len(entries)
    if marker:
        end = _place(ctx, entries, marker)
    if not choice.sieves:
        return list(entries[max(end - limit, 0) : end])[::-1]
    return filters.sift(entries if end == len(entries) else entries[:end], choice.sieves, limit, backwards=True)


def _place(ctx: Context, entries: filters.Entries, marker: str) -> int:
    """Return where the marker stands in the ascending list."""
    entry = ctx.mirror(Server).entry(marker)
    project = _project(ctx)
    if entry is None or entry.object.metadata.region != ctx.region.name:
        raise marker_not_found(marker)
    if project is not None and entry.object.metadata.project != project:
        raise marker_not_found(marker)
    return bisect_left(entries, entry.order, key=lambda e: e.order)


class _Stored(msgspec.Struct):
    schema: int = 1


async def _gone(ctx: Context, choice: filters.Choice) -> list[Entry[Server]]:
    """Return deleted servers: the journal keeps the last state of each."""
    records = await ctx.parts.journal.read(
        kind=Server.kind,
        type="deleted",
        region=ctx.region.name,
        project=_project(ctx) or "",
        since=choice.since,
        limit=ctx.parts.config.page_limit * 10,
    )
    found = []
    for record in records:
        server = codec.decode(Server.kind, record.data, msgspec.json.decode(record.data, type=_Stored).schema)
        if isinstance(server, Server) and ctx.mirror(Server).entry(server.id) is None:
            found.append(Entry(server, by_age(server), effective(server)))
    return found


def _answer(ctx: Context, entries: list[Entry[Server]], pieces: list[bytes], path: str) -> Response:
    last = entries[-1].object.id if entries else ""
    return listing("servers", pieces, links(ctx, "servers", len(entries), last, path))


async def index(ctx: Context) -> Response:
    """List ids and names."""
    entries = await _select(ctx)
    pieces = rendered(entries, "brief", lambda entry: encode(brief(entry.object, ctx.root)))
    return _answer(ctx, entries, pieces, "servers")


async def detail(ctx: Context) -> Response:
    """List in full."""
    entries = await _select(ctx)
    view = View(ctx, reveals=await reveals(ctx))
    await view.unseal(entry.object for entry in entries)

    def render(entry: Entry[Server]) -> bytes:
        return encode(view.detail(entry.object, entry.row))

    kept = [entry for entry in entries if view.keeps(entry.object)]
    if len(kept) == len(entries):
        return _answer(ctx, entries, rendered(entries, view.shape, render), "servers/detail")
    pieces = [entry.rendered(view.shape, render) if view.keeps(entry.object) else render(entry) for entry in entries]
    return _answer(ctx, entries, pieces, "servers/detail")


async def reveals(ctx: Context) -> frozenset[str]:
    """Return what this caller may see beyond the ordinary, for servers of the own project or, in lists, any."""
    if ctx.route is not None and ctx.route.policy == "compute:servers:show":
        return frozenset(ctx.decision.reveals)
    return await ctx.revealed("compute:servers:show", ctx.own())
