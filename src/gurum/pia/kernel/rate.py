"""How many requests a project and a user may send: token buckets in each process, so that one script cannot starve all.

A bucket is one number (the time at which it would be full again), and one that is full is forgotten. Several processes
each give the whole rate: what is promised is a bound on load, not a contract with users.
"""

from __future__ import annotations

import math

from gurum.identity.tokens import Principal
from gurum.ops.clock import Clock
from gurum.ops.config import RateLimitConfig
from gurum.pia.kernel.errors import ApiError

MOST = 10_000  # buckets kept; above it, those that are full go first


class Buckets:
    """The buckets of one limit, by whose they are."""

    def __init__(self, per_second: float, burst: float, clock: Clock) -> None:
        self._interval = 1.0 / per_second
        self._depth = burst * self._interval
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def take(self, whose: str) -> float:
        """Return 0 and count a request, or the seconds after which there is room for one, and count nothing."""
        now = self._clock.time()
        full_at = max(self._full_at.get(whose, 0.0), now) + self._interval
        late = full_at - self._depth - now
        if late > 1e-9:
            return late
        self._full_at[whose] = full_at
        if len(self._full_at) > MOST:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
        return 0.0

    def give_back(self, whose: str) -> None:
        """Uncount a request that another limit refused."""
        self._full_at[whose] -= self._interval


class Limiter:
    """The limits of a process. A limit without a rate is off."""

    def __init__(self, config: RateLimitConfig, clock: Clock) -> None:
        self._project = self._user = None
        if config.project_per_second > 0:
            self._project = Buckets(config.project_per_second, config.project_burst, clock)
        if config.user_per_second > 0:
            self._user = Buckets(config.user_per_second, config.user_burst, clock)

    def admit(self, principal: Principal) -> None:
        """Count a request. Raises ApiError 429 with Retry-After when it is one too many."""
        wait = self._user.take(principal.user_id) if self._user is not None else 0.0
        if wait == 0.0 and self._project is not None and principal.project_id:
            wait = self._project.take(principal.project_id)
            if wait > 0.0 and self._user is not None:
                self._user.give_back(principal.user_id)
        if wait > 0.0:
            # Nova's own words, from when it limited rates itself.
            raise ApiError(
                429,
                "This request was rate-limited.",
                type="HTTPTooManyRequests",
                headers=[("Retry-After", str(max(1, math.ceil(wait))))],
            )
