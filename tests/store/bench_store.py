"""What the store and its cache cost on this machine, as JSON: `python -m tests.store.bench_store [objects]`.

Not a test: it asserts nothing, because times depend on the machine. The figures to compare are in `TARGETS`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.store import list_all, make_server

from gurum.model.base import Condition, External, Intent, new_id
from gurum.model.server import Address, NetworkRequest, Server
from gurum.store import claims
from gurum.store.cache import Cache
from gurum.store.quotas import Quotas
from gurum.store.sqlite import SqliteStore

TARGETS = {
    "create_idle_ms": 1.5,
    "creates_16_writers_per_s": 3000,
    "get_us": 150,
    "changed_nothing_us": 15,
    "list_all_s": 1.5,
    "cache_page_1000_ms": 1.0,
}


def grown_server(number: int) -> Server:
    """Return a server as large as one that has lived for a while (about 1.5 kB stored)."""
    server = make_server(f"server-{number}")
    server.metadata.created_at = 1_700_000_000.0 + number
    server.spec.networks = [NetworkRequest(network_id=new_id())]
    server.spec.security_groups = [new_id()]
    server.spec.metadata = {"role": "web", "tier": "1"}
    return server


def settled(server: Server) -> Server:
    """Give it the status of a running server."""
    external = External(provider="aws", partition="aws", account="1" * 12, region="us-east-1", id="i-" + "0" * 17)
    server.metadata.account = external.account
    server.status.vm_state, server.status.power_state, server.status.task_state = "active", 1, None
    server.status.external = external
    server.status.intents = {"run": Intent(step="run", state="done", external=external, request="{}", token="t" * 64)}
    server.status.conditions = [Condition(type="Available", status=True, reason="Success", since=1.7e9)]
    server.status.addresses = [Address(network="net", addr="10.0.0.1", mac="00:00:00:00:00:01", port_id=new_id())]
    return server


@contextmanager
def timed(figures: dict[str, float], name: str, scale: float, digits: int = 3) -> Iterator[None]:
    start = time.perf_counter()
    yield
    figures[name] = round((time.perf_counter() - start) * scale, digits)


async def each(calls: int, call: Callable[[int], Awaitable[object]]) -> list[float]:
    """Return how long each call took, in ms, ascending."""
    times = []
    for number in range(calls):
        start = time.perf_counter()
        await call(number)
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)


async def writes(store: SqliteStore, figures: dict[str, float]) -> None:
    times = await each(300, lambda n: store.create(grown_server(n)))
    figures["create_idle_ms"] = round(statistics.median(times), 3)
    figures["create_idle_p95_ms"] = round(times[285], 3)

    async def writer(count: int) -> None:
        for number in range(count):
            await store.create(grown_server(number))

    start = time.perf_counter()
    await asyncio.gather(*(writer(200) for _ in range(16)))
    figures["creates_16_writers_per_s"] = round(3200 / (time.perf_counter() - start))
    start = time.perf_counter()
    for _ in range(10):
        await store.create_many([grown_server(number) for number in range(100)])
    figures["create_many_100_per_s"] = round(1000 / (time.perf_counter() - start))
    servers = (await store.list(Server, limit=300)).items
    times = await each(300, lambda n: store.update_status(settled(servers[n])))
    figures["update_status_idle_ms"] = round(statistics.median(times), 3)
    quota = Quotas(store)

    async def reserve(number: int) -> None:
        await quota.reserve(
            region="r", project="p", service="compute", id=f"s{number}", amounts={"instances": 1},
            limits={"instances": 10_000}, now=0.0,
        )  # fmt: skip

    figures["reserve_idle_ms"] = round(statistics.median(await each(50, reserve)), 3)
    start = time.perf_counter()
    await asyncio.gather(
        *(
            claims.claim_address(
                store, region="r", project="p", subnet_id="s", address=f"10.0.{n // 250}.{n % 250}",
                owner_kind="Port", owner_id="o",
            )
            for n in range(1000)
        )
    )  # fmt: skip
    figures["claims_1000_at_once_per_s"] = round(1000 / (time.perf_counter() - start))


async def fill(store: SqliteStore, count: int) -> None:
    servers = [server.id for server in (await list_all(store, Server))[0]]
    while len(servers) < count:
        created, _ = await store.create_many([grown_server(n) for n in range(min(500, count - len(servers)))])
        servers += [server.id for server in created]
    for start in range(0, count, 100):
        part = [await store.get(Server, uid) for uid in servers[start : start + 100]]
        await asyncio.gather(*(store.update_status(settled(server)) for server in part))


async def reads(store: SqliteStore, figures: dict[str, float]) -> None:
    gc.collect()
    with timed(figures, "list_all_s", 1):
        servers, version = await list_all(store, Server, limit=1000)  # as the cache lists
    with timed(figures, "get_us", 1e3):
        for server in servers[:1000]:
            await store.get(Server, server.id)
    with timed(figures, "changed_nothing_us", 1e3):
        for _ in range(1000):
            await store.changed(Server, version)
    statements: list[str] = []
    store.trace(statements.append)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "get": lambda: store.get(Server, servers[0].id),
        "changed_nothing": lambda: store.changed(Server, version),
        "list_page": lambda: store.list(Server, limit=10_000_000),
        "create": lambda: store.create(grown_server(0)),
    }
    for name, call in calls.items():
        statements.clear()
        await call()
        figures[f"statements_{name}"] = len(statements)
    store.trace(None)


def resident() -> int:
    """Return this process's resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def cached(store: SqliteStore, other: SqliteStore, figures: dict[str, float]) -> None:
    gc.collect()
    before = resident()
    cache = Cache(store, (Server,))
    with timed(figures, "cache_start_s", 1):
        await cache.start()
    gc.collect()
    with timed(figures, "collector_full_run_ms", 1e3, 1):  # what a process that does not gc.freeze() pays now and then
        gc.collect()
    count = cache.count(Server)
    figures["cache_bytes_per_object"] = round((resident() - before) / count)
    with timed(figures, "cache_fresh_nothing_us", 1e3):
        for _ in range(1000):
            await cache.fresh(Server)
    # 20 objects change per second in another process's view, while pages are read after `fresh`
    servers = cache.objects(Server, project="p1")
    pages: list[float] = []
    freshness: list[float] = []
    marker = None
    begin = time.perf_counter()
    changes = 0
    while len(pages) < 100:
        if time.perf_counter() - begin > changes * 0.05:
            server = await other.get(Server, servers[changes * 37 % count].id)
            server.status.progress += 1
            await other.update_status(server)
            changes += 1
        start = time.perf_counter()
        await cache.fresh(Server)
        middle = time.perf_counter()
        page = cache.page(Server, project="p1", marker=marker, limit=1000)
        pages.append((time.perf_counter() - middle) * 1e3)
        freshness.append((middle - start) * 1e6)
        marker = page[-1].object.id if len(page) == 1000 else None
        await asyncio.sleep(0.005)
    figures["cache_page_1000_ms"] = round(statistics.median(pages), 3)
    figures["cache_page_1000_max_ms"] = round(max(pages), 3)
    figures["cache_fresh_while_changing_us"] = round(statistics.median(freshness), 1)
    figures["cache_fresh_while_changing_max_us"] = round(max(freshness), 1)
    await cache.stop()


async def main(count: int) -> None:
    figures: dict[str, float] = {"objects": count}
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "store.db"
        store = await SqliteStore.open(path)
        await writes(store, figures)
        await fill(store, count)
        await store.close()
        figures["file_bytes_per_object"] = round(path.stat().st_size / count)
        with timed(figures, "open_ms", 1e3):
            store = await SqliteStore.open(path)
        other = await SqliteStore.open(path)
        await reads(store, figures)
        await cached(store, other, figures)
        await store.close()
        await other.close()
    print(json.dumps({"figures": figures, "targets": TARGETS}, indent=2))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))
