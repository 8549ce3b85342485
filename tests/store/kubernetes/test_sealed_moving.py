"""User data in Secrets when a store is copied, backed up and put back."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.store.kubernetes.site import TEXT, Site, with_data
from tests.store.kubernetes.site import opened as site_of
from tests.support.store import StepClock

from gurum.model.base import Intent
from gurum.model.server import USER_DATA as REFERENCE
from gurum.model.server import Server
from gurum.ops.config import StoreConfig
from gurum.store.contract import (
    StoreError,
)
from gurum.store.kubernetes.restoring import KubernetesRestoring
from gurum.store.moving import files
from gurum.store.moving.copying import Silent, copy
from gurum.store.moving.ends import opened

pytestmark = [pytest.mark.real, pytest.mark.kubernetes]


@pytest.fixture
async def site(kubernetes_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_of(kubernetes_url, tmp_path) as made:
        yield made


def lived(number: int) -> Server:
    """Return a server as one of another store that was launched by an earlier release."""
    server = with_data(base64.b64encode(f"text {number}".encode()).decode(), name=str(number), finalizers=["engine"])
    request = f'{{"ImageId":"ami","UserData":"{server.spec.user_data}"}}'
    server.status.intents = {"instance": Intent(step="instance", state="done", request=request)}
    return server


async def test_a_copy_from_sql_puts_it_into_secrets_and_back_into_objects(site: Site, tmp_path: Path) -> None:
    await site.store.delete(Server, (await site.store.list(Server)).items[0].id)
    there = StoreConfig(url=site.url, journal_url=f"sqlite:///{tmp_path / 'journal2.db'}")
    servers = [lived(number) for number in range(40)]
    first, second = (StoreConfig(url=f"sqlite:///{tmp_path / name}.db") for name in ("first", "second"))
    async with opened(first, make=True) as source:
        await source.restorable.restore(servers)
        async with opened(there, make=True) as target:
            assert (await copy(source, target, StepClock(), Silent())).held
    texts = {server.id: server.spec.user_data for server in servers}
    assert await site.secrets() == texts
    for server in servers:
        stored = await site.object(server)
        assert server.spec.user_data not in json.dumps(stored), "neither in the spec nor in the intent"
        assert REFERENCE in json.dumps(stored["status"])
    async with opened(there, make=False) as source, opened(second, make=True) as target:
        report = await copy(source, target, StepClock(), Silent())
        assert report.held, report.kinds["Server"].differences
        back = {server.id: server async for page in _servers(target) for server in page}
    assert {uid: server.spec.user_data for uid, server in back.items()} == texts
    assert not any(server.spec.user_data_secret for server in back.values())


async def _servers(end: Any) -> AsyncIterator[list[Server]]:
    async with end.restorable.instant() as instant:
        async for page in instant.objects(Server):
            yield page


async def test_a_copy_that_lost_a_text_is_found_out(site: Site, tmp_path: Path) -> None:
    await site.store.delete(Server, (await site.store.list(Server)).items[0].id)
    there = StoreConfig(url=site.url, journal_url=f"sqlite:///{tmp_path / 'journal2.db'}")
    server = lived(1)
    async with opened(StoreConfig(url=f"sqlite:///{tmp_path / 'first.db'}"), make=True) as source:
        await source.restorable.restore([server])
        async with opened(there, make=True) as target:
            settle = target.restorable.settle

            async def careless() -> None:
                await settle()
                await site.store._sealed.forget(server.id)

            target.restorable.settle = careless  # type: ignore[method-assign] # the same shape
            report = await copy(source, target, StepClock(), Silent())
    assert not report.held
    assert "user_data" in report.kinds["Server"].differences[0]


async def test_a_backup_has_it_and_a_restore_puts_it_back(site: Site, tmp_path: Path) -> None:
    server = await site.store.create(with_data(finalizers=["engine"]))
    there = StoreConfig(url=site.url, journal_url=f"sqlite:///{tmp_path / 'journal.db'}")
    file = tmp_path / "backup.sqlite"
    assert (await files.take(there, file)).held
    restoring = KubernetesRestoring(site.client, site.store.heads)
    async with restoring.instant() as instant:
        ids = [found.id async for page in instant.objects(Server) for found in page]
    await restoring.discard(Server, ids)
    assert await site.secrets() == {}, "what is discarded takes it along"
    there = StoreConfig(url=site.url, journal_url=f"sqlite:///{tmp_path / 'journal3.db'}")
    assert (await files.put_back(file, there, "backup")).held
    assert await site.secrets() == {server.id: TEXT}
    found = await site.store.get(Server, server.id)
    assert (found.spec.user_data, found.spec.user_data_secret) == ("", server.id)


async def test_a_backup_of_what_lost_its_text_is_one_and_says_so(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = await site.store.create(with_data())
    await site.store._sealed.forget(server.id)
    there = StoreConfig(url=site.url, journal_url=f"sqlite:///{tmp_path / 'journal.db'}")
    assert (await files.take(there, tmp_path / "backup.sqlite")).held
    assert f"the user data of Server {server.id} is in no Secret" in caplog.text


async def test_a_moment_has_the_text_of_what_went_since(site: Site) -> None:
    server = await site.store.create(with_data())
    restoring = KubernetesRestoring(site.client, site.store.heads)
    async with restoring.instant() as instant:
        await site.store.delete(Server, server.id)
        assert await site.secrets() == {}
        found = {one.id: one async for page in instant.objects(Server) for one in page}
    assert found[server.id].spec.user_data == TEXT


async def test_another_text_of_before_gives_way_to_what_is_restored(site: Site) -> None:
    server = with_data()
    old = msgspec.structs.replace(server, spec=msgspec.structs.replace(server.spec, user_data="b2xk"))
    await site.store._sealed.seal(old)
    restoring = KubernetesRestoring(site.client, site.store.heads)
    for _ in range(2):
        await restoring.restore([server])
        assert await site.secrets() == {server.id: TEXT}
    with pytest.raises(StoreError):
        await site.store._sealed.seal(old)
