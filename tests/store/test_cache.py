"""The cache: what a reader sees, and that it is what the store acknowledged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.support.store import StepClock, Stores, list_all, make_claim, make_network, make_server, metadata, until

from gurum.model.base import Resource
from gurum.model.network import AddressClaim, Network, Port, PortSpec
from gurum.model.server import Server
from gurum.store.cache import Cache
from gurum.store.contract import EVERYTHING, Filter, NotFoundError, Store


@asynccontextmanager
async def cached(store: Store, *kinds: type[Resource], where: Filter = EVERYTHING) -> AsyncIterator[Cache]:
    cache = Cache(store, kinds or (Server, Network, AddressClaim), where=where, clock=StepClock())
    await cache.start()
    yield cache
    await cache.stop()


async def test_it_begins_with_what_is_there(stores: Stores) -> None:
    servers = [await stores.one.create(make_server(f"s{n}")) for n in range(5)]
    async with cached(stores.other) as cache:
        for server in servers:
            assert cache.get(Server, server.id) == server
        assert cache.get(Server, "none") is None
        assert cache.get(Network, servers[0].id) is None
        assert cache.count(Server) == 5


async def test_fresh_sees_whatever_was_acknowledged(stores: Stores) -> None:
    async with cached(stores.other) as cache:
        for n in range(20):
            server = await stores.one.create(make_server(f"s{n}"))
            await cache.fresh(Server)
            assert cache.get(Server, server.id) == server
            server.status.progress = n
            server = await stores.one.update_status(server)
            await cache.fresh()
            assert cache.get(Server, server.id) == server
            await stores.one.delete(Server, server.id)
            await cache.fresh(Server, Network)
            assert cache.get(Server, server.id) is None


async def test_it_follows_without_being_asked(calm: Stores) -> None:
    async with cached(calm.other) as cache:
        server = await calm.one.create(make_server())
        await until(lambda: cache.get(Server, server.id) == server)
        await calm.one.delete(Server, server.id)
        await until(lambda: cache.get(Server, server.id) is None)


async def test_keys_names_and_indexes(stores: Stores) -> None:
    async with cached(stores.one, Network, Port) as cache:
        cache.add_index(Port, "device", lambda port: [port.spec.device_id])
        network = await stores.one.create(make_network("net", key="k"))
        ports = [
            await stores.one.create(
                Port(metadata=metadata(), spec=PortSpec(network_id=network.id, name=name, device_id="d"))
            )
            for name in ("a", "b", "a")
        ]
        await cache.fresh()
        assert cache.by_key(Network, "k") == network
        assert cache.by_key(Network, "none") is None
        assert cache.by_name(Port, "b", project="p1") == [ports[1]]
        assert cache.by_name(Port, "b", project="p2") == []
        assert {port.id for port in cache.by_name(Port, "a", project="p1")} == {ports[0].id, ports[2].id}
        assert len(cache.select(Port, "device", "d")) == 3
        assert cache.count_index(Port, "device", "d") == 3
        ports[0].spec.device_id, ports[0].spec.name = "another", "b"
        moved = await stores.one.update_spec(ports[0])
        await stores.one.delete(Port, ports[1].id)
        await cache.fresh()
        assert cache.select(Port, "device", "another") == [moved]
        assert cache.select(Port, "device", "d") == [ports[2]]
        assert cache.by_name(Port, "b", project="p1") == [moved]
        cache.add_index(Port, "later", lambda port: [port.spec.name, port.id])
        assert cache.select(Port, "later", "a") == [ports[2]]
        with pytest.raises(ValueError, match="later"):
            cache.add_index(Port, "later", lambda port: [])
        with pytest.raises(KeyError):
            cache.select(Port, "no such index", "a")


async def test_a_key_that_passes_to_another_object(stores: Stores) -> None:
    async with cached(stores.one) as cache:
        first = await stores.one.create(make_claim("10.0.0.1", "a"))
        await stores.one.delete(AddressClaim, first.id)
        second = await stores.one.create(make_claim("10.0.0.1", "b"))
        cache.apply(second)
        await cache.fresh()
        assert cache.by_key(AddressClaim, "s1/10.0.0.1") == second


async def _aged(stores: Stores, count: int, **where: str) -> list[Server]:
    servers = []
    for n in range(count):
        server = make_server(f"s{n}", **where)
        server.metadata.created_at = 1000.0 + n // 2  # two of each age: the id decides
        servers.append(await stores.one.create(server))
    return sorted(servers, key=lambda server: (server.metadata.created_at, server.id))


async def test_pages_in_order_of_age(stores: Stores) -> None:
    servers = await _aged(stores, 11)
    ids = [server.id for server in servers]
    async with cached(stores.one) as cache:

        def walk(limit: int, newest_first: bool) -> list[str]:
            seen: list[str] = []
            marker = None
            while page := cache.page(Server, marker=marker, limit=limit, newest_first=newest_first):
                assert len(page) <= limit
                seen += [entry.object.id for entry in page]
                marker = seen[-1]
            return seen

        for limit in (1, 2, 3, 11, 100):
            assert walk(limit, newest_first=False) == ids
            assert walk(limit, newest_first=True) == ids[::-1]
        assert [entry.object.id for entry in cache.page(Server)] == ids
        assert [server.id for server in cache.objects(Server)] == ids
        odd = cache.page(Server, marker=ids[2], limit=2, wanted=lambda server: server.id in ids[1::2])
        assert [entry.object.id for entry in odd] == [ids[3], ids[5]]
        for marker, project in (("gone", "p1"), (ids[0], "p2"), (ids[-1], "p2")):
            with pytest.raises(NotFoundError):
                cache.page(Server, project=project, marker=marker, limit=2)


async def test_scopes_and_counts(stores: Stores) -> None:
    for region, project, count in (("r1", "p1", 3), ("r1", "p2", 2), ("r2", "p1", 4), ("r1", "", 1)):
        await _aged(stores, count, region=region, project=project)
    async with cached(stores.one) as cache:
        for scope, count in (
            ({}, 10),
            ({"region": "r1"}, 6),
            ({"project": "p1"}, 7),
            ({"region": "r1", "project": "p1"}, 3),
            ({"region": "r2", "project": "p2"}, 0),
            ({"region": "none"}, 0),
        ):
            assert cache.count(Server, **scope) == count
            region, project = scope.get("region", ""), scope.get("project", "")
            assert len(cache.page(Server, region=region, project=project)) == count
            assert len(cache.objects(Server, region=region, project=project)) == count
        for server in cache.objects(Server, region="r1", project="p1"):
            await stores.one.delete(Server, server.id)
        await cache.fresh()
        assert cache.count(Server, region="r1", project="p1") == 0
        assert cache.count(Server, region="r1") == 3


async def test_a_cache_of_one_region(stores: Stores) -> None:
    await _aged(stores, 3, region="r1")
    await _aged(stores, 2, region="r2")
    async with cached(stores.one, where=Filter(region="r1")) as cache:
        assert cache.count(Server) == 3
        await stores.one.create(make_server(region="r1"))
        other = await stores.one.create(make_server(region="r2"))
        cache.apply(other)
        await cache.fresh()
        assert cache.count(Server) == 4
        assert cache.get(Server, other.id) is None


async def test_own_writes_are_seen_at_once_and_late_answers_do_no_harm(stores: Stores) -> None:
    async with cached(stores.one) as cache:
        first = await stores.one.create(make_server())
        cache.apply(first)
        assert cache.get(Server, first.id) == first
        changed = await stores.one.get(Server, first.id)
        changed.spec.name = "second"
        second = await stores.one.update_spec(changed)
        cache.apply(second)
        cache.apply(first)  # an answer that was late
        assert cache.get(Server, first.id) == second
        await stores.one.delete(Server, first.id)
        await cache.fresh()
        cache.apply(second)  # later still
        assert cache.get(Server, first.id) is None
        assert cache.count(Server) == 0


async def test_the_write_that_removes_an_object_removes_it_here(stores: Stores) -> None:
    async with cached(stores.one) as cache:
        server = await stores.one.create(make_server(finalizers=["x"]))
        cache.apply(server)
        marked = await stores.one.delete(Server, server.id)
        assert marked is not None
        cache.apply(marked)
        marked = await stores.one.get(Server, server.id)
        marked.metadata.finalizers = []
        cache.apply(await stores.one.update_status(marked))
        assert cache.get(Server, server.id) is None
        await cache.fresh()
        assert cache.get(Server, server.id) is None


async def test_a_change_drops_the_memo(stores: Stores) -> None:
    server = await stores.one.create(make_server())
    async with cached(stores.one) as cache:
        entry = cache.entry(Server, server.id)
        assert entry is not None
        entry.memo["detail"] = b"{}"
        await cache.fresh()
        assert cache.page(Server)[0].memo == {"detail": b"{}"}
        cache.invalidate(Server, server.id)
        cache.invalidate(Server, "none")
        assert cache.page(Server)[0].memo == {}
        entry.memo["detail"] = b"{}"
        server.status.progress = 1
        await stores.one.update_status(server)
        await cache.fresh()
        assert cache.page(Server)[0].memo == {}


async def test_subscribers_hear_old_and_new(calm: Stores) -> None:
    there = await calm.one.create(make_server("there"))
    async with cached(calm.one) as cache:
        heard: list[tuple[str, str | None, str | None]] = []

        def hear(change: str, old: Server | None, new: Server | None) -> None:
            heard.append((change, old.spec.name if old else None, new.spec.name if new else None))

        end = cache.subscribe(Server, hear, replay=True)
        server = await calm.one.create(make_server("a"))
        cache.apply(await calm.one.get(Server, server.id))
        await cache.fresh()
        server.spec.name = "b"
        await calm.one.update_spec(server)
        await cache.fresh()
        await calm.one.delete(Server, there.id)
        await cache.fresh()
        end()
        await calm.one.delete(Server, server.id)
        await cache.fresh()
        assert heard == [
            ("put", None, "there"),
            ("put", None, "a"),
            ("put", "a", "b"),
            ("gone", "there", None),
        ]


async def test_what_happened_while_it_could_not_watch_is_told_as_differences(calm: Stores) -> None:
    kept, changed, removed = [await calm.one.create(make_server(name)) for name in ("kept", "changed", "removed")]
    cache = Cache(calm.other, (Server,), clock=StepClock())
    await cache.start()
    await cache.stop()  # as if its process had been suspended
    heard: list[tuple[str, str]] = []
    cache.subscribe(Server, lambda change, old, new: heard.append((change, (new or old or kept).id)))
    changed.spec.name = "now"
    await calm.one.update_spec(changed)
    await calm.one.delete(Server, removed.id)
    new = await calm.one.create(make_server("new"))
    await calm.forget()
    await cache.fresh(Server)
    assert sorted(heard) == sorted([("put", changed.id), ("gone", removed.id), ("put", new.id)])
    assert {server.id for server in cache.objects(Server)} == {kept.id, changed.id, new.id}


async def test_what_was_written_during_a_list_is_not_hidden_by_it(calm: Stores) -> None:
    """The list is older than the process's own write, which was applied meanwhile."""
    cache = Cache(calm.one, (Server,), clock=StepClock())
    await cache.start()
    await cache.stop()
    await calm.one.create(make_server("before"))
    items, version = await list_all(calm.one, Server)
    mine = await calm.one.create(make_server("mine"))
    cache.apply(mine)
    table = cache._tables["Server"]
    table.replace(items, version)
    assert cache.get(Server, mine.id) == mine
    await calm.one.delete(Server, mine.id)
    await cache.fresh(Server)
    assert cache.get(Server, mine.id) is None


async def test_a_subscriber_that_fails_stops_the_cache_loudly(calm: Stores) -> None:
    async with cached(calm.one, Server) as cache:

        def fail(change: str, old: Server | None, new: Server | None) -> None:
            raise ZeroDivisionError

        cache.subscribe(Server, fail)
        await calm.one.create(make_server())
        await until(lambda: cache.failed)
        with pytest.raises(RuntimeError, match="no longer follows"):
            await cache.fresh(Server)
