"""What the PostgreSQL backend promises beyond the contract: grouped commits, few statements, and honest failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.support.postgresql import Admin
from tests.support.store import StepClock, list_all, make_network, make_server, until

from gurum.model import codec
from gurum.model.network import Network
from gurum.model.server import Server
from gurum.store.contract import (
    ConflictError,
    NewerStoreError,
    NotFoundError,
    Record,
    UnavailableError,
    WatchExpiredError,
)
from gurum.store.postgresql import PostgresqlJournal, PostgresqlStore
from gurum.store.postgresql.batch import Batch

pytestmark = pytest.mark.real


@pytest.fixture
async def store(postgresql_url: str) -> AsyncIterator[PostgresqlStore]:
    opened = await PostgresqlStore.open(postgresql_url, clock=StepClock(), lock_timeout=0.2)
    yield opened
    await opened.close()


@contextmanager
def statements(store: PostgresqlStore) -> Iterator[list[str]]:
    seen: list[str] = []
    store.trace(seen.append)
    yield seen
    store.trace(None)


def table(url: str, name: str) -> str:
    return f"{url.rpartition('=')[2]}.{name}"


async def test_writes_that_wait_together_share_a_commit(store: PostgresqlStore) -> None:
    await store.create(make_server())
    with statements(store) as seen:
        await asyncio.gather(*(store.create(make_server(str(n))) for n in range(100)))
    assert seen.count("COMMIT") <= 2
    assert len(seen) <= 8  # the same few statements for a hundred as for one
    assert len((await list_all(store, Server))[0]) == 101


async def test_reads_and_writes_cost_few_statements(store: PostgresqlStore) -> None:
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
    assert len(seen) == 4  # lock, read, write, commit
    with statements(store) as seen:
        await store.update_spec(server)  # no difference: nothing is written
    assert "COMMIT" not in seen


async def test_those_who_ask_together_share_a_look(store: PostgresqlStore) -> None:
    server = await store.create(make_server())
    await store.changed(Server, 0)
    with statements(store) as seen:
        await asyncio.gather(*(store.changed(Server, server.metadata.resource_version) for _ in range(50)))
    assert len(seen) <= 2


async def test_a_state_and_its_record_share_a_commit(store: PostgresqlStore) -> None:
    journal = PostgresqlJournal(store.database)
    record = Record(at=1.0, type="event", kind="Server", object_id="s", region="r", project="p", data=b"{}")
    with statements(store) as seen:
        await asyncio.gather(store.create(make_server()), journal.append(record, unique="1"))
    assert seen.count("COMMIT") == 1
    assert len(await journal.read()) == 1


async def test_one_refusal_in_a_shared_commit_is_only_the_caller_s(store: PostgresqlStore) -> None:
    server = await store.create(make_server())
    stale = codec.copy(server)
    server.spec.name = "new"
    await store.update_spec(server)
    stale.spec.name = "late"
    impossible = make_server(project="nul\0")
    with statements(store) as seen:
        results = await asyncio.gather(
            store.update_spec(stale), store.create(make_server("a")), store.delete(Server, "none"),
            store.create(impossible), return_exceptions=True,
        )  # fmt: skip
    assert [type(result) for result in results] == [ConflictError, Server, NotFoundError, ValueError]
    assert seen.count("COMMIT") == 1


async def test_one_batch_may_do_everything_to_one_key(store: PostgresqlStore) -> None:
    """Removed, taken by another, removed again, and the first back under another key: as one after the other."""
    first, second = make_network(key="k"), make_network(key="k")
    await store.create(first)
    again = codec.copy(first)
    again.metadata.key, again.metadata.region = "other", "elsewhere"
    _, version = await list_all(store, Network)
    with statements(store) as seen:
        await asyncio.gather(
            store.delete(Network, first.id), store.create(second), store.delete(Network, second.id),
            store.create(again), store.create(make_network(key="k")),
        )  # fmt: skip
    assert seen.count("COMMIT") == 1
    assert (await store.get_by_key(Network, "other")).metadata.region == "elsewhere"
    assert (await store.get_by_key(Network, "k")).id not in (first.id, second.id)
    types = [event.type for event in await store.changed(Network, version)]
    assert types == ["gone", "gone", "put", "put"]


async def test_a_write_that_breaks_half_way_is_undone_with_all_in_its_commit(store: PostgresqlStore) -> None:
    def broken(batch: Batch) -> None:
        batch.execute("DELETE FROM objects")
        raise ZeroDivisionError

    there = await store.create(make_server("there"))
    results = await asyncio.gather(
        store.create(make_server("with it")), store.database.write(broken), return_exceptions=True
    )
    assert [type(result) for result in results] == [UnavailableError] * 2
    assert (await store.list(Server)).items == [there]
    await store.create(make_server("after it"))
    assert len((await store.list(Server)).items) == 2


async def test_a_caller_who_gives_up_does_not_undo_a_write_that_began(store: PostgresqlStore) -> None:
    server = make_server()
    writing = asyncio.create_task(store.create(server))
    with statements(store) as seen:
        await until(lambda: bool(seen))
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await store.create(make_server("the next"))
    assert (await store.get(Server, server.id)).id == server.id


async def test_readers_who_give_up_hurt_nobody(store: PostgresqlStore) -> None:
    server = await store.create(make_server())
    for _ in range(20):
        reading = [asyncio.create_task(store.get(Server, server.id)) for _ in range(6)]
        reading.append(asyncio.create_task(store.list(Server)))  # type: ignore[arg-type]  # only to be cancelled
        await asyncio.sleep(0)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        assert (await store.get(Server, server.id)).id == server.id


async def test_a_lock_that_stays_is_told_and_nothing_is_written(
    store: PostgresqlStore, postgresql_url: str, postgresql_admin: Admin
) -> None:
    await store.create(make_server("before"))
    with postgresql_admin.transaction() as other:
        other.sql(f"SELECT version FROM {table(postgresql_url, 'counter')} FOR UPDATE")
        results = await asyncio.gather(*(store.create(make_server()) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [UnavailableError] * 3
    assert "another process has held the write lock" in str(results[0])
    assert len((await store.list(Server)).items) == 1
    await store.create(make_server())


async def test_versions_are_in_the_order_of_commits(postgresql_url: str) -> None:
    """Who has seen version n has seen everything before it, while four processes' worth of writers race."""
    stores = [await PostgresqlStore.open(postgresql_url) for _ in range(4)]
    seen: list[int] = []
    written: list[int] = []
    done = asyncio.Event()

    async def write(store: PostgresqlStore) -> None:
        for n in range(40):
            version = (await store.create(make_server(str(n)))).metadata.resource_version
            written.append(version)

    async def read() -> None:
        version = 0
        while True:
            last = done.is_set()
            for event in await stores[0].changed(Server, version):
                assert event.resource_version > version
                version = event.resource_version
                seen.append(version)
            if last:
                return

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(store) for store in stores))
    done.set()
    await reading
    assert seen == sorted(written)
    for store in stores:
        await store.close()


async def test_an_object_of_a_newer_release_is_not_guessed_at(
    store: PostgresqlStore, postgresql_url: str, postgresql_admin: Admin
) -> None:
    server = await store.create(make_server())
    postgresql_admin.run(f"UPDATE {table(postgresql_url, 'objects')} SET schema = 99")
    with pytest.raises(NewerStoreError, match="schema 99"):
        await store.get(Server, server.id)
    with pytest.raises(NewerStoreError):
        await store.list(Server)
    with pytest.raises(NewerStoreError):
        await store.update_spec(server)


async def test_a_list_that_idles_loses_its_snapshot(postgresql_url: str) -> None:
    store = await PostgresqlStore.open(postgresql_url, list_idle=0.0)
    await store.create_many([make_server(str(n)) for n in range(4)])
    page = await store.list(Server, limit=2)
    for _ in range(3):
        await asyncio.sleep(0)  # the event loop looks at its timers
    with pytest.raises(WatchExpiredError, match="list again"):
        await store.list(Server, limit=2, after=page.next)
    await store.close()


async def test_removals_are_forgotten_in_time(postgresql_url: str, postgresql_admin: Admin) -> None:
    clock = StepClock()
    store = await PostgresqlStore.open(postgresql_url, clock=clock, remember=60.0)
    old = await store.create(make_server())
    await store.delete(Server, old.id)
    clock.now += 61
    for _ in range(2):
        created, _ = await store.create_many([make_server() for _ in range(130)])
        _, version = await list_all(store, Server)
        await asyncio.gather(*(store.delete(Server, server.id) for server in created))
    [[count]] = postgresql_admin.sql(f"SELECT count(*) FROM {table(postgresql_url, 'tombstones')}")
    assert count == 260  # the first is gone, the others are young
    with pytest.raises(WatchExpiredError):
        await store.changed(Server, old.metadata.resource_version)
    assert len(await store.changed(Server, version)) == 130
    await store.close()


async def test_a_removal_forgotten_while_changes_are_read_is_not_missed(postgresql_url: str) -> None:
    store = await PostgresqlStore.open(postgresql_url)
    other = await PostgresqlStore.open(postgresql_url, clock=StepClock(now=4e9))
    server = await store.create(make_server())
    since = server.metadata.resource_version
    await store.delete(Server, server.id)
    fetch = store.database.readers.fetch

    async def late(statement: str, *arguments: Any) -> Any:
        """Another process forgets the removal after the versions were looked at and before the rows are."""
        if "tombstones" in statement:
            assert await other.forget(0.0) == 1
        return await fetch(statement, *arguments)

    store.database.readers.fetch = late  # type: ignore[method-assign]  # the only place between the two
    with pytest.raises(WatchExpiredError):
        await store.changed(Server, since)
    await store.close()
    await other.close()


async def test_a_watch_hears_of_others_without_looking(postgresql_url: str) -> None:
    one = await PostgresqlStore.open(postgresql_url)
    other = await PostgresqlStore.open(postgresql_url, poll=3600.0)
    events = other.watch(Server, 0)
    for n in range(3):
        waiting = asyncio.ensure_future(anext(events))
        server = await one.create(make_server(str(n)))
        async with asyncio.timeout(10):
            assert (await waiting).id == server.id
    await one.close()
    await other.close()


async def test_a_watch_whose_notifications_are_lost_looks(postgresql_url: str, postgresql_admin: Admin) -> None:
    one = await PostgresqlStore.open(postgresql_url)
    other = await PostgresqlStore.open(postgresql_url, poll=0.01)
    other.database.heads.tell = lambda heads: None  # type: ignore[method-assign]  # deaf
    waiting = asyncio.ensure_future(anext(other.watch(Server, 0)))
    server = await one.create(make_server())
    async with asyncio.timeout(10):
        assert (await waiting).id == server.id
    await one.close()
    await other.close()


async def test_a_watch_that_read_ahead_of_its_notification_waits(postgresql_url: str) -> None:
    one = await PostgresqlStore.open(postgresql_url)
    other = await PostgresqlStore.open(postgresql_url, poll=3600.0)
    events = other.watch(Server, 0)
    waiting = asyncio.ensure_future(anext(events))
    first = await one.create(make_server("1"))
    assert (await waiting).id == first.id
    waiting = asyncio.ensure_future(anext(events))
    await until(lambda: any(other.database.heads._waiting.values()))
    session = other.database.heads._session
    assert session is not None
    await session.run("UNLISTEN *")  # from here on no notification arrives but the one below
    second = await one.create(make_server("2"))
    third = await one.create(make_server("3"))
    other.database.heads.tell({"Server": second.metadata.resource_version})
    assert [(await waiting).id, (await anext(events)).id] == [second.id, third.id]
    waiting = asyncio.ensure_future(anext(events))
    with statements(other) as seen:
        await until(lambda: any(other.database.heads._waiting.values()) or len(seen) > 20)
    assert len(seen) <= 2  # and not one look after another until a notification comes
    waiting.cancel()
    await asyncio.wait((waiting,))
    await one.close()
    await other.close()


async def test_a_store_that_goes_back_expires_its_watches(
    store: PostgresqlStore, postgresql_url: str, postgresql_admin: Admin
) -> None:
    for n in range(3):
        await store.create(make_server(str(n)))
    _, version = await list_all(store, Server)
    await store.changed(Server, 0)
    here = {name: table(postgresql_url, name) for name in ("objects", "kinds", "counter")}
    postgresql_admin.run(  # a restore of the moment after the first write
        f"DELETE FROM {here['objects']} WHERE resource_version > 1; UPDATE {here['kinds']} SET head = 1;"
        f"UPDATE {here['counter']} SET version = 1"
    )
    with pytest.raises(WatchExpiredError):
        await store.changed(Server, version)
    items, version = await list_all(store, Server)
    assert (len(items), version) == (1, 1)
    assert list(await store.changed(Server, version)) == []


async def test_every_statement_uses_an_index(store: PostgresqlStore, postgresql_url: str) -> None:
    seen: list[tuple[str, tuple[Any, ...]]] = []
    fetch = store.database.readers.fetch

    async def note(statement: str, *arguments: Any) -> Any:
        seen.append((statement, arguments))
        return await fetch(statement, *arguments)

    store.database.readers.fetch = note  # type: ignore[method-assign]
    server = await store.create(make_server())
    await store.get(Server, server.id)
    await store.get_by_key(Server, server.metadata.key)
    await store.changed(Server, 0)
    journal = PostgresqlJournal(store.database)
    await journal.read()
    await journal.read(object_id="s", type="event")
    assert len(seen) == 5
    session = await store.database.place.session()
    for statement, arguments in seen:
        plan = "\n".join(row[0] for row in await session.fetch(f"EXPLAIN {statement}", *arguments))
        assert "Seq Scan" not in plan
        assert "Index" in plan
    await session.close()
