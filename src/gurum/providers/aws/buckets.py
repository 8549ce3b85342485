"""Token buckets per account, region and API action: we ask no faster than AWS answers.

AWS refuses what comes too fast (RequestLimitExceeded) and the refusal costs a request too. So each caller takes a slot
in time before it calls. A caller whose slot is later is told when and goes away: work waits in the store and the queue,
not in coroutines, and the slot's time is the ETA that the user sees.
Default rates: EC2's documented request throttling (per second, burst).
"""

from __future__ import annotations

from collections.abc import Mapping

from gurum.ops.clock import Clock

MUTATING = (5.0, 50.0)
READING = (20.0, 100.0)
RATES: dict[str, tuple[float, float]] = {
    "RunInstances": (2.0, 5.0),
    "StartInstances": (2.0, 5.0),
    "StopInstances": (5.0, 50.0),
    "TerminateInstances": (5.0, 50.0),
    "CreateVpc": (5.0, 50.0),
}
_SLACK = 1.01  # our clock and theirs differ: asking one per cent slower costs less than one refusal in a hundred
_SLOT_KEPT = 120.0  # seconds after its time that an unused slot is forgotten


def rate_of(action: str, overrides: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """Return (per second, burst) of an action. An override named `*` covers every action not named."""
    if action in overrides:
        return overrides[action]
    if action in RATES and "*" not in overrides:
        return RATES[action]
    reading = action.startswith(("Describe", "Get"))
    return overrides.get("*", READING if reading else MUTATING)


class Bucket:
    """The slots of one action in one shard."""

    def __init__(self, clock: Clock, rate: float, burst: float) -> None:
        self._clock = clock
        self._interval = _SLACK / rate
        self._burst = burst
        # The virtual time at which the bucket is full again if nobody takes more (a leaky bucket's "theoretical
        # arrival time"): one number instead of a refill task.
        self._full_at = 0.0
        self._used_full_at = 0.0  # the same of the slots used so far: what AWS's own bucket looks like
        self._slots: dict[str, float] = {}

    def admit(self, who: str) -> float:
        """Return when `who` may call: a time that is not in the future means now, and uses the slot up."""
        now = self._clock.time()
        slot = self._slots.get(who)
        if slot is None:
            slot = self._take(now)
            self._slots[who] = slot
            if len(self._slots) > 4096:
                self._forget(now)
        if slot <= now:
            slot = self._use(now)
            if slot <= now:
                del self._slots[who]
            else:
                self._slots[who] = slot = max(slot, self._take(now))
        return slot

    def _use(self, now: float) -> float:
        """Return when a slot whose time has come may be used at the earliest, and count it if that is now.

        Slots that were all used late (the store was away for some seconds) would come as one burst, and a larger one
        than AWS allows: its bucket does not fill beyond its brim meanwhile.
        """
        full_at = max(self._used_full_at, now) + self._interval
        free = full_at - self._burst * self._interval
        if free > now:
            return free
        self._used_full_at = full_at
        return now

    def _take(self, now: float) -> float:
        self._full_at = max(self._full_at, now) + self._interval
        return max(now, self._full_at - self._burst * self._interval)

    def penalise(self) -> None:
        """AWS refused although we had a token: its bucket is emptier than we think (others use the account too)."""
        now = self._clock.time()
        self._full_at = max(self._full_at, now + self._burst * self._interval) + self._interval
        self._used_full_at = max(self._used_full_at, now + self._burst * self._interval)

    def _forget(self, now: float) -> None:
        self._slots = {who: slot for who, slot in self._slots.items() if slot > now - _SLOT_KEPT}
