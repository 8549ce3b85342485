"""The second entrance: what is put back is as it was, on every backend, whatever was there before."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.store.kubernetes.samples import everyone, plain, sample
from tests.support.store import Stores, list_all, make_network, make_server

from gurum.model import codec
from gurum.model.base import Cause, Condition
from gurum.model.network import Network
from gurum.model.server import Server
from gurum.store.contract import ExistsError, Journal, NotFoundError, Record
from gurum.store.moving.compare import canonical
from gurum.store.moving.contract import Line
from gurum.store.moving.ends import ledger, restorable
from gurum.store.postgresql import PostgresqlJournal
from gurum.store.sqlite import SqliteJournal


def lived(name: str = "web", *, generation: int = 7) -> Server:
    """Return a server that has been used for a while."""
    server = make_server(name, finalizers=["engine", "example.org/hook"])
    meta, status = server.metadata, server.status
    meta.created_at, meta.updated_at = 1_700_000_000.123456, 1_750_000_000.5
    meta.generation, meta.revision, meta.account = generation, 3, "123456789012"
    meta.labels, meta.cause = {"b": "2", "a": "1"}, Cause(user_id="alice", request_id="req-1")
    status.vm_state, status.observed_generation = "active", generation - 1
    status.conditions = [
        Condition(type="Available", status=True, since=1_700_000_001.25, observed_generation=generation - 1),
        Condition(type="Progressing", status=False, reason="Throttled", message="…", until=1_800_000_000.0),
    ]
    return server


async def test_everything_is_kept(calm: Stores) -> None:
    server = lived()
    before = codec.copy(server)
    await restorable(calm.one).restore([server])
    assert server == before
    found = await calm.other.get(Server, server.id)
    found.metadata.resource_version = 0
    assert found == server
    assert (await calm.other.get_by_key(Server, server.metadata.key)).id == server.id


async def test_every_kind_comes_back(calm: Stores) -> None:
    rng, entrance = random.Random("back"), restorable(calm.one)
    for kind in everyone():
        objs = [plain(sample(kind, rng, full=full)) for full in (True, False, False)]
        for number, obj in enumerate(objs):
            obj.metadata.generation = 1 + number
        await entrance.restore(objs)
        async with restorable(calm.other).instant() as instant:  # user data may be kept apart: a moment has it
            found = [obj async for page in instant.objects(kind) for obj in page]
        assert len(found) == len((await list_all(calm.other, kind))[0])
        assert {obj.id: canonical(obj) for obj in found} == {obj.id: canonical(obj) for obj in objs}


async def test_generations_go_on_from_where_they_were(calm: Stores) -> None:
    server = lived(generation=7)
    await restorable(calm.one).restore([server])
    found = await calm.one.get(Server, server.id)
    found.spec.name = "changed"
    found = await calm.one.update_spec(found)
    assert (found.metadata.generation, found.status.observed_generation) == (8, 6)
    found.status.observed_generation = 8
    found.status.conditions = [Condition(type="Available", status=True, observed_generation=8)]
    await calm.one.update_status(found)
    found = await calm.other.get(Server, server.id)
    assert (found.metadata.generation, found.status.observed_generation) == (8, 8)
    assert [condition.observed_generation for condition in found.status.conditions] == [8]
    marked = await calm.one.delete(Server, server.id)
    assert marked is not None
    assert marked.metadata.generation == 9


async def test_a_deletion_that_was_asked_for_is_still_asked_for(calm: Stores) -> None:
    server = lived()
    server.metadata.deletion_requested_at, server.metadata.deletion_cause = 1_760_000_000.25, Cause(user_id="bob")
    await restorable(calm.one).restore([server])
    found = await calm.other.get(Server, server.id)
    assert canonical(found) == canonical(server)
    found.metadata.finalizers = []
    await calm.one.update_status(found)
    with pytest.raises(NotFoundError):
        await calm.other.get(Server, server.id)


async def test_what_is_there_is_made_as_it_should_be(calm: Stores) -> None:
    entrance = restorable(calm.one)
    server = lived()
    half = codec.copy(server)  # as one who was cut off leaves it: no status, another generation
    await calm.one.create(half)
    await entrance.restore([server])
    assert canonical(await calm.other.get(Server, server.id)) == canonical(server)
    server.metadata.labels, server.metadata.finalizers, server.metadata.generation = {}, ["engine"], 12
    server.spec.name, server.status.vm_state, server.status.observed_generation = "later", "stopped", 12
    await entrance.restore([server])
    await entrance.restore([server])
    assert canonical(await calm.other.get(Server, server.id)) == canonical(server)
    # What cannot be changed any more is made anew.
    server.metadata.deletion_requested_at, server.metadata.generation = 1_760_000_000.0, 13
    await entrance.restore([server])
    server.metadata.deletion_requested_at, server.spec.availability_zone = None, "elsewhere"
    server.metadata.finalizers = ["engine", "another.example/hook"]
    await entrance.restore([server])
    assert canonical(await calm.other.get(Server, server.id)) == canonical(server)


async def test_a_key_stays_its_holders(calm: Stores) -> None:
    entrance = restorable(calm.one)
    first, second = make_network(key="k"), make_network(key="k")
    await entrance.restore([first])
    with pytest.raises(ExistsError):
        await entrance.restore([second])
    assert (await calm.other.get_by_key(Network, "k")).id == first.id
    with pytest.raises(ExistsError):
        await calm.one.create(second)


async def test_what_is_discarded_is_gone_whatever_held_it_with_its_key(calm: Stores) -> None:
    entrance = restorable(calm.one)
    held, kept = make_network("held", key="k"), make_network("kept")
    held.metadata.finalizers = ["engine"]
    deleting = lived()
    deleting.metadata.deletion_requested_at = 1_760_000_000.25
    await entrance.restore([held, kept])
    await entrance.restore([deleting])
    await entrance.discard(Network, [held.id, "never there"])
    await entrance.discard(Network, [held.id])
    await entrance.discard(Server, [deleting.id])
    await entrance.settle()
    assert [found.id for found in (await list_all(calm.other, Network))[0]] == [kept.id]
    assert (await list_all(calm.other, Server))[0] == []
    again = make_network("again", key="k")
    await calm.one.create(again)
    assert (await calm.other.get_by_key(Network, "k")).id == again.id


async def test_an_instant_does_not_move(calm: Stores) -> None:
    entrance = restorable(calm.one)
    networks = [make_network(str(number)) for number in range(5)]
    await entrance.restore(networks)
    async with entrance.instant() as instant:
        await calm.one.create(make_network("later"))
        await calm.one.delete(Network, networks[0].id)
        await calm.one.create(make_server())
        assert await instant.count(Network) == 5
        for _ in range(2):
            found = {obj.id async for page in instant.objects(Network) for obj in page}
            assert found == {network.id for network in networks}
        assert [obj async for page in instant.objects(Server) for obj in page] == []


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    """A journal of either kind."""
    opened: Journal
    if request.param == "sqlite":
        opened = await SqliteJournal.open(tmp_path / "journal.db")
    else:
        opened = await PostgresqlJournal.open(request.getfixturevalue("postgresql_url"))
    yield opened
    await opened.close()


def line(position: int, unique: str = "u") -> Line:
    """Return a line of a journal."""
    what = {"at": 1000.5 + position, "type": "event", "kind": "Server", "region": "r", "project": "p", "data": b"{}"}
    record = Record(**what, object_id=f"s{position}", request_id="req", position=position)  # type: ignore[arg-type]
    return Line(record, unique)


async def test_lines_keep_their_places(journal: Journal) -> None:
    entrance = ledger(journal)
    lines = [line(position) for position in (2, 3, 7, 11)]
    assert (await entrance.last(), await entrance.count(100)) == (0, 0)
    await entrance.restore(lines[:2], 0, 5)
    await entrance.restore(lines[2:], 5, 20)
    assert list(await entrance.lines(0, 100)) == lines
    assert list(await entrance.lines(2, 7)) == lines[1:3]
    assert list(await entrance.lines(0, 100, 2)) == lines[:2]
    assert (await entrance.last(), await entrance.count(7)) == (20, 3)
    # What is new comes after all that ever was.
    await journal.append(lines[0].record, unique="new")
    assert (await journal.read(object_id="s2"))[-1].position == 21
    # Once more is the same; what stands between and should not is gone, and what has moved moves.
    await entrance.restore(lines[:2], 0, 5)
    moved = line(9)
    moved = Line(msgspec.structs.replace(moved.record, object_id="s11"), "u")
    await entrance.restore([moved], 5, 10)
    assert [one.record.position for one in await entrance.lines(0, 20)] == [2, 3, 9]
    await journal.append(lines[0].record, unique="u")
    assert [record.position for record in await journal.read(object_id="s2")] == [2, 21]
    assert entrance.place() == ledger(journal).place()
