"""Time that runs faster by one factor, for all processes of a scenario alike.

A product that waits a minute for visibility and a quarter of one for a lease cannot be killed five hundred times in a
test run. Compressing each wait by its own setting would test other settings than the product's; here the product's own
numbers stay as they are and the clock under them runs faster: every timer of the event loop, every look at the time.
Factor 1 is real length. The processes share the origin, so that they agree what time it is.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Lapse:
    """The time of a scenario. `origin` is the machine's monotonic clock at its beginning, `epoch` the wall clock then.

    All methods' seconds are the scenario's, which pass `factor` times as fast as the machine's.
    """

    factor: float
    origin: float
    epoch: float

    @classmethod
    def begin(cls, factor: float) -> Lapse:
        """Return a time that begins now."""
        return cls(factor, time.monotonic(), time.time())

    def elapsed(self) -> float:
        """Return the seconds since the beginning."""
        return (time.monotonic() - self.origin) * self.factor

    def time(self) -> float:
        """Return the wall time."""
        return self.epoch + self.elapsed()

    now = time  # what the emulator calls it

    async def sleep(self, seconds: float) -> None:
        """Sleep on a loop made by `loop`."""
        await asyncio.sleep(seconds)

    def pause(self, seconds: float) -> None:
        """Sleep without a loop."""
        time.sleep(seconds / self.factor)

    def loop(self) -> asyncio.AbstractEventLoop:
        """Return a new event loop whose timers run at this pace."""
        return _Loop(self)


class _Selector(selectors.DefaultSelector):
    factor = 1.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for the machine's part of the loop's timeout."""
        shorter = timeout / self.factor if timeout is not None and timeout > 0 else timeout
        return list(super().select(shorter))


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, lapse: Lapse) -> None:
        selector = _Selector()
        selector.factor = lapse.factor
        self._lapse = lapse
        super().__init__(selector)

    def time(self) -> float:
        """Return the scenario's time."""
        return self._lapse.elapsed()
