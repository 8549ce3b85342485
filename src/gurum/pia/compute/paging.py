"""Pages as Nova makes them: a limit, the id of the last one seen, and a link to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from gurum.pia.compute.wire import VERSION
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, bad_request
from gurum.pia.kernel.wire import encode

T = TypeVar("T")


def limit_of(ctx: Context) -> int:
    """Return how many to show: what was asked, at most the page limit. 0 shows none."""
    asked = ctx.query.last("limit")
    most = ctx.parts.config.page_limit
    return min(int(asked[:9]), most) if asked else most  # nine digits are more than any limit


def marker_not_found(marker: str) -> ApiError:
    """Return the 400 of a marker that is not there."""
    return bad_request(f"marker [{marker}] not found")


def page(ctx: Context, items: Sequence[T], id_of: Callable[[T], str]) -> list[T]:
    """Return the part of a short list that limit and marker ask for. Raises 400 for an unknown marker."""
    start = 0
    marker = ctx.query.last("marker")
    if marker:
        start = next((n + 1 for n, item in enumerate(items) if id_of(item) == marker), -1)
        if start < 0:
            raise marker_not_found(marker)
    return list(items[start : start + limit_of(ctx)])


def links(ctx: Context, collection: str, shown: int, last: str, path: str = "") -> bytes:
    """Return the `<collection>_links` member, rendered; empty when this page is not full.

    As in Nova a full page always has a next one, even if nothing is on it.
    """
    most = limit_of(ctx)
    if not most or shown != most:
        return b""
    parameters = dict(sorted(dict(ctx.query.pairs).items()))
    parameters["marker"] = last
    href = f"{ctx.root}{VERSION}/{path or collection}?{urlencode(parameters)}"
    return b'"%s_links":%s' % (collection.encode(), encode([{"rel": "next", "href": href}]))
