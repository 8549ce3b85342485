"""An etcd that is put back to an earlier state under processes that go on: every memory follows it back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support.cluster import cluster, prepared
from tests.support.kubernetes import control_plane
from tests.support.store import list_all, make_network

from gurum.model.network import Network
from gurum.ops.clock import SystemClock
from gurum.store.cache import Cache
from gurum.store.contract import Store, StoreError

pytestmark = [pytest.mark.real, pytest.mark.kubernetes]


async def test_caches_survive_versions_that_went_back(tmp_path: Path) -> None:
    with control_plane() as plane:
        async with cluster(prepared(plane.kubeconfig), tmp_path) as opened:
            writer, reader = await opened(SystemClock()), await opened(SystemClock())
            cache, other = Cache(writer, (Network,)), Cache(reader, (Network,))
            kept = await writer.create(make_network(key="kept", name="before"))
            await cache.start()
            await other.start()
            await asyncio.to_thread(plane.save, tmp_path / "copy")
            forgotten = await _made(writer, "forgotten")
            changed = (await list_all(writer, Network))[0]
            one = next(obj for obj in changed if obj.id == kept.id)
            one.spec.name = "after"
            await writer.update_spec(one)
            for number in range(20):  # so that what is written next is still of versions that were seen
                await _made(writer, f"forgotten-{number}")
            for each in (cache, other):
                await _fresh(each)  # the copy was taken of a cluster that stood still, so watches broke
                assert each.get(Network, forgotten.id) is not None
            await asyncio.to_thread(plane.restore, tmp_path / "copy")
            made = await _made(writer, "made since")
            for each in (cache, other):
                async with asyncio.timeout(60):
                    while True:
                        await _fresh(each)
                        seen = {obj.id: obj.spec.name for obj in each.objects(Network)}
                        if seen == {kept.id: "before", made.id: "made since"}:
                            break
                        await asyncio.sleep(0.1)
            again = next(obj for obj in (await list_all(reader, Network))[0] if obj.id == kept.id)
            again.spec.name = "again"
            await reader.update_spec(again)
            await _fresh(cache)
            seen_again = cache.get(Network, kept.id)
            assert seen_again is not None
            assert seen_again.spec.name == "again"
            await cache.stop()
            await other.stop()


async def _fresh(cache: Cache) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                return await cache.fresh()
            except StoreError:
                await asyncio.sleep(0.1)


async def _made(store: Store, name: str) -> Network:
    async with asyncio.timeout(60):
        while True:
            try:
                return await store.create(make_network(key=name, name=name))
            except StoreError:
                await asyncio.sleep(0.2)
