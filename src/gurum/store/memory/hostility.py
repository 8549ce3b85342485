"""How badly a store behaves: each vice a chance between 0 and 1, all drawn from one seeded source.

They are data so that a test can name the one vice it is about, and so that what the contract permits stands in one
place.
"""

from __future__ import annotations

import random

import msgspec

from gurum.ops.clock import Clock
from gurum.store.contract import ConflictError, UnavailableError, WatchExpiredError


class Hostility(msgspec.Struct, frozen=True, kw_only=True):
    """Chances by vice. `pause` is the longest delay in seconds of the clock."""

    throttle: float = 0.0  # a call is refused and nothing is written
    conflict: float = 0.0  # an update or a conditional deletion is refused although the version was right
    expire: float = 0.0  # a watch, a look for changes or a list's next page expires
    twice: float = 0.0  # an event is delivered again
    coalesce: float = 0.0  # a state that was overtaken is left out
    amnesia: float = 0.0  # the last state of a removed object is not known
    bookmark: float = 0.0  # a watch says that nothing happened
    stall: float = 0.0  # a watch pauses, so that the order across kinds is lost
    early: float = 0.0  # the acknowledgement of a write comes after its event
    slow: float = 0.0  # a call pauses before it does anything
    pause: float = 0.05


PEACEFUL = Hostility()
HOSTILE = Hostility(
    throttle=0.05,
    conflict=0.05,
    expire=0.02,
    twice=0.2,
    coalesce=0.5,
    amnesia=0.3,
    bookmark=0.1,
    stall=0.2,
    early=0.3,
    slow=0.1,
)


class Dice:
    """Draws from the seed and does what was drawn."""

    def __init__(self, seed: int, clock: Clock) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose, guards nothing
        self._clock = clock

    def hit(self, chance: float) -> bool:
        """Whether a vice strikes; draws nothing when it cannot."""
        return chance > 0 and self._random.random() < chance

    async def pause(self, chance: float, longest: float) -> None:
        """Sleep for a while, by chance."""
        if self.hit(chance):
            await self._clock.sleep(self._random.random() * longest)

    async def enter(self, hostility: Hostility) -> None:
        """Begin a call: late, or refused."""
        await self.pause(hostility.slow, hostility.pause)
        self.throttle(hostility)

    def throttle(self, hostility: Hostility) -> None:
        """Refuse, by chance."""
        if self.hit(hostility.throttle):
            raise UnavailableError("too many requests (a test's store says so)")

    def conflict(self, hostility: Hostility) -> None:
        """Say that somebody else was faster, by chance."""
        if self.hit(hostility.conflict):
            raise ConflictError("the object changed since it was read (a test's store says so)")

    def expire(self, hostility: Hostility) -> None:
        """Forget where a reader was, by chance."""
        if self.hit(hostility.expire):
            raise WatchExpiredError("list again (a test's store says so)")
