"""The moments between two sources, which no store can be made to show at will."""

from __future__ import annotations

import pytest
from tests.support.store import make_server

from gurum.model.server import Server
from gurum.store.cache.table import Table
from gurum.store.contract import EVERYTHING, Event


def at(version: int, server: Server) -> Server:
    server.metadata.resource_version = version
    return server


def put(server: Server) -> Event[Server]:
    return Event("put", server.id, server.metadata.resource_version, server)


@pytest.fixture
def table() -> Table[Server]:
    return Table(Server, EVERYTHING)


def test_what_was_asked_before_a_deletion_and_answered_after_it_does_not_raise_the_dead(table: Table[Server]) -> None:
    server = at(5, make_server())
    assert table.observe([put(server), Event("gone", server.id, 7, None)], table.epoch)
    assert table.observe([put(server)], table.epoch)
    assert table.entries == {}
    assert table.position == 7


def test_what_was_asked_before_a_list_is_not_applied_after_it(table: Table[Server]) -> None:
    epoch = table.epoch
    table.replace([], 3)
    assert not table.observe([put(at(9, make_server()))], epoch)
    assert table.entries == {}
    assert table.position == 3


async def test_nothing_is_applied_while_a_list_is_under_way(table: Table[Server]) -> None:
    async with table.lock:
        assert not table.observe([put(at(9, make_server()))], table.epoch)
    assert table.entries == {}


def test_a_removal_older_than_what_is_known_is_ignored(table: Table[Server]) -> None:
    """An id that was removed and made again: the answer to the second creation overtook the stream."""
    again = at(9, make_server())
    table.write_through(again)
    assert table.observe([Event("gone", again.id, 8, None)], table.epoch)
    assert table.entries[again.id].object is again


def test_after_a_restore_an_object_may_stand_elsewhere(table: Table[Server]) -> None:
    server = make_server()
    other = make_server()
    other.metadata.id, other.metadata.created_at, other.metadata.project = server.id, 77.0, "p2"
    table.replace([at(8, server)], 8)
    table.replace([at(2, other)], 2)
    assert [entry.object for _, _, entry in table.views.of("", "p2")] == [other]
    assert list(table.views.of("", "p1")) == []
    assert len(table.views.of("", "")) == 1
