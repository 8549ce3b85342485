"""The command: options, the order of a run, the exit code."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from tests.same import clean, mutants, own, report, rows, steps
from tests.same.clouds import Cloud, CloudError, Wanted, cloud
from tests.same.compare import compare
from tests.same.play import Play, Player, Transcript, Warm, WarmError
from tests.same.proxy import Proxy
from tests.same.steps import ScriptError, Step

DEFAULT = Path("clouds.yaml")
UNUSABLE = (CloudError, ScriptError, WarmError, rows.RowError)


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    p = argparse.ArgumentParser(prog="python -m tests.same", description=__doc__)
    p.add_argument("-a", metavar="CLOUD", default="", help="a cloud NAME or NAME@REGION of the clouds.yaml")
    p.add_argument("-b", metavar="CLOUD", default="", help="the other (without both, two of our own are started)")
    p.add_argument("--clouds", type=Path, help="the clouds.yaml (default: clouds.yaml, if there is one)")
    p.add_argument("--rows", type=Path, help="what may differ (default: rows/REGION.yaml of the second cloud's region)")
    for side in "ab":
        for what in ("image", "flavor", "external"):
            p.add_argument(f"--{what}-{side}", default="", help=f"the {what} to use in {side.upper()}, by name")
    p.add_argument("--mutants", type=int, default=0, metavar="N", help="also change N answers of B, one at a time")
    p.add_argument("--seed", type=int, default=1, help="what the mutants are drawn with")
    p.add_argument("--keep", type=Path, metavar="DIR", help="write both transcripts, as printed and normalised")
    p.add_argument("--own", action="store_true", help="only start two clouds of our own and say where, until Enter")
    p.add_argument("-f", "--format", choices=("table", "json"), default="table")
    return p


@contextlib.contextmanager
def _pair(options: argparse.Namespace) -> Iterator[tuple[Cloud, Cloud]]:
    """Give the clouds that are named, of the file; of ours, which are started, where there is no file."""
    if bool(options.a) != bool(options.b):
        raise CloudError("one cloud is not enough: name both, or neither to have two started")
    file = options.clouds or (DEFAULT if options.a and DEFAULT.exists() else None)
    if file is not None and options.a:
        yield cloud(options.a, file), cloud(options.b, file)
        return
    with own.started() as (file, names):
        yield cloud(options.a or names[0], file), cloud(options.b or names[1], file)


def main(argv: Sequence[str]) -> int:
    """Compare; return the exit code."""
    options = parser().parse_args(argv)
    began = time.monotonic()
    try:
        script = steps.read()
        with _pair(options) as (a, b):
            if options.own:
                print(f"clouds.yaml: {a.file}; clouds: {a.label} {b.label}; Enter ends it", flush=True)
                sys.stdin.readline()
                return 0
            outcome = _run(options, script, a, b)
    except UNUSABLE as error:
        print(f"tests.same: {error}", file=sys.stderr)
        return 2
    outcome = msgspec.structs.replace(outcome, seconds=round(time.monotonic() - began, 1))
    report.show(outcome, options.format)
    return 0 if outcome.holds else 1


def _run(options: argparse.Namespace, script: list[Step], a: Cloud, b: Cloud) -> report.Outcome:
    excused = rows.read(rows.of(b.region, options.rows))
    run = f"same-{int(time.time()) % 100000:05d}"  # as long in every run: tables are as wide as names
    with contextlib.ExitStack() as stack:
        warm = [Warm(), Warm()]
        for one in warm:
            stack.callback(one.close)
        proxy = Proxy() if options.mutants else None
        if proxy is not None:
            stack.callback(proxy.close)
        players = [Player(a, warm[0], run), Player(b, warm[1], run, proxy.url if proxy else "")]
        for player, side in zip(players, "ab", strict=True):
            wanted = {what: getattr(options, f"{what}_{side}") for what in ("image", "flavor", "external")}
            player.find(Wanted(**wanted))
        played, left_out = _playable(script, players)
        tapes = mutants.Tapes(proxy)
        say = _Progress(len(played))
        try:
            with ThreadPoolExecutor(2) as pool:
                first = pool.submit(players[0].play, played, lambda step, play: say(0, step))
                tapes.skip()

                def taped(step: Step, play: Play) -> None:
                    tapes.keep(step, players[1], play)
                    say(1, step)

                second = pool.submit(players[1].play, played, taped)
                try:
                    transcripts: list[Transcript] = [first.result(), second.result()]
                except BaseException:  # also Ctrl-C: the other side must not play on for minutes
                    for one in warm:
                        one.kill()
                    raise
        finally:
            leftovers = [line for one in (a, b) for line in clean.clean(one, run)]
        written = steps.texts(script)
        verdict = compare(transcripts[0], transcripts[1], excused, written)
        if options.keep:
            report.keep(options.keep, transcripts, verdict)
        survey = None
        if options.mutants and proxy is not None and verdict.equal:
            judge = mutants.Judge(transcripts, excused, written)
            survey = mutants.survey(tapes, players[1], judge, options.mutants, options.seed)
        return report.Outcome(
            a=a.label,
            b=b.label,
            calls=len(played),
            rows=rows.count(excused),
            left_out=left_out,
            leftovers=leftovers,
            differences=verdict.differences,
            needless=verdict.needless,
            diff=verdict.diff(a.label, b.label),
            survey=survey,
            asked_mutants=options.mutants,
        )


def _playable(script: list[Step], players: Sequence[Player]) -> tuple[list[Step], list[str]]:
    """Return the steps that both clouds can be asked, and the names of the others."""
    saved = {name for step in script for name in step.save}
    played = [step for step in script if all(player.can(step, saved) for player in players)]
    names = {step.name for step in played}
    return played, [step.name for step in script if step.name not in names]


class _Progress:
    """A line a tenth of the script, on standard error."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, [0, 0]
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def __call__(self, side: int, step: Step) -> None:
        with self._lock:
            self._done[side] += 1
            if side == 1 and self._done[1] % max(1, self._total // 10) == 0:
                took = time.monotonic() - self._began
                counts = f"{self._done[0]} and {self._done[1]} of {self._total}"
                print(f"{took:6.1f} s  {counts} calls, at `{step.name}`", file=sys.stderr, flush=True)
