"""Quota sets and limits, by version: what is shown shrank as Nova lost its networks and its injected files."""

from __future__ import annotations

from typing import Any

import msgspec

from gurum.model.base import Metadata, new_id
from gurum.model.compute import KeyPair
from gurum.model.quota import QuotaUsage, QuotaUsageSpec
from gurum.model.server import Server
from gurum.pia.compute import fields as f
from gurum.pia.compute import parts
from gurum.pia.compute.quotas.limits import defaults, limits_of, usage_key
from gurum.pia.compute.servers import quota
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import bad_request
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.wire import Response, empty, json
from gurum.policy.model import Target
from gurum.store.contract import ExistsError
from gurum.store.quotas import reserved

# resource: the first version that no longer shows it
RESOURCES: dict[str, int] = {
    "cores": 9999,
    "fixed_ips": 36,
    "floating_ips": 36,
    "injected_file_content_bytes": 57,
    "injected_file_path_bytes": 57,
    "injected_files": 57,
    "instances": 9999,
    "key_pairs": 9999,
    "metadata_items": 9999,
    "ram": 9999,
    "security_group_rules": 36,
    "security_groups": 36,
    "server_group_members": 9999,
    "server_groups": 9999,
}
READS = (QuotaUsage, Server, KeyPair)
PATH = "/os-quota-sets/{project}"


def _shown(version: int) -> list[str]:
    return [name for name, gone in RESOURCES.items() if version < gone]


def _target(ctx: Context) -> Subject:
    return Subject(target=Target(project_id=ctx.params["project"], user_id=ctx.principal.user_id))


def _limits(ctx: Context, project: str) -> dict[str, int]:
    limits = limits_of(ctx, project)
    return {name: limits.get(name, -1) for name in _shown(ctx.version)}


async def _used(ctx: Context, project: str) -> dict[str, int]:
    rows = parts.counted()
    await ctx.fresh(*(kind for kind, _ in rows.values()))
    return quota.used(ctx, project) | {resource: count(ctx, project) for resource, (_, count) in rows.items()}


async def show(ctx: Context) -> Response:
    """Show a project's limits."""
    project = ctx.params["project"]
    return json({"quota_set": {"id": project, **_limits(ctx, project)}})


async def show_defaults(ctx: Context) -> Response:
    """Show the limits of a project without its own."""
    known = defaults(ctx)
    return json(
        {"quota_set": {"id": ctx.params["project"], **{name: known.get(name, -1) for name in _shown(ctx.version)}}}
    )


async def detail(ctx: Context) -> Response:
    """Show limits with what is used and reserved of them."""
    project = ctx.params["project"]
    used = await _used(ctx, project)
    usage = ctx.mirror(QuotaUsage).by_key(usage_key(ctx, project))
    held = reserved(usage.spec, ctx.parts.clock.time()) if usage else {}
    present = ctx.mirror(Server)
    waiting = {
        name: sum(r.amounts.get(name, 0) for r in usage.spec.reservations if present.get(r.id) is None) if usage else 0
        for name in held
    }
    rows = {
        name: {"limit": limit, "in_use": used.get(name, 0), "reserved": waiting.get(name, 0)}
        for name, limit in _limits(ctx, project).items()
    }
    return json({"quota_set": {"id": project, **rows}})


async def update(ctx: Context) -> Response:
    """Set limits of a project. Refuses one below what is used, unless forced."""
    project, asked = ctx.params["project"], dict(ctx.body["quota_set"])
    force = asked.pop("force", False) in f.TRUTHS
    limits = {name: f.integer(value) for name, value in asked.items()}
    used = await _used(ctx, project)
    if not force:
        for name, limit in limits.items():
            if 0 <= limit < used.get(name, 0):
                raise bad_request(
                    f"Quota limit {limit} for {name} must be greater than or equal to already used and reserved "
                    f"{used[name]}."
                )
    await _write(ctx, project, limits)
    await ctx.fresh(QuotaUsage)
    return json({"quota_set": _limits(ctx, project)})


async def _write(ctx: Context, project: str, limits: dict[str, int] | None) -> None:
    """Merge limits into the project's own; None forgets all of them."""

    def mutate(usage: QuotaUsage) -> None:
        usage.spec.limits = {} if limits is None else {**usage.spec.limits, **limits}

    usage = ctx.mirror(QuotaUsage).by_key(usage_key(ctx, project))
    if usage is None:
        if not limits:
            return
        new = QuotaUsage(
            metadata=Metadata(
                id=new_id(), key=usage_key(ctx, project), region=ctx.region.name, project=project, cause=ctx.cause
            ),
            spec=QuotaUsageSpec(limits=limits),
        )
        try:
            await ctx.parts.store.create(new)
        except ExistsError:
            await ctx.fresh(QuotaUsage)
            usage = ctx.mirror(QuotaUsage).by_key(usage_key(ctx, project))
        else:
            return
    if usage is not None:
        await ctx.change(QuotaUsage, usage.id, mutate)


async def delete(ctx: Context) -> Response:
    """Give a project the default limits again."""
    await _write(ctx, ctx.params["project"], None)
    return empty(202)


class Figure(msgspec.Struct, frozen=True):
    """A figure of the limits: its name, what it shows, and the first version that no longer has it."""

    name: str
    resource: str
    gone: int = 9999


MOST = (
    Figure("maxTotalInstances", "instances"),
    Figure("maxTotalCores", "cores"),
    Figure("maxTotalRAMSize", "ram"),
    Figure("maxTotalKeypairs", "key_pairs"),
    Figure("maxServerMeta", "metadata_items"),
    Figure("maxImageMeta", "metadata_items", 39),
    Figure("maxServerGroups", "server_groups"),
    Figure("maxServerGroupMembers", "server_group_members"),
    Figure("maxPersonality", "injected_files", 57),
    Figure("maxPersonalitySize", "injected_file_content_bytes", 57),
    Figure("maxTotalFloatingIps", "floating_ips", 36),
    Figure("maxSecurityGroups", "security_groups", 36),
    Figure("maxSecurityGroupRules", "security_group_rules", 36),
)
USED = (
    Figure("totalInstancesUsed", "instances"),
    Figure("totalCoresUsed", "cores"),
    Figure("totalRAMUsed", "ram"),
    Figure("totalServerGroupsUsed", "server_groups"),
    Figure("totalFloatingIpsUsed", "floating_ips", 36),
    Figure("totalSecurityGroupsUsed", "security_groups", 36),
)


def _limits_target(ctx: Context) -> Subject:
    other = ctx.query.last("tenant_id")
    if other and other != ctx.project:
        return Subject(target=Target(project_id=other, user_id=ctx.principal.user_id, attributes=("other_project",)))
    return Subject(target=ctx.own())


async def limits(ctx: Context) -> Response:
    """Show a project's limits and what it uses."""
    project = ctx.query.last("tenant_id") or ctx.project
    most, used = limits_of(ctx, project), await _used(ctx, project)
    absolute: dict[str, Any] = {
        **{figure.name: most.get(figure.resource, -1) for figure in MOST if ctx.version < figure.gone},
        **{figure.name: used.get(figure.resource, 0) for figure in USED if ctx.version < figure.gone},
    }
    return json({"limits": {"rate": [], "absolute": absolute}})


_LIMIT: f.Doc = {
    "type": ["integer", "string"],
    "pattern": "^-?[0-9]+$",
    "minimum": -1,
    "maximum": f.MAX_INT,
}


def _update(version: int) -> f.Doc:
    names = _shown(version)
    # nova-network's and the service's own later ones are accepted at the versions that had them
    properties: f.Doc = dict.fromkeys((*names, *(["networks"] if version < 36 else [])), _LIMIT)
    properties["force"] = f.BOOLEAN
    return f.wrapped("quota_set", f.obj(properties))


_UPDATE = f.versions(*((v, _update(v)) for v in (1, 36, 57)))
_USER: f.Doc = {"user_id": f.multi(f.STRING)}
_QUERY = f.versions((1, f.query(_USER)), (75, f.query(_USER, strict=True)))
_LIMITS: f.Doc = {"tenant_id": f.multi(f.STRING)}
_LIMITS_QUERY = f.versions(
    (1, f.query(_LIMITS)),
    (57, f.query(_LIMITS)),
    (75, f.query({**_LIMITS, "reserved": f.multi(f.STRING)}, strict=True)),
)


def _row(method: str, path: str, handler: Any, verb: str, summary: str, **more: Any) -> Route:
    return Route(
        method=method,
        path=path,
        handler=handler,
        query=_QUERY,
        policy=f"compute:quota_sets:{verb}",
        find=_target,
        reads=READS,
        summary=summary,
        **more,
    )


ROUTES = (
    _row("GET", PATH, show, "show", "Show a project's quotas"),
    _row("GET", PATH + "/defaults", show_defaults, "defaults", "Show the default quotas"),
    _row("GET", PATH + "/detail", detail, "detail", "Show a project's quotas and what it uses"),
    _row("PUT", PATH, update, "update", "Set a project's quotas", body=_UPDATE, shape="write"),
    _row("DELETE", PATH, delete, "delete", "Give a project the default quotas", status=202, shape="write"),
    Route(
        method="GET",
        path="/limits",
        handler=limits,
        query=_LIMITS_QUERY,
        policy="compute:limits:show",
        find=_limits_target,
        reads=READS,
        summary="Show limits and what is used of them",
    ),
)
