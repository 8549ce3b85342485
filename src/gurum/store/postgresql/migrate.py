"""Numbered migrations: how a store made by an older release becomes this release's.

A migration is a file `NNNN_name.sql` in `gurum/store/migrations/postgresql`. Each runs once, in order, all in one
transaction with their records, under an advisory lock: two processes that start together migrate once, and a crash
leaves either the old form or the new one.
"""

from __future__ import annotations

from gurum.store.contract import NewerStoreError, UnavailableError
from gurum.store.postgresql.errors import INSUFFICIENT_PRIVILEGE, state
from gurum.store.postgresql.link import Session
from gurum.store.shipped import Migration, newer

LOCK = 0x6775_7275 << 32  # advisory locks are a database's: this one is ours, the rest of it the schema's number
WAIT = "60s"  # for another process that migrates

_SCHEMA = "SELECT current_schema(), quote_ident(current_schema())::regnamespace::oid::bigint"
_EXISTS = """
    SELECT 1 FROM pg_class
    WHERE relname = 'migrations' AND relnamespace = quote_ident(current_schema())::regnamespace"""
_DONE = "SELECT number FROM migrations"
_TABLE = """
    CREATE TABLE IF NOT EXISTS migrations (
      number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
    )"""
_RECORD = "INSERT INTO migrations (number, name) VALUES ($1, $2)"
_TABLES = "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = $1::text::regnamespace"


async def migrate(
    session: Session, migrations: list[Migration], *, place: str, backup: bool = False, make: bool = True
) -> str:
    """Bring the store in the connection's current schema to the last of `migrations`; return its channel.

    With `backup`, a store that has anything in it is first copied into a schema `<schema>_before_<number>` beside its
    own. Without `make`, a schema without a store is left so and refused. Raises NewerStoreError, UnavailableError and
    the driver's errors; on an error nothing is changed once the connection is given up.
    """
    [[schema, number]] = await session.fetch(_SCHEMA)
    if schema is None:
        raise UnavailableError(f"there is no schema to keep the store in ({place}: search_path names none that exists)")
    todo = await missing(session, migrations, place)
    if len(todo) == len(migrations) and not make:
        raise UnavailableError(f"there is no store at {place} yet: `gurum up` makes it")
    if todo:
        await session.run(f"BEGIN; SET LOCAL lock_timeout = '{WAIT}'")
        await session.fetch("SELECT pg_advisory_xact_lock($1)", LOCK | number)
        todo = await missing(session, migrations, place)  # again, now that nobody else can migrate
        if backup and todo and todo[0].number > 1:
            await _backup(session, schema, todo[0].number, place)
        await session.run(_TABLE)
        for migration in todo:
            await session.run(migration.script)
            await session.execute(_RECORD, migration.number, migration.name)
        await session.run("COMMIT")
    return f"gurum_{number}"


async def missing(session: Session, migrations: list[Migration], place: str) -> list[Migration]:
    """Return those of `migrations` that the store has not had. Raises NewerStoreError."""
    exists = await session.fetch(_EXISTS)
    done = {row[0] for row in await session.fetch(_DONE)} if exists else set()
    newest = migrations[-1].number
    if done and max(done) > newest:
        raise NewerStoreError(newer(place, max(done), newest))
    return [migration for migration in migrations if migration.number not in done]


async def _backup(session: Session, schema: str, number: int, place: str) -> None:
    """Copy the tables, with their indexes, in the migration's own transaction: no other process writes meanwhile."""
    [[old, copy]] = await session.fetch(
        "SELECT quote_ident($1::text), quote_ident($1::text || '_before_' || $2::text)", schema, f"{number:04}"
    )
    try:
        await session.run(f"CREATE SCHEMA {copy}")
    except Exception as error:
        if state(error) != INSUFFICIENT_PRIVILEGE:
            raise
        raise UnavailableError(
            f"the store is to be copied before its form changes, and this user may not make the schema {copy}:"
            f" GRANT CREATE ON DATABASE, or make a backup and that schema yourself ({place})"
        ) from error
    for [table] in await session.fetch(_TABLES, old):
        await session.run(f"LOCK TABLE {old}.{table} IN SHARE MODE")
        await session.run(f"CREATE TABLE {copy}.{table} (LIKE {old}.{table} INCLUDING ALL)")
        # The names are the server's own, quoted by it.
        await session.run(f"INSERT INTO {copy}.{table} SELECT * FROM {old}.{table}")  # noqa: S608
