"""What a backend must be able to do so that it can be copied from and to: read of one moment, and write as it was.

Kept apart from the contract that processes work by. Whoever restores is alone on the store (`transfer`), and what is
restored is neither new nor changed: nothing is stamped, dropped, counted or refused for what it says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

import msgspec

from gurum.model.base import Resource
from gurum.store.contract import Record

R = TypeVar("R", bound=Resource)

PAGE = 500  # objects read, or written, at once


class Line(msgspec.Struct, frozen=True):
    """A record of a journal, with what keeps it from being appended twice."""

    record: Record
    unique: str


class Instant(Protocol):
    """Everything that a store had at one moment, for as long as this is open."""

    @property
    def position(self) -> int | None:
        """Return the journal's latest position at that moment, where it is in the same database; else None."""
        ...

    async def count(self, kind: type[Resource]) -> int:
        """Return how many objects of a kind there are."""
        ...

    def objects(self, kind: type[R]) -> AsyncIterator[Sequence[R]]:
        """Yield all objects of a kind, in pages. May be asked again. Raises WatchExpiredError, UnavailableError."""
        ...


class Restorable(Protocol):
    """A store as a copy sees it. All may raise UnavailableError."""

    def instant(self) -> AbstractAsyncContextManager[Instant]:
        """Open the store's present moment."""
        ...

    async def restore(self, objs: Sequence[Resource]) -> None:
        """Have the store hold these objects as they are, whatever it holds under their ids.

        All of it is kept but the resource version, which is the store's. Idempotent; cut off anywhere, it is called
        again. Raises ExistsError for a key that another object has, ValueError for what the backend cannot store.
        """
        ...

    async def discard(self, kind: type[Resource], ids: Collection[str]) -> None:
        """Remove these objects, whatever holds them, with all that was made to keep them. Idempotent."""
        ...

    async def settle(self) -> None:
        """Have every process that opens the store from now on see all that was written. Idempotent."""
        ...


class Ledger(Protocol):
    """A journal as a copy sees it. All may raise UnavailableError."""

    def place(self) -> str:
        """Return where the journal is, the same text for the same place. It has no password."""
        ...

    async def last(self) -> int:
        """Return the latest position that was ever given out."""
        ...

    async def count(self, until: int) -> int:
        """Return how many lines there are up to a position."""
        ...

    async def lines(self, after: int, until: int, limit: int = PAGE) -> Sequence[Line]:
        """Return the lines with after < position <= until, in order, at most `limit`."""
        ...

    async def restore(self, lines: Sequence[Line], after: int, until: int) -> None:
        """Have exactly these lines, at their positions, between the two; later appends come after `until`."""
        ...
