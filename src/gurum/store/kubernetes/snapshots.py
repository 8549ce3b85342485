"""Lists in pages, in the order that the contract promises.

Kubernetes' own pages are in the order of namespaces and names, which is no order of OpenStack's ids. So a list is read
whole, and kept until its last page is asked for. Only few lists are read to the end at any time (a process that
starts, a copy), and there is a bound on how many are kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TypeVar, cast

import msgspec

from gurum.model.base import Resource
from gurum.store.contract import Filter, Page, WatchExpiredError

R = TypeVar("R", bound=Resource)


class _Snapshot(msgspec.Struct):
    kind: str
    where: Filter
    version: int
    items: Sequence[Resource]
    given: int = 0  # how many of them the pages so far had


class Snapshots:
    """The lists of a store that wait for their next page."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[str, _Snapshot] = {}  # the one that waited longest first

    def begin(self, kind: type[R], where: Filter, version: int, items: Sequence[R], limit: int) -> Page[R]:
        """Return the first page of a list."""
        return cast("Page[R]", self._page(_Snapshot(kind.kind, where, version, items), limit))

    def resume(self, token: str, kind: type[R], where: Filter, limit: int) -> Page[R]:
        """Return the page that a token names. Raises WatchExpiredError."""
        snapshot = self._waiting.pop(token, None)
        if snapshot is None or (snapshot.kind, snapshot.where) != (kind.kind, where):
            raise WatchExpiredError(f"the list of {kind.kind} waited too long for its next page: list again")
        return cast("Page[R]", self._page(snapshot, limit))

    def _page(self, snapshot: _Snapshot, limit: int) -> Page[Resource]:
        items = list(snapshot.items[snapshot.given : snapshot.given + limit])
        snapshot.given += len(items)
        if snapshot.given == len(snapshot.items):
            return Page(items, snapshot.version)
        token = secrets.token_hex(8)
        self._waiting[token] = snapshot
        if len(self._waiting) > self._limit:
            del self._waiting[next(iter(self._waiting))]
        return Page(items, snapshot.version, token)
