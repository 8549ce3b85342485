"""os-simple-tenant-usage: what servers have used, from the living ones and the journal of the deleted ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from gurum.model import codec
from gurum.model.server import Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.paging import limit_of, links
from gurum.pia.compute.servers.state import effective
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import bad_request
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.wire import Response, encode
from gurum.policy.model import Target

PATH = "/os-simple-tenant-usage"
HOUR = 3600.0
_FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f")
MONTH = timedelta(days=28)
PAGED = 40  # since this microversion


class _Stored(msgspec.Struct):
    schema: int = 1


class Period(msgspec.Struct, frozen=True):
    """From when to when, in seconds since the epoch."""

    start: float
    stop: float


def _moment(text: str, otherwise: datetime) -> datetime:
    if not text:
        return otherwise
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise bad_request("Invalid start time. The start time cannot occur after the end time.")


def _period(ctx: Context) -> Period:
    now = datetime.fromtimestamp(ctx.parts.clock.time(), UTC)
    stop = _moment(ctx.query.last("end"), now)
    start = _moment(ctx.query.last("start"), now - MONTH if not ctx.query.last("end") else stop)
    if start > stop:
        raise bad_request("Invalid start time. The start time cannot occur after the end time.")
    return Period(start.timestamp(), stop.timestamp())


async def _servers(ctx: Context, project: str | None, period: Period) -> list[Server]:
    living = list(ctx.mirror(Server).objects(ctx.region.name, project))
    records = await ctx.parts.journal.read(
        kind=Server.kind,
        type="deleted",
        region=ctx.region.name,
        project=project or "",
        since=period.start,
        limit=100_000,
    )
    known = {server.id for server in living}
    for record in records:
        server = codec.decode(Server.kind, record.data, msgspec.json.decode(record.data, type=_Stored).schema)
        if isinstance(server, Server) and server.id not in known:
            living.append(server)
    return [server for server in living if server.status.launched_at and server.status.launched_at < period.stop]


def _row(ctx: Context, server: Server, period: Period) -> dict[str, Any]:
    flavor, status = server.spec.flavor, server.status
    began = status.launched_at or 0.0
    ended = status.terminated_at
    hours = max(min(ended or period.stop, period.stop) - max(began, period.start), 0.0) / HOUR
    until = ended or ctx.parts.clock.time()
    return {
        "instance_id": server.id,
        "name": server.spec.name,
        "hours": hours,
        "tenant_id": server.metadata.project,
        "flavor": flavor.name,
        "started_at": _iso(began),
        "ended_at": _iso(ended) if ended else None,
        "memory_mb": flavor.ram,
        "local_gb": flavor.disk + flavor.ephemeral,
        "vcpus": flavor.vcpus,
        "state": "terminated" if ended else effective(server).vm_state,
        "uptime": int(until - began),
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _sum(project: str, rows: list[dict[str, Any]], period: Period, *, detailed: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "tenant_id": project,
        "start": _iso(period.start),
        "stop": _iso(period.stop),
        "total_hours": sum(row["hours"] for row in rows),
        "total_memory_mb_usage": sum(row["hours"] * row["memory_mb"] for row in rows),
        "total_local_gb_usage": sum(row["hours"] * row["local_gb"] for row in rows),
        "total_vcpus_usage": sum(row["hours"] * row["vcpus"] for row in rows),
    }
    if detailed:
        shown["server_usages"] = rows
    return shown


async def _page(ctx: Context, project: str | None, period: Period) -> list[Server]:
    """Return the servers that this answer counts: all, or since 2.40 a page of them, by project and id.

    A client goes on with the last id until nothing comes; if the marker were ignored, it would never end. Raises 400
    for an unknown one.
    """
    found = await _servers(ctx, project, period)
    if ctx.version < PAGED:
        return found
    found.sort(key=lambda server: (server.metadata.project, server.id))
    start, marker = 0, ctx.query.last("marker")
    if marker:
        start = next((n + 1 for n, server in enumerate(found) if server.id == marker), 0)
        if not start:
            raise bad_request(f"Marker {marker} could not be found.")
    return found[start : start + limit_of(ctx)]


def _answer(ctx: Context, name: str, shown: Any, counted: list[Server], path: str) -> Response:
    last = counted[-1].id if counted else ""
    more = links(ctx, name, len(counted), last, path) if ctx.version >= PAGED else b""
    return Response(body=b'{"%s":%s%s}' % (name.encode(), encode(shown), b"," + more if more else b""))


async def show(ctx: Context) -> Response:
    """Show what one project has used; nothing at all gives an empty object, as Nova does."""
    project, period = ctx.params["project"], _period(ctx)
    counted = await _page(ctx, project, period)
    rows = [_row(ctx, server, period) for server in counted]
    shown = _sum(project, rows, period, detailed=True) if rows else {}
    return _answer(ctx, "tenant_usage", shown, counted, f"{PATH[1:]}/{project}")


async def index(ctx: Context) -> Response:
    """List what all projects have used."""
    period = _period(ctx)
    counted = await _page(ctx, None, period)
    rows: dict[str, list[dict[str, Any]]] = {}
    for server in counted:
        rows.setdefault(server.metadata.project, []).append(_row(ctx, server, period))
    detailed = ctx.query.last("detailed") == "1"
    shown = [_sum(project, held, period, detailed=detailed) for project, held in rows.items()]
    return _answer(ctx, "tenant_usages", shown, counted, PATH[1:])


def _target(ctx: Context) -> Subject:
    return Subject(target=Target(project_id=ctx.params["project"], user_id=ctx.principal.user_id))


_ONE: f.Doc = {"start": f.multi(f.STRING), "end": f.multi(f.STRING)}
_ALL: f.Doc = {**_ONE, "detailed": f.multi(f.STRING)}


def _query(asked: f.Doc) -> Any:
    paged = {**asked, **f.PAGING}
    return f.versions((1, f.query(asked)), (PAGED, f.query(paged)), (75, f.query(paged, strict=True)))


ROUTES = (
    Route(
        method="GET",
        path=PATH,
        handler=index,
        query=_query(_ALL),
        policy="compute:simple_tenant_usage:list",
        reads=(Server,),
        shape="list",
        summary="List what projects have used",
    ),
    Route(
        method="GET",
        path=PATH + "/{project}",
        handler=show,
        query=_query(_ONE),
        policy="compute:simple_tenant_usage:show",
        find=_target,
        reads=(Server,),
        summary="Show what a project has used",
    ),
)
