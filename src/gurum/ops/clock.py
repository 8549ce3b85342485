"""Time as something that is passed: production reads the machine's clock, tests advance their own."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time in seconds since the epoch, and sleeping."""

    def time(self) -> float:
        """Return the wall time."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        ...


class SystemClock:
    """The machine's clock."""

    def time(self) -> float:
        """Return the wall time."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)


class LoopClock:
    """The running event loop's clock with an epoch: under a loop of virtual time, everything is virtual."""

    def __init__(self, epoch: float = 1_800_000_000.0) -> None:
        self._epoch = epoch

    def time(self) -> float:
        """Return epoch plus the loop's time."""
        return self._epoch + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)
