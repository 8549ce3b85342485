"""Renaming, describing and deleting servers."""

from __future__ import annotations

from gurum.model.server import Server
from gurum.pia.compute import fields
from gurum.pia.compute.servers import find, schemas
from gurum.pia.compute.servers.listing import reveals
from gurum.pia.compute.servers.state import effective
from gurum.pia.compute.servers.view import SHOWN, View
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, conflict
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, empty, json
from gurum.store.contract import NotFoundError


def locked(server: Server) -> ApiError:
    """Return the refusal of a change to a locked server."""
    return conflict(f"Instance {server.id} is locked")


def check_lock(ctx: Context, server: Server) -> None:
    """Refuse a locked server to all but administrators."""
    if server.spec.locked and "admin" not in {role.lower() for role in ctx.principal.roles}:
        raise locked(server)


async def update(ctx: Context) -> Response:
    """Change what may be changed of a server at any time."""
    body = ctx.body["server"]

    def mutate(server: Server) -> None:
        spec = server.spec
        if "name" in body:
            spec.name = body["name"].strip()
        if "description" in body:
            spec.description = body["description"]
        if "hostname" in body:
            spec.hostname = body["hostname"]
        spec.disk_config = body.get("OS-DCF:diskConfig", spec.disk_config)
        spec.access_ipv4 = body.get("accessIPv4", spec.access_ipv4)
        spec.access_ipv6 = fields.shortened(body.get("accessIPv6", spec.access_ipv6))

    server = await ctx.change(Server, ctx.found(Server).id, mutate)
    view = View(ctx, reveals=await reveals(ctx))
    await view.unseal([server])
    return json({"server": view.changed(server, effective(server))})


async def remove(ctx: Context, status: int) -> Response:
    """Ask for a server's deletion; asking again while it is being deleted is the same."""
    server = ctx.found(Server)
    check_lock(ctx, server)
    try:
        await ctx.parts.store.delete(Server, server.id, cause=ctx.cause)
    except NotFoundError:
        raise find.missing(server.id) from None
    return empty(status)


async def delete(ctx: Context) -> Response:
    """Delete a server."""
    return await remove(ctx, 204)


ROUTES = (
    Route(
        method="PUT",
        path="/servers/{id}",
        handler=update,
        body=schemas.UPDATE,
        policy="compute:servers:update",
        find=find.find,
        reads=SHOWN,
        shape="write",
        summary="Change a server's name, description or access addresses",
    ),
    Route(
        method="DELETE",
        path="/servers/{id}",
        handler=delete,
        policy="compute:servers:delete",
        find=find.find,
        reads=(Server,),
        status=204,
        shape="write",
        summary="Delete a server",
    ),
)
