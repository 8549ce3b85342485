"""What a catalogue refuses, as data: every operation of Glance that would make or change something.

They are refused with the status and words of a Glance whose policy forbids them (403), after everything that Glance
checks before: a body's mistakes, an unknown image, a policy that says no anyway. `docs/limits.md` reads ROUTES:
each row has its status and, as its summary, the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gurum.model.image import Image
from gurum.pia.image import bodies
from gurum.pia.image.images import finding
from gurum.pia.image.wire import denied_text
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, forbidden, not_found
from gurum.pia.kernel.route import Find, Handler, Route, Subject
from gurum.pia.kernel.wire import Request, Response
from gurum.policy.model import Target

Read = Callable[[Request], object]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An operation that is refused. rule: Glance's name of it. read: looks at the body first. why: for documents."""

    method: str
    path: str
    action: str
    rule: str
    why: str
    read: Read | None = None
    unknown: str = "No image found with ID {}"
    status: int = 403


CATALOGUE = "the images are the operator's catalogue"
REFUSALS = (
    Refusal("PATCH", "/images/{id}", "images:update", "modify_image", CATALOGUE, bodies.patch),
    Refusal(
        "DELETE",
        "/images/{id}",
        "images:delete",
        "delete_image",
        CATALOGUE,
        unknown="Failed to find image {} to delete",
    ),
    Refusal("PUT", "/images/{id}/file", "images:upload", "upload_image", CATALOGUE, bodies.data),
    Refusal(
        "GET", "/images/{id}/file", "images:download", "download_image", "the data of an image never leaves the cloud"
    ),
    Refusal("PUT", "/images/{id}/stage", "images:stage", "modify_image", CATALOGUE, bodies.data),
    Refusal("POST", "/images/{id}/import", "images:import", "modify_image", CATALOGUE, bodies.method_of_import),
    Refusal("POST", "/images/{id}/actions/deactivate", "images:deactivate", "deactivate", CATALOGUE),
    Refusal("POST", "/images/{id}/actions/reactivate", "images:reactivate", "reactivate", CATALOGUE),
    Refusal("PUT", "/images/{id}/tags/{tag}", "image_tags:update", "modify_image", CATALOGUE),
    Refusal("DELETE", "/images/{id}/tags/{tag}", "image_tags:delete", "modify_image", CATALOGUE),
)


def _find(row: Refusal) -> Find:
    find = finding(row.unknown.format)

    def read_and_find(ctx: Context) -> Subject:
        if row.read is not None:
            row.read(ctx.request)
        return find(ctx)

    return read_and_find


def _refuse(rule: str) -> Handler:
    async def handler(ctx: Context) -> Response:
        raise forbidden(denied_text(rule))

    return handler


def _find_new(ctx: Context) -> Subject:
    asked = bodies.new_image(ctx.request)
    visibility = asked.get("visibility")
    attributes = (visibility,) if visibility in ("public", "community") else ()
    return Subject(target=Target(project_id=ctx.project, user_id=ctx.principal.user_id, attributes=attributes))


def _image(ctx: Context) -> Image:
    return ctx.found(Image)


# Members: only shared images have them, and a catalogue has none.


async def members(ctx: Context) -> Response:
    """Refuse the list of an image's members."""
    raise forbidden("Only shared images have members.")


def _find_member_post(ctx: Context) -> Subject:
    bodies.member(ctx.request)
    return finding()(ctx)


async def add_member(ctx: Context) -> Response:
    """Refuse a new member."""
    raise forbidden(f"Not allowed to create members for image {_image(ctx).id}.")


def _no_member(ctx: Context) -> ApiError:
    return not_found(f"{ctx.params['member']} not found in the member list of the image {_image(ctx).id}.")


async def member(ctx: Context) -> Response:
    """Refuse to show, change or delete a member: there is none."""
    raise _no_member(ctx)


def _row(method: str, path: str, handler: Handler, action: str, find: Find, summary: str, status: int) -> Route:
    return Route(
        method=method,
        path=path,
        handler=handler,
        policy=f"image:{action}",
        find=find,
        reads=(Image,),
        status=status,
        shape="show" if method == "GET" else "write",
        summary=summary,
    )


_MEMBERS = "/images/{id}/members"
ROUTES = (
    _row("POST", "/images", _refuse("add_image"), "images:create", _find_new, f"Refused: {CATALOGUE}", 403),
    *(
        _row(row.method, row.path, _refuse(row.rule), row.action, _find(row), f"Refused: {row.why}", row.status)
        for row in REFUSALS
    ),
    _row("GET", _MEMBERS, members, "members:list", finding(), "Refused: no image is shared", 403),
    _row("POST", _MEMBERS, add_member, "members:create", _find_member_post, "Refused: no image is shared", 403),
    *(
        _row(method, f"{_MEMBERS}/{{member}}", member, f"members:{verb}", finding(), "Refused: no image is shared", 404)
        for method, verb in (("GET", "show"), ("PUT", "update"), ("DELETE", "delete"))
    ),
)
