"""The journal in SQLite: beside the objects, or alone where these are in Kubernetes.

On a database shared with the store it also shares the group commit, so that a state and the record of it cost one
flush.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gurum.store import fence
from gurum.store.contract import Record
from gurum.store.sqlite.database import Database, Transaction
from gurum.store.sqlite.errors import explain
from gurum.store.sqlite.store import lease

_APPEND = """
    INSERT INTO journal (at, type, kind, object_id, region, project, request_id, data, once)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (object_id, type, once) DO NOTHING"""
_COLUMNS = ("kind", "object_id", "project", "region", "type")  # what can be asked for


class SqliteJournal:
    """See `gurum.store.contract.Journal`. Open it with `SqliteJournal.open`, or on a store's database."""

    def __init__(self, database: Database, *, owner: bool = False) -> None:
        """With `owner`, closing the journal closes the database."""
        self.database = database
        self._owner = owner

    @classmethod
    async def open(cls, path: Path | str, *, busy_timeout: float = 5.0, backup_to: Path | None = None) -> SqliteJournal:
        """Open a journal in a file. Raises UnavailableError, NewerStoreError."""
        return cls(await Database.open(path, busy_timeout=busy_timeout, backup_to=backup_to), owner=True)

    async def append(self, record: Record, *, unique: str) -> None:
        """Add a record, unless one with this (type, object_id, `unique`) is there already."""
        row = (
            record.at,
            record.type,
            record.kind,
            record.object_id,
            record.region,
            record.project,
            record.request_id,
            record.data,
            unique,
        )

        guard = fence.current()

        def insert(transaction: Transaction) -> None:
            held = lease(transaction, guard.key) if guard is not None else None
            if guard is not None and held is not None:  # beside Kubernetes the leases are elsewhere
                guard.check(held)
            transaction.execute(_APPEND, row)

        await self.database.write(insert)

    async def read(
        self,
        *,
        kind: str = "",
        object_id: str = "",
        project: str = "",
        region: str = "",
        type: str = "",
        since: float = 0.0,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Record]:
        """Return matching records, oldest first, with position > after and at >= since."""
        asked = dict(zip(_COLUMNS, (kind, object_id, project, region, type), strict=True))
        wanted = [column for column, value in asked.items() if value]
        # Only what is asked for stands in the query: "or empty" clauses would keep SQLite from using its indexes.
        clauses = "".join(f" AND {column} = :{column}" for column in wanted)
        query = (  # made of names from _COLUMNS; values are bound
            "SELECT at, type, kind, object_id, region, project, data, request_id, position FROM journal"  # noqa: S608
            f" WHERE position > :after AND at >= :since{clauses} ORDER BY position LIMIT :limit"
        )
        try:
            rows = self.database.reader.execute(query, asked | {"after": after, "since": since, "limit": limit})
            return [
                Record(
                    at=at,
                    type=type_,
                    kind=kind_,
                    object_id=id_,
                    region=region_,
                    project=project_,
                    data=data,
                    request_id=request,
                    position=position,
                )
                for at, type_, kind_, id_, region_, project_, data, request, position in rows.fetchall()
            ]
        except sqlite3.Error as error:
            raise explain(error, self.database.path) from error

    async def prune(self, before: float) -> int:
        """Remove records older than `before`; return how many. They may then be appended again."""

        def delete(transaction: Transaction) -> int:
            return transaction.execute("DELETE FROM journal WHERE at < ?", (before,)).rowcount

        return await self.database.write(delete)

    async def close(self) -> None:
        """Release the file, if it is the journal's own."""
        if self._owner:
            await self.database.close()
