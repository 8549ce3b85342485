"""Time as a parameter.

Every duration of the emulator (pending, stopping, visibility lag, bucket refill) is read from an
injected clock, so that a test moves hours forward in no time and the same run gives the same
result twice. With the system's clock hidden inside, tests would have to sleep.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """What the emulator asks of time."""

    def now(self) -> float:
        """Return seconds since the epoch; never goes back."""
        ...


class SystemClock:
    """The machine's time, for a served emulator; unlike the machine's it is never set back."""

    def __init__(self) -> None:
        self._base = time.time() - time.monotonic()

    def now(self) -> float:
        """Return the machine's time in seconds since the epoch."""
        return self._base + time.monotonic()


class ManualClock:
    """A clock that stands still until told to move."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        """Return the time it was last moved to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`; a clock cannot go back (ValueError)."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back by {seconds} s")
        self._now += seconds
