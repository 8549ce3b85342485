"""The latest version of each kind, kept beside Kubernetes: how every process sees what any other has acknowledged.

A watch tells soon, but never says that it has told everything: an API process that reads the same object a moment after
another has written it would answer from before. Kubernetes' own consistent reads cost a list. So whoever writes notes
the version in the database of the journal, which all processes share anyway, before it acknowledges; and whoever
answers looks there, which costs microseconds, and waits for its watch to have come so far. What kubectl writes is not
noted: it is seen when the watch tells of it, some milliseconds later.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Protocol

from gurum.store.contract import Journal
from gurum.store.sqlite import SqliteJournal
from gurum.store.sqlite.database import Database, Transaction
from gurum.store.sqlite.errors import explain

if TYPE_CHECKING:
    from gurum.store.postgresql.database import Database as PostgresqlDatabase

_NOTE = """
    INSERT INTO kinds (kind, head) VALUES (?, ?)
    ON CONFLICT (kind) DO UPDATE SET head = excluded.head WHERE excluded.head > head"""
_LOWER = "UPDATE kinds SET head = ? WHERE kind = ? AND head = ?"
_NOTE_POSTGRESQL = """
    INSERT INTO kinds (kind, head) VALUES ($1, $2)
    ON CONFLICT (kind) DO UPDATE SET head = excluded.head WHERE excluded.head > kinds.head"""
_LOWER_POSTGRESQL = "UPDATE kinds SET head = $1 WHERE kind = $2 AND head = $3"


class Heads(Protocol):
    """What the store needs of the journal's database. All may raise UnavailableError."""

    async def note(self, kind: str, version: int) -> None:
        """Remember that the kind is at least at this version; return once every process will see it."""
        ...

    async def lower(self, kind: str, known: int, version: int) -> None:
        """Say that the kind is at `version`, if `known` is still what is remembered: the cluster was restored."""
        ...

    def expect(self) -> float | None:
        """Begin what `refresh` will wait for; return the moment to be given to it; None: it does not wait."""
        ...

    async def refresh(self, begun: float | None = None) -> None:
        """Know every note made before `begun` (of time.monotonic(); default: now)."""
        ...

    def head(self, kind: str) -> int:
        """Return the kind's latest version as of the last refresh, 0 when nobody noted one."""
        ...


class SqliteHeads:
    """Heads in a journal's SQLite database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, kind: str, version: int) -> None:
        """See Heads."""

        def write(transaction: Transaction) -> None:
            transaction.execute(_NOTE, (kind, version))

        await self._database.write(write)

    async def lower(self, kind: str, known: int, version: int) -> None:
        """See Heads."""

        def write(transaction: Transaction) -> None:
            transaction.execute(_LOWER, (version, kind, known))

        await self._database.write(write)

    def expect(self) -> float | None:
        """See Heads."""
        return None

    async def refresh(self, begun: float | None = None) -> None:
        """See Heads."""
        try:
            self._database.heads.refresh(begun)
        except sqlite3.Error as error:
            raise explain(error, self._database.path) from error

    def head(self, kind: str) -> int:
        """See Heads."""
        return self._database.heads.head(kind)


class PostgresqlHeads:
    """Heads in a journal's PostgreSQL database."""

    def __init__(self, database: PostgresqlDatabase) -> None:
        self._database = database

    async def note(self, kind: str, version: int) -> None:
        """See Heads."""
        # Whoever looks notices by the counter, which a statement raises.
        await self._database.write(lambda batch: batch.execute(_NOTE_POSTGRESQL, kind, version))

    async def lower(self, kind: str, known: int, version: int) -> None:
        """See Heads."""
        await self._database.write(lambda batch: batch.execute(_LOWER_POSTGRESQL, version, kind, known))

    def expect(self) -> float | None:
        """See Heads."""
        return self._database.heads.expect()

    async def refresh(self, begun: float | None = None) -> None:
        """See Heads."""
        await self._database.heads.refresh(begun)

    def head(self, kind: str) -> int:
        """See Heads."""
        return self._database.heads.head(kind)


def heads_in(journal: Journal) -> Heads:
    """Return the heads in the database of a journal that was opened alone."""
    if isinstance(journal, SqliteJournal):
        return SqliteHeads(journal.database)
    # Imported late: who has no such database need not load its driver.
    from gurum.store.postgresql import PostgresqlJournal

    if isinstance(journal, PostgresqlJournal):
        return PostgresqlHeads(journal.database)
    raise TypeError(f"{type(journal).__name__} has no database")
