"""Making, describing and deleting flavors, and saying which projects may use a private one: administrators' work."""

from __future__ import annotations

from gurum.model.base import Metadata, new_id
from gurum.model.compute import Flavor, FlavorSpec
from gurum.pia.compute import fields
from gurum.pia.compute.flavors import schemas, view
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, bad_request, conflict, not_found
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.wire import Response, empty, json
from gurum.store.contract import ExistsError, NotFoundError


async def create(ctx: Context) -> Response:
    """Make a flavor. 409 when its name or id is taken."""
    body = ctx.body["flavor"]
    name = body["name"]
    asked = body.get("id")
    flavorid = new_id() if asked is None or str(asked) == "auto" else str(asked)
    if any(flavor.spec.name == name for flavor in ctx.mirror(Flavor).objects(ctx.region.name)):
        raise conflict(f"Flavor with name {name} already exists.")
    flavor = Flavor(
        metadata=Metadata(id=new_id(), key=f"{ctx.region.name}/{flavorid}", region=ctx.region.name, cause=ctx.cause),
        spec=FlavorSpec(
            name=name,
            vcpus=int(body["vcpus"]),
            ram=int(body["ram"]),
            disk=int(body["disk"]),
            flavorid=flavorid,
            ephemeral=int(body.get("OS-FLV-EXT-DATA:ephemeral", 0)),
            swap=int(body.get("swap", 0)),
            rxtx_factor=float(body.get("rxtx_factor", 1.0)),
            is_public=body.get("os-flavor-access:is_public", True) in fields.TRUTHS,
            description=body.get("description"),
        ),
    )
    try:
        flavor = await ctx.parts.store.create(flavor)
    except ExistsError:
        raise conflict(f"Flavor with ID {flavorid} already exists.") from None
    return json({"flavor": view.detail(flavor, ctx.version, ctx.root)})


def find(ctx: Context) -> Subject:
    """Find the flavor of the path for an administrator; one that is not there is refused after policy, as in Nova."""
    return Subject(target=ctx.own(), object=view.lookup(ctx, ctx.params["id"]))


def find_seen(ctx: Context) -> Subject:
    """Find the flavor of the path for whoever reads of it: a private one is not there for who may not see it."""
    return Subject(target=ctx.own(), object=view.seen(ctx, ctx.params["id"]))


def _flavor(ctx: Context) -> Flavor:
    if ctx.subject is None or not isinstance(ctx.subject.object, Flavor):
        raise view.missing(ctx.params["id"])
    return ctx.subject.object


async def update(ctx: Context) -> Response:
    """Describe a flavor anew: nothing else of it may change."""

    def describe(flavor: Flavor) -> None:
        flavor.spec.description = ctx.body["flavor"]["description"]

    flavor = await ctx.change(Flavor, _flavor(ctx).id, describe, view.missing(ctx.params["id"]))
    return json({"flavor": view.detail(flavor, ctx.version, ctx.root)})


async def delete(ctx: Context) -> Response:
    """Delete a flavor; servers made from it keep what they copied."""
    try:
        await ctx.parts.store.delete(Flavor, _flavor(ctx).id, cause=ctx.cause)
    except NotFoundError:
        raise view.missing(ctx.params["id"]) from None
    return empty(202)


def _access(flavor: Flavor) -> Response:
    rows = [{"flavor_id": flavor.spec.flavorid, "tenant_id": project} for project in flavor.spec.access]
    return json({"flavor_access": rows})


async def list_access(ctx: Context) -> Response:
    """List the projects that may use a private flavor."""
    flavor = _flavor(ctx)
    if flavor.spec.is_public:
        raise not_found("Access list not available for public flavors.")
    return _access(flavor)


async def add_access(ctx: Context) -> Response:
    """Let a project use a private flavor."""
    project = ctx.body["addTenantAccess"]["tenant"]
    flavor = _flavor(ctx)
    if flavor.spec.is_public:
        raise conflict("Can not add access to a public flavor.")

    def add(flavor: Flavor) -> None:
        if project in flavor.spec.access:
            raise conflict(
                f"Flavor access already exists for flavor {flavor.spec.flavorid} and project {project} combination."
            )
        flavor.spec.access.append(project)

    return _access(await ctx.change(Flavor, flavor.id, add, view.missing(ctx.params["id"])))


async def remove_access(ctx: Context) -> Response:
    """Let a project no longer use a private flavor."""
    project = ctx.body["removeTenantAccess"]["tenant"]

    def remove(flavor: Flavor) -> None:
        if project not in flavor.spec.access:
            raise _no_access(flavor, project)
        flavor.spec.access.remove(project)

    return _access(await ctx.change(Flavor, _flavor(ctx).id, remove, view.missing(ctx.params["id"])))


def _no_access(flavor: Flavor, project: str) -> ApiError:
    return not_found(f"Flavor access not found for {flavor.spec.flavorid} / {project} combination.")


async def list_specs(ctx: Context) -> Response:
    """List extra specs."""
    return json({"extra_specs": _specs(ctx)})


def _specs(ctx: Context) -> dict[str, str]:
    """Return the extra specs that the caller sees: who may change them sees all."""
    specs = _flavor(ctx).spec.extra_specs
    return dict(specs) if ctx.decide("compute:flavor_extra_specs:update", ctx.own()).allow else view.public(specs)


def _no_spec(flavor: Flavor, key: str) -> ApiError:
    return not_found(f"Flavor {flavor.spec.flavorid} has no extra specs with key {key}.")


async def show_spec(ctx: Context) -> Response:
    """Show one extra spec."""
    specs, key = _specs(ctx), ctx.params["key"]
    if key not in specs:
        raise _no_spec(_flavor(ctx), key)
    return json({key: specs[key]})


async def create_specs(ctx: Context) -> Response:
    """Add or replace extra specs."""
    specs = {key: str(value) for key, value in ctx.body["extra_specs"].items()}
    await ctx.change(
        Flavor, _flavor(ctx).id, lambda flavor: flavor.spec.extra_specs.update(specs), view.missing(ctx.params["id"])
    )
    return json({"extra_specs": specs})


async def update_spec(ctx: Context) -> Response:
    """Add or replace one extra spec."""
    key = ctx.params["key"]
    if key not in ctx.body:
        raise bad_request("Request body and URI mismatch")
    specs = {key: str(ctx.body[key])}
    await ctx.change(
        Flavor, _flavor(ctx).id, lambda flavor: flavor.spec.extra_specs.update(specs), view.missing(ctx.params["id"])
    )
    return json(specs)


async def delete_spec(ctx: Context) -> Response:
    """Remove one extra spec."""
    key = ctx.params["key"]

    def remove(flavor: Flavor) -> None:
        if flavor.spec.extra_specs.pop(key, None) is None:
            raise _no_spec(flavor, key)

    await ctx.change(Flavor, _flavor(ctx).id, remove, view.missing(ctx.params["id"]))
    return empty(200)


_SPECS_PATH = "/flavors/{id}/os-extra_specs"
_ACTION = "/flavors/{id}/action"
ROUTES = (
    Route(
        method="POST",
        path="/flavors",
        handler=create,
        body=schemas.CREATE,
        policy="compute:flavors:create",
        reads=(Flavor,),
        shape="write",
        summary="Create a flavor",
    ),
    Route(
        method="PUT",
        path="/flavors/{id}",
        handler=update,
        since=55,
        body=schemas.UPDATE,
        policy="compute:flavors:update",
        find=find,
        reads=(Flavor,),
        shape="write",
        summary="Change a flavor's description",
    ),
    Route(
        method="DELETE",
        path="/flavors/{id}",
        handler=delete,
        policy="compute:flavors:delete",
        find=find,
        reads=(Flavor,),
        status=202,
        shape="write",
        summary="Delete a flavor",
    ),
    Route(
        method="GET",
        path="/flavors/{id}/os-flavor-access",
        handler=list_access,
        policy="compute:flavor_access:list",
        find=find,
        reads=(Flavor,),
        shape="list",
        summary="List the projects that may use a private flavor",
    ),
    Route(
        method="POST",
        path=_ACTION,
        action="addTenantAccess",
        handler=add_access,
        body=schemas.ADD_ACCESS,
        policy="compute:flavor_access:add",
        find=find,
        reads=(Flavor,),
        shape="action",
        summary="Let a project use a private flavor",
    ),
    Route(
        method="POST",
        path=_ACTION,
        action="removeTenantAccess",
        handler=remove_access,
        body=schemas.REMOVE_ACCESS,
        policy="compute:flavor_access:remove",
        find=find,
        reads=(Flavor,),
        shape="action",
        summary="Let a project no longer use a private flavor",
    ),
    Route(
        method="GET",
        path=_SPECS_PATH,
        handler=list_specs,
        policy="compute:flavor_extra_specs:list",
        find=find_seen,
        reads=(Flavor,),
        shape="list",
        summary="List a flavor's extra specs",
    ),
    Route(
        method="POST",
        path=_SPECS_PATH,
        handler=create_specs,
        body=schemas.EXTRA_SPECS,
        policy="compute:flavor_extra_specs:create",
        find=find,
        reads=(Flavor,),
        shape="write",
        summary="Add extra specs to a flavor",
    ),
    Route(
        method="GET",
        path=_SPECS_PATH + "/{key}",
        handler=show_spec,
        policy="compute:flavor_extra_specs:show",
        find=find_seen,
        reads=(Flavor,),
        summary="Show an extra spec of a flavor",
    ),
    Route(
        method="PUT",
        path=_SPECS_PATH + "/{key}",
        handler=update_spec,
        body=schemas.EXTRA_SPEC,
        policy="compute:flavor_extra_specs:update",
        find=find,
        reads=(Flavor,),
        shape="write",
        summary="Change an extra spec of a flavor",
    ),
    Route(
        method="DELETE",
        path=_SPECS_PATH + "/{key}",
        handler=delete_spec,
        policy="compute:flavor_extra_specs:delete",
        find=find,
        reads=(Flavor,),
        shape="write",
        summary="Remove an extra spec of a flavor",
    ),
)
