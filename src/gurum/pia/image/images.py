"""/v2/images: list and show."""

from __future__ import annotations

from collections.abc import Callable

from gurum.model.image import Image
from gurum.pia.image import filters, paging
from gurum.pia.image.view import owner, rendered, target
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.entries import Entry
from gurum.pia.kernel.errors import not_found
from gurum.pia.kernel.route import Find, Route, Subject
from gurum.pia.kernel.wire import Response, encode
from gurum.policy.model import Scopes


def missing(uid: str) -> str:
    """Return what Glance says of an image that it does not find."""
    return f"No image found with ID {uid}"


def finding(text: Callable[[str], str] = missing) -> Find:
    """Return a `find` of the image that the path names, which refuses an unknown one with that text."""

    def find(ctx: Context) -> Subject:
        uid = ctx.params["id"]
        refusal = not_found(text(uid))
        image = ctx.mirror(Image).get(uid, ctx.region.name)
        if image is None:
            raise refusal
        return Subject(target=target(image), object=image, missing=refusal)

    return find


async def listed(ctx: Context) -> Response:
    """Answer a page of the images that the caller may see."""
    scopes = ctx.decision.scopes or Scopes()
    query = ctx.query
    wanted = filters.tests(query)
    by = paging.sorts(query)
    size = paging.limit(query, ctx.parts.config.page_limit)
    community = query.last("visibility") in ("community", "all")

    def admitted(image: Image) -> bool:
        if image.spec.visibility == "community" and not community and owner(image) != ctx.project:
            return False  # community images are for those who ask for them
        return scopes.admit(target(image))

    mirror = ctx.mirror(Image)

    def marked(uid: str) -> Entry[Image] | None:
        entry = mirror.entry(uid)
        return entry if entry is not None and admitted(entry.object) else None

    entries = [
        entry
        for entry in mirror.members(ctx.region.name)
        if admitted(entry.object) and all(test(entry.object) for test in wanted)
    ]
    shown = paging.page(paging.ordered(entries, by), query, size, marked, by)
    members = [b'"images":[%s]' % b",".join(map(rendered, shown)), b'"first":' + encode(paging.first(query))]
    if shown and len(shown) == size:
        members.append(b'"next":' + encode(paging.following(query, shown[-1].object.id)))
    members.append(b'"schema":"/v2/schemas/images"')
    return Response(body=b"{%s}" % b",".join(members))


async def show(ctx: Context) -> Response:
    """Answer one image."""
    entry = ctx.mirror(Image).entry(ctx.params["id"])
    if entry is None:
        raise not_found(missing(ctx.params["id"]))
    return Response(body=rendered(entry))


ROUTES = (
    Route(
        method="GET",
        path="/images",
        handler=listed,
        policy="image:images:list",
        reads=(Image,),
        shape="list",
        summary="List images",
    ),
    Route(
        method="GET",
        path="/images/{id}",
        handler=show,
        policy="image:images:show",
        find=finding(),
        reads=(Image,),
        summary="Show an image",
    ),
)
