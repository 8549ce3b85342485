"""What time it is in a run, in memory that its processes share: fast, but never faster than its slowest process.

Twenty times the pace makes a second without a processor twenty seconds. On a loaded machine the product would miss
leases, windows and answers that it has minutes for, and what it did then would be reported as a defect. So time slows
down: every process leaves a sign each time it comes round to its event loop, and says when it began to write to the
disk; once time is `SLACK` beyond the oldest of these, it runs at the machine's own pace, for which the product is made.
What is measured is the processes' own time, and a machine ten times as slow makes a run longer, not different.

One process, the ticker, advances time; between two ticks all others read it off the machine's clock. A ticker that gets
no processor stops time. No locks: a process that is killed while it holds one would stop everything.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import struct
import time
from collections.abc import Iterator

WHO = ("emulator", "engine", "pia", "cluster")
TICK = 0.01  # seconds of the machine
SLACK = 1.5  # seconds that time may be ahead of the slowest process at full speed
_MOST = 4  # ticks that time runs on when none comes

_TURN = struct.Struct("<q")  # which of the two slots is read
_SLOT = struct.Struct("<ddd")  # time at a tick, the machine's clock then, how much further time may run until the next
_SIGN = struct.Struct("<d")  # the time at which a process was seen to be up to date
_SLOTS = _TURN.size
_SIGNS = _SLOTS + 2 * _SLOT.size
_LOOP, _WRITE = 0, 1  # its event loop; the oldest of its writes that are under way


class Pace:
    """The time of a run in seconds since its beginning. Make it before the processes are forked.

    Who has left no sign, or is `gone`, is not waited for.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self._memory = mmap.mmap(-1, _SIGNS + 2 * _SIGN.size * len(WHO))
        self._last = 0.0
        self._writing: list[float] = []
        for who in WHO:
            self.gone(who)
        _SLOT.pack_into(self._memory, _SLOTS, 0.0, time.monotonic(), self._until_next())

    def elapsed(self) -> float:
        """Return the time. It never goes back."""
        memory, turn, again = self._memory, -1, 0
        base = machine = room = 0.0
        while turn != again:  # else the ticker came in between
            [turn] = _TURN.unpack_from(memory, 0)
            base, machine, room = _SLOT.unpack_from(memory, _SLOTS + turn % 2 * _SLOT.size)
            [again] = _TURN.unpack_from(memory, 0)
        self._last = max(self._last, base + min((time.monotonic() - machine) * self.factor, room))
        return self._last

    def tick(self) -> None:
        """Advance time to now and say how far it may run. For one process only."""
        [turn] = _TURN.unpack_from(self._memory, 0)
        now, machine = self.elapsed(), time.monotonic()
        slowest = min(
            _SIGN.unpack_from(self._memory, self._at(who, what))[0] for who in WHO for what in (_LOOP, _WRITE)
        )
        room = max(TICK, min(self._until_next(), slowest + SLACK - now))
        _SLOT.pack_into(self._memory, _SLOTS + (turn + 1) % 2 * _SLOT.size, now, machine, room)
        _TURN.pack_into(self._memory, 0, turn + 1)

    def _until_next(self) -> float:
        return _MOST * TICK * self.factor

    # Signs

    def up_to_date(self, who: str) -> None:
        """Leave a sign: the process has come round to its event loop."""
        self._leave(who, _LOOP, self.elapsed())

    def writing(self, who: str) -> float:
        """Have time slow down for a write that begins now. Give what is returned to `written`."""
        began = self.elapsed()
        self._writing.append(began)
        self._leave(who, _WRITE, min(self._writing))
        return began

    def written(self, who: str, began: float) -> None:
        """A write has ended."""
        self._writing.remove(began)
        self._leave(who, _WRITE, min(self._writing, default=math.inf))

    @contextlib.contextmanager
    def slowed(self, who: str) -> Iterator[None]:
        """Have time slow down while something is under way that takes the machine's time."""
        began = self.writing(who)
        try:
            yield
        finally:
            self.written(who, began)

    def gone(self, who: str) -> None:
        """Nobody waits for this process any more: it is dead, or about to be."""
        self._leave(who, _LOOP, math.inf)
        self._leave(who, _WRITE, math.inf)

    def _leave(self, who: str, what: int, sign: float) -> None:
        _SIGN.pack_into(self._memory, self._at(who, what), sign)

    @staticmethod
    def _at(who: str, what: int) -> int:
        return _SIGNS + (2 * WHO.index(who) + what) * _SIGN.size
