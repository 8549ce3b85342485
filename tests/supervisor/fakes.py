"""Children, probes and time that tests move by hand."""

import asyncio
import heapq
import signal
from pathlib import Path

from gurum.supervisor.process import Process
from gurum.supervisor.rows import Child
from gurum.supervisor.supervise import State


class ManualClock:
    """Stands still until moved; sleepers wake in order."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._number = 0

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._number += 1
        event = asyncio.Event()
        heapq.heappush(self._sleepers, (self.now + seconds, self._number, event))
        await event.wait()

    async def advance(self, seconds: float) -> None:
        """Move forward, letting everything run at each moment that somebody waits for."""
        end = self.now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self.now, _, event = heapq.heappop(self._sleepers)
            event.set()
            await settle()
        self.now = end
        await settle()


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(50):
        await asyncio.sleep(0)


class FakeProcess:
    """Ends when told to, or on a signal it obeys."""

    def __init__(self, pid: int, obeys: tuple[int, ...] = (signal.SIGTERM, signal.SIGKILL)) -> None:
        self.pid, self.obeys = pid, obeys
        self.signals: list[int] = []
        self.status: int | None = None
        self._ended = asyncio.Event()

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.status is not None
        return self.status

    def signal(self, number: int) -> None:
        self.signals.append(number)
        if self.status is None and number in self.obeys:
            self.end(0 if number == signal.SIGTERM else -number)

    def end(self, status: int) -> None:
        self.status = status
        self._ended.set()


class Machine:
    """Spawns fake processes, and answers probes from `missing` (a URL that is not in it is ready)."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.started: dict[str, list[FakeProcess]] = {}
        self.missing: dict[str, str] = {}
        self.obeys: dict[str, tuple[int, ...]] = {}
        self.says: dict[str, str] = {}
        self.changes: list[tuple[str, str, str]] = []

    async def spawn(self, child: Child) -> Process:
        processes = self.started.setdefault(child.name, [])
        process = FakeProcess(100 + len(processes), self.obeys.get(child.name, (signal.SIGTERM, signal.SIGKILL)))
        processes.append(process)
        with child.output.open("a") as output:
            output.write(self.says.get(child.name, ""))
        return process

    async def probe(self, child: Child) -> str | None:
        return self.missing.get(child.ready)

    def changed(self, state: State) -> None:
        self.changes.append((state.row.name, state.phase, state.detail))

    def child(self, directory: Path, name: str, *after: str) -> Child:
        return Child(
            name=name,
            title=name.title(),
            argv=(name,),
            ready=f"http://{name}/",
            output=directory / f"{name}.out",
            after=after,
        )
