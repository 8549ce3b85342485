"""A few words of memory that a scenario's driver and its processes share, because a killed process sends no message.

The driver says which verb is under way and where the next kill falls; the processes count their steps. Plain memory,
one writer a field, no locks: a lock that a killed process holds would stop everything.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from enum import IntEnum


class Process(IntEnum):
    """Who is killed."""

    ENGINE = 0
    PIA = 1
    APISERVER = 2  # of Kubernetes, where that is the store; and the database behind it
    ETCD = 3


class Mode(IntEnum):
    """How a kill is chosen."""

    OFF = 0
    POINT = 1  # at the nth passing of a named point
    COUNT = 2  # at the nth point from now, whatever it is
    FALLEN = 3  # it has killed itself, or its victim, which may not have ended yet


_VERB = struct.Struct("<64s")
_ARMED = struct.Struct("<Bq16sqd")  # mode, passings left, digest of the point, victim, seconds until it is killed
_STEPS = struct.Struct("<q")
_PER_PROCESS = _ARMED.size + _STEPS.size


def digest(point: str) -> bytes:
    """Return a point's name in sixteen bytes."""
    return hashlib.blake2b(point.encode(), digest_size=16).digest()


class Board:
    """The shared memory. Make it before the processes are forked."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _VERB.size + _PER_PROCESS * len(Process))

    @property
    def verb(self) -> str:
        """The operation under way."""
        [raw] = _VERB.unpack_from(self._memory, 0)
        return bytes(raw).rstrip(b"\0").decode()

    @verb.setter
    def verb(self, name: str) -> None:
        _VERB.pack_into(self._memory, 0, name.encode())

    def arm(
        self, process: Process, mode: Mode, passings: int = 1, point: str = "", *, victim: int = 0, after: float = 0.0
    ) -> None:
        """Have the process kill itself at the `passings`-th point (of that name) from now.

        victim: the pid of whom it kills instead, `after` so many seconds of the machine.
        """
        _ARMED.pack_into(self._memory, self._at(process), mode, passings, digest(point), victim, after)

    def disarm(self) -> None:
        """Have nobody kill itself from now on."""
        for process in Process:
            self.arm(process, Mode.OFF)

    def call_off(self) -> None:
        """Have nobody kill itself who has not done so."""
        for process in Process:
            if _ARMED.unpack_from(self._memory, self._at(process))[0] != Mode.FALLEN:
                self.arm(process, Mode.OFF)

    def falls(self, process: Process, point: str) -> bool:
        """Pass a point: return whether somebody must die now. That is `fallen` then, so that a successor lives."""
        at = self._at(process)
        mode, left, wanted, victim, after = _ARMED.unpack_from(self._memory, at)
        if mode in (Mode.OFF, Mode.FALLEN) or (mode == Mode.POINT and digest(point) != wanted):
            return False
        left -= 1
        _ARMED.pack_into(self._memory, at, mode if left > 0 else Mode.FALLEN, left, wanted, victim, after)
        return bool(left <= 0)

    def victim(self, process: Process) -> tuple[int, float]:
        """Return whom the process has to kill at its point (0: itself), and after how many seconds of the machine."""
        _, _, _, victim, after = _ARMED.unpack_from(self._memory, self._at(process))
        return int(victim), float(after)

    def fallen(self) -> bool:
        """Whether somebody was killed at a point since the last `disarm`."""
        return any(_ARMED.unpack_from(self._memory, self._at(p))[0] == Mode.FALLEN for p in Process)

    def count(self, process: Process) -> None:
        """Count a step."""
        at = self._at(process) + _ARMED.size
        _STEPS.pack_into(self._memory, at, _STEPS.unpack_from(self._memory, at)[0] + 1)

    def steps(self) -> int:
        """Return how many steps all processes have taken."""
        return sum(_STEPS.unpack_from(self._memory, self._at(p) + _ARMED.size)[0] for p in Process)

    @staticmethod
    def _at(process: Process) -> int:
        return _VERB.size + _PER_PROCESS * process
