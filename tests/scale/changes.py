"""A hundred status changes a second, as engines make them, and when the API shows each: the watch's lag."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from typing import Any

from tests.bench.client import Client, Times
from tests.bench.creates import cpu
from tests.bench.figures import Figures
from tests.support.stack import Stack

from gurum.store.kubernetes import shape
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client as Cluster
from gurum.store.kubernetes.client import checked
from gurum.store.kubernetes.kinds import PLACES
from gurum.store.kubernetes.words import moment, seconds
from gurum.supervisor.kubernetes.components import Plane

RATE = 100  # changes a second
SAMPLE = 25  # every so many changes, one is looked for in the API
WRITERS = 8  # changes under way at once
ROUNDING = 0.001  # seconds, between what is stored and what the API shows
SERVER = PLACES["Server"]
PROGRAMS = {"kube_apiserver": "kube-apiserver", "etcd": "etcd", "pia": "gurum.pia", "engine": "gurum.engine"}


def change(stack: Stack, figures: Figures, plane: Plane, client: Client, lasting: float) -> None:
    """Change for `lasting` seconds."""
    pids = {name: _pid(stack, program) for name, program in PROGRAMS.items()}
    before, began = {name: cpu(pid) for name, pid in pids.items()}, time.monotonic()
    made, lags = asyncio.run(_Changes(plane, client).run(lasting))
    figures.put("ms_between_changes", (time.monotonic() - began) * 1000 / made)
    figures.put("watch_lag_p50_ms", Times(sorted(lags)).p50)
    figures.put("watch_lag_p99_ms", Times(sorted(lags)).p99)
    figures.note(f"{made} changes in {lasting:.0f} s by PUT past our own notes of versions; {len(lags)} looked for")
    for name, pid in pids.items():
        figures.put(f"{name}_cpu_ms_per_change", (cpu(pid) - before[name]) * 1000 / made)


def _pid(stack: Stack, program: str) -> int:
    return next(
        pid for pid, words in stack.children().items() if any(word.rpartition("/")[2] == program for word in words)
    )


class _Changes:
    def __init__(self, plane: Plane, client: Client) -> None:
        self._url = f"kubernetes://{plane.kubeconfig}"
        self._client = client
        self._idle: list[dict[str, Any]] = []  # documents as they were last answered
        self._looks: list[asyncio.Task[float]] = []
        self._looking = asyncio.Lock()  # the API's client has one connection

    async def run(self, lasting: float) -> tuple[int, list[float]]:
        """Return how many changes were made, and the lags of some in milliseconds."""
        async with AsyncExitStack() as ends:
            cluster = Cluster(access(self._url, "changes"), manager="changes")
            ends.push_async_callback(cluster.close)
            self._idle = checked(await cluster.get(shape.collection(SERVER), limit="1000")).json()["items"]
            began, made = time.monotonic(), 0
            writers = asyncio.Semaphore(WRITERS)
            async with asyncio.TaskGroup() as group:
                while (now := time.monotonic()) < began + lasting:
                    await writers.acquire()
                    group.create_task(self._change(cluster, writers, look=made % SAMPLE == 0))
                    made += 1
                    if made % (RATE * 30) == 0:
                        print(f"    {now - began:5.0f} s  {made} changes", flush=True)
                    await asyncio.sleep(max(0.0, began + made / RATE - time.monotonic()))
            return made, [await look for look in self._looks]

    async def _change(self, cluster: Cluster, writers: asyncio.Semaphore, *, look: bool) -> None:
        document = self._idle.pop(random.randrange(len(self._idle)))
        launched = moment(time.time())
        document["status"]["launchedAt"] = launched
        whole = {"apiVersion": SERVER.api_version, "kind": "Server", **document}
        try:
            answer = await cluster.replace(f"{shape.address_in(document).path(SERVER)}/status", whole)
        finally:
            writers.release()
        acknowledged = time.monotonic()
        self._idle.append(checked(answer).json())
        if look:
            self._looks.append(asyncio.create_task(self._lag(document["spec"]["id"], seconds(launched), acknowledged)))

    async def _lag(self, id: str, launched: float, acknowledged: float) -> float:
        """Return the milliseconds from the write's acknowledgement until the API showed it."""
        async with self._looking:  # waiting for it counts: a look is late, never early
            while True:
                shown = await asyncio.to_thread(self._client.json, "GET", f"/compute/v2.1/servers/{id}")
                told = shown["server"]["OS-SRV-USG:launched_at"]
                if told is not None and seconds(f"{told}Z") >= launched - ROUNDING:
                    return (time.monotonic() - acknowledged) * 1000
                await asyncio.sleep(0.005)
