"""The command line: options, the order of a run, the exit status.

0: every step passed. 1: one did not. 2: the run could not be made.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.horizon import dashboard, report, site
from tests.horizon.browser import Browser
from tests.horizon.dashboard import DashboardError
from tests.horizon.journey import Result, unknown_needs, walked
from tests.horizon.steps import JOURNEY
from tests.horizon.visit import Visit
from tests.horizon.watch import Watch

REGION = "kakao-usa-east1"
UNUSABLE = (DashboardError, RuntimeError, OSError)


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = argparse.ArgumentParser(prog="python -m tests.horizon", description="Walk through stock Horizon in a region.")
    p.add_argument("--region", default=REGION, help=f"the region that is looked at (default: {REGION})")
    p.add_argument("--venv", type=Path, default=Path(".venv-horizon"), help="where Horizon is installed")
    p.add_argument("-f", "--format", choices=("table", "json"), default="table")
    p.add_argument("--keep", type=Path, metavar="DIR", help="keep Horizon's log and the region's here")
    return p


def main(words: Sequence[str]) -> int:
    """Be the command."""
    options = parser().parse_args(words)
    began = time.monotonic()
    try:
        version, results = _run(options)
    except UNUSABLE as error:
        print(f"horizon: {error}", file=sys.stderr)
        return 2
    seconds = time.monotonic() - began
    if options.format == "json":
        print(report.document(options.region, version, results, seconds))
    else:
        print(report.table(options.region, version, results, seconds))
    # The last line; on standard error with -f json, so that the answer stays one document.
    where = sys.stderr if options.format == "json" else sys.stdout
    print(report.last(results), file=where, flush=True)
    return 0 if all(result.passed for result in results) else 1


def _run(options: argparse.Namespace) -> tuple[str, list[Result]]:
    wrong = unknown_needs(JOURNEY)
    if wrong:
        raise RuntimeError("; ".join(wrong))
    with tempfile.TemporaryDirectory(prefix="horizon-") as directory:
        place = Path(directory)
        with site.started(options.region) as found:
            try:
                with dashboard.started(options.venv, found.keystone, place) as horizon:
                    _tell(f"Horizon {horizon.version} shows {found.region}; {len(JOURNEY)} steps")
                    watch = Watch(found.api, found.region, found.requests, horizon.log)
                    visit = Visit(Browser(horizon.url), found)
                    return horizon.version, list(_told(walked(JOURNEY, visit, watch, time.monotonic)))
            finally:
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    for log in (found.requests, place / "horizon.log"):
                        if log.exists():
                            shutil.copy(log, options.keep)


def _told(results: Iterable[Result]) -> Iterable[Result]:
    for result in results:
        _tell(report.line(result))
        yield result


def _tell(text: str) -> None:
    """Say at once how it goes, on standard error."""
    print(text, file=sys.stderr, flush=True)
