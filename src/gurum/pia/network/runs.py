"""Lists in pieces that are in order already, so that a page is read off them and the rest is not looked at.

What a caller may list comes from several places: the project's own, what others put on its networks, what is on
public ones. Each place is kept in the order of ids, which is the order of Neutron's pages; a page begins at the
marker's place in each of them and ends at the limit. Sorting the whole list for every page would make the last page
of a project with 50,000 ports cost a hundred times what the page itself costs.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gurum.model.base import Resource
from gurum.pia.kernel.entries import Entry
from gurum.pia.kernel.mirror import Mirror

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True)
class Run(Generic[R]):
    """The entries of one place in ascending order of id.

    items: what the place keeps, ids or entries; not to be changed while the run is walked. key: an item's id. entry:
    what an item stands for, None where it does not belong to the list.
    """

    items: Sequence[Any]
    key: Callable[[Any], str]
    entry: Callable[[Any], Entry[R] | None]

    def walk(self, mark: str | None = None, *, reverse: bool = False) -> Iterator[Entry[R]]:
        """Yield the entries behind the place of an id (all without one), or those before it, backwards."""
        if reverse:
            end = len(self.items) if mark is None else bisect_left(self.items, mark, key=self.key)
            places = range(end - 1, -1, -1)
        else:
            places = range(0 if mark is None else bisect_right(self.items, mark, key=self.key), len(self.items))
        for place in places:
            entry = self.entry(self.items[place])
            if entry is not None:
                yield entry


def of_entries(entries: Sequence[Entry[R]], without: Container[str] = ()) -> Run[R]:
    """Return the run of entries that are in order of id, without those of some ids."""
    if without == ():
        return Run(entries, _id, _same)
    return Run(entries, _id, lambda entry: None if entry.object.metadata.id in without else entry)


def of_ids(ids: Sequence[str], mirror: Mirror[R]) -> Run[R]:
    """Return the run of the objects of ids that are in order. Ids that nothing has do no harm."""
    return Run(ids, str, mirror.entry)


def merged(runs: Iterable[Run[R]], mark: str | None, *, reverse: bool) -> Iterator[Entry[R]]:
    """Yield the entries of all runs in order of id from a mark on, each once; backwards if `reverse`."""
    walks = [run.walk(mark, reverse=reverse) for run in runs if run.items]
    if len(walks) == 1:
        yield from walks[0]
        return
    last = None
    for entry in heapq.merge(*walks, key=_id, reverse=reverse):
        if entry is not last:
            yield entry
        last = entry


def chained(runs: Iterable[Run[R]]) -> Iterator[Entry[R]]:
    """Yield the entries of all runs, one run after the other, each entry once."""
    filled = [run for run in runs if run.items]
    if len(filled) == 1:
        yield from filled[0].walk()
        return
    seen: set[str] = set()
    for run in filled:
        for entry in run.walk():
            uid = entry.object.metadata.id
            if uid not in seen:
                seen.add(uid)
                yield entry


def _id(entry: Entry[Any]) -> str:
    uid: str = entry.object.metadata.id
    return uid


def _same(entry: Entry[R]) -> Entry[R]:
    return entry
