"""What is to be run next. Asked whenever there is room for one more run, so that nobody waits for the slowest.

A wish returns a plan, or None when it has none now; it may have one again after the next outcome.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count

import msgspec
from tests.chaos import planner
from tests.chaos.mutants import MUTANTS
from tests.chaos.plan import Outcome, Plan, Point
from tests.chaos.planner import Target
from tests.chaos.tally import Tally

TRIES = 16  # how often a point is aimed at
RANDOM = 1_000_000  # the first number of a run at random
Wish = Callable[[], Plan | None]


class Numbers:
    """Numbers of runs: a thousand for each batch, so that a number tells which runs were planned together."""

    def __init__(self) -> None:
        self._batches = count(1)

    def batch(self) -> int:
        """Return the first number of a new batch."""
        return next(self._batches) * 1000


def each(plans: Iterable[Plan]) -> Wish:
    """Wish for these, in their order."""
    rest: Iterator[Plan] = iter(plans)
    return lambda: next(rest, None)


def first(*wishes: Wish) -> Wish:
    """Wish for what the first one wants that wants anything."""
    return lambda: next((plan for wish in wishes if (plan := wish()) is not None), None)


class Coverage:
    """A kill at every point: first several in each execution of a verb, then what was not reached, one in each."""

    def __init__(self, tally: Tally, numbers: Numbers, *, per_verb: int, seed: int, factor: float) -> None:
        self._tally, self._numbers = tally, numbers
        self._per_verb, self._seed, self._factor = per_verb, seed, factor
        self._queue: list[Plan] = []
        self._under_way: dict[int, set[Target]] = {}
        self._tries: Counter[Target] = Counter()

    def __call__(self) -> Plan | None:
        """As a wish."""
        if not self._queue:
            self._queue = self._planned()
        return self._queue.pop(0) if self._queue else None

    def over(self, outcome: Outcome) -> None:
        """A run has ended: what it was to reach and has not may be tried again."""
        self._under_way.pop(outcome.number, None)

    def _planned(self) -> list[Plan]:
        aimed_at = {target for targets in self._under_way.values() for target in targets}
        wanted = [t for t in self._tally.missing() if t not in aimed_at and self._tries[t] < TRIES]
        if not wanted:
            return []
        plans = planner.plans(
            wanted, per_verb=self._per_verb, seed=self._seed, first=self._numbers.batch(), factor=self._factor
        )
        for plan in plans:
            points = {kill.point for doing in plan.doings for kill in doing.kills}
            self._under_way[plan.number] = {target for target in wanted if target.point in points}
        self._tries.update(wanted)
        self._per_verb, self._seed = 1, self._seed + 1
        return plans


class SecondKills:
    """A kill at what only happens after a kill. Not all of it happens again, so each is tried once."""

    def __init__(self, tally: Tally, numbers: Numbers, *, seed: int, factor: float) -> None:
        self._tally, self._numbers, self._seed, self._factor = tally, numbers, seed, factor
        self._queue: list[Plan] = []
        self._tried: set[Point] = set()

    def __call__(self) -> Plan | None:
        """As a wish."""
        if not self._queue:
            wanted = [(killed, point) for killed, point in self._tally.unmet() if point not in self._tried]
            self._tried |= {point for _, point in wanted}
            first = self._numbers.batch()
            self._queue = planner.second(wanted, seed=self._seed, first=first, factor=self._factor)
        return self._queue.pop(0) if self._queue else None


class AtRandom:
    """Kills at random until there are enough of these."""

    def __init__(self, tally: Tally, *, kills: int, seed: int, factor: float) -> None:
        self._kills = kills
        self.done = 0
        self._plans = planner.at_random(random.Random(seed), tally.lengths, RANDOM, factor, cluster=tally.cluster)

    def __call__(self) -> Plan | None:
        """As a wish."""
        return next(self._plans) if self.done < self._kills else None

    def over(self, outcome: Outcome) -> None:
        """A run has ended: count its kills if it was one of these."""
        self.done += len(outcome.killed) if outcome.number >= RANDOM else 0


def where_it_shows(points: Iterable[Point], mutant: str, *, seed: int, factor: float) -> Wish:
    """Wish for runs of a defective product, with kills where it makes and removes things."""
    defect = MUTANTS[mutant]
    found = planner.creations_unanswered(points) if defect.cluster else planner.makes_or_removes(points)
    chosen = [one for one in found if not defect.verbs or one.point.verb in defect.verbs]
    plans = planner.plans(chosen, per_verb=1, seed=seed, first=1000, factor=factor)
    return each(msgspec.structs.replace(plan, mutant=mutant) for plan in plans)
