"""`python -m tests.chaos`: kill engine and API at every step, compare with the cloud, say what was found.

On Kubernetes also its API server and etcd, at every step that writes. Without options everything: each step once, then
at random, one run at real length beside that, and last the planted defects, because a suite that cannot fail proves
nothing.

Exit status 0: everything held. 1: it did not. 2: the command line makes no sense.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.chaos import planner, warm, wishes
from tests.chaos.ground import Ground
from tests.chaos.mutants import plantable
from tests.chaos.plan import Outcome
from tests.chaos.pool import Pool
from tests.chaos.progress import Progress
from tests.chaos.tally import VICTIMS, Tally
from tests.support import backend

FACTOR = 20.0
JOBS_ON_KUBERNETES = 2  # for each processor: each has a control plane to itself, which works even when nobody asks
REAL_LENGTH = 1  # the number of the run at real length


class Chaos:
    """One invocation."""

    def __init__(self, options: argparse.Namespace, directory: Path, grounds: Sequence[Ground] = ()) -> None:
        """`grounds`: a control plane for each job, where that is the store."""
        self.options, self.grounds = options, grounds
        self.progress = Progress()
        self.tally = Tally(cluster=bool(grounds))
        self.real: Outcome | None = None  # what came of the run at real length
        self._pool = Pool(options.jobs, directory, self._waiting, grounds)
        self._numbers = wishes.Numbers()
        self._stage = ""

    def _waiting(self, running: int) -> None:
        t = self.tally
        problems = f", {len(t.problems)} PROBLEMS" if t.problems else ""
        share = f"{t.share():.0%} of {len(t.points)} points"
        self.progress.show(f"{self._stage}: {t.total} kills, {share}, {running} runs under way{problems}")

    def record(self) -> None:
        """Find out which points there are."""
        self._stage = "recording"
        first = self._numbers.batch()
        plans = [planner.recording(first + number, self.options.factor) for number in range(2)]
        for outcome in self._pool.run(wishes.each(plans)):
            self.tally.record(outcome)

    def kill(self) -> None:
        """Kill at every point, and at random, as the command line says."""
        self._stage = "kills"
        options, tally = self.options, self.tally
        seed, factor = options.seed, options.factor
        coverage = wishes.Coverage(tally, self._numbers, per_verb=options.per_verb, seed=seed, factor=factor)
        deep = wishes.SecondKills(tally, self._numbers, seed=seed, factor=factor)
        chance = wishes.AtRandom(tally, kills=options.kills, seed=seed, factor=factor)
        wanted: list[tuple[bool, wishes.Wish]] = [
            (options.real_length, wishes.each([planner.real_length(REAL_LENGTH)])),  # first, because it is the longest
            (options.coverage, coverage),
            (options.deep, deep),
            (options.kills > 0, chance),
        ]
        for outcome in self._pool.run(wishes.first(*(wish for is_wanted, wish in wanted if is_wanted))):
            coverage.over(outcome)
            chance.over(outcome)
            tally.add(outcome)
            if outcome.number == REAL_LENGTH:
                self.real = outcome
            tally.random = chance.done

    def mutate(self, mutant: str) -> None:
        """Kill a defective product where it makes and removes things, until something is found."""
        self._stage = mutant
        wish = wishes.where_it_shows(self.tally.points, mutant, seed=self.options.seed, factor=self.options.factor)
        with contextlib.closing(self._pool.run(wish)) as outcomes:
            for outcome in outcomes:
                self.tally.add(outcome)
                if self.tally.shown():
                    return


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    out = argparse.ArgumentParser(prog="python -m tests.chaos", description="Kill engine and API at every step.")
    only = out.add_mutually_exclusive_group()
    words = "each point once, and nothing else; SHARE: the part of them that must be met (CI: 0.99)"
    only.add_argument("--coverage-only", nargs="?", type=float, const=1.0, metavar="SHARE", help=words)
    only.add_argument("--random-only", action="store_true", help="at random, and nothing else")
    only.add_argument("--real-length", action="store_true", help="one run at the product's own pace, and nothing else")
    only.add_argument("--mutants", action="store_true", help="every planted defect must be found, and nothing else")
    only.add_argument(
        "--mutant", choices=plantable(backend.on_kubernetes()), help="plant this defect; the run must report failures"
    )
    out.add_argument("--kills", type=int, default=500, help="kills at random, after each point was killed at once")
    out.add_argument("--deep", action="store_true", help="also kill at what only happens after a kill")
    out.add_argument("--seed", type=int, default=1, help="of the plans and of what is random")
    out.add_argument("--factor", type=float, default=FACTOR, help="how much faster time runs, at most")
    jobs = JOBS_ON_KUBERNETES if backend.on_kubernetes() else 4
    out.add_argument("--jobs", type=int, default=jobs * (os.cpu_count() or 1), help="runs at once")
    out.add_argument("--per-verb", type=int, default=3, help="kills in one execution of a verb, at first")
    out.add_argument("--directory", type=Path, help="where runs live; those with problems stay there")
    out.add_argument("-f", "--format", choices=("text", "json"), default="text")
    return out


def parsed(argv: list[str] | None) -> argparse.Namespace:
    """Return what is to be done: `coverage`, `kills`, `real_length`, `mutants`, and how."""
    options = parser().parse_args(argv)
    only = options.coverage_only or options.random_only or options.real_length or options.mutants or options.mutant
    options.coverage = bool(options.coverage_only) or not only
    options.kills = options.kills if options.random_only or not only else 0
    options.real_length = options.real_length or not only
    options.planted = (
        plantable(backend.on_kubernetes())
        if options.mutants or not only
        else [options.mutant]
        if options.mutant
        else []
    )
    options.product = not (options.mutants or options.mutant)  # whether the product itself is killed at all
    return options


def main(argv: list[str] | None = None) -> int:
    """Run; return the exit status."""
    options = parsed(argv)
    directory = options.directory or Path(tempfile.mkdtemp(prefix="gurum-chaos-"))
    directory.mkdir(parents=True, exist_ok=True)
    warm.up()
    with contextlib.ExitStack() as ends:
        ends.enter_context(backend.available())
        place = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="gurum-chaos-")))
        count = options.jobs if backend.on_kubernetes() else 0
        grounds = [ends.enter_context(Ground(place / f"kubernetes-{number}")) for number in range(count)]
        return carried_out(options, directory, grounds)


def carried_out(options: argparse.Namespace, directory: Path, grounds: Sequence[Ground] = ()) -> int:
    """Do it; return the exit status."""
    try:
        chaos = Chaos(options, directory, grounds)
        interrupted = False
        try:
            if options.coverage or options.kills or options.planted:
                chaos.record()
            if options.product:
                chaos.kill()
        except KeyboardInterrupt:  # what was shown until then is told all the same
            options.planted, interrupted = [], True
        held, document = judged(chaos)
        held = held and not interrupted
        if options.format == "text" and options.product:
            chaos.progress.clear()
            print(told(chaos, document, directory), flush=True)
        if options.planted:
            found = planted(chaos, directory)
            held = held and all(result["found"] for result in found.values())
            document["mutants"] = found
        if options.mutant:
            held = not held  # asked for alone, it is shown as the failure that it is
        document["held"] = held
        print(json.dumps(document, indent=2) if options.format == "json" else "held" if held else "NOT HELD")
        return 0 if held else 1
    finally:
        if not any(directory.iterdir()):
            shutil.rmtree(directory)


def judged(chaos: Chaos) -> tuple[bool, dict[str, Any]]:
    """Return whether what was killed held, and the figures."""
    tally, options = chaos.tally, chaos.options
    held = not tally.problems
    if options.coverage:
        held = held and tally.met() >= (options.coverage_only or 1.0)
    held = held and tally.random >= options.kills
    if options.real_length:
        held = held and chaos.real is not None and len(chaos.real.killed) == planner.kills(planner.real_length(0))
    document = {**tally.document(), "seconds": round(chaos.progress.seconds, 1),
                "factor": options.factor, "seed": options.seed}  # fmt: skip
    document["found"] = [{"run": number, "what": what} for number, what in tally.problems]
    if chaos.real is not None:
        document["real_length"] = {"kills": len(chaos.real.killed), "seconds": round(chaos.real.seconds, 1)}
    return held, document


def told(chaos: Chaos, document: dict[str, Any], directory: Path) -> str:
    """Return the figures as a table."""
    tally, coverage = chaos.tally, document["coverage"]
    lines = [tally.table(), ""] if tally.points else []
    lines += [f"run {number}: {problem}" for number, problem in tally.problems[:40]]
    lines += [f"not reached: {name}" for name in coverage["missing"][:40] if chaos.options.coverage]
    if tally.problems:
        lines.append(f"what is left of runs with problems: {directory}")
    count_of = {word: document["problems"].get(word, 0) for word in ("duplicated", "leaked", "lost")}
    others = sum(document["problems"].values()) - sum(count_of.values())
    victims = ("engine", "pia", *(planner.PARTS if tally.cluster else ()))
    by_victim = ", ".join(f"{VICTIMS[name]} {tally.kills[name]}" for name in victims)
    figures = {
        "kills": f"{tally.total}: {by_victim}; {tally.random} in runs at"
        f" random, {tally.outside} of these at a random moment"
        + (f"; {tally.gave_up} processes gave up meanwhile and were started again" if tally.gave_up else ""),
        "recorded": f"{tally.recorded_writes} writes of the store, {tally.recorded_calls} AWS calls",
        "coverage": f"{coverage['covered']} of {coverage['points']} points ({coverage['steps']} steps of"
        f" {coverage['verbs']} verbs, before and after); {coverage['seen_only_after_kills']} more seen only after"
        f" kills, {coverage['of_these_killed']} of them met",
        "between": ", ".join(f"{name} {count}" for name, count in sorted(document["between"].items())),
        "compared": f"{tally.runs} runs, {tally.writes} writes of the store, {tally.calls} AWS calls,"
        f" {tally.lost} answers lost",
        "found": ", ".join(f"{count} {word}" for word, count in count_of.items())
        + f", {others} others; {tally.swept} leftovers left to the collector",
        "time": f"{document['seconds']} s at {document['factor']:g} times the pace, seed {document['seed']}",
    }
    if chaos.real is not None:
        figures["real length"] = "{kills} kills, {seconds} s".format(**document["real_length"])
    return "\n".join([*lines, *(f"{name:12}{words}" for name, words in figures.items() if words)])


def planted(chaos: Chaos, directory: Path) -> dict[str, Any]:
    """Plant every defect in turn; return by name what was found, after how many kills and seconds."""
    results: dict[str, Any] = {}
    for name in chaos.options.planted:
        place = directory / name
        place.mkdir()
        defective = Chaos(chaos.options, place, chaos.grounds)
        defective.tally.points = chaos.tally.points
        defective.mutate(name)
        defective.progress.clear()
        tally, seconds = defective.tally, round(defective.progress.seconds, 1)
        found = tally.shown()
        results[name] = {"found": found, "kills": tally.total, "seconds": seconds}
        if not chaos.options.mutant:
            shutil.rmtree(place)
        if chaos.options.format == "text":
            after = f"found after {tally.total} kills and {seconds} s: {found}"
            print(f"planted     {name:24}{after if found else 'NOT FOUND'}", flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
