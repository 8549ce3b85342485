"""`python -m tests.chaos`: kill engine and API at every step, compare with the cloud, say what was found.

Exit status 0: everything held. 1: it did not. 2: the command line makes no sense.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

import msgspec
from tests.chaos import planner, warm
from tests.chaos.mutants import MUTANTS
from tests.chaos.plan import Plan
from tests.chaos.planner import Target
from tests.chaos.pool import Pool
from tests.chaos.progress import Progress
from tests.chaos.tally import Tally

ROUNDS = 8  # how often what was not reached is planned again
FACTOR = 20.0


class Chaos:
    """One invocation."""

    def __init__(self, options: argparse.Namespace, directory: Path) -> None:
        self.options = options
        self.progress = Progress()
        self.tally = Tally()
        self._pool = Pool(options.jobs, directory, self._waiting)
        self._numbers = count(1)
        self._stage = ""

    def _waiting(self, running: int) -> None:
        t = self.tally
        problems = f", {len(t.problems)} PROBLEMS" if t.problems else ""
        share = f"{t.share():.0%} of {len(t.points)} points"
        self.progress.show(f"{self._stage}: {t.total} kills, {share}, {running} runs under way{problems}")

    def run(self, stage: str, plans: Iterable[Plan], enough: Callable[[], bool] = lambda: False) -> None:
        """Execute plans and tally what comes of them. What is under way when it is `enough` is ended."""
        self._stage = stage
        with contextlib.closing(self._pool.run(plans)) as outcomes:
            for outcome in outcomes:
                self.tally.add(outcome)
                if enough():
                    return

    def record(self) -> None:
        """Find out which points there are."""
        self._stage = "recording"
        plans = [planner.recording(next(self._numbers), self.options.factor) for _ in range(2)]
        for outcome in self._pool.run(plans):
            self.tally.record(outcome)

    def cover(self) -> None:
        """Kill at every point, until each was met or the rounds are over."""
        for round_ in range(ROUNDS):
            missing = self.tally.missing()
            if not missing:
                return
            self.run("coverage", self._plans(missing, self.options.per_verb if round_ == 0 else 1, round_))

    def deepen(self) -> None:
        """Kill also what only happens after a kill. Not all of it happens again, so nobody asks for all of it."""
        for round_ in range(2):
            plans = planner.second(
                self.tally.unmet(), seed=round_, first=next(self._numbers) * 1000, factor=self.options.factor
            )
            self.run("second kills", plans)

    def mutate(self, mutant: str) -> None:
        """Kill a defective product where it makes and removes things, until something is found."""
        chosen = planner.makes_or_removes(self.tally.points)
        plans = [msgspec.structs.replace(plan, mutant=mutant) for plan in self._plans(chosen, 1, 0)]
        self.run(mutant, plans, lambda: bool(self.tally.problems))

    def _plans(self, wanted: Sequence[Target], per_verb: int, round_: int) -> list[Plan]:
        number = next(self._numbers) * 1000
        seed, factor = self.options.seed + round_, self.options.factor
        return planner.plans(wanted, per_verb=per_verb, seed=seed, first=number, factor=factor)

    def random(self) -> None:
        """Kill at random until there are enough kills."""
        rng = random.Random(self.options.seed)
        plans = planner.at_random(rng, self.tally.lengths, 1_000_000, self.options.factor)
        most = max(self.options.kills, self.tally.total + self.options.random)
        self.run("random", islice(plans, most), lambda: self.tally.total >= most)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    out = argparse.ArgumentParser(prog="python -m tests.chaos", description="Kill engine and API at every step.")
    out.add_argument("--kills", type=int, default=500, help="kills in total: each point once, then at random")
    out.add_argument("--random", type=int, default=100, help="of these at random, at least")
    out.add_argument("--seed", type=int, default=1, help="of the plans and of what is random")
    out.add_argument("--coverage-only", action="store_true", help="each point once, nothing at random")
    out.add_argument("--deep", action="store_true", help="also kill at what only happens after a kill")
    out.add_argument("--random-only", action="store_true", help="nothing but random")
    out.add_argument("--real-length", action="store_true", help="one run at the product's own pace")
    out.add_argument("--mutant", choices=sorted(MUTANTS), help="put a defect in; the run must report failures")
    out.add_argument("--mutants", action="store_true", help="every defect in turn; success: each was found")
    out.add_argument("--factor", type=float, default=FACTOR, help="how much faster time runs")
    out.add_argument("--jobs", type=int, default=4 * (os.cpu_count() or 1), help="runs at once")
    out.add_argument("--per-verb", type=int, default=3, help="kills in one execution of a verb, at first")
    out.add_argument("--directory", type=Path, help="where runs live; those with problems stay there")
    out.add_argument("-f", "--format", choices=("text", "json"), default="text")
    return out


def main(argv: list[str] | None = None) -> int:
    """Run; return the exit status."""
    options = parser().parse_args(argv)
    directory = options.directory or Path(tempfile.mkdtemp(prefix="gurum-chaos-"))
    directory.mkdir(parents=True, exist_ok=True)
    warm.up()
    try:
        if options.mutants:
            return mutants(options, directory)
        chaos = Chaos(options, directory)
        if options.real_length:
            chaos.run("real length", [planner.real_length(1)])
        elif options.mutant:
            chaos.record()
            chaos.mutate(options.mutant)
        else:
            chaos.record()
            if not options.random_only:
                chaos.cover()
            if options.deep:
                chaos.deepen()
            if not options.coverage_only:
                chaos.random()
        return report(chaos, directory, covers=not (options.real_length or options.mutant or options.random_only))
    finally:
        if not any(directory.iterdir()):
            shutil.rmtree(directory)


def report(chaos: Chaos, directory: Path, *, covers: bool) -> int:
    """Say what was found; return the exit status."""
    tally, options = chaos.tally, chaos.options
    chaos.progress.clear()
    whole = not covers or (tally.share() == 1.0 and not tally.missing())
    enough = not covers or options.coverage_only or tally.total >= options.kills
    held = not tally.problems and whole and enough and tally.total > 0
    document = {"held": held, **tally.document(), "seconds": round(chaos.progress.seconds, 1),
                "factor": options.factor, "seed": options.seed, "mutant": options.mutant or ""}  # fmt: skip
    if options.format == "json":
        document["found"] = [{"run": number, "what": what} for number, what in tally.problems]
        print(json.dumps(document, indent=2))
    else:
        print(_text(tally, document, directory))
    return 0 if held else 1


def _text(tally: Tally, document: dict[str, Any], directory: Path) -> str:
    coverage = document["coverage"]
    lines = [tally.table(), ""] if tally.points else []
    lines += [f"run {number}: {problem}" for number, problem in tally.problems[:40]]
    lines += [f"not reached: {name}" for name in coverage["missing"][:40]]
    if tally.problems:
        lines.append(f"what is left of runs with problems: {directory}")
    count_of = {word: document["problems"].get(word, 0) for word in ("duplicated", "leaked", "lost")}
    others = sum(document["problems"].values()) - sum(count_of.values())
    kills = (
        f"{tally.total}: engine {tally.kills['engine']}, API {tally.kills['pia']}; {tally.outside} at a random moment"
    )
    points = (
        f"{coverage['covered']} of {coverage['points']} points ({coverage['steps']} steps of {coverage['verbs']} verbs)"
    )
    later = f"{coverage['seen_only_after_kills']} more seen only after kills, {coverage['of_these_killed']} of them met"
    found = ", ".join(f"{count} {word}" for word, count in count_of.items())
    figures = {
        "kills": kills,
        "runs": f"{tally.runs}, with {tally.calls} AWS calls",
        "coverage": f"{points}; {later}",
        "between": ", ".join(f"{name} {count}" for name, count in sorted(document["between"].items())),
        "found": f"{found}, {others} others; {tally.swept} leftovers left to the collector",
        "time": f"{document['seconds']} s at {document['factor']:g} times the pace, seed {document['seed']}",
    }
    lines += [f"{name:10} {words}" for name, words in figures.items()]
    lines.append("held" if document["held"] else "NOT HELD")
    return "\n".join(lines)


def mutants(options: argparse.Namespace, directory: Path) -> int:
    """Put in every defect in turn; return 0 if each was found."""
    results: dict[str, Any] = {}
    points = None
    for name in MUTANTS:
        chaos = Chaos(options, directory / name)
        (directory / name).mkdir()
        if points is None:
            chaos.record()
            points, lengths = chaos.tally.points, chaos.tally.lengths
        chaos.tally.points, chaos.tally.lengths = dict(points), lengths
        chaos.mutate(name)
        chaos.progress.clear()
        found = chaos.tally.problems[0][1] if chaos.tally.problems else ""
        results[name] = {"found": found, "kills": chaos.tally.total, "seconds": round(chaos.progress.seconds, 1)}
        shutil.rmtree(directory / name)
        if options.format == "text":
            print(f"{name:24} {'found after ' + str(chaos.tally.total) + ' kills: ' + found if found else 'NOT FOUND'}")
    held = all(result["found"] for result in results.values())
    if options.format == "json":
        print(json.dumps({"held": held, "mutants": results}, indent=2))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
