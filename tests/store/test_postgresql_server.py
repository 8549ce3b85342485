"""What a PostgreSQL server may do to a store, and how one is opened: lost answers, restarts, refusals, passwords."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.support.postgresql import Postgres, postgres, within
from tests.support.store import make_network, make_server, until

from gurum.model.network import Network
from gurum.model.server import Server
from gurum.ops.config import ConfigError, StoreConfig
from gurum.store.contract import InDoubtError, UnavailableError, WatchExpiredError
from gurum.store.factory import open_store
from gurum.store.postgresql import PostgresqlStore, database

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def stoppable() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture
def own(stoppable: Postgres) -> Iterator[Postgres]:
    """A server that nobody else uses, to be stopped, with an empty database."""
    stoppable.start()
    with stoppable.administered() as admin:
        admin.run("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    yield stoppable
    stoppable.start()


def answering(lose: Callable[[str], bool]) -> Callable[..., Awaitable[Any]]:
    """Return a way to connect on which the answer to a statement may be lost, after the server did it."""

    class Losing(asyncpg.Connection):  # type: ignore[misc]  # the driver publishes no types
        async def execute(self, query: str, *args: Any, **more: Any) -> str:
            tag: str = await super().execute(query, *args, **more)
            self._perhaps(query)
            return tag

        async def fetch(self, query: str, *args: Any, **more: Any) -> Any:
            rows = await super().fetch(query, *args, **more)
            self._perhaps(query)
            return rows

        def _perhaps(self, query: str) -> None:
            if lose(query):
                self.terminate()
                raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    async def connect(url: str, **settings: Any) -> Any:
        return await asyncpg.connect(url, connection_class=Losing, **settings)

    return connect


@pytest.mark.parametrize("lost", ["COMMIT", "INSERT INTO objects", "BEGIN"])
async def test_a_commit_whose_answer_was_lost_is_found_out(postgresql_url: str, lost: str) -> None:
    left: list[bool] = []

    def lose(query: str) -> bool:
        return bool(left) and lost in query and bool(left.pop())

    store = await PostgresqlStore.open(postgresql_url, connect=answering(lose))
    await store.delete(Server, (await store.create(make_server())).id)
    left.append(True)
    server = make_server()
    if lost == "INSERT INTO objects":  # before the commit: it was certainly not done
        with pytest.raises(UnavailableError, match="connection to the database server broke"):
            await store.create(server)
        assert (await store.list(Server)).items == []
    else:
        await store.create(server)
        assert [found.id for found in (await store.list(Server)).items] == [server.id]
    assert left == []
    await store.close()


async def test_a_commit_that_was_not_done_is_found_out(postgresql_url: str) -> None:
    failed: list[str] = []

    class Cut(asyncpg.Connection):  # type: ignore[misc]
        async def execute(self, query: str, *args: Any, **more: Any) -> str:
            if query == "COMMIT" and not failed:
                failed.append(query)
                self.terminate()  # the request never gets there
                raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
            tag: str = await super().execute(query, *args, **more)
            return tag

    async def connect(url: str, **settings: Any) -> Any:
        return await asyncpg.connect(url, connection_class=Cut, **settings)

    store = await PostgresqlStore.open(postgresql_url, connect=connect)
    with pytest.raises(UnavailableError) as refusal:
        await store.create(make_server())
    assert not isinstance(refusal.value, InDoubtError)
    assert (await store.list(Server)).items == []
    await store.close()


async def test_a_server_that_stays_away_leaves_a_doubt(own: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "DOUBT_SECONDS", 0.3)
    armed: list[bool] = []

    def lose(query: str) -> bool:
        if query == "COMMIT" and armed:
            own.stop(signal.SIGQUIT)
            return True
        return False

    store = await PostgresqlStore.open(own.url, connect=answering(lose))
    armed.append(True)
    server = make_server()
    with pytest.raises(InDoubtError, match="may be there or not"):
        await store.create(server)
    own.start()
    assert (await store.get(Server, server.id)).id == server.id
    await store.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["orderly", "crash"])
async def test_a_server_that_restarts_is_found_again(own: Postgres, how: int) -> None:
    store = await PostgresqlStore.open(own.url, poll=0.05)
    server = await store.create(make_server())
    watched = store.watch(Server, server.metadata.resource_version)
    waiting = asyncio.ensure_future(anext(watched))
    await asyncio.sleep(0)
    page = (await store.create_many([make_network(str(n)) for n in range(4)])) and await store.list(Network, limit=2)
    own.stop(how)
    with pytest.raises(UnavailableError, match="cannot be reached"):
        await store.get(Server, server.id)
    with pytest.raises(UnavailableError):
        await store.changed(Server, server.metadata.resource_version)
    with pytest.raises(UnavailableError):
        await store.create(make_server())
    with pytest.raises(UnavailableError):
        await waiting
    own.start()
    assert (await store.get(Server, server.id)).id == server.id
    assert list(await store.changed(Server, server.metadata.resource_version)) == []
    with pytest.raises(WatchExpiredError):
        await store.list(Network, limit=2, after=page.next)
    waiting = asyncio.ensure_future(anext(store.watch(Server, server.metadata.resource_version)))
    second = await store.create(make_server())
    async with asyncio.timeout(10):
        assert (await waiting).id == second.id
    await store.close()


async def test_a_restart_between_two_calls_is_not_noticed(own: Postgres) -> None:
    store = await PostgresqlStore.open(own.url)
    server = await store.create(make_server())
    await asyncio.gather(*(store.get(Server, server.id) for _ in range(4)))
    own.stop()
    own.start()
    assert (await store.get(Server, server.id)).id == server.id
    assert (await store.list(Server)).items == [server]
    await store.create(make_server())
    await store.close()


async def test_a_writer_that_stops_in_the_middle_loses_the_lock(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SUSPENDED", 100)
    stopped = await PostgresqlStore.open(postgresql_url)
    other = await PostgresqlStore.open(postgresql_url, lock_timeout=10.0)
    session = await stopped.database._begin()  # and then nothing: the process hangs
    await other.create(make_server())
    await until(lambda: session.broken)
    await stopped.create(make_server())
    await stopped.close()
    await other.close()


# How it is opened


async def test_a_password_is_never_shown(own: Postgres, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with own.administered() as admin:
        admin.run("CREATE ROLE secretive LOGIN PASSWORD 'open-sesame'; CREATE SCHEMA s AUTHORIZATION secretive")
    url = within(own.url.replace("postgres@", "secretive@"), "s")
    wrong = url.replace("secretive@", "secretive:wrong-sesame@")
    with pytest.raises(UnavailableError, match="refuses this user or password") as refusal:
        await open_store(StoreConfig(url=wrong))
    assert "sesame" not in str(refusal.value) + repr(refusal.value.__cause__)
    file = tmp_path / "password"
    file.write_text("open-sesame\n")
    file.chmod(0o600)
    for config in (
        StoreConfig(url=url, password_file=str(file)),
        StoreConfig(url=url.replace("secretive@", "secretive:open-sesame@")),
    ):
        store, journal = await open_store(config)
        await store.create(make_server())
        await journal.close()
        await store.close()
    with pytest.raises(ConfigError) as invalid:
        await open_store(StoreConfig(url="postgresql://u:open-sesame@host:port/x"))
    assert "sesame" not in str(invalid.value)
    assert capfd.readouterr() == ("", "")


async def test_what_cannot_be_opened_says_why(own: Postgres) -> None:
    for url, why in {
        own.url.replace("/postgres?", "/nothing?"): "there is no such database; create it",
        own.url.replace("host=", "host=%2Fnowhere"): "cannot be reached",
        within(own.url, "nowhere"): "no schema to keep the store in",
    }.items():
        with pytest.raises(UnavailableError, match=why):
            await PostgresqlStore.open(url)
    with pytest.raises(UnavailableError, match=r"there is no store at .* yet"):
        await open_store(StoreConfig(url=own.url), make=False)
    with own.administered() as admin:
        assert admin.sql("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []


async def test_a_closed_store_refuses_and_keeps_what_it_took(postgresql_url: str) -> None:
    store = await PostgresqlStore.open(postgresql_url)
    writes = [asyncio.create_task(store.create(make_server(str(n)))) for n in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*writes)) == 20
    for call in (store.create(make_server()), store.get(Server, "x"), store.changed(Server, 0)):
        with pytest.raises(UnavailableError, match="closed"):
            await call
    again = await PostgresqlStore.open(postgresql_url)
    assert len((await again.list(Server)).items) == 20
    await again.close()
