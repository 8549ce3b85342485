"""A server's tags, from 2.26 on."""

from __future__ import annotations

from urllib.parse import quote

from gurum.model.server import Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.servers.find import find
from gurum.pia.compute.wire import VERSION
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, bad_request, not_found
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, empty, json

MOST = 50
ALL, ONE = "/servers/{id}/tags", "/servers/{id}/tags/{tag}"
HTML = "text/html; charset=UTF-8"
_TAG = f.schema(f.TAG)


async def index(ctx: Context) -> Response:
    """List tags."""
    return json({"tags": ctx.found(Server).spec.tags})


async def show(ctx: Context) -> Response:
    """Tell whether a server has a tag: 204 or 404."""
    server, tag = ctx.found(Server), ctx.params["tag"]
    if tag not in server.spec.tags:
        raise _missing(server, tag)
    return empty(204)


def _missing(server: Server, tag: str) -> ApiError:
    return not_found(f"Instance {server.id} has no tag '{tag}'")


async def update(ctx: Context) -> Response:
    """Add a tag: 201, or 204 where it is there already."""
    tag = ctx.params["tag"]
    fault = _TAG.body_fault(tag)
    if fault is not None:
        raise bad_request(
            f"Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ','. "
            f"Validation error message: {fault}"
        )
    server = ctx.found(Server)
    if tag in server.spec.tags:
        return empty(204, HTML)

    def mutate(server: Server) -> None:
        if tag in server.spec.tags:
            return
        if len(server.spec.tags) >= MOST:
            raise bad_request(f"The number of tags exceeded the per-server limit {MOST}")
        server.spec.tags = [*server.spec.tags, tag]

    await ctx.change(Server, server.id, mutate)
    response = empty(201, HTML)
    response.headers.append(("Location", f"{ctx.root}{VERSION}/servers/{server.id}/tags/{quote(tag)}"))
    return response


async def update_all(ctx: Context) -> Response:
    """Replace all tags."""
    tags = list(dict.fromkeys(ctx.body["tags"]))

    def mutate(server: Server) -> None:
        server.spec.tags = tags

    await ctx.change(Server, ctx.found(Server).id, mutate)
    return json({"tags": tags})


async def delete(ctx: Context) -> Response:
    """Remove a tag."""
    tag = ctx.params["tag"]

    def mutate(server: Server) -> None:
        if tag not in server.spec.tags:
            raise _missing(server, tag)
        server.spec.tags = [held for held in server.spec.tags if held != tag]

    await ctx.change(Server, ctx.found(Server).id, mutate)
    return empty(204)


async def delete_all(ctx: Context) -> Response:
    """Remove all tags."""

    def mutate(server: Server) -> None:
        server.spec.tags = []

    await ctx.change(Server, ctx.found(Server).id, mutate)
    return empty(204)


_ROWS = (
    ("GET", ALL, index, "list", "list", 200, "List a server's tags"),
    ("PUT", ALL, update_all, "update_all", "write", 200, "Replace a server's tags"),
    ("DELETE", ALL, delete_all, "delete_all", "write", 204, "Remove a server's tags"),
    ("GET", ONE, show, "show", "show", 204, "Tell whether a server has a tag"),
    ("PUT", ONE, update, "update", "write", 201, "Add a tag to a server"),
    ("DELETE", ONE, delete, "delete", "write", 204, "Remove a tag from a server"),
)
ROUTES = tuple(
    Route(
        method=method,
        path=path,
        handler=handler,
        since=26,
        body=f.versions((26, f.wrapped("tags", f.TAGS))) if handler is update_all else None,
        policy=f"compute:server_tags:{verb}",
        find=find,
        reads=(Server,),
        status=status,
        shape=shape,  # type: ignore[arg-type]  # the column of a table loses its literal type
        summary=summary,
    )
    for method, path, handler, verb, shape, status, summary in _ROWS
)
