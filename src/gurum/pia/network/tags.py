"""Tags of an object, as a part of it and by /tags, for every noun that has them.

Neutron answers these by its own rules: adding a tag that is there is no error, and removing one that is not is. One of
them is not followed: whoever may not see the object gets the 404 of an unknown id here and not a 403, which would tell
that the id exists.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar

from gurum.model.base import Resource
from gurum.model.network import Network, Port, SecurityGroup, Subnet
from gurum.model.routing import FloatingIP, Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Handler, Route, Subject
from gurum.pia.kernel.wire import Response, empty, json
from gurum.pia.network import validators as v
from gurum.pia.network.attributes import UNSET
from gurum.pia.network.bindings import Bindings, of
from gurum.pia.network.faults import fault, invalid_input
from gurum.pia.network.nouns import Bound
from gurum.pia.network.visible import seen
from gurum.pia.network.writes import update

R = TypeVar("R", bound=Resource)
READS = (Network, Subnet, Port, SecurityGroup, Router, FloatingIP)
LIMIT = 255  # characters of a tag

_valid = v.unique(v.string(LIMIT))


def initial(value: Any) -> list[str]:
    """Return the tags that a POST of the object itself gives."""
    return [] if value is UNSET else list(value)


def parse(document: Any) -> list[str]:
    """Return the tags of a body `{"tags": [...]}`. Raises InvalidInput."""
    if "tags" not in document:
        raise invalid_input("Invalid tags body")
    problem = _valid(document["tags"])
    if problem:
        raise invalid_input(problem)
    return list(document["tags"])


def routes(kind: type[Resource], pick: Callable[[Bindings], Bound[Any]], path: str, action: str) -> tuple[Route, ...]:
    """Return the rows of a noun's tags. `action` is their name in policy's table (`network:network_tags`)."""

    def find(ctx: Context) -> Subject:
        bound = pick(of(ctx))
        obj = bound.mirror.get(ctx.params["id"], ctx.region.name)
        if obj is None or not seen(ctx, bound, bound.target(obj)):
            raise fault("TagResourceNotFound", resource=bound.noun.collection, id=ctx.params["id"])
        return Subject(target=bound.target(obj), object=obj)

    async def written(ctx: Context, change: Callable[[list[str]], list[str]]) -> list[str]:
        bound = pick(of(ctx))

        def mutate(obj: Any) -> None:
            obj.spec.tags = change(obj.spec.tags)

        stored: Any = await update(ctx, kind, mutate, bound.missing(ctx.params["id"]))
        return list(stored.spec.tags)

    async def listed(ctx: Context) -> Response:
        return json({"tags": _tags(ctx.found(kind))})

    async def shown(ctx: Context) -> Response:
        if ctx.params["tag"] not in _tags(ctx.found(kind)):
            raise fault("TagNotFound", id=ctx.params["tag"])
        return empty(content_type=None)

    async def replaced(ctx: Context) -> Response:
        wanted = parse(ctx.body)
        return json({"tags": await written(ctx, lambda tags: wanted)})

    async def added(ctx: Context) -> Response:
        wanted = parse(ctx.body)
        return json({"tags": await written(ctx, lambda tags: list(dict.fromkeys([*tags, *wanted])))}, 201)

    async def added_one(ctx: Context) -> Response:
        tag = ctx.params["tag"]
        problem = v.string(LIMIT)(tag)
        if problem:
            raise invalid_input(problem)
        await written(ctx, lambda tags: tags if tag in tags else [*tags, tag])
        return json(None, 201)

    async def removed(ctx: Context) -> Response:
        await written(ctx, lambda tags: [])
        return empty(content_type=None)

    async def removed_one(ctx: Context) -> Response:
        tag = ctx.params["tag"]

        def without(tags: list[str]) -> list[str]:
            if tag not in tags:
                raise fault("TagNotFound", id=tag)
            return [other for other in tags if other != tag]

        await written(ctx, without)
        return empty(content_type=None)

    def row(method: str, part: str, handler: Handler, verb: str, status: int, summary: str) -> Route:
        return Route(
            method=method,
            path=f"{path}/{{id}}/tags{part}",
            handler=handler,
            policy=f"{action}:{verb}",
            find=find,
            reads=READS,
            status=status,
            shape="show" if method == "GET" else "write",
            summary=summary,
        )

    noun = path.strip("/").replace("-", " ").removesuffix("s")
    return (
        row("GET", "", listed, "show", 200, f"List the tags of a {noun}"),
        row("PUT", "", replaced, "update", 200, f"Replace the tags of a {noun}"),
        row("POST", "", added, "update", 201, f"Add tags to a {noun}"),
        row("DELETE", "", removed, "delete", 204, f"Remove all tags of a {noun}"),
        row("GET", "/{tag}", shown, "show", 204, f"Check a tag of a {noun}"),
        row("PUT", "/{tag}", added_one, "update", 201, f"Add a tag to a {noun}"),
        row("DELETE", "/{tag}", removed_one, "delete", 204, f"Remove a tag of a {noun}"),
    )


_tags: Callable[[Any], list[str]] = attrgetter("spec.tags")
