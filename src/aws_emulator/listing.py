"""Describe calls: ids, filters with wildcards, pages.

One implementation for every kind, because the rules are EC2's and not a noun's: values of one
filter are alternatives, filters add up, `*` and `?` match, and a page is cut after filtering.
"""

import base64
import binascii
import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import msgspec

from aws_emulator.context import Context
from aws_emulator.rules import refuse
from aws_emulator.state.resource import Resource
from aws_emulator.state.table import Table

R = TypeVar("R", bound=Resource)
T = TypeVar("T")
Values = Iterable[str]
# A filter's name -> what a row offers to it.
_Filter = tuple[str, list[str]]
FilterTable = Mapping[str, Callable[[Context, Any], Values]]
_MOST_VALUES = 200
_PAGING = frozenset({"MaxResults", "NextToken"})


class Page(NamedTuple):
    """How an action pages: the range of MaxResults, and whether ids forbid it."""

    low: int
    high: int
    ids_exclude: bool


@lru_cache(maxsize=2048)
def _pattern(value: str) -> re.Pattern[str] | None:
    """Return the compiled pattern of a filter value, or None when it is a plain text."""
    if not any(sign in value for sign in "*?\\"):
        return None
    parts = []
    signs = iter(value)
    for sign in signs:
        if sign == "\\":
            parts.append(re.escape(next(signs, "\\")))
        else:
            parts.append({"*": ".*", "?": "."}.get(sign, re.escape(sign)))
    return re.compile("".join(parts), re.DOTALL)


def matcher(wanted: Sequence[str]) -> Callable[[Values], bool]:
    """Return the question whether any offered value matches any wanted one."""
    plain = {value for value in wanted if _pattern(value) is None}
    patterns = [pattern for value in wanted if (pattern := _pattern(value)) is not None]
    if not patterns:
        return lambda offered: not plain.isdisjoint(offered)
    return lambda offered: any(
        value in plain or any(pattern.fullmatch(value) for pattern in patterns) for value in offered
    )


def matches(wanted: Sequence[str], offered: Values) -> bool:
    """Tell whether any offered value matches any wanted one."""
    return matcher(wanted)(offered)


def filters_of(params: Mapping[str, Any]) -> list[_Filter]:
    """Return the filters of a call; Refusal above 200 values."""
    filters = [(each.get("Name", ""), each.get("Values", [])) for each in params.get("Filters", ())]
    if sum(len(values) for _, values in filters) > _MOST_VALUES:
        raise refuse("filter.too-many")
    return filters


def select(call: Context, table: Table[R], params: Mapping[str, Any], ids: str, known: FilterTable) -> list[R]:
    """Return the visible rows of a describe: by ids (parameter name `ids`), then by filters.

    Raises Refusal for malformed and unknown ids and for unknown filters.
    """
    filters = filters_of(params)
    for name, _ in filters:
        if name not in known and not name.startswith("tag:") and name != "tag-key":
            raise refuse("filter.unknown", name=name)
    if params.get(ids):
        rows = sorted(call.many(table, params[ids]), key=attrgetter("seq"))
    else:
        rows, filters = _candidates(table, filters)
        now = call.now
        rows = [row for row in rows if row.visible_at <= now]
    for name, wanted in filters:
        fits, offer = matcher(wanted), known.get(name) or _tag_offer(name)
        rows = [row for row in rows if fits(offer(call, row))]
    return rows


def choose(
    call: Context, rows: Iterable[T], params: Mapping[str, Any], known: FilterTable, *, tagged: bool = False
) -> list[T]:
    """Return the rows of a catalogue that pass the filters; tag filters where rows have `tags`."""
    chosen = list(rows)
    for name, wanted in filters_of(params):
        offer = known.get(name)
        if offer is None and tagged and (name == "tag-key" or name.startswith("tag:")):
            offer = _own_tag(name)
        if offer is None:
            raise refuse("filter.unknown", name=name)
        fits = matcher(wanted)
        chosen = [row for row in chosen if fits(offer(call, row))]
    return chosen


def _own_tag(name: str) -> Callable[[Context, Any], Values]:
    if name == "tag-key":
        return lambda call, row: row.tags
    key = name.removeprefix("tag:")
    return lambda call, row: (row.tags[key],) if key in row.tags else ()


def _tag_offer(name: str) -> Callable[[Context, Any], Values]:
    if name == "tag-key":
        return lambda call, row: row.shown_tags
    key = name.removeprefix("tag:")
    return lambda call, row: (row.shown_tags[key],) if key in row.shown_tags else ()


def _candidates(table: Table[R], filters: list[_Filter]) -> tuple[list[R], list[_Filter]]:
    """Return the rows that the tag index leaves, and the filters still to be asked."""
    best: set[str] | None = None
    left = []
    for name, wanted in filters:
        indexed = name == "tag-key" or name.startswith("tag:")
        if not indexed or any(_pattern(value) is not None for value in wanted):
            left.append((name, wanted))
            continue
        if name == "tag-key":
            ids = [table.ids("tag-key", value) for value in wanted]
        else:
            ids = [table.ids("tag", (name.removeprefix("tag:"), value)) for value in wanted]
        found = set().union(*ids)
        best = found if best is None else best & found
    return (list(table) if best is None else table.ordered(best)), left


def page(rows: list[T], params: Mapping[str, Any], rule: Page, ids: str = "") -> tuple[list[T], dict[str, str]]:
    """Return one page of rows and the members to add to the answer (NextToken or nothing).

    Raises Refusal for a MaxResults out of range or with ids where AWS forbids it, and for a
    NextToken that is not of this call (its filters count).
    """
    size, token = params.get("MaxResults"), params.get("NextToken")
    if size is None and token is None:
        return rows, {}
    if size is not None and not rule.low <= size <= rule.high:
        raise refuse("page.size", value=size, low=rule.low, high=rule.high)
    if rule.ids_exclude and params.get(ids):
        raise refuse("page.with-ids", ids=ids)
    about = {name: value for name, value in params.items() if name not in _PAGING}
    mark = hashlib.sha256(msgspec.json.encode(about, order="sorted")).hexdigest()[:16]
    start = _after(rows, *_read(token, mark)) if token else 0
    end = len(rows) if size is None else start + size
    if end >= len(rows):
        return rows[start:], {}
    place = getattr(rows[end - 1], "seq", None)
    text = f"offset:{end}:{mark}" if place is None else f"seq:{place}:{mark}"
    return rows[start:end], {"NextToken": base64.urlsafe_b64encode(text.encode()).decode()}


def _after(rows: Sequence[Any], unit: str, place: int) -> int:
    """Return where the next page starts; by `seq`, rows that came or went do not shift it."""
    return place if unit == "offset" else bisect_right(rows, place, key=attrgetter("seq"))


def _read(token: str, mark: str) -> tuple[str, int]:
    try:
        unit, place, found = base64.urlsafe_b64decode(token.encode()).decode().split(":")
        number = int(place)
    except (binascii.Error, UnicodeError, ValueError):
        raise refuse("page.token", token=token) from None
    if found != mark or unit not in ("offset", "seq"):
        raise refuse("page.token", token=token)
    return unit, number
