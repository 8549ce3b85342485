"""Request and resource buckets, as EC2 limits them per account, region and action.

A client without its own pacing must meet RequestLimitExceeded here as it would at AWS: 25 of 60
unpaced launches succeed with a standard retry policy, and no emulator without buckets shows it.
"""

from fnmatch import fnmatchcase

from aws_emulator.config import Bucket, Throttle

_Key = tuple[str, str, str, str]


class Throttles:
    """The levels of all buckets. They start full and live in memory only, as AWS's refill."""

    def __init__(self) -> None:
        self._levels: dict[_Key, tuple[float, float]] = {}

    def admit(self, rule: Throttle, account: str, region: str, action: str, resources: int, now: float) -> bool:
        """Pay one request and `resources` resources, or return False and pay nothing."""
        if not rule.enabled:
            return True
        bills = [
            (kind, bucket, amount)
            for kind, buckets, amount in (
                ("request", rule.requests, 1),
                ("resource", rule.resources, resources),
            )
            if amount and (bucket := _bucket(buckets, action)) is not None
        ]
        levels = {}
        for kind, bucket, amount in bills:
            key = (account, region, action, kind)
            level, since = self._levels.get(key, (bucket.capacity, now))
            level = min(bucket.capacity, level + (now - since) * bucket.refill)
            if level < amount:
                return False
            levels[key] = (level - amount, now)
        self._levels.update(levels)
        return True

    def reset(self) -> None:
        """Fill all buckets."""
        self._levels.clear()


def _bucket(buckets: dict[str, Bucket], action: str) -> Bucket | None:
    exact = buckets.get(action)
    if exact is not None:
        return exact
    return next((bucket for glob, bucket in buckets.items() if fnmatchcase(action, glob)), None)
