"""`python -m tests.cells`: exit status 0 if both faces answer alike in every cell, but for the rows of the table."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.cells.limits import LIMITS
from tests.cells.play import LEAST, Report, play
from tests.support import backend


def main() -> int:
    """Play; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.cells", description=__doc__)
    parser.add_argument("--least", type=int, default=LEAST, help=f"cells that must be (default: {LEAST})")
    parser.add_argument("--kind", default="", help="of this kind alone (then the rows of others are not needed)")
    parser.add_argument("-f", "--format", choices=("table", "json"), default="table", help="output (default: table)")
    given = parser.parse_args()
    os.environ[backend.STORE] = "kubernetes"
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="gurum-cells-") as directory:
        report = play(Path(directory), say, lambda cell: given.kind in ("", cell.kind))
    held = report.held(given.least)
    _tell(report, held, given.format)
    return 0 if held else 1


def _tell(report: Report, held: bool, form: str) -> None:
    figures = {
        "cells": report.asked,
        "alike": report.alike,
        "alike past policy": report.past,
        "explained": {row.name: report.explained[row.name] for row in LIMITS},
        "without a policy engine": report.without,
        "broken": report.broken,
        "seconds": round(report.seconds, 1),
        "held": held,
    }
    if form == "json":
        print(json.dumps(figures, indent=2))
        return
    for line in report.broken:
        print(f"NOT HELD  {line}")
    for row in LIMITS:
        print(f"{report.explained[row.name]:5}  {row.name}: {row.why}")
    for what, count in report.without.items():
        print(f"{count:5}  without the policy engine, as it should be: {what}")
    verdict = "HELD" if held else "NOT HELD"
    print(
        f"{verdict}: {report.asked} cells, {report.alike} alike ({report.past} past policy),"
        f" {sum(report.explained.values())} by a row, {len(report.broken)} wrong, in {report.seconds:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
