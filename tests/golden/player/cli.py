"""The command line: options, the order of a run, the exit code.

0: everything promised is held. 1: something is not (a new difference, a stale row, a floor, a surviving mutation).
2: the run could not be made (options, files, no administrator).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from tests.golden.player import (
    allow,
    clouds,
    corpus,
    live,
    mutate,
    recordings,
    report,
    rows,
    thresholds,
)
from tests.golden.player.allow import AllowList
from tests.golden.player.corpus import Case
from tests.golden.player.keystone import Keystone, KeystoneError
from tests.golden.player.mutate import Baseline, Survey
from tests.golden.player.play import Time
from tests.golden.player.run import Played, Run
from tests.golden.player.synthetic import recording_of
from tests.golden.player.transport import TransportError, http
from tests.golden.player.verdict import judge, updated_rows

Start = Callable[[], AbstractContextManager[str]]
"""Starts a cloud and stops it in the end; gives what --cloud would."""

CORPUS_VARIABLE = "GURUM_GOLDEN_CORPUS"
UNUSABLE = (
    allow.AllowError,
    clouds.CloudError,
    corpus.CorpusError,
    KeystoneError,
    rows.RowError,
    thresholds.ThresholdError,
    TransportError,
)


OWN_WAIT = 20.0  # seconds: our own cloud builds a server in a few; what takes longer there never comes


def parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    """The options; the corpus may come from the environment."""
    p = argparse.ArgumentParser(
        prog="python -m tests.golden",
        description="Play recorded requests against a region and compare its answers.",
    )
    source = p.add_mutually_exclusive_group()
    source.add_argument("--cloud", help="clouds.yaml[#NAME], or `env` for OS_* variables (default: start our own)")
    source.add_argument("--replay", type=Path, help="compare recordings of DIRECTORY/REGION")
    source.add_argument("--synthetic", action="store_true", help="compare recordings made of the golden files")
    p.add_argument("--region", action="append", help="may be repeated (default: all regions that the thresholds name)")
    p.add_argument("--corpus", type=Path, default=Path(environment.get(CORPUS_VARIABLE) or corpus.DEFAULT))
    p.add_argument("--only", action="append", help="shell pattern of scenarios, may be repeated")
    p.add_argument("--allow", type=Path, default=allow.DEFAULT)
    p.add_argument("--rows", type=Path, help="default: rows/REGION.yaml")
    p.add_argument("--thresholds", type=Path, default=thresholds.DEFAULT)
    p.add_argument("--update-rows", action="store_true", help="write candidates, drop stale rows")
    p.add_argument("--record", type=Path, help="keep the recordings in DIRECTORY/REGION")
    p.add_argument("--clean", action="store_true", help="remove what was made")
    p.add_argument("--make-roles", action="store_true", help="make the recorded member's roles that the cloud lacks")
    p.add_argument(
        "--longest-wait",
        type=float,
        metavar="SECONDS",
        help=f"give up waits earlier than the scenarios say (default: {OWN_WAIT:g} on a cloud of our own, else never)",
    )
    p.add_argument("-j", "--jobs", type=int, default=3)
    p.add_argument("-f", "--format", choices=("table", "json"), default="table")
    p.add_argument("-v", "--verbose", action="store_true", help="every difference of a step")
    p.add_argument("--mutate", type=int, metavar="N", help="corrupt N equal answers, one at a time")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--mutate-live", action="store_true", help="play again with one answer of each corrupted")
    return p


def _longest_wait(options: argparse.Namespace) -> float:
    if options.longest_wait is not None:
        return float(options.longest_wait)
    return float("inf") if options.cloud else OWN_WAIT


def main(arguments: Sequence[str], start: Start | None = None) -> int:
    """Run the command; the exit code. `start` starts a cloud of our own where the arguments name none."""
    options = parser(os.environ).parse_args(arguments)
    try:
        regions: list[str] = options.region or thresholds.regions(options.thresholds)
        if options.cloud or options.replay or options.synthetic:
            found = _all(options, regions, options.cloud)
        elif start is not None:
            options.make_roles = True  # it is nobody's but ours
            with start() as cloud:
                found = _all(options, regions, cloud)
        else:
            raise clouds.CloudError("which cloud?")
    except UNUSABLE as error:
        print(error, file=sys.stderr)
        return 2
    if options.format == "json":
        print(report.as_json(found))
    else:
        print("\n\n".join(report.as_table(one, every=options.verbose) for one in found))
    return 0 if all(one.held for one in found) else 1


def _all(options: argparse.Namespace, regions: list[str], cloud: str | None) -> list[report.Report]:
    """The regions' reports, one region after the other: side by side they would slow each other down."""
    return [asyncio.run(_region(options, region, cloud)) for region in regions]


async def _region(options: argparse.Namespace, region: str, cloud: str | None) -> report.Report:
    whole = corpus.load(options.corpus)
    cases = corpus.matching(whole, options.only)
    allowed = allow.load(options.allow)
    floors = thresholds.load(options.thresholds, region)
    path = options.rows or rows.DEFAULT / f"{region}.yaml"
    # Another corpus may hold other scenarios: rows about ours are then no mistake.
    known = whole if options.corpus == corpus.DEFAULT else None
    own = rows.load(path, known, unfinished=options.update_rows)
    other = []
    if floors.relative_to is not None:
        other = rows.load(path.with_name(f"{floors.relative_to.region}.yaml"), known)

    played, lived = await _played(options, region, cloud, cases, allowed)
    for recording in played.recordings.values() if options.record else ():
        recordings.write(options.record / region, recording)
    verdict = judge(cases, played.recordings, allowed, own)
    if options.update_rows:
        rows.write(path, region, updated_rows(own, verdict), whole)
    surveys = [] if lived is None else [lived]
    if options.mutate:
        baseline = Baseline(cases, played.recordings, allowed)
        surveys.append(mutate.survey(baseline, options.mutate, options.seed))
    return report.Report(
        region=region,
        verdict=verdict,
        checks=thresholds.check(floors, verdict, whole, other),
        unfounded=thresholds.unfounded(floors, own, other),
        unresolved=played.unresolved,
        left=played.left,
        surveys=surveys,
    )


async def _played(
    options: argparse.Namespace, region: str, where: str | None, cases: list[Case], allowed: AllowList
) -> tuple[Played, Survey | None]:
    """The recordings that the options ask for, and with --mutate-live what came of playing them again."""
    if where is None:
        root: Path | None = options.replay
        recorded = (
            recording_of(c, options.seed) if root is None else recordings.read(root / region, c.name) for c in cases
        )
        return Played(recordings={r.scenario: r for r in recorded if r is not None}), None
    cloud = clouds.load(where, os.environ)
    clock = Time(now=time.monotonic, sleep=asyncio.sleep, longest_wait=_longest_wait(options))
    async with http(cloud.verify) as transport:
        keystone = Keystone(transport, cloud, region, make_roles=options.make_roles)
        run = Run(transport, keystone, clock, _tell, jobs=options.jobs, clean=options.clean)
        try:
            played, lived = await run.play(cases), None
            if options.mutate_live:
                baseline = Baseline(cases, played.recordings, allowed)
                lived = await live.survey(run, cases, baseline, options.seed)
        finally:
            if options.clean:
                await keystone.restore()
        return played, lived


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
