"""User data that the store keeps apart: administrators see it, and nothing that is kept for the next answer has it."""

from __future__ import annotations

import base64

import pytest
from tests.pia.compute.conftest import filled
from tests.pia.compute.support import V, create, running, show
from tests.support.pia import Kit, ManualClock
from tests.support.sealing import SealingStore

from gurum.model.server import Server
from gurum.pia.services import SERVICES

TEXT = base64.b64encode(b"#!/bin/sh\nPASSWORD=hunter2\n").decode()
SHOWN = "OS-EXT-SRV-ATTR:user_data"


@pytest.fixture
async def sealing() -> tuple[Kit, SealingStore]:
    """Return an API over a store that keeps user data apart, and the store."""
    store = SealingStore(clock=ManualClock())
    return await filled(Kit(SERVICES, store=store)), store


def kept(kit: Kit) -> bytes:
    """Return everything that was rendered of servers and kept."""
    mirror = kit.board.of(Server)
    return b"".join(piece for entry in mirror.members(kit.region.name) for piece in entry.memo.values())


async def listed(kit: Kit, token: str = "admin", version: str = "2.96") -> list[dict[str, object]]:
    """Return a list in full, of all projects for administrators."""
    query = "?all_tenants=1" if token == "admin" else ""
    answer = await kit.call("GET", f"{V}/servers/detail{query}", token=token, version=version)
    assert answer.status == 200
    found: list[dict[str, object]] = answer.json["servers"]
    return found


async def test_administrators_see_it_and_nobody_else(sealing: tuple[Kit, SealingStore]) -> None:
    kit, store = sealing
    uid = await running(kit, user_data=TEXT)
    assert (await store.get(Server, uid)).spec.user_data == ""
    for _ in range(2):
        assert (await show(kit, uid, "2.3", token="admin"))[SHOWN] == TEXT
        assert SHOWN not in await show(kit, uid, "2.3")
        assert (await listed(kit))[0][SHOWN] == TEXT
        assert SHOWN not in (await listed(kit, "member"))[0]
    asked = store.asked
    await show(kit, uid, "2.1", token="admin")  # before 2.3 nobody is shown it
    await show(kit, uid)
    await listed(kit, "member")
    await kit.call("GET", f"{V}/servers?all_tenants=1", token="admin")
    assert store.asked == asked, "nothing is fetched that is not shown"


async def test_nothing_that_is_kept_has_it(sealing: tuple[Kit, SealingStore]) -> None:
    kit, _ = sealing
    uid = await running(kit, user_data=TEXT)
    other = await running(kit)
    await show(kit, uid, "2.96", token="admin")
    await listed(kit)
    assert other.encode() in kept(kit), "what has none is rendered once, and kept"
    assert TEXT.encode() not in kept(kit)
    assert uid.encode() not in kept(kit)


async def test_what_is_not_there_any_more_is_not_shown(sealing: tuple[Kit, SealingStore]) -> None:
    kit, store = sealing
    uid = await running(kit, user_data=TEXT)
    assert (await show(kit, uid, "2.96", token="admin"))[SHOWN] == TEXT
    store.texts.clear()
    assert (await show(kit, uid, "2.96", token="admin"))[SHOWN] is None
    assert (await listed(kit))[0][SHOWN] is None


async def test_a_store_that_cannot_say_is_away(sealing: tuple[Kit, SealingStore]) -> None:
    kit, store = sealing
    uid = await running(kit, user_data=TEXT)
    store.away = True
    answer = await kit.call("GET", f"{V}/servers/{uid}", token="admin", version="2.3")
    assert answer.status == 503
    assert TEXT not in str(answer.json)
    assert (await kit.call("GET", f"{V}/servers/{uid}", version="2.3")).status == 200


async def test_every_server_of_a_request_has_its_own(sealing: tuple[Kit, SealingStore]) -> None:
    kit, store = sealing
    answer = await create(kit, user_data=TEXT, min_count=3, max_count=3, networks="none")
    assert answer.status == 202
    assert list(store.texts.values()) == [TEXT] * 3
    assert {row["id"] for row in await listed(kit) if row[SHOWN] == TEXT} == set(store.texts)


async def test_the_answer_to_a_change_shows_it_to_administrators(sealing: tuple[Kit, SealingStore]) -> None:
    kit, _ = sealing
    uid = await running(kit, user_data=TEXT)
    body = {"server": {"description": "d"}}
    path = f"{V}/servers/{uid}"
    assert (await kit.call("PUT", path, body, token="admin", version="2.75")).json["server"][SHOWN] == TEXT
    assert SHOWN not in (await kit.call("PUT", path, body, version="2.75")).json["server"]


async def test_where_nobody_else_reads_the_objects_it_stands_there(kit: Kit) -> None:
    uid = await running(kit, user_data=TEXT)
    assert (await kit.store.get(Server, uid)).spec.user_data == TEXT
    assert (await show(kit, uid, "2.96", token="admin"))[SHOWN] == TEXT
    assert (await listed(kit))[0][SHOWN] == TEXT
