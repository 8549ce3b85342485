"""What the load's clients have: who may be read, changed or removed now without one request spoiling another's answer.

A server that was just acted upon is left alone for a while, and one that is to be deleted is out of everybody's reach
first: a refusal would otherwise be right, and could not be told from one that is wrong.
"""

from __future__ import annotations

import random
from collections import deque
from typing import ClassVar

SETTLING = 60.0  # seconds that a server is left alone after it was acted upon
LEAVING = 5.0  # seconds between being out of reach and being deleted
ON_THEIR_WAY = 20  # of each sort, so that as many can be deleted as are made


class Pool:
    """Ids at rest, and ids that come to rest later."""

    def __init__(self) -> None:
        self._rest: list[str] = []
        self._later: deque[tuple[float, str]] = deque()

    def __len__(self) -> int:
        """Count both sorts."""
        return len(self._rest) + len(self._later)

    def put(self, id_: str, now: float, after: float = 0.0) -> None:
        """Have an id at rest `after` seconds from now."""
        if after:
            self._later.append((now + after, id_))
        else:
            self._rest.append(id_)

    def settle(self, now: float) -> None:
        """Let come to rest whose time it is."""
        while self._later and self._later[0][0] <= now:
            self._rest.append(self._later.popleft()[1])

    def any(self, rng: random.Random) -> str:
        """Return one at rest, without taking it; empty if there is none."""
        return rng.choice(self._rest) if self._rest else ""

    def take(self, rng: random.Random) -> str:
        """Take one out; empty if there is none."""
        if not self._rest:
            return ""
        at = rng.randrange(len(self._rest))
        self._rest[at], self._rest[-1] = self._rest[-1], self._rest[at]
        return self._rest.pop()


class Park:
    """The pools by name."""

    NAMES: ClassVar = ("running", "stopped", "servers leaving", "ports", "ports leaving", "keys", "rules")
    LEAVING: ClassVar = {
        "running": "servers leaving",
        "ports": "ports leaving",
    }  # pools that are read, and their way out

    def __init__(self) -> None:
        self.pools = {name: Pool() for name in self.NAMES}

    def __getitem__(self, name: str) -> Pool:
        return self.pools[name]

    def settle(self, now: float, rng: random.Random) -> None:
        """Let all come to rest whose time it is, and have some of each sort on their way out."""
        for pool in self.pools.values():
            pool.settle(now)
        for name, leaving in self.LEAVING.items():
            if len(self.pools[leaving]) < ON_THEIR_WAY and (id_ := self.pools[name].take(rng)):
                self.pools[leaving].put(id_, now, LEAVING)
