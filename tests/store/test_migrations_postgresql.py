"""Migrations in PostgreSQL: once, in order, all or nothing, and never backwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.support.postgresql import Admin
from tests.support.store import make_server

from gurum.model.server import Server
from gurum.store.contract import NewerStoreError, UnavailableError
from gurum.store.postgresql import PostgresqlStore
from gurum.store.postgresql.link import Place, Session
from gurum.store.postgresql.migrate import migrate
from gurum.store.shipped import Migration, shipped

pytestmark = pytest.mark.real

ONE = Migration(1, "one", "CREATE TABLE a (x text); -- a remark; with a semicolon\nINSERT INTO a VALUES ('one;two');\n")
TWO = Migration(2, "two", "ALTER TABLE a ADD COLUMN y integer DEFAULT 5;")
BROKEN = Migration(2, "two", "CREATE TABLE b (x text);\nINSERT INTO nowhere VALUES (1);")


@pytest.fixture
async def session(postgresql_bare: str) -> AsyncIterator[Session]:
    opened = await Place(postgresql_bare).session()
    yield opened
    await opened.close()


async def tables(session: Session) -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    return [row[0] for row in await session.fetch(query)]


async def test_each_runs_once_in_order(session: Session) -> None:
    channel = await migrate(session, [ONE], place="here")
    assert await migrate(session, [ONE, TWO], place="here") == channel
    await migrate(session, [ONE, TWO], place="here")
    assert [tuple(row) for row in await session.fetch("SELECT * FROM a")] == [("one;two", 5)]
    rows = await session.fetch("SELECT number, name FROM migrations ORDER BY 1")
    assert [tuple(row) for row in rows] == [(1, "one"), (2, "two")]


async def test_one_that_fails_leaves_nothing_behind(session: Session, postgresql_bare: str) -> None:
    await migrate(session, [ONE], place="here")
    with pytest.raises(asyncpg.UndefinedTableError, match="nowhere"):
        await migrate(session, [ONE, BROKEN], place="here")
    session.give_up()
    other = await Place(postgresql_bare).session()
    assert await tables(other) == ["a", "migrations"]
    await migrate(other, [ONE, TWO], place="here")
    await other.close()


async def test_a_store_of_a_newer_release_is_refused_in_one_sentence(session: Session) -> None:
    await migrate(session, [ONE, TWO], place="here")
    with pytest.raises(NewerStoreError) as refusal:
        await migrate(session, [ONE], place="here")
    assert str(refusal.value) == (
        "The store here was written by a newer release (its form is 2, this release knows 1):"
        " start that release, or restore the backup made before the upgrade."
    )


async def test_a_copy_is_made_before_something_is_changed(
    session: Session, postgresql_bare: str, postgresql_admin: Admin
) -> None:
    schema = postgresql_bare.rpartition("=")[2]
    await migrate(session, [ONE], place="here", backup=True)
    query = "SELECT nspname FROM pg_namespace WHERE nspname LIKE $1 || '_before%'"
    assert postgresql_admin.sql(query, schema) == []  # there was nothing to copy
    await migrate(session, [ONE, TWO], place="here", backup=True)
    [[copy]] = postgresql_admin.sql(query, schema)
    assert copy == f"{schema}_before_0002"
    assert [tuple(row) for row in postgresql_admin.sql(f"SELECT * FROM {copy}.a")] == [("one;two",)]
    assert [tuple(row) for row in postgresql_admin.sql(f"SELECT number FROM {copy}.migrations")] == [(1,)]
    postgresql_admin.run(f"DROP SCHEMA {copy} CASCADE")


async def test_who_may_make_no_copy_is_told(session: Session, postgresql_bare: str, postgresql_admin: Admin) -> None:
    schema = postgresql_bare.rpartition("=")[2]
    postgresql_admin.run(f"CREATE ROLE {schema}_poor; GRANT ALL ON SCHEMA {schema} TO {schema}_poor")
    await session.run(f"SET ROLE {schema}_poor")
    await migrate(session, [ONE], place="here", backup=True)
    with pytest.raises(UnavailableError, match="GRANT CREATE ON DATABASE"):
        await migrate(session, [ONE, TWO], place="here", backup=True)
    session.give_up()
    postgresql_admin.run(f"DROP OWNED BY {schema}_poor CASCADE; DROP ROLE {schema}_poor")


def test_the_shipped_ones_have_the_numbers_of_sqlite_s() -> None:
    assert [migration.number for migration in shipped("postgresql")] == [migration.number for migration in shipped()]


async def test_all_who_open_a_new_store_at_once_get_it(postgresql_bare: str) -> None:
    stores = await asyncio.gather(*(PostgresqlStore.open(postgresql_bare) for _ in range(4)))
    server = await stores[0].create(make_server())
    for store in stores:
        assert await store.get(Server, server.id) == server
        await store.close()


async def test_a_store_of_a_newer_release_is_not_opened(postgresql_bare: str, postgresql_admin: Admin) -> None:
    await (await PostgresqlStore.open(postgresql_bare)).close()
    schema = postgresql_bare.rpartition("=")[2]
    postgresql_admin.run(f"INSERT INTO {schema}.migrations VALUES (9999, 'later', now())")
    with pytest.raises(NewerStoreError, match="its form is 9999"):
        await PostgresqlStore.open(postgresql_bare)
