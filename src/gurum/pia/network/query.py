"""What a list's query asks for: filters, order, a page, fields; refused in Neutron's words when it cannot be meant.

Neutron validates filters (it says so by the extension `filter-validation`): a misspelt filter must not silently list
everything, because scripts delete what such a list returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from gurum.pia.kernel.wire import Query
from gurum.pia.network.attributes import Noun
from gurum.pia.network.faults import bad_request, fault

CONTROL = frozenset({"fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse"})


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A list's query, read. filters: name to the wanted values (any of them will do). sorts: (key, ascending).

    limit None: no page was asked for, so marker and page_reverse mean nothing. fields None: all of them.
    """

    filters: Mapping[str, tuple[Any, ...]]
    sorts: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None
    marker: str | None = None
    reverse: bool = False
    fields: frozenset[str] | None = None


def fields(query: Query) -> frozenset[str] | None:
    """Return the fields asked for, None for all. A field that nobody knows gives empty objects, as in Neutron."""
    return frozenset(query.all("fields")) if "fields" in query else None


def parse(noun: Noun, query: Query) -> ListQuery:
    """Return what the query of a list asks for. Raises the faults Neutron has for it."""
    if not query:
        return ListQuery(filters={})
    limit = _limit(query)
    return ListQuery(
        filters=_filters(noun, query),
        sorts=_sorts(noun, query),
        limit=limit,
        marker=(query.last("marker") or None) if limit else None,
        reverse=bool(limit) and query.last("page_reverse").lower() == "true",
        fields=fields(query),
    )


def _filters(noun: Noun, query: Query) -> dict[str, tuple[Any, ...]]:
    wanted: dict[str, tuple[Any, ...]] = {}
    unknown = []
    for name, values in query.lists.items():
        if name in CONTROL:
            continue
        row = noun.attributes.get(name)
        if row is not None and row.visible:
            wanted[name] = tuple(map(row.filter, values)) if row.filter else tuple(values)
        elif name in noun.queries:
            wanted[name] = tuple(values)
        else:
            unknown.append(name)
    if unknown:
        raise bad_request(f"{unknown} is invalid attribute for filtering")
    return wanted


def _sorts(noun: Noun, query: Query) -> tuple[tuple[str, bool], ...]:
    keys = [value for value in query.all("sort_key") if value]
    directions = [value for value in query.all("sort_dir") if value]
    if len(keys) != len(directions):
        raise bad_request("The number of sort_keys and sort_dirs must be same")
    absent = [key for key in keys if key not in noun.attributes or not noun.attributes[key].visible]
    if absent:
        raise bad_request(f"{absent} is invalid attribute for sort_keys")
    wrong = [direction for direction in directions if direction not in ("asc", "desc")]
    if wrong:
        raise bad_request(f"{wrong} is invalid value for sort_dirs, valid value is 'asc' and 'desc'")
    return tuple((key, direction == "asc") for key, direction in zip(keys, directions, strict=True))


def _limit(query: Query) -> int | None:
    text = query.last("limit", "0")
    try:
        if text.strip().isdecimal():
            return int(text) or None
    except ValueError:  # more digits than Python converts: as wrong as none
        pass
    raise fault("BadRequest", resource="limit", message=f"Limit must be an integer 0 or greater and not '{text}'")


def links(url: str, query: Query, asked: ListQuery, ids: list[str]) -> list[dict[str, str]]:
    """Return the links beside a page: a full page has a next one, and every page but a short reversed one a previous.

    `url` is the list's own, without its query; `ids` are those of the page, in its order.
    """
    if not asked.limit:
        return []
    short = len(ids) < asked.limit
    rest = [(name, value) for name, value in query.pairs if name not in ("marker", "page_reverse")]
    found = []
    if not short or asked.reverse:
        found.append({"rel": "next", "href": _href(url, rest, ids[-1:], [])})
    if not short or not asked.reverse:
        found.append({"rel": "previous", "href": _href(url, rest, ids[:1], [("page_reverse", "True")])})
    return found


def _href(url: str, rest: list[tuple[str, str]], marker: list[str], more: list[tuple[str, str]]) -> str:
    return f"{url}?{urlencode([*rest, *(('marker', last) for last in marker), *more])}"
