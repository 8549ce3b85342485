"""What it costs to know whose a token is: one that is kept, and a thousand in use, against a real Keystone."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.client import Times
from tests.bench.figures import Figures
from tests.support.keystone import RunningKeystone, running

from gurum.identity.tokens import TokenValidator

TOKENS, RATE = 1000, 200  # requests a second
LOGINS = 4  # at once
ONCE = 2000


def measure(figures: Figures, seconds: float) -> None:
    """Measure; `seconds` of requests, of which the first minute meets no entry that ends."""
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as keystone:
        with ThreadPoolExecutor(LOGINS) as pool:
            tokens = list(pool.map(lambda _: keystone_token(keystone), range(TOKENS)))
        asyncio.run(_measure(figures, keystone, tokens, seconds))


async def _measure(figures: Figures, keystone: RunningKeystone, tokens: list[str], seconds: float) -> None:
    async with TokenValidator(keystone.admin) as validator:
        await validator.validate(tokens[0])
        began = time.perf_counter()
        for _ in range(ONCE):
            await validator.validate(tokens[0])
        figures.put("token_cached_ms", (time.perf_counter() - began) * 1000 / ONCE)

        for token in tokens:  # it is what comes after that is measured: entries in use, and their renewal
            await validator.validate(token)
        counters, before = validator.counters, validator.counters.asked - validator.counters.ahead
        spent: list[float] = []

        async def one(token: str) -> None:
            began = time.perf_counter()
            await validator.validate(token)
            spent.append((time.perf_counter() - began) * 1000)

        began, asking = time.perf_counter(), set()
        while (now := time.perf_counter()) < began + seconds:
            task = asyncio.create_task(one(random.choice(tokens)))
            asking.add(task)
            task.add_done_callback(asking.discard)
            await asyncio.sleep(max(0.0, began + (len(spent) + len(asking)) / RATE - now))
        await asyncio.gather(*asking)
        times = Times(sorted(spent))
        figures.put("tokens_1000_at_200_a_second_p50_ms", times.p50)
        figures.put("tokens_1000_at_200_a_second_p99_ms", times.p99)
        waited = counters.asked - counters.ahead - before
        figures.note(
            f"{len(spent)} validations in {seconds:.0f} s, longest {times.ms[-1]:.1f} ms;"
            f" Keystone was asked {counters.ahead} times ahead, and {waited} times while somebody waited"
        )


def keystone_token(keystone: RunningKeystone) -> str:
    """Log in as the administrator."""
    user = {"name": "admin", "domain": {"id": "default"}, "password": keystone.admin_password}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "admin", "domain": {"id": "default"}}},
        }
    }
    request = urllib.request.Request(
        f"{keystone.auth_url}/auth/tokens", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers["X-Subject-Token"])
