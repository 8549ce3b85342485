"""What was done to a server: os-instance-actions.

Recent actions stand in the server itself, older ones in the journal. Deletion is no recorded action but a mark on the
object, so it is shown from there; a server that is gone is read from its last state in the journal.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gurum.model import codec
from gurum.model.server import Action, ActionOutcome, ActionRecord, Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.paging import limit_of, links
from gurum.pia.compute.servers.find import find as find_server
from gurum.pia.compute.servers.find import missing, subject
from gurum.pia.compute.servers.view import host_id
from gurum.pia.compute.view import micros
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import bad_request, not_found
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.schema import parse_time
from gurum.pia.kernel.wire import Response, encode, json, listing

PATH = "/servers/{id}/os-instance-actions"
OF_DELETED = 21  # from this version on the actions of deleted servers are shown
EVENTS = {"create": "compute__do_build_and_run_instance", "delete": "compute_terminate_instance"}


def updated(row: ActionRecord) -> float:
    """Return when anything of an action last happened."""
    if row.outcome is None:
        return row.action.start_time
    return row.outcome.finish_time or row.outcome.start_time


class _Stored(msgspec.Struct):
    schema: int = 1


def find(ctx: Context) -> Subject:
    """Find the server; for one that may have existed, what is the caller's own: the journal is asked later."""
    uid = ctx.params["id"]
    server = ctx.mirror(Server).get(uid, ctx.region.name)
    if server is not None:
        return subject(server, missing(uid))
    if ctx.version < OF_DELETED:
        raise missing(uid)
    return Subject(target=ctx.own())


async def _server(ctx: Context) -> Server:
    if ctx.subject is not None and isinstance(ctx.subject.object, Server):
        return ctx.subject.object
    uid = ctx.params["id"]
    for record in await ctx.parts.journal.read(
        kind=Server.kind, type="deleted", object_id=uid, region=ctx.region.name, limit=1
    ):
        server = codec.decode(Server.kind, record.data, msgspec.json.decode(record.data, type=_Stored).schema)
        if isinstance(server, Server):
            target = subject(server, missing(uid)).target
            if target.project_id == ctx.project or (await ctx.ask("compute:servers:show", target)).allow:
                return server
    raise missing(uid)


async def _history(ctx: Context, server: Server) -> list[ActionRecord]:
    """Return all actions, newest first."""
    outcomes = {outcome.number: outcome for outcome in server.status.outcomes}
    done = {
        action.number: ActionRecord(action=action, outcome=outcomes.get(action.number))
        for action in server.spec.actions
    }
    first = min(done, default=1)
    if first > 1:
        for record in await ctx.parts.journal.read(
            kind=Server.kind, type="action", object_id=server.id, region=ctx.region.name
        ):
            older = msgspec.json.decode(record.data, type=ActionRecord)
            done.setdefault(older.action.number, older)
    rows = sorted(done.values(), key=lambda row: row.action.number, reverse=True)
    meta = server.metadata
    if meta.deletion_requested_at is not None:
        rows.insert(0, _deletion(server))
    return rows


def _deletion(server: Server) -> ActionRecord:
    meta = server.metadata
    asked = meta.deletion_requested_at or 0.0
    cause = meta.deletion_cause
    action = Action(
        number=1 + (server.spec.actions[-1].number if server.spec.actions else 0),
        action="delete",
        request_id=cause.request_id if cause else "",
        user_id=cause.user_id if cause else "",
        project_id=meta.project,
        start_time=asked,
    )
    finished = server.status.terminated_at
    outcome = ActionOutcome(
        number=action.number,
        event=EVENTS["delete"],
        start_time=asked,
        finish_time=finished,
        result="Success" if finished else "",
    )
    return ActionRecord(action=action, outcome=outcome)


def _view(ctx: Context, server: Server, row: ActionRecord) -> dict[str, Any]:
    action, outcome = row.action, row.outcome
    shown: dict[str, Any] = {
        "action": action.action,
        "instance_uuid": server.id,
        "request_id": action.request_id,
        "user_id": action.user_id,
        "project_id": action.project_id,
        "start_time": micros(action.start_time),
        "message": "Error" if outcome is not None and outcome.result == "Error" else None,
    }
    if ctx.version >= 58:
        shown["updated_at"] = micros(updated(row))
    return shown


def _event(ctx: Context, server: Server, outcome: ActionOutcome) -> dict[str, Any]:
    reveals = ctx.decision.reveals
    shown: dict[str, Any] = {
        "event": outcome.event,
        "start_time": micros(outcome.start_time),
        "finish_time": micros(outcome.finish_time),
        "result": outcome.result or None,
    }
    if "events" in reveals:
        shown["traceback"] = None
    if ctx.version >= 62:
        shown["hostId"] = host_id(server)
        if "events" in reveals:
            shown["host"] = server.status.availability_zone or None
    if ctx.version >= 84 and "events_details" in reveals:
        shown["details"] = outcome.details or None
    return shown


async def index(ctx: Context) -> Response:
    """List what was done, newest first."""
    server = await _server(ctx)
    rows = await _history(ctx, server)
    tail = b""
    if ctx.version >= 58:
        since, before = ctx.query.last("changes-since"), ctx.query.last("changes-before")
        if since and before and ctx.version >= 66 and parse_time(before) < parse_time(since):
            raise bad_request("The value of changes-since must be less than or equal to changes-before.")
        if since:
            rows = [row for row in rows if updated(row) >= parse_time(since)]
        if before and ctx.version >= 66:
            rows = [row for row in rows if updated(row) <= parse_time(before)]
        marker = ctx.query.last("marker")
        if marker:
            start = next((n + 1 for n, row in enumerate(rows) if row.action.request_id == marker), 0)
            if not start:
                raise bad_request("Marker None could not be found.")
            rows = rows[start:]
        rows = rows[: limit_of(ctx)]
        last = rows[-1].action.request_id if rows else ""
        tail = links(ctx, "links", len(rows), last, f"servers/{server.id}/os-instance-actions")
        tail = tail.replace(b'"links_links"', b'"links"', 1)
    return listing("instanceActions", [encode(_view(ctx, server, row)) for row in rows], tail)


async def show(ctx: Context) -> Response:
    """Show what was done by one request, with its events."""
    server = await _server(ctx)
    wanted = ctx.params["request"]
    for row in await _history(ctx, server):
        if row.action.request_id == wanted:
            shown = _view(ctx, server, row)
            if ctx.version >= 51 or "events" in ctx.decision.reveals:
                shown["events"] = [_event(ctx, server, row.outcome)] if row.outcome else []
            return json({"instanceAction": shown})
    raise not_found(f"Action {wanted} not found")


_TIME: f.Doc = f.single({"type": "string", "format": "date-time"})
_PAGES: f.Doc = {
    "limit": f.single({"type": "string", "pattern": "^[0-9]*$", "minimum": 0, "minLength": 1}),
    "marker": f.single(f.STRING),
    "changes-since": _TIME,
}
_LIST = f.versions((58, f.query(_PAGES, strict=True)), (66, f.query({**_PAGES, "changes-before": _TIME}, strict=True)))


async def no_migrations(ctx: Context) -> Response:
    """List migrations of a server: a cloud shows none."""
    return json({"migrations": []})


ROUTES = (
    Route(
        method="GET",
        path=PATH,
        handler=index,
        query=_LIST,
        policy="compute:server_instance_actions:list",
        find=find,
        reads=(Server,),
        shape="list",
        summary="List what was done to a server",
    ),
    Route(
        method="GET",
        path=PATH + "/{request}",
        handler=show,
        policy="compute:server_instance_actions:show",
        find=find,
        reads=(Server,),
        summary="Show what one request did to a server",
    ),
    Route(
        method="GET",
        path="/servers/{id}/migrations",
        handler=no_migrations,
        since=23,
        policy="compute:server_migrations:list",
        find=find_server,
        reads=(Server,),
        shape="list",
        summary="List migrations of a server: there are none",
    ),
)
