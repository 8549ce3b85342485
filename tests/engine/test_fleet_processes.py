"""Real processes: one is stopped in the middle, another takes its shard, and then the first one wakes up."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.store import list_all, store_config

from gurum.model.network import Network
from gurum.store.contract import Store
from gurum.store.factory import open_store

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.real


@asynccontextmanager
async def engine(url: str, name: str, how: str) -> AsyncIterator[Process]:
    """Give a process of `fleet_child`."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.engine.fleet_child", url, name, how, cwd=ROOT, stdout=PIPE
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def until(child: Process, word: str, within: float = 60.0) -> list[str]:
    """Read lines up to one that begins so; return them."""
    assert child.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(within):
        while not lines or not lines[-1].startswith(word):
            line = (await child.stdout.readline()).decode().strip()
            assert line, "it has ended"
            lines.append(line)
    return lines


async def made_by(store: Store, name: str) -> set[str]:
    """Return the networks that an engine has made."""
    return {network.id for network in (await list_all(store, Network))[0] if network.spec.name == name}


async def test_a_paused_engine_that_wakes_up_gets_no_write_accepted(shared_url: str) -> None:
    store, journal = await open_store(store_config(shared_url))
    try:
        async with engine(shared_url, "first", "blind") as first:
            await until(first, "made")
            async with engine(shared_url, "second", "careful") as second:
                await taken_over(store, first, second)
    finally:
        await store.close()
        await journal.close()


async def taken_over(store: Store, first: Process, second: Process) -> None:
    """Stop the first, have the second take over, wake the first."""
    while True:
        os.kill(first.pid, signal.SIGSTOP)
        try:
            await until(second, "took", within=8.0)
            break
        except TimeoutError:
            # Stopped in the middle of a commit, it holds the lock of the whole file (SQLite): nobody takes anything.
            os.kill(first.pid, signal.SIGCONT)
            await asyncio.sleep(0.1)
    await until(second, "made")
    before = await made_by(store, "first")
    assert before
    os.kill(first.pid, signal.SIGCONT)
    await until(first, "refused")
    await until(second, "made")
    await asyncio.sleep(0.5)
    assert await made_by(store, "first") == before, "a write was accepted after the shard was another's"
    # It goes on once the shard is its own again, in an epoch of its own.
    os.kill(second.pid, signal.SIGKILL)
    await until(first, "took")
    await until(first, "made")
