"""What the writes of one commit make of the store, computed in memory and then written at once.

A round trip costs more than what it asks for. So a batch reads everything its writes decide on at once, each write then
sees what those before it in the batch made of that, and what is left in the end is written as arrays: a commit costs
the same few statements, whether it carries one write or five hundred. It runs under the write lock from the first
statement to the last, so that what was read cannot change before it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from gurum.model.base import Resource
from gurum.store.contract import ConflictError, ExistsError, NotFoundError, Record
from gurum.store.postgresql.link import Session
from gurum.store.rows import decode, encode

R = TypeVar("R", bound=Resource)
Name = tuple[str, str]  # kind, and an id or a key of it

_READ = """
    SELECT '', position::text, ''::bytea, version, 0, ''::bytea FROM counter
    UNION ALL
    SELECT o.kind, o.id, o.key, o.resource_version, o.schema, o.data
    FROM unnest($1::text[], $2::text[]) AS wanted (kind, id) JOIN objects o ON o.kind = wanted.kind AND o.id = wanted.id
    UNION ALL
    SELECT o.kind, o.id, o.key, o.resource_version, o.schema, o.data
    FROM unnest($3::text[], $4::bytea[]) AS wanted (kind, key)
    JOIN objects o ON o.kind = wanted.kind AND sha256(o.key) = sha256(wanted.key)"""
_COLUMNS = ("kind", "id", "key", "region", "account", "project", "version", "schema", "data")
_REMOVE = """
    DELETE FROM objects o USING unnest($1::text[], $2::text[]) AS gone (kind, id)
    WHERE o.kind = gone.kind AND o.id = gone.id"""
_BURIED = ("kind", "id", "region", "account", "project", "version", "removed_at", "schema", "data")
_RECORD = 10  # columns of the journal
# One statement: a round trip costs more than a part that has nothing to do. No two parts touch the same row.
_WRITE = """
    WITH inserted AS (
      INSERT INTO objects (kind, id, key, region, account, project, resource_version, schema, data)
      SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[],
                           $7::bigint[], $8::integer[], $9::bytea[])
    ), replaced AS (
      UPDATE objects o SET region = n.region, account = n.account, project = n.project,
                           resource_version = n.version, schema = n.schema, data = n.data
      FROM unnest($10::text[], $11::text[], $12::bytea[], $13::text[], $14::text[], $15::text[],
                  $16::bigint[], $17::integer[], $18::bytea[])
        AS n (kind, id, key, region, account, project, version, schema, data)
      WHERE o.kind = n.kind AND o.id = n.id
    ), buried AS (
      INSERT INTO tombstones (kind, id, region, account, project, resource_version, removed_at, schema, data)
      SELECT * FROM unnest($19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::bigint[],
                           $25::double precision[], $26::integer[], $27::bytea[])
      ON CONFLICT (kind, id) DO UPDATE SET region = excluded.region, account = excluded.account,
        project = excluded.project, resource_version = excluded.resource_version, removed_at = excluded.removed_at,
        schema = excluded.schema, data = excluded.data
    ), appended AS (
      INSERT INTO journal (position, at, type, kind, object_id, region, project, request_id, data, once)
      SELECT * FROM unnest($28::bigint[], $29::double precision[], $30::text[], $31::text[], $32::text[], $33::text[],
                           $34::text[], $35::text[], $36::bytea[], $37::text[])
      ON CONFLICT (object_id, type, once) DO NOTHING
    ), heads AS (
      INSERT INTO kinds (kind, head) SELECT * FROM unnest($38::text[], $39::bigint[])
      ON CONFLICT (kind) DO UPDATE SET head = excluded.head
    ), counted AS (
      UPDATE counter SET version = $40, position = $41 WHERE version <> $40 OR position <> $41
    ), mine AS (
      INSERT INTO writers VALUES ($42, $43, now())
      ON CONFLICT (writer) DO UPDATE SET number = excluded.number, at = now()
    )
    SELECT pg_notify($44, $45) WHERE $45 <> ''"""


class Held(msgspec.Struct, frozen=True):
    """An object as it stands in the batch."""

    key: str
    version: int
    schema: int
    data: bytes


class Count(msgspec.Struct):
    """How many rows a statement was about, once the batch is written."""

    rows: int = 0


class Batch:
    """What a write works with: the objects it named beforehand, as the writes before it have left them."""

    def __init__(self) -> None:
        self.changes = 0  # how often something was changed
        self.heads: dict[str, int] = {}  # by kind, of what was changed
        self._version = 0
        self._position = 0
        self._stored: dict[Name, str] = {}  # what is in the table, by (kind, id): the key
        self._objects: dict[Name, Held | None] = {}
        self._keys: dict[Name, str] = {}
        self._rows: dict[Name, dict[str, Any]] = {}  # to be written
        self._tombstones: dict[Name, dict[str, Any]] = {}
        self._records: list[tuple[Any, ...]] = []
        self._statements: list[tuple[str, tuple[Any, ...], Count]] = []

    async def read(self, session: Session, ids: Iterable[Name], keys: Iterable[Name]) -> None:
        """Read the objects of these ids and keys, and the latest version. Raises the driver's errors."""
        wanted_ids, wanted_keys = list(set(ids)), [(kind, key.encode()) for kind, key in set(keys)]
        self._objects = dict.fromkeys(wanted_ids)
        rows = await session.fetch(_READ, *_columns(wanted_ids), *_columns(wanted_keys))
        for kind, uid, raw, version, schema, data in rows:
            if not kind:
                self._version, self._position = version, int(uid)
                continue
            key = raw.decode()
            self._stored[kind, uid] = key
            self._objects[kind, uid] = Held(key, version, schema, data)
            self._keys[kind, key] = uid

    def current(self, kind: type[R], id: str, version: int | None) -> R:
        """Return the object. Raises NotFoundError; ConflictError when it is not at `version`."""
        held = self._objects[kind.kind, id]
        if held is None:
            raise NotFoundError(f"{kind.kind} {id!r} does not exist")
        if version is not None and held.version != version:
            raise ConflictError(f"{kind.kind} {id!r} changed since it was read")
        return decode(kind, (held.version, held.schema, held.data))

    def by_key(self, kind: type[R], key: str) -> R | None:
        """Return the object that holds a key that was named beforehand, None when nobody does."""
        holder = self._keys.get((kind.kind, key))
        return None if holder is None else self.current(kind, holder, None)

    def insert(self, obj: R) -> R:
        """Put a new object in. Raises ExistsError."""
        meta = obj.metadata
        holder = self._keys.get((obj.kind, meta.key)) or (meta.id if self._objects[obj.kind, meta.id] else "")
        if holder:
            raise ExistsError(obj.kind, meta.key, holder)
        return self.replace(obj)

    def check_key(self, obj: Resource) -> None:
        """Raise ExistsError if another object has this one's key."""
        holder = self._keys.get((obj.kind, obj.metadata.key), obj.id)
        if holder != obj.id:
            raise ExistsError(obj.kind, obj.metadata.key, holder)

    def at_least(self, version: int, position: int = 0) -> None:
        """Have all that is written later come after this version, and this position of the journal."""
        self.changes += 1
        self._version, self._position = max(self._version, version), max(self._position, position)

    def replace(self, obj: R) -> R:
        """Put the object's new state in."""
        row = self._next(obj)
        name = obj.kind, obj.id
        self._objects[name] = Held(row["key"], row["version"], row["schema"], row["data"])
        self._keys[obj.kind, row["key"]] = obj.id
        self._rows[name] = row
        return obj

    def remove(self, obj: R, now: float) -> R:
        """Take the object out; return its last state."""
        row = self._next(obj) | {"removed_at": now}
        name = obj.kind, obj.id
        self._tombstones[name] = row
        self._objects[name] = None
        self._keys.pop((obj.kind, row["key"]), None)
        self._rows.pop(name, None)
        return obj

    def append(self, record: Record, unique: str) -> None:
        """Add a record to the journal, unless it is there."""
        self.changes += 1
        self._position += 1
        what = (self._position, record.at, record.type, record.kind, record.object_id, record.region, record.project)
        self._records.append((*what, record.request_id, record.data, unique))

    def execute(self, statement: str, *arguments: Any) -> Count:
        """Run a statement before what is written; whoever reads the whole of `kinds` again is made to."""
        self.changes += 1
        self._version += 1
        count = Count()
        self._statements.append((statement, arguments, count))
        return count

    async def write(self, session: Session, *, channel: str, writer: str, number: int) -> None:
        """Write it all, but for the commit. Raises the driver's errors."""
        gone = [
            name
            for name, key in self._stored.items()
            if self._objects[name] is None or (name in self._rows and self._rows[name]["key"] != key)
        ]
        if gone:  # first: their keys may have passed to others
            await session.execute(_REMOVE, *_columns(gone))
        for statement, arguments, count in self._statements:
            count.rows = await session.execute(statement, *arguments)
        # What was removed and came back under another key is inserted anew.
        old = [row for name, row in self._rows.items() if name in self._stored and name not in gone]
        new = [row for name, row in self._rows.items() if name not in self._stored or name in gone]
        await session.fetch(
            _WRITE,
            *_columns(_values(map(_stored, new), _COLUMNS), len(_COLUMNS)),
            *_columns(_values(map(_stored, old), _COLUMNS), len(_COLUMNS)),
            *_columns(_values(self._tombstones.values(), _BURIED), len(_BURIED)),
            *_columns(self._records, _RECORD),
            list(self.heads),
            list(self.heads.values()),
            self._version,
            self._position,
            writer,
            number,
            channel,
            " ".join(f"{kind}={head}" for kind, head in self.heads.items()),
        )

    def _next(self, obj: Resource) -> dict[str, Any]:
        self.changes += 1
        self._version += 1
        self.heads[obj.kind] = self._version
        return encode(obj, self._version)


def _stored(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the table has it."""
    return row | {"key": row["key"].encode()}


def _values(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


def _columns(rows: Sequence[tuple[Any, ...]], width: int = 2) -> list[list[Any]]:
    """Return rows as columns: an array for each."""
    return [[row[number] for row in rows] for number in range(width)]
