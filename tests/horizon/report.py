"""The result for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from tests.horizon.journey import Result

WIDTHS = (18, 42)  # of a page's name and a step's


def line(result: Result) -> str:
    """Return a step's line, and one for each thing that is wrong with it."""
    ended = "ok" if result.passed else "FAILED"
    head = f"{result.page:<{WIDTHS[0]}}{result.step:<{WIDTHS[1]}}{result.seconds:>6.1f} s{result.calls:>6}  {ended:<8}"
    return "\n".join([f"{head}{result.seen}".rstrip(), *(f"{'':<6}{text}" for text in result.wrong)])


def table(region: str, version: str, results: Sequence[Result], seconds: float) -> str:
    """Return a line a step: page, step, time, calls that the region got, result, what was seen."""
    head = f"{'page':<{WIDTHS[0]}}{'step':<{WIDTHS[1]}}{'time':>8}{'calls':>6}  {'result':<8}what was seen"
    calls = sum(result.calls for result in results)
    end = f"Horizon {version} in {region}: {len(results)} steps, {calls} calls of the region, {seconds:.0f} s"
    return "\n".join([head, *map(line, results), end])


def document(region: str, version: str, results: Sequence[Result], seconds: float) -> str:
    """Return the same as one JSON document."""
    steps = [{**asdict(result), "seconds": round(result.seconds, 2), "passed": result.passed} for result in results]
    passed = sum(result.passed for result in results)
    totals = {"passed": passed, "failed": len(results) - passed, "seconds": round(seconds, 1)}
    return json.dumps({"region": region, "horizon": version, **totals, "steps": steps}, indent=2)


def last(results: Sequence[Result]) -> str:
    """Return the closing line, which continuous integration counts."""
    passed = sum(result.passed for result in results)
    return f"{passed} passed, {len(results) - passed} failed"
