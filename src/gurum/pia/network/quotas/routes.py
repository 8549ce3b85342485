"""/v2.0/quotas: show, list, change.

A limit below what is used would make a project that can only shrink, so Neutron refuses it unless `force` says that
this is meant (extension `quota-check-limit-default`).
"""

from __future__ import annotations

from typing import Any

from gurum.model.base import Metadata, new_id
from gurum.model.network import Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.quota import QuotaUsage, QuotaUsageSpec
from gurum.model.routing import FloatingIP, Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.wire import Response, empty, json
from gurum.pia.network import body, convert
from gurum.pia.network import validators as v
from gurum.pia.network.attributes import Attribute, Noun
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import bad_request, fault
from gurum.pia.network.quotas.usage import RESOURCES, SERVICE, defaults, in_use, limits, promised, stored
from gurum.policy.model import Target
from gurum.store.contract import ExistsError, NotFoundError
from gurum.store.quotas import usage_key

COUNTED = (Network, Subnet, Port, SecurityGroup, SecurityGroupRule, Router, FloatingIP)
QUOTA = Noun(
    name="quota",
    collection="quotas",
    not_found="TenantQuotaNotFound",
    rows=(
        *(Attribute(name, put=True, convert=convert.integer, validate=v.between(-1, 2**31 - 1)) for name in RESOURCES),
        Attribute("force", put=True, convert=convert.boolean),
        Attribute("check_limit", put=True, convert=convert.boolean),
    ),
)


def find(ctx: Context) -> Subject:
    """Return the project whose quota the path names: any id will do, as in Neutron."""
    return Subject(target=Target(project_id=ctx.params["project"]))


async def show(ctx: Context) -> Response:
    """Answer a project's limits."""
    return json({"quota": limits(ctx, ctx.params["project"])})


async def details(ctx: Context) -> Response:
    """Answer a project's limits and what is used and reserved of them."""
    project = ctx.params["project"]
    used = in_use(of(ctx).inventory, ctx.region.name, project)
    held = promised(ctx, project)
    return json(
        {
            "quota": {
                name: {"limit": limit, "used": used[name], "reserved": held.get(name, 0)}
                for name, limit in limits(ctx, project).items()
            }
        }
    )


async def default(ctx: Context) -> Response:
    """Answer what a project without limits of its own has."""
    return json({"quota": defaults(ctx)})


async def tenant(ctx: Context) -> Response:
    """Answer whose quota a token is about."""
    return json({"tenant": {"tenant_id": ctx.project, "project_id": ctx.project}})


async def listed(ctx: Context) -> Response:
    """Answer the limits of every project that has its own."""
    suffix = f"/{SERVICE}"
    own = [
        usage.metadata.project
        for usage in of(ctx).inventory.usages.objects(ctx.region.name)
        if usage.metadata.key.endswith(suffix) and usage.spec.limits
    ]
    return json({"quotas": [{**limits(ctx, p), "tenant_id": p, "project_id": p} for p in own]})


def find_update(ctx: Context) -> Subject:
    """Read the body, then find."""
    [item], _ = body.items(QUOTA, ctx.body, bulk=False)
    ctx.body = body.for_update(QUOTA, item)
    return find(ctx)


async def update(ctx: Context) -> Response:
    """Set some of a project's limits."""
    project = ctx.params["project"]
    values: dict[str, Any] = dict(ctx.body)
    force, check = values.pop("force", False), values.pop("check_limit", True)
    used = in_use(of(ctx).inventory, ctx.region.name, project)
    for name, limit in values.items():
        if check and not force and -1 < limit < used[name]:
            raise bad_request(
                f"Quota limit {limit} for {name} must be greater than or equal to already used {used[name]}"
            )
    await _store(ctx, project, values)
    await ctx.fresh(QuotaUsage)
    return json({"quota": limits(ctx, project)})


async def _store(ctx: Context, project: str, values: dict[str, int]) -> None:
    key = usage_key(ctx.region.name, project, SERVICE)

    def mutate(usage: QuotaUsage) -> None:
        usage.spec.limits = {**usage.spec.limits, **values}

    own = stored(ctx, project)
    if own is None:
        meta = Metadata(id=new_id(), key=key, region=ctx.region.name, project=project, cause=ctx.cause)
        try:
            await ctx.parts.store.create(QuotaUsage(metadata=meta, spec=QuotaUsageSpec(limits=values)))
            return
        except ExistsError:
            own = await ctx.parts.store.get_by_key(QuotaUsage, key)
    await ctx.change(QuotaUsage, own.id, mutate)


async def delete(ctx: Context) -> Response:
    """Let the defaults hold again for a project."""

    def mutate(usage: QuotaUsage) -> None:
        usage.spec.limits = {}

    own = stored(ctx, ctx.params["project"])
    if own is None or not own.spec.limits:
        raise fault("TenantQuotaNotFound", id=ctx.params["project"])
    try:
        await ctx.change(QuotaUsage, own.id, mutate)
    except NotFoundError:
        raise fault("TenantQuotaNotFound", id=ctx.params["project"]) from None
    return empty(content_type=None)


_ONE = "/quotas/{project}"
_READS = (QuotaUsage, *COUNTED)
ROUTES = (
    Route(
        method="GET",
        path="/quotas",
        handler=listed,
        policy="network:quotas:list",
        reads=(QuotaUsage,),
        shape="list",
        summary="List the quotas of the projects that have their own",
    ),
    Route(
        method="GET",
        path="/quotas/tenant",
        handler=tenant,
        policy="network:quotas:show",
        summary="Show whose quota the token is about",
    ),
    Route(
        method="GET",
        path="/quotas/project",
        handler=tenant,
        policy="network:quotas:show",
        summary="Show whose quota the token is about",
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=show,
        policy="network:quotas:show",
        find=find,
        reads=(QuotaUsage,),
        summary="Show a project's quota",
    ),
    Route(
        method="GET",
        path=f"{_ONE}/details",
        handler=details,
        policy="network:quotas:details",
        find=find,
        reads=_READS,
        summary="Show a project's quota and what is used of it",
    ),
    Route(
        method="GET",
        path=f"{_ONE}/default",
        handler=default,
        policy="network:quotas:defaults",
        find=find,
        summary="Show the default quota",
    ),
    Route(
        method="PUT",
        path=_ONE,
        handler=update,
        policy="network:quotas:update",
        find=find_update,
        reads=_READS,
        shape="write",
        summary="Change a project's quota",
    ),
    Route(
        method="DELETE",
        path=_ONE,
        handler=delete,
        policy="network:quotas:delete",
        find=find,
        reads=(QuotaUsage,),
        status=204,
        shape="write",
        summary="Reset a project's quota to the default",
    ),
)
