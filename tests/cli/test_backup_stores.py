"""A backup of every kind of store, put back: what is made again is what is missing, and nothing comes twice."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from tests.support import postgresql
from tests.support.checks import LIVING
from tests.support.cluster import empty
from tests.support.world import World, region_config

from aws_emulator.config import Config as EmulatorConfig
from gurum.cli.command import Surroundings
from gurum.cli.main import main
from gurum.model.engine import Restoration
from gurum.model.server import Server
from gurum.ops import secrets
from gurum.ops.clock import SystemClock
from gurum.ops.config import StoreConfig
from gurum.store.contract import Record, UnavailableError
from gurum.store.factory import open_store
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client
from gurum.store.moving.contract import Line
from gurum.store.moving.transfer import UnfinishedStoreError
from gurum.store.postgresql.restoring import PostgresqlLedger

CONFIG = """\
store: {{url: '{url}', journal_url: '{journal}'}}
engine: {{token_key_file: '${{state}}/secrets/token-key'}}
identity: {{service_password_file: '${{state}}/secrets/gurum'}}
"""


class Deployment:
    """A world that lives in one kind of store, which may be lost; its cloud is not."""

    def __init__(self, directory: Path, url: str, journal: str) -> None:
        self.world = World(
            clock=SystemClock(), emulator=EmulatorConfig(time_factor=0.01), aws=region_config(visibility=0.5)
        )
        engine = msgspec.structs.replace(self.world.config.engine, lease=1.5)  # who is killed is soon followed
        self.world.config = msgspec.structs.replace(self.world.config, engine=engine)
        self.directory, self.url, self.journal = directory, url, journal

    def state(self, name: str) -> Path:
        """Make a state directory whose store is ours."""
        state = secrets.directory(self.directory / name)
        (state / "gurum.yaml").write_text(CONFIG.format(url=self.url, journal=self.journal))
        secrets.directory(state / "secrets")
        return state

    def live(self, what: Callable[[World], Awaitable[None]]) -> None:
        """Run an engine while that happens; then kill it."""

        async def living() -> None:
            async with self.store():
                self.world._private = None  # it belongs to the loop of the life before
                await self.world.start()
                try:
                    async with asyncio.timeout(120):
                        await what(self.world)
                finally:
                    await self.world.kill()

        asyncio.run(living())

    @asynccontextmanager
    async def store(self) -> AsyncIterator[World]:
        """Give the world its store for as long."""
        store, journal = await open_store(StoreConfig(url=self.url, journal_url=self.journal))
        self.world.store, self.world.journal = store, journal
        try:
            yield self.world
        finally:
            await journal.close()
            await store.close()

    def instances(self) -> dict[str, list[str]]:
        """Return the living instances, by whose they are."""
        found: dict[str, list[str]] = {}
        for row in self.world.resources("instance"):
            if row["state"] in LIVING:
                found.setdefault(row["tags"]["pia:uid"], []).append(row["id"])
        return found


def _gurum(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(words, Surroundings({}, out, err)), out.getvalue(), err.getvalue()


async def _active(w: World, *servers: str) -> None:
    async def all_are() -> bool:
        return {await w.state(one) for one in servers} == {"active"}

    await w.until(all_are)


def _converges(deployment: Deployment, lose: Callable[[], None], tmp_path: Path) -> None:
    """Back up while servers are being made; lose the store; restore; go on."""
    made: list[str] = []

    async def before(w: World) -> None:
        network, _ = await w.network()
        group = await w.group()
        made.extend([(await w.server(network, group)).id for _ in range(4)])
        await _active(w, *made)
        made.extend([(await w.server(network, group)).id for _ in range(4)])
        record = Record(at=1.0, type="event", kind="Server", object_id=made[0], region="r", project="p", data=b"{}")
        await w.journal.append(record, unique="u")

    async def after(w: World) -> None:
        await _active(w, *made)
        network, _ = await w.network(cidr="10.30.0.0/24")
        made.append((await w.server(network, await w.group())).id)
        await _active(w, made[-1])

    deployment.live(before)
    state, file = deployment.state("var"), tmp_path / "backup"
    secrets.make(state / "secrets" / "token-key")
    status, out, err = _gurum("backup", str(file), "--state", str(state), "-f", "json")
    assert (status, err) == (0, "")
    assert json.loads(out)["objects"] >= 8
    deployment.live(after)
    had = deployment.instances()
    assert {len(ids) for ids in had.values()} == {1}
    lose()

    other = deployment.state("other")
    status, out, err = _gurum("restore", str(file), "--state", str(other), "-f", "json")
    assert status == 0, err
    assert json.loads(out)["objects put in doubt"] > 0
    assert "not empty" in _gurum("restore", str(file), "--state", str(other))[2]

    async def converged(w: World) -> None:
        await _active(w, *made[:8])
        [mark] = (await w.store.list(Restoration)).items
        assert not mark.spec.settled
        assert len(await w.journal.read(type="event", object_id=made[0], since=0.5)) >= 1
        assert len((await w.store.list(Server)).items) == 8

    deployment.live(converged)
    # What was made since the backup is nobody's, and runs on; nothing was made twice.
    assert deployment.instances() == had


@pytest.mark.real
def test_postgresql_is_restored_and_converges(
    postgresql_admin: postgresql.Admin, postgresql_url: str, tmp_path: Path
) -> None:
    _converges(
        Deployment(tmp_path, postgresql_url, ""), lambda: postgresql.empty(postgresql_admin, postgresql_url), tmp_path
    )


@pytest.mark.real
@pytest.mark.kubernetes
def test_kubernetes_is_restored_and_converges(kubernetes_url: str, tmp_path: Path) -> None:
    async def emptied() -> None:
        client = Client(access(kubernetes_url, "test"), manager="test")
        try:
            await empty(client)
        finally:
            await client.close()

    def lose() -> None:
        asyncio.run(emptied())
        for path in tmp_path.glob("journal.sqlite*"):
            path.unlink()

    try:
        _converges(Deployment(tmp_path, kubernetes_url, f"sqlite:///{tmp_path}/journal.sqlite"), lose, tmp_path)
    finally:
        asyncio.run(emptied())


@pytest.mark.real
def test_a_restore_that_broke_off_goes_on_and_is_opened_by_nobody_before(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = Deployment(tmp_path, f"sqlite:///{tmp_path}/was.sqlite", "")

    async def fill() -> None:
        async with deployment.store() as w:
            network, _ = await w.network()
            await w.server(network)
            record = Record(at=1.0, type="event", kind="Server", object_id="s", region="r", project="p", data=b"{}")
            await w.journal.append(record, unique="u")

    async def look() -> int:
        async with deployment.store() as w:
            assert len(await w.journal.read()) == 1
            return len((await w.store.list(Server)).items)

    async def broken(self: PostgresqlLedger, lines: Sequence[Line], after: int, until: int) -> None:
        raise UnavailableError("the wire broke")

    asyncio.run(fill())
    file = tmp_path / "backup"
    state = deployment.state("var")
    secrets.make(state / "secrets" / "token-key")
    assert _gurum("backup", str(file), "--state", str(state))[0] == 0
    # Of one kind of store into another.
    deployment.url = postgresql_url
    other = deployment.state("other")
    with monkeypatch.context() as patched:
        patched.setattr(PostgresqlLedger, "restore", broken)
        status, _, err = _gurum("restore", str(file), "--state", str(other))
        assert (status, "the wire broke" in err) == (1, True)
    with pytest.raises(UnfinishedStoreError, match="from the backup of"):
        asyncio.run(look())
    assert _gurum("restore", str(file), "--state", str(other))[0] == 0
    assert asyncio.run(look()) == 1
