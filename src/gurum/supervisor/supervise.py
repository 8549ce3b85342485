"""The life of all rows: start in parallel as their needs allow, keep alive, stop in order.

A child that ends before it was ever ready ends the start with one sentence, because waiting longer would not help (a
taken port, a broken file). One that crashes later is started again, each time after a longer pause, because the parts
are built to survive that.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from gurum.ops.clock import Clock
from gurum.supervisor.process import Process
from gurum.supervisor.rows import Child, Refusal, Row, Task, check


class Phase(StrEnum):
    """Where a row is in its life."""

    WAITING = "waiting"  # for the rows it comes after
    STARTING = "starting"
    READY = "ready"
    DONE = "done"  # a task
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds."""

    probe: float = 0.1  # between two looks whether a child is ready
    ready: float = 120.0  # a child that is not ready by then has failed
    grace: float = 10.0  # from SIGTERM to SIGKILL
    backoff: float = 0.5  # before the first restart; doubles
    backoff_max: float = 30.0
    steady: float = 60.0  # after so long alive, a crash counts as the first one again


@dataclass
class State:
    """A row as it is now. `since` is when the phase began, `began` when it was first started (seconds, epoch)."""

    row: Row
    phase: Phase = Phase.WAITING
    since: float = 0.0
    began: float = 0.0
    detail: str = ""
    crashes: int = 0  # in a row
    pid: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)


Spawn = Callable[[Child], Awaitable[Process]]
Probe = Callable[[Child], Awaitable[str | None]]


class Supervisor:
    """Runs rows. One `start`, then at most one `stop`; `changed` is called with a state whenever its phase changed."""

    def __init__(
        self,
        rows: tuple[Row, ...],
        *,
        spawn: Spawn,
        probe: Probe,
        clock: Clock,
        changed: Callable[[State], None],
        timing: Timing = Timing(),
    ) -> None:
        check(rows)
        self.states = {row.name: State(row) for row in rows}
        self._spawn, self._probe, self._clock, self._changed, self._timing = spawn, probe, clock, changed, timing
        self._processes: dict[str, Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._failed = asyncio.Event()
        self._failure: Exception | None = None

    async def start(self) -> None:
        """Start everything; return when all rows are ready. Raises Refusal; call `stop` then, too."""
        for state in self.states.values():
            state.since = self._clock.time()
        self._keepers = [asyncio.create_task(self._keep(state)) for state in self.states.values()]
        ready = asyncio.create_task(self._all_ready())
        failed = asyncio.create_task(self._failed.wait())
        either: list[asyncio.Task[Any]] = [ready, failed]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            failed.cancel()
        if self._failure is not None:
            raise self._failure

    async def watch(self) -> None:
        """Return never; raises what ended a keeper (a defect of the supervisor or the machine, not of a child)."""
        await self._failed.wait()
        if self._failure is not None:
            raise self._failure

    async def stop(self) -> None:
        """Stop all children, dependants first; return when none is left. SIGKILL after the grace period."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(self._stop(state) for state in self.states.values()))

    def kill(self) -> None:
        """End all children at once, without asking: `stop`, which still has to be awaited, need not wait any more."""
        for process in self._processes.values():
            process.signal(signal.SIGKILL)

    async def _all_ready(self) -> None:
        for state in self.states.values():
            await state.ready.wait()

    def _enter(self, state: State, phase: Phase, detail: str = "") -> None:
        state.phase, state.detail, state.since = phase, detail, self._clock.time()
        self._changed(state)

    async def _keep(self, state: State) -> None:
        await asyncio.gather(*(self.states[name].ready.wait() for name in state.row.after))
        state.began = self._clock.time()
        self._enter(state, Phase.STARTING)
        try:
            if isinstance(state.row, Task):
                self._enter(state, Phase.DONE, await state.row.run())
                state.ready.set()
            else:
                await self._keep_child(state, state.row)
        except Exception as error:  # of whatever kind: it is raised again by `start` or `watch`
            self._enter(state, Phase.FAILED, str(error))
            self._failure = self._failure or error
            self._failed.set()

    async def _keep_child(self, state: State, child: Child) -> None:
        while True:
            started, printed = self._clock.time(), _size(child.output)
            process = await self._spawn(child)
            self._processes[child.name], state.pid = process, process.pid
            ended = asyncio.create_task(process.wait())
            try:
                await self._until_ready(state, child, ended)
                status = await asyncio.shield(ended)
            finally:
                if ended.done():
                    del self._processes[child.name]
                else:  # the keeper is cancelled; `stop` waits for the process itself
                    ended.cancel()
            if not state.ready.is_set():
                raise Refusal(
                    f"{child.title} ended before it was ready ({_status(status)}){_last_words(child.output, printed)}"
                )
            if self._clock.time() - started >= self._timing.steady:
                state.crashes = 0
            state.crashes += 1
            pause = min(self._timing.backoff * 2 ** (state.crashes - 1), self._timing.backoff_max)
            self._enter(
                state, Phase.RESTARTING, f"{_status(status)}; again in {pause:g} s{_last_words(child.output, printed)}"
            )
            await self._clock.sleep(pause)
            self._enter(state, Phase.STARTING, f"restart {state.crashes}")

    async def _until_ready(self, state: State, child: Child, ended: asyncio.Task[int]) -> None:
        """Return when the child is ready or has ended."""
        deadline = self._clock.time() + self._timing.ready
        while not ended.done():
            missing = await self._probe(child)
            if missing is None:
                # Something else may answer in the place of a child that has just ended.
                if not ended.done():
                    self._enter(state, Phase.READY)
                    state.ready.set()
                return
            state.detail = missing
            if not state.ready.is_set() and self._clock.time() > deadline:
                raise Refusal(f"{child.title} is not ready after {self._timing.ready:g} s: {missing}")
            await self._clock.sleep(self._timing.probe)

    async def _stop(self, state: State) -> None:
        followers = [other for other in self.states.values() if state.row.name in other.row.after]
        await asyncio.gather(*(other.stopped.wait() for other in followers))
        process = self._processes.get(state.row.name)
        if process is not None:
            self._enter(state, Phase.STOPPING)
            process.signal(signal.SIGTERM)
            waiting = asyncio.create_task(process.wait())
            pause = asyncio.create_task(self._clock.sleep(self._timing.grace))
            await asyncio.wait([waiting, pause], return_when=asyncio.FIRST_COMPLETED)
            pause.cancel()
            if not waiting.done():
                process.signal(signal.SIGKILL)
            status = await waiting
            del self._processes[state.row.name]
            self._enter(state, Phase.STOPPED, "" if status == 0 else _status(status))
        state.stopped.set()


def _status(status: int) -> str:
    return f"exit status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"


def _size(output: Path) -> int:
    return output.stat().st_size if output.exists() else 0


def _last_words(output: Path, since: int) -> str:
    """Return the last line that a child printed, as the end of a sentence; nothing if it printed none."""
    with output.open("rb") as file:
        file.seek(max(since, _size(output) - 8192))
        lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {lines[-1]}" if lines else ""
