"""Watches: nothing is lost, whoever wrote it, and what cannot be known any more is said."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest
from tests.support.store import Replica, Stores, list_all, make_claim, make_network, make_server, until

from gurum.model.base import Resource
from gurum.model.network import AddressClaim, Network, Port
from gurum.model.server import Server
from gurum.store.contract import (
    EVERYTHING,
    ConflictError,
    Event,
    ExistsError,
    Filter,
    NotFoundError,
    UnavailableError,
    WatchExpiredError,
)

R = TypeVar("R", bound=Resource)


async def following(events: AsyncIterator[Event[R]]) -> Event[R]:
    """Return the next event that says something."""
    async with asyncio.timeout(10):
        event = await anext(events)
        while event.type == "bookmark":
            event = await anext(events)
        return event


async def test_a_watch_tells_the_life_of_an_object(calm: Stores) -> None:
    _, version = await list_all(calm.other, Server)
    events = calm.other.watch(Server, version)
    server = await calm.one.create(make_server(finalizers=["cloud"]))
    event = await following(events)
    assert (event.type, event.id, event.object) == ("put", server.id, server)
    assert event.resource_version == server.metadata.resource_version
    server.status.vm_state = "active"
    server = await calm.one.update_status(server)
    assert (await following(events)).object == server
    marked = await calm.one.delete(Server, server.id)
    assert marked is not None
    event = await following(events)
    if event.object != marked:  # a backend may write in two steps, and tell of both
        event = await following(events)
    assert (event.type, event.object) == ("put", marked)
    marked.metadata.finalizers = []
    last = await calm.one.update_status(marked)
    event = await following(events)
    assert (event.type, event.id, event.object) == ("gone", server.id, last)
    assert event.resource_version > marked.metadata.resource_version


async def test_a_watch_that_waits_is_woken(calm: Stores) -> None:
    events = calm.other.watch(Server, 0)
    waiting = asyncio.ensure_future(following(events))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    server = await calm.one.create(make_server())
    assert (await waiting).id == server.id


async def test_a_watch_is_of_one_kind(calm: Stores) -> None:
    events = calm.one.watch(Network, 0)
    await calm.one.create(make_server())
    network = await calm.one.create(make_network())
    assert (await following(events)).id == network.id


async def test_a_watch_is_of_what_the_filter_names(calm: Stores) -> None:
    events = calm.one.watch(Server, 0, Filter(project="p2"))
    for project in ("p1", "p2", "p1"):
        server = await calm.one.create(make_server(project=project))
        if project == "p2":
            mine = server
    assert (await following(events)).object == mine
    await calm.one.delete(Server, mine.id)
    event = await following(events)
    assert (event.type, event.id) == ("gone", mine.id)


async def test_a_watch_moves_on_also_when_its_filter_lets_nothing_through(calm: Stores) -> None:
    await calm.one.create_many([make_server(str(n), project="p1") for n in range(5)])
    last = await calm.one.create(make_server(project="p1"))
    async with asyncio.timeout(10):
        event = await anext(calm.other.watch(Server, 0, Filter(project="p2")))
    assert (event.type, event.id, event.resource_version) == ("bookmark", "", last.metadata.resource_version)


async def test_an_object_enters_a_watch_when_it_gets_its_account(calm: Stores) -> None:
    events = calm.one.watch(Server, 0, Filter(account="a1"))
    server = await calm.one.create(make_server())
    server.metadata.account = "a1"
    server = await calm.one.update_status(server)
    assert (await following(events)).object == server


async def test_what_writes_nothing_is_no_event(calm: Stores) -> None:
    server = await calm.one.create(make_server())
    _, version = await list_all(calm.one, Server)
    await calm.one.update_spec(server)
    await calm.one.update_status(server)
    with pytest.raises(ExistsError):
        await calm.one.create(server)
    assert [event for event in await calm.other.changed(Server, version) if event.type != "bookmark"] == []


async def test_changed_tells_at_once_what_the_other_wrote(calm: Stores) -> None:
    _, version = await list_all(calm.other, Server)
    assert list(await calm.other.changed(Server, version)) == []
    for n in range(20):
        server = await calm.one.create(make_server(str(n)))
        [event] = await calm.other.changed(Server, version)
        assert event.object == server
        version = event.resource_version
        assert list(await calm.other.changed(Server, version)) == []


async def test_what_was_written_before_a_question_began_is_in_each_of_its_answers(calm: Stores) -> None:
    _, servers = await list_all(calm.other, Server)
    _, ports = await list_all(calm.other, Port)
    for n in range(20):
        server = await calm.one.create(make_server(str(n)))
        begun = time.monotonic()
        assert list(await calm.other.changed(Port, ports, begun=begun)) == []  # a look that the next one may share
        [event] = await calm.other.changed(Server, servers, begun=begun)
        assert event.object == server
        servers = event.resource_version


async def test_changed_hands_out_no_shared_objects(calm: Stores) -> None:
    await calm.one.create(make_server())
    [first] = await calm.one.changed(Server, 0)
    assert first.object is not None
    first.object.spec.name = "mine"
    [second] = await calm.one.changed(Server, 0)
    assert second.object is not None
    assert second.object.spec.name == "web"


async def test_an_object_that_comes_back_under_its_id(calm: Stores) -> None:
    server = make_server()
    await calm.one.create(server)
    _, version = await list_all(calm.other, Server)
    await calm.one.delete(Server, server.id)
    again = await calm.one.create(server)
    events = [event for event in await calm.other.changed(Server, version) if event.type != "bookmark"]
    assert [event.type for event in events] == ["gone", "put"]
    assert events[-1].object == again


async def test_a_watch_that_is_behind_what_is_remembered_expires(calm: Stores) -> None:
    server = await calm.one.create(make_server())
    _, version = await list_all(calm.one, Server)
    await calm.one.delete(Server, server.id)
    await calm.forget()
    with pytest.raises(WatchExpiredError):
        await calm.other.changed(Server, version)
    with pytest.raises(WatchExpiredError):
        await following(calm.other.watch(Server, version))
    items, version = await list_all(calm.other, Server)
    assert items == []
    assert list(await calm.other.changed(Server, version)) == []


async def test_a_watch_from_a_future_that_was_lost_expires(calm: Stores) -> None:
    server = await calm.one.create(make_server())
    with pytest.raises(WatchExpiredError):
        await calm.other.changed(Server, server.metadata.resource_version + 1000)


async def test_closing_ends_watches(calm: Stores) -> None:
    waiting = asyncio.ensure_future(following(calm.one.watch(Server, 0)))
    for _ in range(3):
        await asyncio.sleep(0)
    await calm.one.close()
    with pytest.raises(UnavailableError, match="closed"):
        await waiting
    with pytest.raises(UnavailableError, match="closed"):
        await calm.one.create(make_server())


async def scribble(stores: Stores, seed: int, count: int) -> None:
    """Create, change and delete at random, through both views."""
    rng = random.Random(seed)
    for _ in range(count):
        store = rng.choice((stores.one, stores.other))
        try:
            servers, _ = await list_all(store, Server)
            what = rng.random()
            if what < 0.35 or not servers:
                await store.create(make_server(project=rng.choice(("p1", "p2")), finalizers=rng.choice(((), ("x",)))))
            elif what < 0.5:
                await store.create(make_claim(f"10.0.0.{rng.randrange(8)}", "somebody"))
            elif what < 0.6:
                claims, _ = await list_all(store, AddressClaim)
                if claims:
                    await store.delete(AddressClaim, rng.choice(claims).id)
            elif what < 0.8:
                server = rng.choice(servers)
                server.status.progress += 1
                if server.deleting:
                    server.metadata.finalizers = []
                await store.update_status(server)
            elif what < 0.9:
                server = rng.choice(servers)
                server.spec.name += "x"
                await store.update_spec(server)
            else:
                await store.delete(Server, rng.choice(servers).id)
        except (ConflictError, ExistsError, NotFoundError):
            await asyncio.sleep(0)


async def test_replicas_become_equal_to_the_store(stores: Stores) -> None:
    views: list[tuple[type[Resource], Filter]] = [
        (Server, EVERYTHING),
        (Server, Filter(project="p2")),
        (AddressClaim, EVERYTHING),
    ]
    replicas = [(Replica(store, *view), view) for view in views for store in (stores.one, stores.other)]
    tasks = [asyncio.create_task(replica.follow()) for replica, _ in replicas]
    await asyncio.gather(*(scribble(stores, seed, 60) for seed in range(4)), _forget_now_and_then(stores))
    for replica, (kind, where) in replicas:
        objs, _ = await list_all(stores.one, kind, where)
        truth = {obj.id: obj for obj in objs}
        await until(lambda replica=replica, truth=truth: replica.objects == truth)  # type: ignore[misc] # bound now
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)


async def _forget_now_and_then(stores: Stores) -> None:
    for _ in range(3):
        for _ in range(40):
            await asyncio.sleep(0)
        await stores.forget()
