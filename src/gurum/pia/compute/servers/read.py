"""The routes by which servers are read."""

from __future__ import annotations

from gurum.model.server import Server
from gurum.pia.compute.servers import listing, schemas
from gurum.pia.compute.servers.find import find, state_of
from gurum.pia.compute.servers.view import SHOWN, View
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.entries import Entry
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, encode


async def show(ctx: Context) -> Response:
    """Show a server."""
    server = ctx.found(Server)
    view = View(ctx, reveals=await listing.reveals(ctx))
    await view.unseal([server])
    entry = ctx.mirror(Server).entry(server.id)

    def render(_: Entry[Server] | None = None) -> bytes:
        return encode(view.detail(server, state_of(ctx, server), groups=True))

    piece = entry.rendered(("show", *view.shape), render) if entry is not None and view.keeps(server) else render()
    return Response(body=b'{"server":%s}' % piece)


ROUTES = (
    Route(
        method="GET",
        path="/servers",
        handler=listing.index,
        query=schemas.LIST,
        policy="compute:servers:list",
        find=listing.scope,
        reads=(Server,),
        shape="list",
        summary="List servers",
    ),
    Route(
        method="GET",
        path="/servers/detail",
        handler=listing.detail,
        query=schemas.LIST,
        policy="compute:servers:detail",
        find=listing.scope,
        reads=SHOWN,
        shape="list",
        summary="List servers in full",
    ),
    Route(
        method="GET",
        path="/servers/{id}",
        handler=show,
        policy="compute:servers:show",
        find=find,
        reads=SHOWN,
        summary="Show a server",
    ),
)
