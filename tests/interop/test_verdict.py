"""The verdict must fail on everything that could make a result look better than it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.interop import reasons, results, verdict
from tests.interop.reasons import Class, Reason, ReasonError
from tests.interop.results import NOT_RUN, SERVICES, Event, Status, collected, short

CLASS = "tempest.api.compute.test_x.XTest"
ONE, TWO = f"{CLASS}.test_one[id-1,smoke]", f"{CLASS}.test_two[id-2]"
NAMES = ("compute.test_x.XTest.test_one", "compute.test_x.XTest.test_two")
WHY = Reason(Class.AWS_RULE, "So it is.")


def statuses(*events: Event) -> list[tuple[Status, str]]:
    return [(result.status, result.text) for result in collected("compute", (ONE, TWO), events)]


def test_a_test_that_nobody_mentioned_has_failed() -> None:
    assert statuses(Event(ONE, "success")) == [(Status.PASSED, ""), (Status.FAILED, NOT_RUN)]


@pytest.mark.parametrize(("word", "status"), [("fail", Status.FAILED), ("skip", Status.SKIPPED)])
@pytest.mark.parametrize("when", ["setUpClass", "tearDownClass"])
def test_a_class_speaks_for_its_tests(word: str, status: Status, when: str) -> None:
    assert statuses(Event(f"{when} ({CLASS})", word, text="no routers")) == [(status, "no routers")] * 2


def test_a_tests_own_word_counts_before_its_classs() -> None:
    torn_down = Event(f"tearDownClass ({CLASS})", "fail", text="left behind")
    assert statuses(Event(ONE, "success"), torn_down) == [(Status.PASSED, ""), (Status.FAILED, "left behind")]


@pytest.mark.parametrize("word", ["fail", "xfail", "uxsuccess", "unknown", "exists"])
def test_only_success_is_a_pass(word: str) -> None:
    assert statuses(Event(ONE, word))[0][0] is Status.FAILED


def test_the_last_words_of_a_failure() -> None:
    text = "Traceback (most recent call last):\n  File x\nNotFound: it is not there\n\n"
    assert statuses(Event(ONE, "fail", text=text))[0] == (Status.FAILED, "NotFound: it is not there")


def wrong(first: str, second: str, known: dict[str, Reason], floor: int = 0, *, partly: bool = False) -> list[str]:
    found = collected("compute", (ONE, TWO), (Event(ONE, first, text="no"), Event(TWO, second, text="no")))
    return verdict.broken(found, known, {"compute": floor}, partly=partly)


def test_what_does_not_pass_needs_a_row() -> None:
    assert wrong("fail", "skip", {}) == [
        f"{NAMES[0]} failed and has no row: no",
        f"{NAMES[1]} skipped and has no row: no",
    ]
    assert wrong("fail", "skip", dict.fromkeys(NAMES, WHY)) == []


def test_a_row_whose_test_passes_must_go() -> None:
    assert wrong("success", "fail", dict.fromkeys(NAMES, WHY)) == [f"{NAMES[0]} passed, so its row (aws-rule) must go"]


def test_a_skip_does_not_count_for_the_floor() -> None:
    known = {NAMES[1]: WHY}
    assert wrong("success", "skip", known, floor=2) == ["compute: 1 passed, at least 2 must"]
    assert wrong("success", "skip", known, floor=1) == []
    assert wrong("success", "skip", known, floor=2, partly=True) == []


def test_the_figures() -> None:
    found = collected("compute", (ONE, TWO), (Event(ONE, "success"), Event(TWO, "skip")))
    row = verdict.tally(found, {NAMES[1]: WHY}, {"compute": 1})["compute"]
    assert (row.tests, row.passed, row.failed, row.skipped, row.classes) == (2, 1, 0, 1, {"aws-rule": 1})
    assert verdict.tally(found, {}, {"compute": 1})["compute"].classes == {"unexplained": 1}


def rows(tmp_path: Path, text: str, region: str = "kakao-usa-east1") -> dict[str, Reason]:
    path = tmp_path / "reasons.yaml"
    path.write_text(text)
    return reasons.load(region, path)


def test_a_row_may_be_about_some_regions(tmp_path: Path) -> None:
    text = "- {class: emulator, why: It is., tests: [a], regions: [kr-central-1]}"
    assert rows(tmp_path, text) == {}
    assert rows(tmp_path, text, "kr-central-1") == {"a": Reason(Class.EMULATOR, "It is.")}


@pytest.mark.parametrize(
    "text",
    [
        "- {class: bad-luck, why: It is., tests: [a]}",
        "- {class: emulator, why: no sentence, tests: [a]}",
        "- {class: emulator, tests: [a]}",
        "- {class: emulator, why: It is., tests: [a], skip: true}",
        "- {class: emulator, why: It is., tests: [a, a]}",
    ],
)
def test_rows_that_cannot_be_meant(tmp_path: Path, text: str) -> None:
    with pytest.raises(ReasonError):
        rows(tmp_path, text)


@pytest.mark.parametrize("region", ["kakao-usa-east1", "kr-central-1"])
def test_the_files_are_about_tests_that_count(region: str) -> None:
    lists = {service: results.load(service) for service in SERVICES}
    assert {service: len(tests) for service, tests in lists.items()} == {"identity": 17, "compute": 95, "network": 82}
    names = [short(test) for tests in lists.values() for test in tests]
    assert len(set(names)) == len(names)
    assert verdict.unknown(reasons.load(region), names) == []
    assert verdict.unknown({"compute.no_such": WHY}, names) == [
        "reasons.yaml: compute.no_such is none of the tests that count"
    ]


def test_the_floors_can_be_reached() -> None:
    bounds = verdict.floors()
    assert set(bounds) == set(SERVICES)
    assert all(0 < bounds[service] <= len(results.load(service)) for service in SERVICES)
