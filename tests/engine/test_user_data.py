"""User data at the launch: it comes to the instance, the same at each try, and stands in nothing the engine writes.

Virtual time. In a store that keeps it apart, and in one that does not.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from tests.support.sealing import SealingStore
from tests.support.store import make_server
from tests.support.virtual import run_virtual
from tests.support.world import ACCOUNT, PRIVATE, World

from gurum.engine.servers import userdata
from gurum.model import codec
from gurum.model.base import Intent
from gurum.model.server import USER_DATA, Server
from gurum.ops.clock import LoopClock
from gurum.providers.aws.transport import LostError
from gurum.store.memory import MemoryStore

RAW = b"#!/bin/sh\nPASSWORD=hunter2\n"
TEXT = base64.b64encode(RAW).decode()
Call = Callable[[str, str, dict[str, Any]], Awaitable[dict[str, Any]]]
Scenario = Callable[[World, SealingStore], Awaitable[None]]


def play(scenario: Scenario) -> None:
    """Run a scenario in a world whose store keeps user data apart; nothing that the engine wrote may have it."""

    async def whole() -> None:
        clock = LoopClock()
        store = SealingStore(clock=clock)
        w = World(store=store, clock=clock)
        await w.start()
        try:
            await scenario(w, store)
            for server in (await store.list(Server)).items:
                assert TEXT.encode() not in codec.encode(server)
        finally:
            await w.kill()

    run_virtual(whole())


async def made(w: World, **more: Any) -> Server:
    """Make a server with user data."""
    network, _ = await w.network(**more)
    return await w.server(network, await w.group(**more), user_data=TEXT)


async def until(w: World, server: Server, state: str) -> Server:
    """Wait until the server is in a state; return it."""

    async def there() -> bool:
        return await w.state(server.id) == state

    await w.until(there)
    return server if state == "gone" else await w.get(Server, server.id)


async def given(w: World, server: Server) -> bytes:
    """Return what the instance was given."""
    external = server.status.external
    assert external is not None
    params = {"InstanceId": external.id, "Attribute": "userData"}
    answer = w.emulator.call("DescribeInstanceAttribute", params, account=ACCOUNT, region="us-east-1")
    return base64.b64decode(dict(answer)["UserData"]["Value"])


def launches(w: World, answer: Callable[[int], str]) -> list[dict[str, Any]]:
    """Record every launch; `answer` says of each, by its number, how it goes: "", "lost" (carried out), "cut" (not)."""
    call, seen = w.transport.call, list[dict[str, Any]]()

    async def watched(account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        if action != "RunInstances":
            return await call(account, action, params)
        seen.append(dict(params))
        how = answer(len(seen))
        if how == "cut":
            raise LostError("the connection was cut")
        done = await call(account, action, params)
        if how == "lost":
            raise LostError("the connection was cut")
        return done

    w.transport.call = watched  # type: ignore[method-assign]  # the wrapper has the method's own shape
    return seen


def test_it_comes_to_the_instance_and_nowhere_else() -> None:
    async def scenario(w: World, store: SealingStore) -> None:
        server = await until(w, await made(w), "active")
        assert await given(w, server) == RAW
        assert json.loads(server.status.intents["instance"].request)["UserData"] == USER_DATA
        assert (server.spec.user_data, server.spec.user_data_secret) == ("", server.id)

    play(scenario)


def test_a_launch_whose_answer_was_lost_is_sent_again_as_it_was() -> None:
    async def scenario(w: World, store: SealingStore) -> None:
        seen = launches(w, lambda number: "lost" if number == 1 else "")
        server = await until(w, await made(w), "active")
        assert len(seen) == 2
        assert seen[0] == seen[1]
        assert seen[0]["UserData"] == RAW
        assert len(w.resources("instance")) == 1
        assert await given(w, server) == RAW

    play(scenario)


def test_an_engine_that_takes_over_sends_the_same() -> None:
    async def scenario(w: World, store: SealingStore) -> None:
        seen = launches(w, lambda number: "lost" if number == 1 else "")
        server = await made(w)
        await w.until(lambda: len(seen) == 1)
        await w.kill()
        await w.start()
        await until(w, server, "active")
        assert len(seen) > 1
        assert all(one == seen[0] for one in seen)
        assert len(w.resources("instance")) == 1

    play(scenario)


def test_while_it_cannot_be_read_nothing_is_launched() -> None:
    async def scenario(w: World, store: SealingStore) -> None:
        seen = launches(w, lambda number: "")
        store.away = True
        server = await made(w)
        await w.until(lambda: store.asked > 2)
        assert seen == []
        store.away = False
        assert await given(w, await until(w, server, "active")) == RAW

    play(scenario)


def test_what_has_lost_it_is_not_launched_without() -> None:
    async def scenario(w: World, store: SealingStore) -> None:
        seen = launches(w, lambda number: "")
        network, _ = await w.network()
        group = await w.group()
        store.away = True  # until the text is gone
        server = await w.server(network, group, user_data=TEXT)
        store.texts.clear()
        store.away = False
        failed = await until(w, server, "error")
        assert seen == []
        assert failed.status.fault is not None
        assert userdata.LOST in failed.status.fault.message
        await store.delete(Server, server.id)
        await until(w, server, "gone")

    play(scenario)


def test_what_lost_it_amid_a_launch_waits_and_can_be_deleted() -> None:
    async def scenario(w: World, store: SealingStore) -> None:
        seen = launches(w, lambda number: "lost")
        server = await made(w)
        await w.until(lambda: len(seen) == 1)
        store.texts.clear()

        async def told() -> bool:
            fault = (await store.get(Server, server.id)).status.fault
            return fault is not None and userdata.LOST in fault.message

        await w.until(told)
        assert await w.state(server.id) == "building"
        await store.delete(Server, server.id)
        await until(w, server, "gone")
        assert not [one for one in w.resources("instance") if one["state"] == "running"]

    play(scenario)


def test_the_record_of_a_deleted_server_has_it_as_in_every_store() -> None:
    async def scenario(w: World, store: SealingStore) -> None:
        server = await until(w, await made(w), "active")
        await store.delete(Server, server.id)
        await until(w, server, "gone")
        [record] = await w.journal.read(kind=Server.kind, object_id=server.id, type="deleted")
        last = codec.decode(Server.kind, record.data, 1)
        assert isinstance(last, Server)
        assert (last.spec.user_data, last.spec.user_data_secret) == (TEXT, "")

    play(scenario)


def test_a_cloud_that_takes_none_asks_for_none_of_it() -> None:
    async def scenario(w: World, store: SealingStore) -> None:
        await until(w, await made(w, region=PRIVATE), "active")

    play(scenario)


def test_where_it_stands_in_the_object_the_request_refers_to_it_too() -> None:
    async def whole() -> None:
        clock = LoopClock()
        w = World(store=MemoryStore(clock=clock), clock=clock)
        await w.start()
        server = await until(w, await made(w), "active")
        assert await given(w, server) == RAW
        assert TEXT.encode() not in msgspec.json.encode(server.status)
        await w.kill()

    run_virtual(whole())


def test_an_intent_of_an_earlier_release_is_sent_as_it_stands() -> None:
    clock = LoopClock()
    driver: Any = World(clock=clock).providers()["kakao-usa-east1"].driver(Server.kind)
    server = make_server()
    intent = Intent(step="instance", request=f'{{"UserData":"{TEXT}"}}', token="t")
    assert driver.sent(server, intent)["UserData"] == RAW
    intent.request = f'{{"UserData":"{USER_DATA}"}}'
    with pytest.raises(LookupError, match="without its user data"):
        driver.sent(server, intent)
    server.spec.user_data = TEXT
    assert driver.sent(server, intent)["UserData"] == RAW
