"""What came of each test that counts, from what Tempest said of tests and of classes.

A class that could not be prepared, or that skipped itself, says so once and in its own name; its tests then never run
and are never mentioned. Counting only what is mentioned would make such a class disappear from the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

LISTS = Path(__file__).with_name("lists")
SERVICES = ("identity", "compute", "network")
PREFIX = "tempest.api."
NOT_RUN = "Tempest said nothing of it"

_CLASS = re.compile(r"(?:setUpClass|tearDownClass) \((?P<name>.+)\)\Z")
_LINE = re.compile(r"\S")


class Status(StrEnum):
    """How a test ended. A test that was skipped has not passed."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


# Subunit's words; what is not among them has failed.
STATUSES = {"success": Status.PASSED, "skip": Status.SKIPPED}


class Event(msgspec.Struct, frozen=True):
    """A line of `events.py`."""

    id: str
    status: str
    seconds: float = 0.0
    worker: str = ""
    text: str = ""


class Result(msgspec.Struct, frozen=True):
    """What came of a test. `text`: why it was skipped, or the last words of a failure."""

    service: str
    test: str
    status: Status
    text: str = ""
    seconds: float = 0.0


def short(test: str) -> str:
    """Return a test's name as it stands in our files: without what all have in front and without ids."""
    return test.partition("[")[0].removeprefix(PREFIX)


def load(service: str, lists: Path = LISTS) -> list[str]:
    """Read the tests that count for a service, in full."""
    return (lists / f"{service}.txt").read_text(encoding="utf-8").split()


def status(event: Event) -> Status:
    """Return how a test, or a class, ended."""
    return STATUSES.get(event.status, Status.FAILED)


def collected(service: str, wanted: Iterable[str], events: Iterable[Event]) -> list[Result]:
    """Return a result for every test wanted, whether Tempest mentioned it or not."""
    tests: dict[str, Event] = {}
    classes: dict[str, Event] = {}
    for event in events:
        match = _CLASS.match(event.id)
        if match:
            classes[match["name"]] = event
        else:
            tests[event.id] = event
    return [_result(service, test, tests, classes) for test in wanted]


def _result(service: str, test: str, tests: Mapping[str, Event], classes: Mapping[str, Event]) -> Result:
    name = short(test)
    event = tests.get(test) or classes.get(test.partition("[")[0].rpartition(".")[0])
    if event is None:
        return Result(service, name, Status.FAILED, NOT_RUN)
    said = "" if status(event) is Status.PASSED else last_words(event.text)
    return Result(service, name, status(event), said, round(event.seconds, 2))


def last_words(text: str, longest: int = 300) -> str:
    """Return the last line of a traceback, in which the reason stands; of a reason, the reason."""
    lines = [line.strip() for line in text.splitlines() if _LINE.search(line)]
    return lines[-1][:longest] if lines else ""
