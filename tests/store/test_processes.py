"""Real processes on one store: they see each other's writes, and a killed one loses nothing it acknowledged."""

from __future__ import annotations

import asyncio
import random
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest
from tests.store.child import raise_progress
from tests.support.store import list_all, make_server, store_config

from gurum.model.server import Server
from gurum.store.contract import NotFoundError, Store
from gurum.store.factory import open_store

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.real


async def start(url: str, what: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.store.child", url, what, cwd=ROOT, stdin=PIPE, stdout=PIPE
    )


async def line(child: Process) -> str:
    assert child.stdout is not None
    async with asyncio.timeout(20):
        return (await child.stdout.readline()).decode().strip()


async def ask(child: Process, *words: str) -> str:
    assert child.stdin is not None
    child.stdin.write((" ".join(words) + "\n").encode())
    return await line(child)


async def finish(child: Process) -> None:
    assert child.stdin is not None
    child.stdin.close()
    assert await child.wait() == 0


async def opened(url: str) -> Store:
    return (await open_store(store_config(url)))[0]


async def test_two_processes_are_one_store(shared_url: str) -> None:
    store = await opened(shared_url)
    child = await start(shared_url, "obey")
    assert await line(child) == "ready"
    for n in range(20):
        server = await store.create(make_server(f"mine-{n}"))
        assert await ask(child, "get", server.id) == f"mine-{n}"
        server.spec.name = f"renamed-{n}"
        await store.update_spec(server)
        assert await ask(child, "cached", server.id) == f"renamed-{n}"
        await store.delete(Server, server.id)
        assert await ask(child, "cached", server.id) == "-"
        theirs = await ask(child, "create", f"theirs-{n}")
        assert (await store.get(Server, theirs)).spec.name == f"theirs-{n}"
    _, version = await list_all(store, Server)
    events = store.watch(Server, version)
    awaited = asyncio.ensure_future(anext(events))
    theirs = await ask(child, "create", "watched")
    async with asyncio.timeout(10):
        assert (await awaited).id == theirs
    assert await ask(child, "raise", theirs) == "started"
    await raise_progress(store, theirs, 50)
    assert await line(child) == "done"
    assert (await store.get(Server, theirs)).status.progress == 100
    await finish(child)
    await store.close()


async def test_killed_at_any_moment_it_keeps_what_it_acknowledged(shared_url: str) -> None:
    rng = random.Random()
    acknowledged: dict[str, tuple[str, str]] = {}
    for _ in range(5):
        child = await start(shared_url, "hammer")
        assert child.stdout is not None
        for _ in range(rng.randrange(1, 400)):
            what, uid, name = (await line(child)).split()
            acknowledged[uid] = (what, name)
        child.kill()
        rest = (await child.stdout.read()).decode()
        for complete in rest.splitlines(keepends=True):
            if complete.endswith("\n"):
                what, uid, name = complete.split()
                acknowledged[uid] = (what, name)
        await child.wait()
        store = await opened(shared_url)
        for uid, (what, name) in acknowledged.items():
            try:
                found = await store.get(Server, uid)
            except NotFoundError:
                # The deletion that follows a renaming may have been done and not acknowledged.
                assert what in ("deleted", "renamed")
            else:
                assert what != "deleted"
                assert found.spec.name in (name, f"{name}-renamed")
        await store.close()
    assert len(acknowledged) > 5
