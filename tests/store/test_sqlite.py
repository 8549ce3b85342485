"""What the SQLite backend promises beyond the contract: grouped commits, few statements, and honest failures."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import stat
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.store import StepClock, list_all, make_server

from gurum.model import codec
from gurum.model.server import Server
from gurum.store.contract import ConflictError, NewerStoreError, NotFoundError, UnavailableError, WatchExpiredError
from gurum.store.sqlite import SqliteStore
from gurum.store.sqlite.database import Transaction


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(path, clock=StepClock(), busy_timeout=0.05)
    yield opened
    await opened.close()


@contextmanager
def statements(store: SqliteStore) -> Iterator[list[str]]:
    seen: list[str] = []
    store.trace(seen.append)
    yield seen
    store.trace(None)


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


async def test_writes_that_wait_together_share_a_commit(store: SqliteStore) -> None:
    with statements(store) as seen:
        await asyncio.gather(*(store.create(make_server(str(n))) for n in range(100)))
    assert seen.count("COMMIT") <= 2
    assert len((await list_all(store, Server))[0]) == 100


async def test_a_question_about_many_kinds_is_one_look(store: SqliteStore) -> None:
    await store.changed(Server, 0)  # the first look of all reads the versions, too
    begun = time.monotonic()
    with statements(store) as seen:
        for kind in codec.KINDS.values():
            await store.changed(kind, 0, begun=begun)
        assert seen == ["PRAGMA data_version"]
        await store.changed(Server, 0, begun=time.monotonic())
        assert len(seen) == 2, "a later question has a look of its own"


async def test_who_comes_during_a_commit_joins_the_others(store: SqliteStore) -> None:
    async def writer() -> None:
        for _ in range(6):
            await store.create(make_server())

    with statements(store) as seen:
        first = [asyncio.create_task(writer()) for _ in range(4)]
        for _ in range(3):
            await asyncio.sleep(0)  # into their first commit
        await asyncio.gather(*first, *(writer() for _ in range(4)))
    assert seen.count("COMMIT") <= 8  # not one series of commits for each group


async def test_a_write_that_breaks_half_way_is_undone_with_all_in_its_commit(store: SqliteStore, path: Path) -> None:
    def broken(transaction: Transaction) -> None:
        transaction.execute("DELETE FROM objects")
        raise ZeroDivisionError

    there = await store.create(make_server("there"))
    results = await asyncio.gather(
        store.create(make_server("with it")), store.database.write(broken), return_exceptions=True
    )
    assert [type(result) for result in results] == [UnavailableError] * 2
    assert (await store.list(Server)).items == [there]
    await store.create(make_server("after it"))
    assert len((await store.list(Server)).items) == 2


async def test_one_refusal_in_a_shared_commit_is_only_the_caller_s(store: SqliteStore) -> None:
    server = await store.create(make_server())
    stale = codec.copy(server)
    server.spec.name = "new"
    await store.update_spec(server)
    stale.spec.name = "late"
    with statements(store) as seen:
        results = await asyncio.gather(
            store.update_spec(stale), store.create(make_server("a")), store.delete(Server, "none"),
            return_exceptions=True,
        )  # fmt: skip
    assert [type(result) for result in results] == [ConflictError, Server, NotFoundError]
    assert seen.count("COMMIT") == 1


async def test_reads_and_writes_cost_few_statements(store: SqliteStore) -> None:
    server = await store.create(make_server())
    with statements(store) as seen:
        await store.get(Server, server.id)
    assert len(seen) == 1
    await store.changed(Server, 0)
    with statements(store) as seen:
        await store.changed(Server, server.metadata.resource_version)
    assert len(seen) == 1
    with statements(store) as seen:
        await store.create(make_server())
    assert len([each for each in seen if not each.startswith(("PRAGMA", "SELECT kind"))]) == 5
    with statements(store) as seen:
        await store.update_spec(server)  # no difference: nothing is written
    assert "COMMIT" not in seen


async def test_a_caller_who_gives_up_does_not_undo_a_write_that_began(store: SqliteStore) -> None:
    server = make_server()
    writing = asyncio.create_task(store.create(server))
    for _ in range(2):
        await asyncio.sleep(0)  # into the commit
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await store.create(make_server("the next"))
    assert (await store.get(Server, server.id)).id == server.id


async def test_every_commit_is_flushed(store: SqliteStore) -> None:
    def modes(transaction: Transaction) -> tuple[str, int]:
        [journal] = transaction.execute("PRAGMA journal_mode").fetchone()
        [synchronous] = transaction.execute("PRAGMA synchronous").fetchone()
        return journal, synchronous

    assert await store.database.write(modes) == ("wal", 2)  # 2 is FULL


async def test_the_file_is_its_owner_s_alone(store: SqliteStore, path: Path) -> None:
    await store.create(make_server())
    for file in path.parent.glob("store.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_lock_that_stays_is_told_and_nothing_is_written(store: SqliteStore, path: Path) -> None:
    with raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(*(store.create(make_server()) for _ in range(3)), return_exceptions=True)
        other.execute("ROLLBACK")
    assert [type(result) for result in results] == [UnavailableError] * 3
    assert "another process has held the write lock" in str(results[0])
    assert (await store.list(Server)).items == []
    await store.create(make_server())


async def test_a_lock_that_goes_is_waited_for(path: Path) -> None:
    store = await SqliteStore.open(path, busy_timeout=30)
    with raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(store.create(make_server()))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not writing.done()
        other.execute("ROLLBACK")
    await writing
    await store.close()


async def test_a_full_disk_is_told_and_nothing_is_written(store: SqliteStore, path: Path) -> None:
    there = await store.create(make_server("there"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name("store.db-wal").stat().st_size + 8192, hard))
    try:
        there.spec.user_data = "x" * 100_000
        results = await asyncio.gather(
            store.update_spec(there), *(store.create(make_server()) for _ in range(3)), return_exceptions=True
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [type(result) for result in results] == [UnavailableError] * 4
    assert "the disk under the store" in str(results[0])
    assert [server.spec.name for server in (await store.list(Server)).items] == ["there"]
    assert (await store.get(Server, there.id)).spec.user_data == ""
    await store.update_spec(there)
    assert len((await store.get(Server, there.id)).spec.user_data) == 100_000


def damaged(path: Path, damage: str) -> Path:
    if damage == "no directory":
        return path / "below" / "nothing"
    if damage == "a directory":
        path.mkdir()
    elif damage == "no database":
        path.write_bytes(b"this is a text file, and a long one at that" * 100)
    else:
        content = path.read_bytes()
        path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    return path


@pytest.mark.parametrize("damage", ["no database", "no directory", "a directory"])
async def test_what_cannot_be_opened_says_why(path: Path, damage: str) -> None:
    path = damaged(path, damage)
    with pytest.raises(UnavailableError) as refusal:
        await SqliteStore.open(path)
    assert str(path) in str(refusal.value)


async def test_a_damaged_store_says_so(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.create_many([make_server(str(n)) for n in range(200)])
    await store.close()
    with pytest.raises(UnavailableError, match="damaged; restore a backup"):
        await SqliteStore.open(damaged(path, "bits"))


async def test_an_object_of_a_newer_release_is_not_guessed_at(store: SqliteStore, path: Path) -> None:
    server = await store.create(make_server())
    with raw(path) as other:
        other.execute("UPDATE objects SET schema = 99")
    with pytest.raises(NewerStoreError, match="schema 99"):
        await store.get(Server, server.id)
    with pytest.raises(NewerStoreError):
        await store.list(Server)
    with pytest.raises(NewerStoreError):
        await store.update_spec(server)


async def test_a_list_that_idles_loses_its_snapshot(path: Path) -> None:
    store = await SqliteStore.open(path, list_idle=0.0)
    await store.create_many([make_server(str(n)) for n in range(4)])
    page = await store.list(Server, limit=2)
    for _ in range(3):
        await asyncio.sleep(0)  # the event loop looks at its timers
    with pytest.raises(WatchExpiredError, match="list again"):
        await store.list(Server, limit=2, after=page.next)
    await store.close()


async def test_removals_are_forgotten_in_time(path: Path) -> None:
    clock = StepClock()
    store = await SqliteStore.open(path, clock=clock, remember=60.0)
    old = await store.create(make_server())
    await store.delete(Server, old.id)
    clock.now += 61
    for _ in range(2):
        created, _ = await store.create_many([make_server() for _ in range(130)])
        _, version = await list_all(store, Server)
        for server in created:
            await store.delete(Server, server.id)
    with raw(path) as other:
        [count] = other.execute("SELECT count(*) FROM tombstones").fetchone()
    assert count == 260  # the first is gone, the others are young
    with pytest.raises(WatchExpiredError):
        await store.changed(Server, old.metadata.resource_version)
    assert len(await store.changed(Server, version)) == 130
    await store.close()


async def test_a_closed_store_refuses_and_keeps_what_it_took(path: Path) -> None:
    store = await SqliteStore.open(path)
    writes = [asyncio.create_task(store.create(make_server(str(n)))) for n in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*writes)) == 20
    with pytest.raises(UnavailableError, match="closed"):
        await store.create(make_server())
    again = await SqliteStore.open(path)
    assert len((await again.list(Server)).items) == 20
    await again.close()


async def test_a_removal_forgotten_while_changes_are_read_is_not_missed(path: Path, store: SqliteStore) -> None:
    server = await store.create(make_server())
    since = server.metadata.resource_version
    await store.delete(Server, server.id)

    with raw(path) as other:

        def forget(statement: str) -> None:
            """Another process forgets the removal after the versions were looked at and before the rows are."""
            if "tombstones" in statement:
                store.trace(None)
                other.execute("UPDATE kinds SET horizon = head")
                other.execute("DELETE FROM tombstones")

        store.trace(forget)
        with pytest.raises(WatchExpiredError):
            await store.changed(Server, since)
