"""The cache on a store that does everything the contract permits."""

from __future__ import annotations

import asyncio
import random

import pytest
from tests.support.store import StepClock, list_all, make_claim, make_server

from gurum.model.base import Resource
from gurum.model.network import AddressClaim
from gurum.model.server import Server
from gurum.store.cache import Cache
from gurum.store.contract import StoreError, UnavailableError
from gurum.store.memory import HOSTILE, PEACEFUL, Hostility, MemoryStore

KINDS: tuple[type[Resource], ...] = (Server, AddressClaim)


async def insist_fresh(cache: Cache) -> None:
    while True:
        try:
            await cache.fresh()
        except UnavailableError:
            continue
        return


async def write(store: MemoryStore, cache: Cache, seed: int, count: int) -> None:
    """Write at random; after every acknowledgement, the cache must know it or something later."""
    rng = random.Random(seed)
    for _ in range(count):
        try:
            what, servers = rng.random(), cache.objects(Server)
            if what < 0.4 or not servers:
                written = await store.create(make_server(finalizers=rng.choice(((), ("x",)))))
            elif what < 0.5:
                await store.create(make_claim(f"10.0.0.{rng.randrange(8)}", "somebody"))
                continue
            elif what < 0.6 and (claims := cache.objects(AddressClaim)):
                await store.delete(AddressClaim, rng.choice(claims).id)
                continue
            elif what < 0.85:
                server = await store.get(Server, rng.choice(servers).id)
                server.status.progress += 1
                if server.deleting:
                    server.metadata.finalizers = []
                written = await store.update_status(server)
            else:
                chosen = rng.choice(servers).id
                gone = await store.delete(Server, chosen) is None
                await insist_fresh(cache)
                assert not gone or cache.get(Server, chosen) is None
                continue
        except StoreError:
            await asyncio.sleep(0)
            continue
        if rng.random() < 0.5:
            cache.apply(await _copy(store, written))
        await insist_fresh(cache)
        known = cache.get(Server, written.id)
        removed = written.deleting and not written.metadata.finalizers
        assert removed or known is None or known.metadata.resource_version >= written.metadata.resource_version


async def _copy(store: MemoryStore, server: Server) -> Server:
    try:
        return await store.get(Server, server.id)
    except StoreError:
        return server


def consistent(cache: Cache, shadow: dict[str, Resource]) -> None:
    """Check that indexes, order, counts and what subscribers heard say the same."""
    for kind in KINDS:
        objs = cache.objects(kind)
        assert len(objs) == len({obj.id for obj in objs}) == cache.count(kind)
        assert objs == sorted(objs, key=lambda obj: (obj.metadata.created_at, obj.id))
        for obj in objs:
            assert cache.get(kind, obj.id) is obj
            assert cache.by_key(kind, obj.metadata.key) is obj
        assert {obj.id: obj for obj in objs} == {key: obj for key, obj in shadow.items() if isinstance(obj, kind)}
    for server in cache.objects(Server):
        assert server in cache.by_name(Server, server.spec.name, project="p1")


@pytest.mark.parametrize("seed", range(6))
async def test_it_is_the_store_in_the_end_and_never_loses_a_write(seed: int) -> None:
    clock = StepClock()
    store = MemoryStore(clock=clock, seed=seed, hostility=HOSTILE, remember=40)
    cache = Cache(store, KINDS, clock=clock)
    shadow: dict[str, Resource] = {}

    def hear(change: str, old: Resource | None, new: Resource | None) -> None:
        if new is not None:
            assert shadow.get(new.id) is old
            shadow[new.id] = new
        elif old is not None:
            assert shadow.pop(old.id) is old

    for kind in KINDS:
        cache.subscribe(kind, hear)
    await cache.start()
    writers = [asyncio.create_task(write(store, cache, seed * 100 + n, 60)) for n in range(4)]
    while not all(writer.done() for writer in writers):
        await asyncio.sleep(0)
        consistent(cache, shadow)
    await asyncio.gather(*writers)
    store.hostility = PEACEFUL
    await cache.fresh()
    consistent(cache, shadow)
    for kind in KINDS:
        truth, _ = await list_all(store, kind)
        assert sorted(cache.objects(kind), key=lambda obj: obj.id) == truth
    await cache.stop()


async def test_a_store_that_goes_back_to_a_backup_takes_the_cache_along() -> None:
    store = MemoryStore(clock=StepClock())
    old = await store.create(make_server("old"))
    backup = store.backup()
    cache = Cache(store, (Server,), clock=StepClock())
    await cache.start()
    changed = await store.get(Server, old.id)
    changed.spec.name = "after the backup"
    await store.update_spec(changed)
    lost = await store.create(make_server("lost"))
    await cache.fresh()
    assert cache.get(Server, lost.id) is not None
    store.restore(backup)
    await cache.fresh()
    assert cache.objects(Server) == [old]
    again = await store.create(make_server("again"))
    await cache.fresh()
    assert cache.get(Server, again.id) == again
    await cache.stop()


async def test_a_start_waits_for_a_store_that_is_busy() -> None:
    store = MemoryStore(clock=StepClock(), hostility=Hostility(throttle=1.0))
    cache = Cache(store, (Server,), clock=StepClock())
    with pytest.raises(UnavailableError):
        await cache.start()
    clock = StepClock()
    cache = Cache(store, (Server,), clock=clock)
    starting = asyncio.create_task(cache.start())
    for _ in range(5):
        await asyncio.sleep(0)
    store.hostility = PEACEFUL
    await starting
    await cache.stop()
    assert clock.now > StepClock().now
