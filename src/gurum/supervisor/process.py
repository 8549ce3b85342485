"""A child process that cannot outlive the supervisor.

Three habits of naive supervisors leave processes behind: Ctrl-C that reaches parent and children at once, a signal
that reaches a child but not what it started, and a supervisor that is killed before it could clean up. So each child
leads a session of its own, is signalled as a group, and asks the kernel to be killed when the supervisor dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from gurum.supervisor.rows import Child

PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Process(Protocol):
    """What the supervisor needs of a running child."""

    @property
    def pid(self) -> int:
        """Its process id, which is also its group's."""
        ...

    async def wait(self) -> int:
        """Return its exit status once it has ended; negative: the signal that ended it."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal to it and to everything it started. Harmless when it has ended."""
        ...


class SystemProcess:
    """A real child."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end, then end what it may have left in its group."""
        status = await self._process.wait()
        self.signal(signal.SIGKILL)
        return status

    def signal(self, number: int) -> None:
        """Signal the whole group."""
        with contextlib.suppress(ProcessLookupError):  # nobody is left, which is what a signal to them is for
            os.killpg(self._process.pid, number)


async def spawn(child: Child, environ: Mapping[str, str]) -> Process:
    """Start a child with only the allowed part of `environ`; its output is appended to its file (0600).

    Raises OSError.
    """
    return await start(child.argv, {name: environ[name] for name in child.environ if name in environ}, child.output)


async def start(argv: tuple[str, ...], environ: Mapping[str, str], output: Path) -> Process:
    """Start a program with exactly this environment, both of its outputs appended to a file. Raises OSError."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env=dict(environ),
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
    finally:
        os.close(descriptor)
    return SystemProcess(process)


class _DieWithParent:
    """Runs between fork and exec: nothing here may allocate much or take a lock."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._parent = os.getpid()
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up before the fork

    def __call__(self) -> None:
        self._prctl(PR_SET_PDEATHSIG, self._number, 0, 0, 0)
        if os.getppid() != self._parent:  # it died in between, and the kernel had nobody to tell
            os._exit(1)


def die_with_parent(number: int = signal.SIGKILL) -> _DieWithParent:
    """Return a `preexec_fn` after which the kernel signals the child when the thread that starts it ends.

    SIGKILL by default: every part recovers from it, and nothing can ignore it.
    """
    return _DieWithParent(number)
