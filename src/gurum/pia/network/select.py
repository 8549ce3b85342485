"""Filter, sort and cut a list: what is left of the objects that the caller may see.

Cheap questions come first: a filter by id or by network looks the objects up instead of going through all of them,
an object is dropped at the first filter it fails, and a page in the order of ids ends where it is full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from sys import maxsize
from typing import Any, TypeVar

from gurum.model.base import Resource
from gurum.pia.kernel.entries import Entry
from gurum.pia.network.query import ListQuery
from gurum.pia.network.runs import Run, chained, merged
from gurum.pia.network.views.base import View

R = TypeVar("R", bound=Resource)
Test = Callable[[R], bool]
TAGS = {"tags": (all, True), "tags-any": (any, True), "not-tags": (all, False), "not-tags-any": (any, False)}


def tests(
    view: View[R], filters: Mapping[str, tuple[Any, ...]], special: Mapping[str, Callable[..., Test[R]]]
) -> list[Test[R]]:
    """Return one test a filter; `special` makes those of filters that are no plain comparison."""
    return [
        special[name](values)
        if name in special
        else _tags(view, name, values)
        if name in TAGS
        else _one_of(view, name, values)
        for name, values in filters.items()
    ]


def _one_of(view: View[R], name: str, values: tuple[Any, ...]) -> Test[R]:
    getter = view.fields.get(name, _null)
    wanted = set(values)

    def test(obj: R) -> bool:
        value = getter(obj)
        if isinstance(value, list):
            return any(str(item) in wanted for item in value)
        if isinstance(value, dict):
            return str(value) in wanted
        return value in wanted or str(value) in wanted

    return test


def _tags(view: View[R], name: str, values: tuple[Any, ...]) -> Test[R]:
    count, positive = TAGS[name]
    getter = view.fields["tags"]
    wanted = [tag for value in values for tag in value.split(",")]

    def test(obj: R) -> bool:
        has = getter(obj)
        return count(tag in has for tag in wanted) is positive

    return test


def listed(
    runs: Iterable[Run[R]], tests: Sequence[Test[R]], view: View[R], asked: ListQuery, mark: Entry[R] | None
) -> list[Entry[R]]:
    """Return what was asked for of the runs, in list order: a page behind (or before) the mark, or all of it.

    A page in the order of ids costs what it has, and what the tests drop on the way; any other order costs the list.
    """
    if asked.limit is None or asked.sorts:
        return _page(list(_passing(chained(runs), tests)), view, asked, mark)
    start = mark.object.metadata.id if mark is not None else None
    walk = _passing(merged(runs, start, reverse=asked.reverse), tests)
    found = list(islice(walk, min(asked.limit, maxsize)))
    return found[::-1] if asked.reverse else found


def _passing(entries: Iterator[Entry[R]], tests: Sequence[Test[R]]) -> Iterator[Entry[R]]:
    if not tests:
        return entries
    return (entry for entry in entries if all(test(entry.object) for test in tests))


def ordered(entries: list[Entry[R]], view: View[R], sorts: Sequence[tuple[str, bool]]) -> list[Entry[R]]:
    """Return the entries in the order asked for; equal ones by id, as Neutron's pages need it. Null comes first."""
    entries = sorted(entries, key=lambda entry: entry.object.metadata.id)
    for name, ascending in reversed(sorts):
        getter = view.fields.get(name, _null)
        entries.sort(key=lambda entry: _rank(getter(entry.object)), reverse=not ascending)
    return entries


def _null(obj: object) -> None:
    return None


def _rank(value: Any) -> tuple[bool, Any]:
    return value is not None, value if isinstance(value, str | int | float) else str(value)


def _page(entries: list[Entry[R]], view: View[R], asked: ListQuery, mark: Entry[R] | None) -> list[Entry[R]]:
    """Return the page of a list that has to be sorted for it.

    The mark need not be in the list itself (a filter may exclude it): the page begins where it would be.
    """
    if asked.limit is None:
        return ordered(entries, view, asked.sorts) if asked.sorts else entries
    if mark is None:
        entries = ordered(entries, view, asked.sorts)
        return entries[-asked.limit :] if asked.reverse else entries[: asked.limit]
    with_mark = ordered([entry for entry in entries if entry is not mark] + [mark], view, asked.sorts)
    at = with_mark.index(mark)
    return with_mark[max(at - asked.limit, 0) : at] if asked.reverse else with_mark[at + 1 : at + 1 + asked.limit]
