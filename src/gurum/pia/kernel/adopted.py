"""What was adopted and is only looked at: writes that would change it are refused here, for every service.

The engine would not carry them out, and a change that is accepted and then forgotten is the worst of answers. A request
changes what it is about, and what its body names: a port in a network, a rule that points at a group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gurum.model import codec
from gurum.model.base import Resource, detaches, read_only
from gurum.model.network import Port, SecurityGroupRule
from gurum.pia.kernel.errors import ApiError, conflict
from gurum.pia.kernel.route import Route

if TYPE_CHECKING:
    from gurum.pia.kernel.context import Context

READS = frozenset({"GET", "HEAD"})
LOOKS = frozenset({"os-getConsoleOutput"})  # actions that only read
# Deleting a thing lets go of it, but for what came along with something else: that would only come again.
ALONG: tuple[type[Resource], ...] = (Port, SecurityGroupRule)
_LONGEST = 36  # a UUID; nothing longer names an object


def refusal(obj: Resource) -> ApiError:
    """Return the 409 of something that is only looked at."""
    name = getattr(getattr(obj, "spec", None), "name", "")
    called = f"{obj.kind} {obj.id}" + (f" ({name})" if name else "")
    return conflict(
        f"{called} was adopted from the cloud and is read-only: its management policy is unmanaged. "
        "The platform team can have it taken over, or let go of."
    )


def check(ctx: Context, route: Route, body: Any) -> None:
    """Raise the refusal of a request that would change something that is only looked at.

    Of what a body names only what the caller may know of counts: of the rest the handler says that there is none.
    """
    if route.method in READS or route.action in LOOKS:
        return
    subject = ctx.subject.object if ctx.subject is not None else None
    if subject is not None and read_only(subject):
        whole = route.method == "DELETE" and route.path.strip("/").count("/") == 1
        if not (whole and detaches(subject) and not isinstance(subject, ALONG)):
            raise refusal(subject)
    everything = "admin" in {role.lower() for role in ctx.principal.roles}
    mirrors = [mirror for kind in codec.ADOPTABLE if (mirror := ctx.parts.board.peek(kind)) is not None]
    for text in _texts(body):
        for mirror in mirrors:
            obj = mirror.get(text, ctx.region.name)
            if obj is not None and read_only(obj) and (everything or obj.metadata.project == ctx.project):
                raise refusal(obj)


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a body that may name an object."""
    if isinstance(value, str):
        if len(value) == _LONGEST:
            yield value.lower()
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
