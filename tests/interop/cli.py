"""The command line: options, the order of a run, the exit status.

0: everything is as it is said to be. 1: something is not (a test without a row, a row without a failing test, a floor,
a switch that hides something). 2: the run could not be made.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from tests.interop import reasons, report, results, switches, verdict
from tests.interop.results import SERVICES, Event, Result, Status, short
from tests.interop.runner import Tempest, TempestError
from tests.interop.site import Site, started

ALL = "all"
REGION = "kakao-usa-east1"
UNUSABLE = (TempestError, RuntimeError, reasons.ReasonError, msgspec.ValidationError, ValueError, OSError)


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = argparse.ArgumentParser(prog="python -m tests.interop", description="Run upstream Tempest against a region.")
    p.add_argument("--service", choices=(*SERVICES, ALL), default=ALL)
    p.add_argument("--region", default=REGION, help=f"the region that is tested (default: {REGION})")
    p.add_argument("--venv", type=Path, default=Path(".venv-interop"), help="where Tempest is installed")
    p.add_argument("-f", "--format", choices=("table", "json"), default="table")
    p.add_argument("-j", "--concurrency", type=int, default=2, metavar="N", help="Tempest's workers (default: 2)")
    p.add_argument("--only", metavar="REGEX", help="only tests whose name matches; floors are not judged then")
    p.add_argument("--keep", type=Path, metavar="DIR", help="keep Tempest's configuration and log here")
    return p


def main(words: Sequence[str]) -> int:
    """Be the command."""
    options = parser().parse_args(words)
    began = time.monotonic()
    try:
        status, line = _run(options)
    except UNUSABLE as error:
        print(f"interop: {error}", file=sys.stderr)
        return 2
    # The last line; on standard error with -f json, so that the answer stays one document.
    where = sys.stderr if options.format == "json" else sys.stdout
    print(f"{line}, {time.monotonic() - began:.0f} s", file=where, flush=True)
    return status


def _run(options: argparse.Namespace) -> tuple[int, str]:
    services = SERVICES if options.service == ALL else (options.service,)
    wanted = {service: _wanted(service, options.only) for service in services}
    known = reasons.load(options.region)
    told = switches.load(options.region)
    misspelt = verdict.unknown(known, [short(test) for service in SERVICES for test in results.load(service)])
    found, hidden = _tempest(options, wanted, told)
    bounds = verdict.floors()
    wrong = [*misspelt, *hidden, *verdict.broken(found, known, bounds, partly=bool(options.only))]
    tallies = verdict.tally(found, known, bounds)
    if options.format == "json":
        print(report.document(options.region, tallies, found, known, told, wrong))
    else:
        print(report.table(tallies, found, known, told))
    for line in wrong:
        print(f"FAILED {line}", file=sys.stderr)
    passed = ", ".join(f"{name} {row.passed} of {row.tests}" for name, row in tallies.items())
    return (1, f"NOT held, {len(wrong)} wrong: {passed}") if wrong else (0, f"held: {passed}")


def _wanted(service: str, only: str | None) -> list[str]:
    tests = [test for test in results.load(service) if not only or re.search(only, test)]
    if not tests and not only:
        raise ValueError(f"the list of {service} is empty")
    return tests


def _tempest(
    options: argparse.Namespace, wanted: dict[str, list[str]], told: Sequence[switches.Switch]
) -> tuple[list[Result], list[str]]:
    """Start everything, run, and stop everything; the results, and what is hidden."""
    tests = [test for mine in wanted.values() for test in mine]
    if not tests:
        raise ValueError(f"no test matches {options.only!r}")
    with tempfile.TemporaryDirectory(prefix="tempest-") as directory:
        tempest = Tempest(options.venv, options.keep or Path(directory))
        say = Progress(len(tests))
        say.line("starting everything")
        # Per worker a first and another account, and two in reserve for classes that are just being taken down.
        with started(options.region, 2 * options.concurrency + 2) as site:
            hidden = switches.hiding(told, asyncio.run(switches.advertised(site)))
            events = _events(tempest, site, options, tests, told, say)
    return [row for service, mine in wanted.items() for row in results.collected(service, mine, events)], hidden


def _events(
    tempest: Tempest,
    site: Site,
    options: argparse.Namespace,
    tests: Sequence[str],
    told: Sequence[switches.Switch],
    say: Progress,
) -> list[Event]:
    say.line(f"{site.region} is up; Tempest runs {len(tests)} tests with {options.concurrency} workers")
    tempest.prepare(site, told)
    return tempest.run(tests, options.concurrency, say.event)


class Progress:
    """Says at once how it goes, on standard error."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._began = total, 0, time.monotonic()

    def line(self, text: str) -> None:
        """Say something."""
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", file=sys.stderr, flush=True)

    def event(self, event: Event) -> None:
        """Tell a test that has ended."""
        self._done += 1
        ended = results.status(event)
        text = "" if ended is Status.PASSED else f"  {results.last_words(event.text, 120)}"
        self.line(f"{self._done:>4}/{self._total} {ended:<8}{short(event.id)}{text}")
