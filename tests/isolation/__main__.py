"""The command `python -m tests.isolation`: exit status 0 if nothing of another project can be had or touched."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import Any

from tests.fuzz.chance import repeatable
from tests.isolation.expect import ROWS, TOLD_APART
from tests.isolation.matrix import Matrix, Report
from tests.isolation.oracle import Oracle, Told, warmed
from tests.isolation.picture import draw, exceptions
from tests.isolation.strangers import documents, strangers


async def _run(share: float) -> dict[str, Any]:
    began = time.monotonic()
    found: dict[str, Any] = {"documents": await documents(), "strangers": await strangers()}
    _say("matrix: every route as everybody")
    found["matrix"] = await Matrix().run()
    _say("oracle: two regions, in one of which the other project is not")
    found["told"] = await Oracle(share).run()
    found["warmed"] = await warmed()
    found["seconds"] = time.monotonic() - began
    return found


def _say(what: str) -> None:
    if sys.stderr.isatty():
        print(what, file=sys.stderr)


def problems_of(found: dict[str, Any]) -> list[str]:
    """Return everything that is wrong."""
    report: Report = found["matrix"]
    told: Told = found["told"]
    return [*found["documents"][1], *found["strangers"][1], *report.problems, *told.problems, *found["warmed"]]


def main(arguments: list[str] | None = None) -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.isolation", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the requests to the two regions (1: all)")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text")
    options = parser.parse_args(arguments)
    with repeatable():
        found = asyncio.run(_run(options.share))
    problems = problems_of(found)
    report: Report = found["matrix"]
    told: Told = found["told"]
    figures = {
        "routes": len({cell.key for cell in report.cells}),
        "cells": len(report.cells),
        "outcomes": dict(report.counts),
        "matrix_requests": report.requests,
        "two_regions_requests": told.requests,
        "strangers_requests": found["strangers"][0],
        "documents": found["documents"][0],
        "exceptions": len(ROWS),
        "known_differences": len(TOLD_APART),
        "problems": len(problems),
        "seconds": round(found["seconds"], 1),
    }
    if options.format == "json":
        print(json.dumps(figures | {"found": problems}, indent=1))
        return 1 if problems else 0
    print("\n".join([*draw(report), "", *exceptions(report), ""]))
    print(
        f"{figures['routes']} routes, {len(report.cells)} cells of role and owner: "
        + ", ".join(f"{count} {outcome}" for outcome, count in report.counts.most_common())
    )
    print(
        f"{told.requests} requests to two regions, with the other project and without: "
        + ", ".join(f"{status} {count}" for status, count in sorted(told.statuses.items()))
    )
    print(f"{found['strangers'][0]} requests of people without a role or a project; {figures['documents']} paths bare")
    for problem in problems:
        print(f"FAILED {problem}")
    print(f"{'NOT held: ' + str(len(problems)) + ' problems' if problems else 'held'}, {found['seconds']:.0f} s")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
