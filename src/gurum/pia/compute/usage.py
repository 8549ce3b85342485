"""os-simple-tenant-usage: what servers have used, from the living ones and the journal of the deleted ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from gurum.model import codec
from gurum.model.server import Server
from gurum.pia.compute.servers.state import effective
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import bad_request
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.wire import Response, json
from gurum.policy.model import Target

PATH = "/os-simple-tenant-usage"
HOUR = 3600.0
_FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f")
MONTH = timedelta(days=28)


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


async def show(ctx: Context) -> Response:
    """Show what one project has used; nothing at all gives an empty object, as Nova does."""
    project, period = ctx.params["project"], _period(ctx)
    rows = [_row(ctx, server, period) for server in await _servers(ctx, project, period)]
    return json({"tenant_usage": _sum(project, rows, period, detailed=True) if rows else {}})


async def index(ctx: Context) -> Response:
    """List what all projects have used."""
    period = _period(ctx)
    rows: dict[str, list[dict[str, Any]]] = {}
    for server in await _servers(ctx, None, period):
        rows.setdefault(server.metadata.project, []).append(_row(ctx, server, period))
    detailed = ctx.query.last("detailed") == "1"
    return json({"tenant_usages": [_sum(project, held, period, detailed=detailed) for project, held in rows.items()]})


def _target(ctx: Context) -> Subject:
    return Subject(target=Target(project_id=ctx.params["project"], user_id=ctx.principal.user_id))


ROUTES = (
    Route(
        method="GET",
        path=PATH,
        handler=index,
        policy="compute:simple_tenant_usage:list",
        reads=(Server,),
        shape="list",
        summary="List what projects have used",
    ),
    Route(
        method="GET",
        path=PATH + "/{project}",
        handler=show,
        policy="compute:simple_tenant_usage:show",
        find=_target,
        reads=(Server,),
        summary="Show what a project has used",
    ),
)
