"""Sending requests by the clock, and what came of them."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from tests.bench.client import Times
from tests.load.mix import Asked, Mix, writes

TIMEOUT = aiohttp.ClientTimeout(total=60)
SHOWN = 20  # wrong answers that are told


@dataclass
class Seen:
    """What came of requests. times: milliseconds from when a request should have left to the end of its answer."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    by_minute: list[list[float]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    say: Callable[[str], None] = print

    def took(self, name: str, ms: float, minute: int) -> None:
        """Take a request that was answered as it should."""
        self.counts[name] += 1
        (self.writes if writes(name) else self.reads).append(ms)
        while len(self.by_minute) <= minute:
            self.by_minute.append([])
        self.by_minute[minute].append(ms)

    def wrong(self, text: str) -> None:
        """Take one that was not; the first ones are told at once."""
        self.failed += 1
        if self.failed <= SHOWN:
            self.say(text)

    def p99_by_minute(self) -> list[float]:
        """Return milliseconds a minute."""
        return [Times(sorted(times)).p99 for times in self.by_minute if times]


@asynccontextmanager
async def session(url: str, token: str, connections: int) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a client of a region with at most that many connections."""
    headers = {"X-Auth-Token": token, "OpenStack-API-Version": "compute 2.53"}
    connector = aiohttp.TCPConnector(limit=connections, limit_per_host=connections)
    async with aiohttp.ClientSession(url, headers=headers, connector=connector, timeout=TIMEOUT) as client:
        yield client


async def send(client: aiohttp.ClientSession, asked: Asked) -> tuple[Any, str]:
    """Send a request; return the document (None without one) and, if the answer is not what it should be, why."""
    try:
        async with client.request(asked.method, asked.path, json=asked.body) as answer:
            data = await answer.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        return None, f"{asked.method} {asked.path}: {type(error).__name__} {error}"
    if answer.status != asked.status:
        return None, f"{asked.method} {asked.path}: {answer.status}, not {asked.status}: {data[:300]!r}"
    return (json.loads(data) if data else None), ""


async def at_once(client: aiohttp.ClientSession, requests: list[tuple[str, Asked]], seen: Seen) -> None:
    """Send all of them together."""
    began = time.perf_counter()
    await asyncio.gather(*(_one(client, name, asked, began, 0, seen) for name, asked in requests))


async def by_the_clock(
    client: aiohttp.ClientSession, mix: Mix, rng: random.Random, rate: float, seconds: float, seen: Seen,
    tick: Callable[[float], None],
) -> float:  # fmt: skip
    """Send `rate` requests a second (at random moments, as independent users do) for so long; return the rate sent.

    tick: called with the seconds gone, about once a second.
    """
    began = due = time.perf_counter()
    ticked, sent, tasks = 0.0, 0, set[asyncio.Task[None]]()
    while due - began < seconds:
        due += rng.expovariate(rate)
        ahead = due - time.perf_counter()
        if ahead > 0.001:
            await asyncio.sleep(ahead)
        name, asked = mix.draw(time.monotonic())
        task = asyncio.create_task(_one(client, name, asked, due, int((due - began) / 60), seen))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        sent += 1
        if sent % 20 == 0:
            await asyncio.sleep(0)  # behind the clock or not: answers are read, too
        if due - began - ticked >= 1.0:
            ticked = due - began
            tick(ticked)
    if tasks:
        await asyncio.wait(tasks)
    return sent / (time.perf_counter() - began)


async def _one(client: aiohttp.ClientSession, name: str, asked: Asked, due: float, minute: int, seen: Seen) -> None:
    document, problem = await send(client, asked)
    if problem:
        seen.wrong(f"{name}: {problem}")
        return
    seen.took(name, (time.perf_counter() - due) * 1000, minute)
    asked.then(document, time.monotonic())
