"""What a process remembers of strangers, and how often somebody may be wrong: bounded in number and in time.

Everything here can be filled by strangers. Memory that grows with their requests, or a guess that costs nothing, would
be the first thing they find.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from gurum.ops.clock import Clock

T = TypeVar("T")


class Full(Exception):  # noqa: N818 - a state, not an error
    """There is no room for another one now; what is there is kept, so that a flood throws nobody out."""


class Remembered(Generic[T]):
    """Values by a key, each for the same time; at most `size` of them."""

    def __init__(self, clock: Clock, seconds: float, size: int = 10_000) -> None:
        self._clock, self._seconds, self._size = clock, seconds, size
        self._values: dict[str, tuple[float, T]] = {}

    def put(self, key: str, value: T) -> None:
        """Keep a value from now on. Raises Full."""
        now = self._clock.time()
        if key not in self._values and len(self._values) >= self._size:
            self._forget(now)
            if len(self._values) >= self._size:
                raise Full
        self._values.pop(key, None)  # so that the order is that of the ends
        self._values[key] = (now + self._seconds, value)

    def get(self, key: str) -> T | None:
        """Return the value, or None if it is not there, or no longer."""
        found = self._values.get(key)
        return found[1] if found and found[0] > self._clock.time() else None

    def take(self, key: str) -> T | None:
        """Return the value and forget it: nobody gets it a second time."""
        value = self.get(key)
        self._values.pop(key, None)
        return value

    def __len__(self) -> int:
        return len(self._values)

    def _forget(self, now: float) -> None:
        for key, (end, _) in list(self._values.items()):
            if end > now:
                break
            del self._values[key]


class Failures:
    """How often something went wrong lately, by a key. Keys are bounded: the one that is longest quiet is forgotten."""

    def __init__(self, clock: Clock, limit: int, seconds: float = 300.0, size: int = 10_000) -> None:
        self._clock, self._limit, self._seconds, self._size = clock, limit, seconds, size
        self._times: dict[str, deque[float]] = {}

    def wait(self, key: str) -> float:
        """Return for how many seconds the key may not try again; 0 if it may."""
        times = self._times.get(key)
        if times is None or len(times) < self._limit:
            return 0.0
        return max(0.0, times[0] + self._seconds - self._clock.time())

    def failed(self, key: str) -> None:
        """Count one more."""
        times = self._times.pop(key, None) or deque(maxlen=self._limit)
        times.append(self._clock.time())
        self._times[key] = times
        if len(self._times) > self._size:
            del self._times[next(iter(self._times))]

    def excuse(self, key: str) -> None:
        """Count one less: it was none."""
        if times := self._times.get(key):
            times.pop()

    def forget(self, key: str) -> None:
        """Begin anew: it went right."""
        self._times.pop(key, None)
