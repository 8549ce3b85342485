"""The journal in PostgreSQL: beside the objects, or alone where these are in Kubernetes.

On a database shared with the store it also shares the group commit, so that a state and the record of it cost one
flush.
"""

from __future__ import annotations

from typing import Any

from gurum.model.engine import Lease
from gurum.store import fence
from gurum.store.contract import Record
from gurum.store.postgresql.batch import Batch
from gurum.store.postgresql.database import Database
from gurum.store.postgresql.texts import storable

_COLUMNS = ("kind", "object_id", "project", "region", "type")  # what can be asked for
_PRUNE = "DELETE FROM journal WHERE at < $1"


class PostgresqlJournal:
    """See `gurum.store.contract.Journal`. Open it with `PostgresqlJournal.open`, or on a store's database."""

    def __init__(self, database: Database, *, owner: bool = False) -> None:
        """With `owner`, closing the journal closes the database."""
        self.database = database
        self._owner = owner

    @classmethod
    async def open(cls, url: str, *, password: str = "", backup: bool = False) -> PostgresqlJournal:
        """Open a journal in a database. Raises UnavailableError, NewerStoreError, ConfigError."""
        return cls(await Database.open(url, password=password, backup=backup), owner=True)

    async def append(self, record: Record, *, unique: str) -> None:
        """Add a record, unless one with this (type, object_id, `unique`) is there already."""
        guard = fence.current()

        def add(batch: Batch) -> None:
            held = batch.by_key(Lease, guard.key) if guard is not None else None
            if guard is not None and held is not None:  # beside Kubernetes the leases are elsewhere
                guard.check(held)
            batch.append(record, unique)

        await self.database.write(add, keys=[(Lease.kind, guard.key)] if guard is not None else ())

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
        if not all(storable(asked[column]) for column in wanted):
            return []  # a client may ask for anything
        # Only what is asked for stands in the query: "or empty" clauses would keep the planner from using its indexes.
        clauses = "".join(f" AND {column} = ${number}" for number, column in enumerate(wanted, 4))
        query = (  # made of names from _COLUMNS; values are bound
            "SELECT at, type, kind, object_id, region, project, data, request_id, position FROM journal"  # noqa: S608
            f" WHERE position > $1 AND at >= $2{clauses} ORDER BY position LIMIT $3"
        )
        rows = await self.database.readers.fetch(query, after, since, limit, *(asked[column] for column in wanted))
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
            for at, type_, kind_, id_, region_, project_, data, request, position in rows
        ]

    async def prune(self, before: float) -> int:
        """Remove records older than `before`; return how many. They may then be appended again."""

        def delete(batch: Batch) -> Any:
            return batch.execute(_PRUNE, before)

        return int((await self.database.write(delete)).rows)

    async def close(self) -> None:
        """Release the connections, if they are the journal's own."""
        if self._owner:
            await self.database.close()
