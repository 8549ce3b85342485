"""The processes of a scenario, forked from a parent that has imported everything, and how they are killed.

A process that starts from nothing takes three seconds; forked from a warm one it takes a tenth. The engine, the API
and the emulator are real processes all the same: nothing of them is shared but the store's file and sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from tests.chaos.pace import TICK, Pace

from gurum.store.contract import StoreError

if TYPE_CHECKING:
    from tests.chaos.site import Site

NO_STORE = 3  # exit status


class Child:
    """A forked process. Its main is a coroutine function run on the scenario's loop; it never returns to its parent."""

    def __init__(self, site: Site, name: str, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.name = name
        self.status: int | None = None  # as of waitpid, once it has ended
        self.cpu = 0.0  # seconds, once it has ended
        self._pace = site.lapse.pace
        self.pid = os.fork()
        if self.pid == 0:
            _run(site, name, main)

    def ended(self) -> bool:
        """Whether it has ended, without waiting."""
        if self.status is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._over(status, usage.ru_utime + usage.ru_stime)
        return self.status is not None

    def was_killed(self) -> bool:
        """Whether it ended by SIGKILL. Any other end is a defect of its own."""
        return self.status is not None and os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL

    def gave_up(self) -> bool:
        """Whether it ended by itself for want of a store: whoever started it is to start it again."""
        return self.status is not None and os.WIFEXITED(self.status) and os.WEXITSTATUS(self.status) == NO_STORE

    def kill(self) -> None:
        """Kill it from outside and wait for its end."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            _, status, usage = os.wait4(self.pid, 0)
            self._over(status, usage.ru_utime + usage.ru_stime)

    def _over(self, status: int, cpu: float) -> None:
        self.status, self.cpu = status, cpu
        self._pace.gone(self.name)


def _run(site: Site, name: str, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        die_with_parent()
        gc.enable()
        with asyncio.Runner(loop_factory=lambda: site.lapse.loop(name)) as runner:
            runner.run(main())
        code = 0
    except BaseException as error:
        code = NO_STORE if isinstance(error, StoreError) else code
        with (site.directory / f"{name}.died").open("a") as file:
            traceback.print_exc(file=file)
    finally:
        sys.stdout.flush()
        os._exit(code)


@contextlib.contextmanager
def ticking(pace: Pace) -> Iterator[None]:
    """Have time pass: a process that does nothing else."""
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent()
            while True:
                pace.tick()
                time.sleep(TICK)
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def die_with_parent() -> None:
    """Have the kernel end this process when the scenario's ends: a failed run leaves nothing behind."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
