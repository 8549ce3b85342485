"""Migrations: once, in order, all or nothing, and never backwards."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.store import make_server

from gurum.model.server import Server
from gurum.ops.config import ConfigError, StoreConfig
from gurum.store.contract import NewerStoreError
from gurum.store.factory import open_store
from gurum.store.memory import MemoryStore
from gurum.store.sqlite import SqliteStore
from gurum.store.sqlite.migrate import Migration, migrate, shipped

ONE = Migration(1, "one", "CREATE TABLE a (x); -- a remark; with a semicolon\nINSERT INTO a VALUES ('one;two');\n")
TWO = Migration(2, "two", "ALTER TABLE a ADD COLUMN y DEFAULT 5;")
BROKEN = Migration(2, "two", "CREATE TABLE b (x);\nINSERT INTO nowhere VALUES (1);")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(path, isolation_level=None)
    yield opened
    opened.close()


def tables(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def test_each_runs_once_in_order(path: Path, connection: sqlite3.Connection) -> None:
    assert migrate(connection, [ONE], path=path, now=1.0) == [1]
    assert migrate(connection, [ONE, TWO], path=path, now=2.0) == [2]
    assert migrate(connection, [ONE, TWO], path=path, now=3.0) == []
    assert connection.execute("SELECT * FROM a").fetchall() == [("one;two", 5)]
    assert connection.execute("SELECT * FROM migrations").fetchall() == [(1, "one", 1.0), (2, "two", 2.0)]


def test_one_that_fails_leaves_nothing_behind(path: Path, connection: sqlite3.Connection) -> None:
    migrate(connection, [ONE], path=path, now=1.0)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, [ONE, BROKEN], path=path, now=2.0)
    assert tables(connection) == ["a", "migrations"]
    assert migrate(connection, [ONE, TWO], path=path, now=3.0) == [2]


def test_a_script_that_stops_in_the_middle_of_a_statement_is_refused(
    path: Path, connection: sqlite3.Connection
) -> None:
    with pytest.raises(ValueError, match="unfinished statement"):
        migrate(connection, [Migration(1, "one", "CREATE TABLE a (x)")], path=path, now=1.0)
    assert tables(connection) == []


def test_a_store_of_a_newer_release_is_refused_in_one_sentence(path: Path, connection: sqlite3.Connection) -> None:
    migrate(connection, [ONE, TWO], path=path, now=1.0)
    with pytest.raises(NewerStoreError) as refusal:
        migrate(connection, [ONE], path=path, now=2.0)
    assert str(refusal.value) == (
        f"The store {path} was written by a newer release (its form is 2, this release knows 1):"
        " start that release, or restore the backup made before the upgrade."
    )


def test_a_copy_is_made_before_something_is_changed(path: Path, connection: sqlite3.Connection) -> None:
    backups = path.parent / "backups"
    backups.mkdir()
    migrate(connection, [ONE], path=path, now=1.0, backup_to=backups)
    assert list(backups.iterdir()) == []  # there was nothing to copy
    migrate(connection, [ONE, TWO], path=path, now=2.0, backup_to=backups)
    [copy] = backups.iterdir()
    assert copy.name == "store.db.before-0002"
    with sqlite3.connect(copy) as old:
        assert old.execute("SELECT * FROM a").fetchall() == [("one;two",)]
    old.close()


def test_the_shipped_ones_are_numbered_without_gaps() -> None:
    assert [migration.number for migration in shipped()] == list(range(1, len(shipped()) + 1))


async def test_all_who_open_a_new_store_at_once_get_it(path: Path) -> None:
    stores = await asyncio.gather(*(SqliteStore.open(path) for _ in range(4)))
    server = await stores[0].create(make_server())
    for store in stores:
        assert await store.get(Server, server.id) == server
        await store.close()


async def test_the_configuration_names_the_store(tmp_path: Path) -> None:
    relative, journal = await open_store(StoreConfig(url="sqlite:///a.db"), base=tmp_path)
    await relative.create(make_server())
    await journal.close()
    await relative.close()
    absolute, journal = await open_store(StoreConfig(url=f"sqlite:///{tmp_path / 'a.db'}"), base=Path("/nowhere"))
    assert len((await absolute.list(Server)).items) == 1
    await absolute.close()
    memory, _ = await open_store(StoreConfig(url="memory:"))
    assert isinstance(memory, MemoryStore)
    for url in ("mysql://x/y", "sqlite:///", "sqlite:a", ""):
        with pytest.raises(ConfigError, match=r"store\.url"):
            await open_store(StoreConfig(url=url))
