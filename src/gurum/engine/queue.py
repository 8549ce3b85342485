"""The work queue: what is due, in the order of its urgency, each object by one worker at a time.

Work waits here as keys, never as coroutines, so ten thousand waiting objects cost ten thousand tuples. New work
overtakes the periodic resync, because a user waits for the one and nobody for the other.
"""

from __future__ import annotations

import asyncio
import heapq
from enum import IntEnum
from itertools import count

from gurum.ops.clock import Clock

Key = tuple[str, str]  # kind, id


class Urgency(IntEnum):
    """Lower is sooner."""

    CHANGE = 0
    RETRY = 1
    RESYNC = 2


class WorkQueue:
    """Keys with due times. A key is at most once in the queue and at most once in work.

    A key that is added while it is in work is worked on again afterwards: a change seen in the middle of a
    reconciliation is never lost.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._order = count()
        self._ready: list[tuple[int, int, Key]] = []  # urgency, order
        self._later: list[tuple[float, int, int, Key]] = []  # due, order, urgency
        self._entry: dict[Key, tuple[float, int, int]] = {}  # due, urgency, order of the entry that counts
        self._working: set[Key] = set()
        self._again: dict[Key, tuple[float, int]] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._entry) + len(self._again)

    @property
    def working(self) -> int:
        """How many keys are in work."""
        return len(self._working)

    def add(self, key: Key, *, urgency: int = Urgency.CHANGE, due: float = 0.0) -> None:
        """Have the key worked on at `due` (0: now). The sooner of two additions counts."""
        if key in self._working:
            held = self._again.get(key)
            self._again[key] = (due, urgency) if held is None else min(held, (due, urgency))
            return
        entry = self._entry.get(key)
        if entry is not None and entry[:2] <= (due, urgency):
            return
        order = next(self._order)
        self._entry[key] = (due, urgency, order)
        if due <= self._clock.time():
            heapq.heappush(self._ready, (urgency, order, key))
        else:
            heapq.heappush(self._later, (due, order, urgency, key))
        self._changed.set()

    async def take(self) -> Key:
        """Wait for the most urgent key that is due, and hold it until `done`."""
        while True:
            now = self._clock.time()
            while self._later and self._later[0][0] <= now:
                _, order, urgency, key = heapq.heappop(self._later)
                if self._entry.get(key, (0, 0, -1))[2] == order:
                    heapq.heappush(self._ready, (urgency, order, key))
            while self._ready:
                _, order, key = heapq.heappop(self._ready)
                if self._entry.get(key, (0, 0, -1))[2] == order:
                    del self._entry[key]
                    self._working.add(key)
                    return key
            self._changed.clear()
            await self._wait(self._later[0][0] - now if self._later else None)

    async def _wait(self, delay: float | None) -> None:
        """Wait for a change or `delay` seconds.

        Not asyncio.wait_for: in Python 3.11 it loses a cancellation that comes together with the event.
        """
        timer = None if delay is None else asyncio.get_running_loop().call_later(delay, self._changed.set)
        try:
            await self._changed.wait()
        finally:
            if timer is not None:
                timer.cancel()

    def done(self, key: Key) -> None:
        """Release the key; if it was added meanwhile it is queued again."""
        self._working.discard(key)
        again = self._again.pop(key, None)
        if again is not None:
            self.add(key, urgency=again[1], due=again[0])
        self._changed.set()

    def idle_until(self) -> float | None:
        """Return when the next key is due (now or earlier: at once); None: nothing queued, nothing in work."""
        if self._working or self._ready:
            return self._clock.time()
        return self._later[0][0] if self._later else None
