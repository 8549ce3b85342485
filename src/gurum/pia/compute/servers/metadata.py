"""A server's metadata: all of it, and one item at a time."""

from __future__ import annotations

from gurum.model.quota import QuotaUsage
from gurum.model.server import Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.servers import change, quota
from gurum.pia.compute.servers.find import find
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, bad_request, not_found
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, empty, json

READS = (Server, QuotaUsage)
ALL, ONE = "/servers/{id}/metadata", "/servers/{id}/metadata/{key}"


async def index(ctx: Context) -> Response:
    """Show all items."""
    return json({"metadata": ctx.found(Server).spec.metadata})


async def show(ctx: Context) -> Response:
    """Show one item."""
    key, metadata = ctx.params["key"], ctx.found(Server).spec.metadata
    if key not in metadata:
        raise _missing()
    return json({"meta": {key: metadata[key]}})


def _missing() -> ApiError:
    return not_found("Metadata item was not found")


async def _merge(ctx: Context, items: dict[str, str], *, replace: bool = False) -> Server:
    def mutate(server: Server) -> None:
        change.check_lock(ctx, server)
        metadata = items if replace else {**server.spec.metadata, **items}
        quota.check_metadata(ctx, len(metadata))
        server.spec.metadata = dict(metadata)

    return await ctx.change(Server, ctx.found(Server).id, mutate)


async def create(ctx: Context) -> Response:
    """Add or replace items; answer all."""
    return json({"metadata": (await _merge(ctx, ctx.body["metadata"])).spec.metadata})


async def update_all(ctx: Context) -> Response:
    """Replace all items."""
    return json({"metadata": (await _merge(ctx, ctx.body["metadata"], replace=True)).spec.metadata})


async def update(ctx: Context) -> Response:
    """Add or replace one item."""
    meta, key = ctx.body["meta"], ctx.params["key"]
    if key not in meta:
        raise bad_request("Request body and URI mismatch")
    await _merge(ctx, meta)
    return json({"meta": meta})


async def delete(ctx: Context) -> Response:
    """Remove one item."""
    key = ctx.params["key"]

    def mutate(server: Server) -> None:
        change.check_lock(ctx, server)
        if key not in server.spec.metadata:
            raise _missing()
        server.spec.metadata = {name: value for name, value in server.spec.metadata.items() if name != key}

    await ctx.change(Server, ctx.found(Server).id, mutate)
    return empty(204)


_ITEMS = f.versions((1, f.wrapped("metadata", f.METADATA)))
_ITEM = f.versions((1, f.wrapped("meta", {**f.METADATA, "minProperties": 1, "maxProperties": 1})))


ROUTES = (
    Route(
        method="GET",
        path=ALL,
        handler=index,
        policy="compute:server_metadata:list",
        find=find,
        reads=(Server,),
        shape="list",
        summary="Show a server's metadata",
    ),
    Route(
        method="POST",
        path=ALL,
        handler=create,
        body=_ITEMS,
        policy="compute:server_metadata:create",
        find=find,
        reads=READS,
        shape="write",
        summary="Add metadata to a server",
    ),
    Route(
        method="PUT",
        path=ALL,
        handler=update_all,
        body=_ITEMS,
        policy="compute:server_metadata:update_all",
        find=find,
        reads=READS,
        shape="write",
        summary="Replace a server's metadata",
    ),
    Route(
        method="GET",
        path=ONE,
        handler=show,
        policy="compute:server_metadata:show",
        find=find,
        reads=(Server,),
        summary="Show an item of a server's metadata",
    ),
    Route(
        method="PUT",
        path=ONE,
        handler=update,
        body=_ITEM,
        policy="compute:server_metadata:update",
        find=find,
        reads=READS,
        shape="write",
        summary="Change an item of a server's metadata",
    ),
    Route(
        method="DELETE",
        path=ONE,
        handler=delete,
        policy="compute:server_metadata:delete",
        find=find,
        reads=(Server,),
        status=204,
        shape="write",
        summary="Remove an item of a server's metadata",
    ),
)
