"""We ask no faster than AWS answers, also after a time in which nobody could ask."""

from __future__ import annotations

import random

import pytest

from gurum.providers.aws.buckets import Bucket


class StillClock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class TheirBucket:
    """EC2's side: it fills at a rate up to its brim, and refuses when it is empty."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.tokens, self.at = burst, 0.0

    def ask(self, now: float) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def play(away: tuple[float, float], callers: int, *, rate: float = 2.0, burst: float = 5.0) -> tuple[int, int, float]:
    """Let callers come at their slots, none of them during `away`. Return refusals, admissions asked for, seconds."""
    clock, rng = StillClock(), random.Random(1)
    ours, theirs = Bucket(clock, rate, burst), TheirBucket(rate, burst)
    began, due = clock.now, {f"caller-{n}": clock.now for n in range(callers)}
    refused = asked = 0
    while due:
        who = min(due, key=lambda name: due[name])
        clock.now = max(clock.now, due[who])
        if away[0] <= clock.now - began < away[1]:
            clock.now = began + away[1]
        asked += 1
        slot = ours.admit(who)
        if slot > clock.now:
            due[who] = slot + rng.random() * 0.01
            continue
        if theirs.ask(clock.now):
            del due[who]
        else:
            refused += 1
            ours.penalise()
    return refused, asked, clock.now - began


@pytest.mark.parametrize("away", [(0.0, 0.0), (3.0, 8.0), (3.0, 60.0)])
def test_nobody_is_refused_and_no_time_is_lost(away: tuple[float, float]) -> None:
    refused, asked, seconds = play(away, 60)
    assert refused == 0
    lost = away[1] - away[0]
    assert seconds <= lost + (60 - 5) / 2.0 * 1.02 + 1
    assert asked <= 60 * 4  # each comes once for its slot, once with it, and not much more often
