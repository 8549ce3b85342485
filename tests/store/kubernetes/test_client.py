"""What the way to an API server does to requests, and what the client makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from gurum.store.contract import InDoubtError, UnavailableError
from gurum.store.kubernetes.access import Access
from gurum.store.kubernetes.client import Answer, Client, RefusedError

PATH = "/apis/compute.gurum.cloud/v1alpha1/servers"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler, *, patience: float = 5.0) -> AsyncIterator[Client]:
    """Give a client of a server that answers as `handler` does."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    client = Client(Access(url=f"http://127.0.0.1:{port}", tls=None, token="t0ken"), manager="m", patience=patience)
    try:
        yield client
    finally:
        await client.close()
        await runner.cleanup()


def answers(*given: Any) -> tuple[Handler, list[web.Request]]:
    """Return a handler that gives these answers in turn, the last for ever, and the requests that it got.

    An answer is (status, body, headers), or None: the connection ends without one.
    """
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        seen.append(request)
        answer = given[min(len(seen), len(given)) - 1]
        if answer is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        status, body, headers = answer
        return web.json_response(body, status=status, headers=headers)

    return handle, seen


def status(code: int, reason: str = "", message: str = "") -> tuple[int, dict[str, Any], dict[str, str]]:
    return code, {"kind": "Status", "code": code, "reason": reason, "message": message}, {}


OK: Any = (200, {"kind": "Server"}, {})


async def test_a_request_says_who_we_are_and_that_unknown_fields_are_errors() -> None:
    handle, seen = answers((201, {}, {}))
    async with served(handle) as client:
        await client.create(PATH, {"a": 1})
    assert seen[0].headers["Authorization"] == "Bearer t0ken"
    assert dict(seen[0].query) == {"fieldManager": "m", "fieldValidation": "Strict"}


async def test_turned_away_it_comes_again_as_late_as_it_was_told() -> None:
    handle, seen = answers((429, {"message": "storage is (re)initializing"}, {"Retry-After": "1"}), OK)
    began = asyncio.get_running_loop().time()
    async with served(handle) as client:
        answer = await client.create(PATH, {})
    assert (answer.status, answer.lost, len(seen)) == (200, False, 2)
    assert asyncio.get_running_loop().time() - began >= 0.99  # a promise to the server, not a speed


@pytest.mark.parametrize(
    "words",
    [
        "denied request: failed to configure binding: paramKind kind `Lease` not yet synced to use for admission",
        "denied request: failed to configure policy: failed to find resource referenced by paramKind: 'v1, Kind=Lease'",
    ],
)
async def test_what_a_server_that_has_just_started_cannot_judge_yet_comes_again(words: str) -> None:
    handle, seen = answers(status(422, "Invalid", message=words), OK)
    async with served(handle) as client:
        answer = await client.replace(PATH, {})
    assert (answer.status, answer.lost, len(seen)) == (200, False, 2)


@pytest.mark.parametrize("trouble", [None, status(500, message="etcdserver: leader changed"), status(504)])
async def test_an_answer_after_a_lost_one_says_so(trouble: Any) -> None:
    handle, _ = answers(trouble, status(409, "AlreadyExists"))
    async with served(handle) as client:
        answer = await client.create(PATH, {})
    assert (answer.status, answer.reason, answer.lost) == (409, "AlreadyExists", True)


@pytest.mark.parametrize(
    "write",
    [lambda client: client.replace(PATH, {}), lambda client: client.delete(PATH, "u", "7")],
    ids=["replace", "delete"],
)
async def test_no_write_is_repeated_unseen(write: Callable[[Client], Awaitable[Answer]]) -> None:
    """HTTP's library would repeat what HTTP calls idempotent; the second answer is then about the first's effect."""
    handle, seen = answers(OK, None, status(409, "Conflict"))
    async with served(handle) as client:
        await client.get(PATH)  # on a connection that lasts
        answer = await write(client)
    assert (answer.status, answer.lost, len(seen)) == (409, True, 3)


async def test_a_write_that_may_have_happened_is_in_doubt() -> None:
    handle, _ = answers(None)
    async with served(handle, patience=0.3) as client:
        with pytest.raises(InDoubtError):
            await client.create(PATH, {})
        with pytest.raises(UnavailableError) as reading:
            await client.get(PATH)
    assert not isinstance(reading.value, InDoubtError)


async def test_a_server_that_is_not_there_got_nothing() -> None:
    async with served(answers(OK)[0]) as client:
        pass
    gone = Client(Access(url="http://127.0.0.1:1", tls=None), manager="m", patience=0.2)
    with pytest.raises(UnavailableError) as refusal:
        await gone.create(PATH, {})
    assert not isinstance(refusal.value, InDoubtError)
    await gone.close()
    with pytest.raises(UnavailableError, match="closed"):
        await client.get(PATH)


async def test_a_refusal_is_an_answer() -> None:
    handle, seen = answers(status(422, "Invalid", "spec.id: Invalid value"))
    async with served(handle) as client:
        answer = await client.replace(PATH, {})
    assert (answer.status, answer.message, len(seen)) == (422, "spec.id: Invalid value", 1)


async def test_a_page_of_a_load_balancer_is_no_status() -> None:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=403, text="<html>")

    async with served(handle) as client:
        answer = await client.get(PATH)
    assert (answer.status, answer.reason, answer.message) == (403, "", "")


async def test_a_watch_yields_whole_lines_and_ends_as_the_server_ends_it() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in (b'{"a"', b':1}\n{"b":2}\n', b"\n", b'{"cut'):
            await response.write(chunk)
        return response

    async with served(handle) as client:
        assert [line async for line in client.stream(PATH, watch="true")] == [b'{"a":1}', b'{"b":2}']


async def test_a_watch_that_breaks_off_says_so() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 1000
        await response.prepare(request)
        await response.write(b'{"a":1}\n')
        assert request.transport is not None
        request.transport.close()
        return response

    async with served(handle) as client:
        lines = client.stream(PATH)
        assert await anext(lines) == b'{"a":1}'
        with pytest.raises(UnavailableError):
            await anext(lines)


async def test_a_watch_that_says_nothing_is_given_up_and_a_client_that_closes_tells_who_reads() -> None:
    over = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"a":1}\n')
        await over.wait()
        return response

    async with served(handle) as client:
        lines = client.stream(PATH, silence=0.05)
        assert await anext(lines) == b'{"a":1}'
        with pytest.raises(UnavailableError):
            await anext(lines)
        lines = client.stream(PATH)
        assert await anext(lines) == b'{"a":1}'
        reading = asyncio.ensure_future(anext(lines))
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(UnavailableError, match="closed"):
            await reading
        over.set()


async def test_a_watch_may_be_refused() -> None:
    handle, _ = answers(status(410, "Expired", "too old resource version: 1 (215)"))
    async with served(handle) as client:
        with pytest.raises(RefusedError, match="too old") as refusal:
            await anext(client.stream(PATH))
    assert refusal.value.answer.status == 410
