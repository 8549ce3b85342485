"""Time that runs faster by one factor, for all processes of a scenario alike.

A product that waits a minute for visibility and a quarter of one for a lease cannot be killed five hundred times in a
test run. Compressing each wait by its own setting would test other settings than the product's; here the product's own
numbers stay as they are and the clock under them runs faster: every timer of the event loop, every look at the time.
Factor 1 is real length. How fast it runs while a process has no processor, `pace` says.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from dataclasses import dataclass

from tests.chaos.pace import Pace

LONGEST = 0.5  # seconds between two signs of a process that has nothing to do
SHORTEST = 0.001  # seconds of the machine for which a loop sleeps at least; what epoll counts in, too


@dataclass(frozen=True)
class Lapse:
    """The time of a scenario. `epoch` is the wall clock at its beginning. All seconds are the scenario's."""

    pace: Pace
    epoch: float

    @classmethod
    def begin(cls, factor: float) -> Lapse:
        """Return a time that begins now."""
        return cls(Pace(factor), time.time())

    @property
    def factor(self) -> float:
        """How much faster it runs than the machine's, at most."""
        return self.pace.factor

    def elapsed(self) -> float:
        """Return the seconds since the beginning."""
        return self.pace.elapsed()

    def time(self) -> float:
        """Return the wall time."""
        return self.epoch + self.elapsed()

    now = time  # what the emulator calls it

    async def sleep(self, seconds: float) -> None:
        """Sleep on a loop made by `loop`."""
        await asyncio.sleep(seconds)

    def loop(self, who: str) -> asyncio.AbstractEventLoop:
        """Return a new event loop whose timers run at this pace, and for which time waits."""
        return _Loop(self.pace, who)


class _Selector(selectors.DefaultSelector):
    def __init__(self, pace: Pace, who: str) -> None:
        super().__init__()
        self._pace, self._who = pace, who

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for the machine's part of the loop's timeout, not longer than until the next sign."""
        if timeout is None or timeout > 0:
            timeout = max(SHORTEST, min(LONGEST, LONGEST if timeout is None else timeout) / self._pace.factor)
        self._pace.up_to_date(self._who)
        ready = super().select(timeout)
        self._pace.up_to_date(self._who)
        return list(ready)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, pace: Pace, who: str) -> None:
        self._pace = pace
        super().__init__(_Selector(pace, who))

    def time(self) -> float:
        """Return the scenario's time."""
        return self._pace.elapsed()
