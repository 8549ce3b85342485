"""Lists: order, filters, and pages of one version whatever others write meanwhile."""

from __future__ import annotations

import asyncio
import random

import pytest
from tests.support.store import Stores, list_all, make_network, make_server

from gurum.model.network import Network
from gurum.model.server import Server
from gurum.store.contract import EVERYTHING, ConflictError, Filter, NotFoundError, WatchExpiredError


async def test_a_list_of_nothing(stores: Stores) -> None:
    page = await stores.one.list(Server)
    assert (page.items, page.next) == ([], None)


async def test_a_page_of_nothing_is_refused(stores: Stores) -> None:
    for limit in (0, -1):
        with pytest.raises(ValueError, match="at least one"):
            await stores.one.list(Server, limit=limit)


async def test_lists_are_ordered_by_id_and_of_one_kind(stores: Stores) -> None:
    servers = [await stores.one.create(make_server(str(n))) for n in range(10)]
    await stores.one.create(make_network())
    page = await stores.other.list(Server)
    assert page.items == sorted(servers, key=lambda server: server.id)
    assert page.next is None


@pytest.mark.parametrize("limit", [1, 3, 10, 11])
async def test_pages_join_to_the_list(stores: Stores, limit: int) -> None:
    await stores.one.create_many([make_server(str(n)) for n in range(10)])
    whole, _ = await list_all(stores.one, Server)
    assert len(whole) == 10
    assert (await list_all(stores.other, Server, limit=limit))[0] == whole


FILTERS = [
    EVERYTHING,
    Filter(region="r1"),
    Filter(project="p1"),
    Filter(account="a1"),
    Filter(region="r2", project="p1"),
    Filter(region="r1", account="a1", project="p2"),
    Filter(project="nobody's"),
]


@pytest.mark.parametrize("where", FILTERS, ids=str)
async def test_filters(stores: Stores, where: Filter) -> None:
    for region in ("r1", "r2"):
        for project in ("p1", "p2", ""):
            for account in ("", "a1"):
                server = await stores.one.create(make_server(project=project, region=region))
                server.metadata.account = account
                await stores.one.update_status(server)
    everything, _ = await list_all(stores.one, Server)
    expected = [
        server
        for server in everything
        if where.region in ("", server.metadata.region)
        and where.project in ("", server.metadata.project)
        and where.account in ("", server.metadata.account)
    ]
    assert (await list_all(stores.other, Server, where, limit=2))[0] == expected


async def test_pages_are_of_one_version_while_others_write(calm: Stores) -> None:
    await calm.one.create_many([make_server(str(n)) for n in range(40)])
    before, _ = await list_all(calm.one, Server)
    rng = random.Random(5)
    page = await calm.other.list(Server, limit=3)
    items, version = list(page.items), page.resource_version
    while page.next:
        for _ in range(3):
            await calm.one.create(make_server("new"))
            victim = rng.choice(before)
            try:
                current = await calm.one.get(Server, victim.id)
                current.spec.name = "changed"
                await calm.one.update_spec(current)
                if rng.random() < 0.5:
                    await calm.one.delete(Server, victim.id)
            except NotFoundError:
                continue
        page = await calm.other.list(Server, limit=3, after=page.next)
        assert page.resource_version == version
        items += page.items
    assert items == before


async def test_a_watch_continues_a_list_without_a_gap(calm: Stores) -> None:
    await calm.one.create_many([make_server(str(n)) for n in range(10)])
    first = await calm.one.list(Server, limit=5)
    assert first.next is not None
    changed = first.items[0]
    changed.spec.name = "changed"
    changed = await calm.one.update_spec(changed)
    last = await calm.one.list(Server, limit=500, after=first.next)
    events = await calm.one.changed(Server, last.resource_version)
    assert [(event.type, event.object) for event in events] == [("put", changed)]


async def test_a_list_is_only_continued_as_it_began(calm: Stores) -> None:
    await calm.one.create_many([make_server(str(n)) for n in range(4)])
    await calm.one.create_many([make_network(str(n)) for n in range(4)])
    for kind, where in ((Network, EVERYTHING), (Server, Filter(project="p2"))):
        page = await calm.one.list(Server, limit=2)
        with pytest.raises(WatchExpiredError):
            await calm.one.list(kind, where, limit=2, after=page.next)
    for token in ("", "nonsense", "1:2:3"):
        with pytest.raises(WatchExpiredError):
            await calm.one.list(Server, after=token)


async def test_lists_that_are_never_ended_give_way_to_new_ones(calm: Stores) -> None:
    await calm.one.create_many([make_server(str(n)) for n in range(4)])
    oldest = await calm.one.list(Server, limit=2)
    newest = [await calm.one.list(Server, limit=2) for _ in range(30)][-1]
    with pytest.raises(WatchExpiredError):
        await calm.one.list(Server, limit=2, after=oldest.next)
    assert len((await calm.one.list(Server, limit=2, after=newest.next)).items) == 2


async def test_many_lists_at_once(stores: Stores) -> None:
    await stores.one.create_many([make_server(str(n)) for n in range(50)])
    whole, _ = await list_all(stores.one, Server)

    async def write() -> None:
        for server in whole[:20]:
            server.status.progress = 1
            try:
                await stores.one.update_status(server)
            except ConflictError:
                continue

    results = await asyncio.gather(*(list_all(stores.other, Server, limit=9) for _ in range(8)), write())
    for items, _ in [result for result in results if result is not None]:
        assert [server.id for server in items] == [server.id for server in whole]
