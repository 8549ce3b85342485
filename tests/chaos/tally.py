"""What all runs together have shown, and how it is told: a table, a picture, a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.chaos import planner
from tests.chaos.labels import ALWAYS
from tests.chaos.plan import Killed, Outcome, Point
from tests.chaos.planner import Target, targets
from tests.chaos.scenario import CLEANING, PREPARING
from tests.chaos.verbs import VERBS

_OUTSIDE = frozenset({"", PREPARING, CLEANING})  # verbs of what is not an operation
VICTIMS = {"engine": "engine", "pia": "API", "apiserver": "API server", "etcd": "etcd"}  # as they are told
PICTURE = {0: "·", 1: "▌", 2: "█"}  # a step killed at neither, one, both sides


class Tally:
    """Points recorded, kills, and problems."""

    def __init__(self, *, cluster: bool = False) -> None:
        """`cluster`: whether parts of one are to be killed, too."""
        self.cluster = cluster
        self.points: dict[Point, None] = {}
        self.lengths: dict[tuple[str, str], int] = {}
        self.after_kills: dict[Point, Killed] = {}  # points seen only after a kill, and after which one
        self.kills: Counter[str] = Counter()
        self.covered: set[Point] = set()
        self.done: set[Target] = set()
        self.betweens: Counter[str] = Counter()
        self.outside = 0  # kills at a random moment
        self.random = 0  # kills in runs at random
        self.problems: list[tuple[int, str]] = []
        self.gave_up = self.swept = self.calls = self.lost = self.writes = self.runs = 0
        self.recorded_calls = self.recorded_writes = 0
        self.cpu: dict[str, float] = {}

    def record(self, outcome: Outcome) -> None:
        """Take the points of a recording run."""
        for point, count in outcome.passed:
            if point.verb not in _OUTSIDE:
                self.points.setdefault(point)
                key = (point.process, point.verb)
                self.lengths[key] = max(self.lengths.get(key, 0), 0) + count
        if self.cluster:
            self.points |= dict.fromkeys(planner.in_the_cluster(p for p in self.points if not p.victim))
        self.recorded_calls += outcome.calls
        self.recorded_writes += outcome.writes
        self._take(outcome)

    def add(self, outcome: Outcome) -> None:
        """Take what came of a run."""
        for killed in outcome.killed:
            self.kills[killed.process] += 1
            self.betweens[killed.between] += 1
            if killed.point is None:
                self.outside += 1
                continue
            self.covered.add(killed.point)
            self.done |= {Target(killed.point), Target(killed.point, killed.between)}
        times = Counter(killed.verb for killed in outcome.killed)  # after several kills nobody knows which one it was
        only = {
            killed.verb: killed for killed in outcome.killed if killed.point is not None and times[killed.verb] == 1
        }
        for point, _ in outcome.passed:
            if point.verb in only and point not in self.points:
                self.after_kills.setdefault(point, only[point.verb])
        self._take(outcome)

    def _take(self, outcome: Outcome) -> None:
        self.runs += 1
        self.swept += outcome.swept
        self.gave_up += outcome.gave_up
        self.calls += outcome.calls
        self.lost += outcome.lost
        self.writes += outcome.writes
        for name, seconds in outcome.cpu.items():
            self.cpu[name] = self.cpu.get(name, 0.0) + seconds
        self.problems += [(outcome.number, problem) for problem in outcome.problems]

    def shown(self) -> str:
        """Return the first problem that the comparison found.

        One that ended a run before it does not count: a defect that keeps the product from starting shows nothing.
        """
        return next((problem for _, problem in self.problems if not problem.startswith("broke off:")), "")

    @property
    def total(self) -> int:
        """Kills so far."""
        return sum(self.kills.values())

    def missing(self) -> list[Target]:
        """Return what still has to be killed."""
        return [target for target in targets(self.points) if target not in self.done]

    def met(self) -> float:
        """Return the part of what had to be killed that was; 0 without anything."""
        wanted = targets(self.points)
        return 1 - len(self.missing()) / len(wanted) if wanted else 0.0

    def unmet(self) -> list[tuple[Killed, Point]]:
        """Return what only kills bring about and was not killed at: after which kill, and where."""
        return [(first, point) for point, first in self.after_kills.items() if point not in self.covered]

    def share(self) -> float:
        """Return the covered part of the recorded points."""
        return len(self.covered & self.points.keys()) / len(self.points) if self.points else 0.0

    def counted(self) -> dict[str, int]:
        """Return how many problems there are of each sort."""
        return dict(Counter(problem.partition(":")[0] for _, problem in self.problems))

    def table(self) -> str:
        """Return the coverage by verb, with a sign for each step."""
        legend = "a step: █ killed before and after it, ▌ one of them, · neither"
        victims = ("engine", "pia", *(planner.PARTS if self.cluster else ()))
        heads = "  ".join(f"{VICTIMS[who]:>10}" for who in victims)
        lines = [f"{'':30}{heads}   {legend}"]
        for verb in (*VERBS, ALWAYS):
            mine = [[p for p in self.points if (p.killed, p.verb) == (who, verb)] for who in victims]
            if any(mine):
                counts = "  ".join(f"{sum(p in self.covered for p in points):>4}/{len(points):<4}" for points in mine)
                picture = " ".join(self._signs(points) for points in mine if points)
                lines.append(f"{verb:30}{counts}   {picture}")
        return "\n".join(lines)

    def _signs(self, points: Iterable[Point]) -> str:
        sides: dict[str, int] = {}
        for point in points:
            whole = 2 if point.victim else 1  # a part of the cluster is killed at one side of a step
            sides[point.step] = sides.get(point.step, 0) + whole * (point in self.covered)
        return "".join(PICTURE[count] for count in sides.values())

    def document(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            "kills": {"total": self.total, **self.kills, "at_random": self.random, "at_a_random_moment": self.outside},
            "coverage": {
                "points": len(self.points),
                "covered": len(self.covered & self.points.keys()),
                "missing": [_named(target) for target in self.missing()],
                "verbs": len({p.verb for p in self.points}),
                "steps": len({(p.process, p.verb, p.step) for p in self.points}),
                "seen_only_after_kills": len(self.after_kills),
                "of_these_killed": len(self.after_kills.keys() & self.covered),
            },
            "between": dict(self.betweens),
            "problems": self.counted(),
            "removed_by_the_collector": self.swept,
            "gave_up": self.gave_up,
            "runs": self.runs,
            "aws_calls": self.calls,
            "lost_answers": self.lost,
            "store_writes": self.writes,
            "recorded": {"aws_calls": self.recorded_calls, "store_writes": self.recorded_writes},
            "cpu_seconds": {name: round(seconds, 1) for name, seconds in self.cpu.items()},
        }


def _named(target: Target) -> str:
    point = target.point
    victim = f" ({VICTIMS[point.victim]} killed {point.side})" if point.victim else ""
    return f"{point.process} {point.name}{victim} {target.between}".strip()
