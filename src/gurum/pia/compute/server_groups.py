"""Server groups: which servers are to be near or far from each other. Members are the servers that name the group."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import msgspec

from gurum.model.base import Metadata, new_id
from gurum.model.compute import ServerGroup, ServerGroupSpec
from gurum.model.quota import QuotaUsage
from gurum.model.server import Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.paging import limit_of
from gurum.pia.compute.quotas.limits import SERVICE, limits_of
from gurum.pia.compute.servers import quota
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, bad_request, forbidden, not_found
from gurum.pia.kernel.mirror import Board, Mirror
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.wire import Response, empty, json
from gurum.policy.model import Target
from gurum.store.contract import NotFoundError

PATH = "/os-server-groups"
QUOTA, MEMBERS = "server_groups", "server_group_members"
TOO_MANY = "Quota exceeded, too many server groups."
READS = (ServerGroup, Server)


def missing(uid: str) -> ApiError:
    """Return the refusal of a group that is not there."""
    return not_found(f"Instance group {uid} could not be found.")


def find(ctx: Context) -> Subject:
    """Find the group of the path's `{id}`."""
    uid = ctx.params["id"]
    group = ctx.mirror(ServerGroup).get(uid, ctx.region.name)
    if group is None:
        raise missing(uid)
    target = Target(project_id=group.metadata.project, user_id=group.spec.user_id)
    return Subject(target=target, object=group, missing=missing(uid))


def scope(ctx: Context) -> Subject:
    """Say what is listed: the project's own or, if asked for and allowed, all. As in Nova, asking is not refused."""
    own = Target(project_id=ctx.project, user_id=ctx.principal.user_id)
    everybodys = msgspec.structs.replace(own, all_projects=True)
    asked = "all_projects" in ctx.query and ctx.decide("compute:server_groups:list", everybodys).allow
    return Subject(target=everybodys if asked else own)


def members(ctx: Context, group: ServerGroup) -> list[Server]:
    """Return the servers of a group that are not being deleted, oldest first."""
    found = (server for server in ctx.mirror(Server).select("server_group", group.id) if not server.deleting)
    return sorted(found, key=lambda server: (server.metadata.created_at, server.id))


def _view(ctx: Context, group: ServerGroup) -> dict[str, Any]:
    spec, version = group.spec, ctx.version
    shown: dict[str, Any] = {
        "id": group.id,
        "name": spec.name,
        "members": [server.id for server in members(ctx, group)],
    }
    if version >= 64:
        shown |= {"policy": spec.policy, "rules": spec.rules}
    else:
        shown |= {"policies": [spec.policy], "metadata": {}}
    if version >= 13:
        shown |= {"project_id": group.metadata.project, "user_id": spec.user_id}
    return shown


async def index(ctx: Context) -> Response:
    """List server groups, oldest first."""
    everybodys = ctx.subject is not None and ctx.subject.target.all_projects
    groups = list(ctx.mirror(ServerGroup).objects(ctx.region.name, None if everybodys else ctx.project))
    start = f.integer(ctx.query.last("offset") or 0)
    return json({"server_groups": [_view(ctx, group) for group in groups[start : start + limit_of(ctx)]]})


async def show(ctx: Context) -> Response:
    """Show a server group."""
    return json({"server_group": _view(ctx, ctx.found(ServerGroup))})


async def create(ctx: Context) -> Response:
    """Create a server group. Names need not be unique."""
    asked, uid = ctx.body["server_group"], new_id()
    policy = asked["policy"] if ctx.version >= 64 else asked["policies"][0]
    rules = {name: f.integer(value) for name, value in (asked.get("rules") or {}).items()}
    if rules and policy != "anti-affinity":
        raise bad_request("Only anti-affinity policy supports rules.")
    await _reserve(ctx, uid)
    group = ServerGroup(
        metadata=Metadata(
            id=uid, key=uid, region=ctx.region.name, project=ctx.project, finalizers=["engine"], cause=ctx.cause
        ),
        spec=ServerGroupSpec(name=asked["name"], user_id=ctx.principal.user_id, policy=policy, rules=rules),
    )
    try:
        stored = await ctx.parts.store.create(group)
    except Exception:  # a refusal, a store that is away, a defect: in each case nothing may stay
        await quota.release(ctx, uid)
        raise
    return json({"server_group": _view(ctx, stored)})


def used(ctx: Context, project: str) -> int:
    """Return how many groups a project has."""
    return len(ctx.mirror(ServerGroup).members(ctx.region.name, project))


async def _reserve(ctx: Context, uid: str) -> None:
    """Reserve one of the project's groups. Raises 403."""
    limit = limits_of(ctx, ctx.project)[QUOTA]
    if limit < 0:
        return

    async def counted() -> tuple[Mapping[str, int], Container[str]]:
        await ctx.fresh(ServerGroup)
        ids = {entry.object.id for entry in ctx.mirror(ServerGroup).members(ctx.region.name, ctx.project)}
        return {QUOTA: used(ctx, ctx.project)}, ids

    excess = await ctx.parts.claims.reserve(
        region=ctx.region.name,
        project=ctx.project,
        service=SERVICE,
        id=uid,
        amounts={QUOTA: 1},
        limits={QUOTA: limit},
        in_use={QUOTA: used(ctx, ctx.project)},
        counted=counted,
    )
    if excess is not None:
        raise forbidden(TOO_MANY)


async def delete(ctx: Context) -> Response:
    """Delete a server group; its servers stay."""
    uid = ctx.found(ServerGroup).id
    try:
        await ctx.parts.store.delete(ServerGroup, uid, cause=ctx.cause)
    except NotFoundError:
        raise missing(uid) from None
    return empty(204)


def hinted(ctx: Context, count: int) -> str:
    """Return the group that a server creation's hint names, empty for none. Raises 400 for a wrong one, 403 for a full.

    The route must read ServerGroup, Server and QuotaUsage.
    """
    hints = ctx.body.get("os:scheduler_hints") or ctx.body.get("OS-SCH-HNT:scheduler_hints") or {}
    named = hints.get("group")
    uid = str(named[0] if isinstance(named, list) else named or "")
    if not uid:
        return ""
    group = ctx.mirror(ServerGroup).get(uid.lower(), ctx.region.name)
    if group is None or not _usable(ctx, group):
        raise bad_request(f"Instance group {uid} could not be found.")
    limit = limits_of(ctx, ctx.project)[MEMBERS]
    if 0 <= limit < len(members(ctx, group)) + count:
        raise forbidden("Quota exceeded, too many servers in group")
    return group.id


def _usable(ctx: Context, group: ServerGroup) -> bool:
    own = group.metadata.project == ctx.project
    target = Target(project_id=group.metadata.project, user_id=group.spec.user_id)
    return own or ctx.decide("compute:server_groups:show", target).allow


def watch(board: Board) -> None:
    """Add the mirror, the index of members, and drop renderings of servers that show a group."""
    groups = board.add(Mirror(ServerGroup, hide_deleting=True))

    def turned(old: ServerGroup | None, new: ServerGroup | None) -> None:
        servers, some = board.peek(Server), new or old
        if servers is not None and some is not None and (old is None or new is None):
            for server in servers.select("server_group", some.id):
                servers.forget(server.id)

    board.when(Server, lambda m: m.index("server_group", lambda s: [s.spec.group] if s.spec.group else []))
    groups.listen(turned)


_POLICIES = ["anti-affinity", "affinity"]
_SOFT = [*_POLICIES, "soft-anti-affinity", "soft-affinity"]


def _create(version: int) -> f.Doc:
    known = _SOFT if version >= 15 else _POLICIES
    if version >= 64:
        rules = f.obj({"max_server_per_host": f.POSITIVE})
        document = {"name": f.NAME, "policy": {"type": "string", "enum": known}, "rules": rules}
        return f.wrapped("server_group", f.obj(document, ["name", "policy"]))
    policies: f.Doc = {"type": "array", "items": {"type": "string", "enum": known}, "uniqueItems": True, "minItems": 1}
    policies["maxItems"] = 1
    return f.wrapped("server_group", f.obj({"name": f.NAME, "policies": policies}, ["name", "policies"]))


_PAGES: f.Doc = {
    "all_projects": f.multi(f.STRING),
    "limit": f.multi({"type": "string", "pattern": "^[0-9]*$", "minimum": 0}),
    "offset": f.multi({"type": "string", "pattern": "^[0-9]*$", "minimum": 0}),
}


def _row(method: str, path: str, handler: Any, verb: str, summary: str, **more: Any) -> Route:
    policy = f"compute:server_groups:{verb}"
    return Route(method=method, path=path, handler=handler, policy=policy, summary=summary, **more)


ROUTES = (
    _row(
        "GET",
        PATH,
        index,
        "list",
        "List server groups",
        query=f.versions((1, f.query(_PAGES)), (75, f.query(_PAGES, strict=True))),
        find=scope,
        reads=READS,
        shape="list",
    ),
    _row(
        "POST",
        PATH,
        create,
        "create",
        "Create a server group",
        body=f.versions((1, _create(1)), (15, _create(15)), (64, _create(64))),
        reads=(*READS, QuotaUsage),
        shape="write",
    ),
    _row("GET", PATH + "/{id}", show, "show", "Show a server group", find=find, reads=READS),
    _row(
        "DELETE",
        PATH + "/{id}",
        delete,
        "delete",
        "Delete a server group",
        find=find,
        reads=READS,
        status=204,
        shape="write",
    ),
)
EXTENSIONS = {"os-server-groups": "ServerGroups", "os-server-group-quotas": "ServerGroupQuotas"}
COUNTED = {QUOTA: (ServerGroup, used)}  # what quota sets and limits show as used
