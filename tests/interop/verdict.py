"""Is everything as it is said to be: floors, reasons, switches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from tests.interop.reasons import Reason
from tests.interop.results import Result, Status

FILE = Path(__file__).with_name("floors.yaml")


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """A service's figures. `classes`: what did not pass, by class of reason; "unexplained" without a row."""

    tests: int
    passed: int
    failed: int
    skipped: int
    floor: int
    classes: dict[str, int]


def floors(path: Path = FILE) -> dict[str, int]:
    """Read how many tests of each service must pass."""
    return msgspec.yaml.decode(path.read_bytes(), type=dict[str, int])


def tally(results: Sequence[Result], reasons: Mapping[str, Reason], bounds: Mapping[str, int]) -> dict[str, Tally]:
    """Return the figures by service, in the order in which they ran."""
    found = {}
    for service in dict.fromkeys(result.service for result in results):
        mine = [result for result in results if result.service == service]
        counts = Counter(result.status for result in mine)
        rest = [reasons.get(result.test) for result in mine if result.status is not Status.PASSED]
        found[service] = Tally(
            tests=len(mine),
            passed=counts[Status.PASSED],
            failed=counts[Status.FAILED],
            skipped=counts[Status.SKIPPED],
            floor=bounds[service],
            classes=dict(sorted(Counter(row.reason if row else "unexplained" for row in rest).items())),
        )
    return found


def broken(
    results: Sequence[Result],
    reasons: Mapping[str, Reason],
    bounds: Mapping[str, int],
    *,
    partly: bool = False,
) -> list[str]:
    """Return a sentence for everything that is not as it is said to be.

    `partly`: only some tests ran, so floors and the rows of the others cannot be judged.
    """
    wrong = []
    for result in results:
        row = reasons.get(result.test)
        if result.status is not Status.PASSED and row is None:
            wrong.append(f"{result.test} {result.status} and has no row: {result.text}")
        elif result.status is Status.PASSED and row is not None:
            wrong.append(f"{result.test} passed, so its row ({row.reason}) must go")
    if not partly:
        for service, figures in tally(results, reasons, bounds).items():
            if figures.passed < figures.floor:
                wrong.append(f"{service}: {figures.passed} passed, at least {figures.floor} must")
    return wrong


def unknown(reasons: Mapping[str, Reason], tests: Sequence[str]) -> list[str]:
    """Return a sentence for each row about a test that does not count: a misspelt one would never be noticed."""
    return [f"reasons.yaml: {name} is none of the tests that count" for name in sorted(set(reasons) - set(tests))]
