"""/v2.0/routers. A router costs no cloud call until servers are on a network that it joins."""

from __future__ import annotations

from typing import Any

from gurum.model import codec
from gurum.model.base import Resource
from gurum.model.network import AddressClaim, HostRoute, Network, Port, Subnet
from gurum.model.region import Region
from gurum.model.routing import FloatingIP, FloatingIPClaim, Router, RouterSpec
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Subject
from gurum.pia.kernel.wire import Response, empty
from gurum.pia.network import body, revision, tags
from gurum.pia.network.attributes import UNSET
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import fault, invalid_input
from gurum.pia.network.nouns import own, with_attributes
from gurum.pia.network.routing import extra_routes, gateways, meetings
from gurum.pia.network.writes import making, metadata, remove, update
from gurum.policy.model import Target

READS: tuple[type[Resource], ...] = (Network, Router)
WRITES: tuple[type[Resource], ...] = (Network, Subnet, Port, Router, FloatingIP, FloatingIPClaim, AddressClaim, Region)
FIELDS = ("name", "description", "admin_state_up")
NOT_BUILT = ("ha", "enable_default_route_bfd", "enable_default_route_ecmp")


def find_create(ctx: Context) -> Subject:
    """Read the body of a POST; it becomes the values."""
    bound = of(ctx).routers
    [item], _ = body.items(bound.noun, ctx.body, bulk=False)
    project = own(ctx, bound, item)
    values = ctx.body = body.for_create(bound.noun, item, project)
    return Subject(target=with_attributes(Target(project_id=project), bound.noun, item, values))


def _check(ctx: Context, values: dict[str, Any]) -> None:
    for name in NOT_BUILT:
        if values.get(name, UNSET):
            raise invalid_input(f"{name} is not possible in this region")
    if values.get("flavor_id"):
        raise fault("FlavorNotFound", id=values["flavor_id"])
    can = of(ctx).capabilities(ctx.region.name)
    known = {zone.name for zone in can.zones}
    for hint in values.get("availability_zone_hints") or ():
        if hint not in known:
            raise fault("AvailabilityZoneNotFound", id=hint)
    can.check("router", values, bound=False)


async def create(ctx: Context) -> Response:
    """Create a router, with a gateway if one is asked for."""
    bound = of(ctx).routers
    values = ctx.body
    project = values["project_id"]
    meta = metadata(ctx, project)
    change = gateways.Change(ctx, meta.id, project, before=None)
    stored: Router | None = None

    async def undo() -> None:
        if stored is not None:
            await ctx.parts.store.delete(Router, stored.id, cause=ctx.cause)
        await change.undo()

    async with making(ctx, project, meta.id, {"router": 1}, undo):
        _check(ctx, values)
        await change.gather(values["external_gateway_info"])
        if change.after is not None:
            meta.labels[revision.REVISION] = "1"  # Neutron counts the gateway as a change of its own
        spec = RouterSpec(
            **{name: values[name] for name in FIELDS},
            gateway=change.after,
            availability_zone_hints=list(values["availability_zone_hints"]),
            tags=tags.initial(values["tags"]),
        )
        stored = await ctx.parts.store.create(Router(metadata=meta, spec=spec))
        await gateways.settled(ctx, stored)
    return await bound.answer(ctx, [stored], "create")


class _MovedError(Exception):
    """Somebody else has just changed what this change was worked out from."""


async def change(ctx: Context) -> Response:
    """Change a router, its gateway and its routes."""
    mirror, router = of(ctx).routers.mirror, ctx.found(Router)
    for _ in range(ctx.parts.config.write_retries):
        try:
            changed = await _changed(ctx, router)
        except _MovedError:
            await ctx.fresh(Router, Port, AddressClaim)
            router = mirror.get(router.id) or router  # one that is gone is refused when it is to be written
        else:
            return await of(ctx).routers.answer(ctx, [changed], "update")
    raise fault("ServiceUnavailable")


async def _changed(ctx: Context, router: Router) -> Router:
    values, missing = ctx.body, of(ctx).routers.missing(router.id)
    _check(ctx, values)
    routes = [HostRoute(**route) for route in values["routes"]] if "routes" in values else None
    gateway = gateways.Change(ctx, router.id, router.metadata.project, before=router.spec.gateway)
    if "external_gateway_info" in values:
        await gateway.gather(values["external_gateway_info"])
    before, changed = codec.copy(router).spec, None

    def mutate(obj: Router) -> None:
        spec = obj.spec
        if spec.gateway != before.gateway:
            raise _MovedError
        spec.gateway = gateway.after
        if routes is not None:
            extra_routes.check(ctx, obj, routes)
            spec.routes = routes
        if gateway.before is not None and gateway.after is None:
            revision.adjust(obj, 1)  # the gateway's port goes, and the router's column with it
        for name in FIELDS:
            if name in values:
                setattr(spec, name, values[name])

    def undo(obj: Router) -> None:
        obj.spec.gateway, obj.spec.routes = before.gateway, before.routes

    try:
        changed = await update(ctx, Router, mutate, missing)
        if "external_gateway_info" in values:
            await gateways.settled(ctx, changed)
        if routes:
            await extra_routes.settled(ctx, changed)
    except Exception:
        if changed is not None:
            await ctx.change(Router, router.id, undo, missing)
        await gateway.undo()
        raise
    await gateway.finish()
    return changed


async def delete(ctx: Context) -> Response:
    """Ask for the deletion of a router that no interface is left of."""
    router = ctx.found(Router)
    ports = of(ctx).inventory.interfaces(router.id)
    if ports:
        raise fault("RouterInUse", id=router.id, ports=", ".join(port.id for port in ports))
    await remove(ctx, Router, of(ctx).routers.missing(router.id))
    await gateways.free(ctx, router.id, router.spec.gateway)
    await meetings.clear_router(ctx, router.id)
    return empty(content_type=None)
