"""Runs side by side: each in a process of its own, forked from this one, with its outcome in a file."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import msgspec
from tests.chaos.ground import Ground
from tests.chaos.plan import Outcome, Plan
from tests.chaos.processes import die_with_parent
from tests.chaos.scenario import execute


class Pool:
    """Executes plans, at most `jobs` at once. `waiting` is called about twenty times a second.

    grounds: a control plane for each of the jobs, on Kubernetes.
    """

    def __init__(
        self,
        jobs: int,
        directory: Path,
        waiting: Callable[[int], None] = lambda running: None,
        grounds: Sequence[Ground] = (),
    ) -> None:
        self._jobs = jobs
        self._directory = directory
        self._waiting = waiting
        self._free: list[Ground | None] = [*grounds] or [None] * jobs
        self._running: dict[int, tuple[Plan, Ground | None]] = {}

    def run(self, source: Callable[[], Plan | None]) -> Generator[Outcome, None, None]:
        """Yield outcomes as runs end. Closing it ends what is still running.

        `source` returns the next plan, or None when it has none now: it is asked again when a run has ended, because
        what is wanted next may depend on that one. All is over when it has none and nothing is running.
        """
        try:
            while True:
                while len(self._running) < self._jobs:
                    plan = source()
                    if plan is None:
                        break
                    ground = self._free.pop(0)
                    self._running[self._begin(plan, ground)] = plan, ground
                if not self._running:
                    return
                pid = self._ended()
                plan, ground = self._running.pop(pid)
                self._free.append(ground)
                yield self._outcome(pid, plan)
        finally:
            self.stop()

    def _begin(self, plan: Plan, ground: Ground | None) -> int:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                die_with_parent()
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                outcome = execute(plan, self._directory / f"run-{plan.number}", ground=ground)
                self._file(os.getpid()).write_bytes(msgspec.json.encode(outcome))
                code = 0
            finally:
                if code:
                    traceback.print_exc()
                os._exit(code)
        return pid

    def _ended(self) -> int:
        while True:
            for pid in self._running:
                if os.waitpid(pid, os.WNOHANG)[0]:
                    return pid
            self._waiting(len(self._running))
            time.sleep(0.05)

    def _file(self, pid: int) -> Path:
        return self._directory / f"outcome-{pid}.json"

    def _outcome(self, pid: int, plan: Plan) -> Outcome:
        file = self._file(pid)
        try:
            outcome = msgspec.json.decode(file.read_bytes(), type=Outcome)
        except FileNotFoundError:
            return Outcome(plan.number, problems=["broke off: the run's own process died"])
        file.unlink()
        return outcome

    def stop(self) -> None:
        """End what is still running."""
        for pid, (_, ground) in self._running.items():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self._free.append(ground)
        self._running.clear()
