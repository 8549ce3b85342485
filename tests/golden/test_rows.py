"""Rows: what the loader refuses, what a row covers, what becomes of rows that match nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.golden.player import rows, thresholds
from tests.golden.player.allow import AllowList
from tests.golden.player.corpus import Case
from tests.golden.player.model import Recording
from tests.golden.player.verdict import Verdict, judge, updated_rows
from tests.golden.samples import answered, case, recording, steps

SAMPLE = case(
    steps("show", "list"),
    [{"name": "show", "body": {"a": 1, "b": 2}}, {"name": "list", "body": {"a": 1}}],
)
GOOD: dict[str, Any] = {"scenario": "network/sample", "step": "show", "path": "$.a", "class": "ours", "why": "So."}


def load(tmp_path: Path, *documents: dict[str, Any], unfinished: bool = False) -> list[rows.Row]:
    path = tmp_path / "region.yaml"
    lines = [
        "- {" + ", ".join(f"{key}: {value!r}" for key, value in document.items()) + "}\n" for document in documents
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return rows.load(path, [SAMPLE], unfinished=unfinished)


def verdict(known: list[rows.Row], **body: int) -> Verdict:
    got = recording(answered("show", body), answered("list", {"a": 1}))
    return judge([SAMPLE], {"network/sample": got}, AllowList([]), known)


def test_a_row_is_one_place_with_a_reason(tmp_path: Path) -> None:
    (row,) = load(tmp_path, GOOD)
    assert row.place == ("network/sample", "show", "$.a")
    assert row.reason == "ours"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": "$.*"}, "patterns"),
        ({"path": "$.servers[*].id"}, "patterns"),
        ({"path": "$.a?"}, "patterns"),
        ({"path": "*"}, "patterns"),
        ({"scenario": "network/*"}, "patterns"),
        ({"path": "$..a"}, "not a path"),
        ({"path": "a"}, "not a path"),
        ({"path": "$.a[0-9]"}, "not a path"),
        ({"step": "*"}, "no such step"),
        ({"step": "gone"}, "no such step"),
        ({"scenario": "network/gone"}, "no such step"),
        ({"why": "TODO"}, "still to be written"),
        ({"why": "todo: later"}, "still to be written"),
        ({"why": " "}, "still to be written"),
        ({"class": "whim"}, "whim"),
        ({"path": "status"}, "says what is got"),
        ({"got": 404}, "says what is got"),
        ({"color": "red"}, "color"),
    ],
)
def test_what_the_loader_refuses(tmp_path: Path, change: dict[str, str | int], message: str) -> None:
    with pytest.raises(rows.RowError, match=message):
        load(tmp_path, {**GOOD, **change})


def test_one_place_has_one_row(tmp_path: Path) -> None:
    with pytest.raises(rows.RowError, match="more than one"):
        load(tmp_path, GOOD, {**GOOD, "class": "not-built"})


def test_no_file_is_no_row(tmp_path: Path) -> None:
    assert rows.load(tmp_path / "none.yaml", [SAMPLE]) == []


def test_a_difference_without_a_row_is_open(tmp_path: Path) -> None:
    states = [step.state for step in verdict(load(tmp_path, GOOD), a=7, b=7).steps]
    assert states == ["differing", "equal"]


def test_a_row_makes_a_step_known_and_not_equal(tmp_path: Path) -> None:
    found = verdict(load(tmp_path, GOOD), a=7, b=2)
    assert [step.state for step in found.steps] == ["rows", "equal"]
    assert found.stale == []


def test_a_row_that_matches_nothing_is_stale(tmp_path: Path) -> None:
    known = load(tmp_path, GOOD)
    assert verdict(known, a=1, b=2).stale == known


def test_rows_of_scenarios_that_were_not_played_are_left_alone(tmp_path: Path) -> None:
    assert judge([], {}, AllowList([]), load(tmp_path, GOOD)).stale == []


def refused(status: int) -> Recording:
    body = {"itemNotFound": {"code": status}}
    return recording(answered("show", body, status, {"allow": "GET"}), answered("list", {"a": 1}))


@pytest.mark.parametrize(("status", "state"), [(404, "rows"), (403, "differing"), (500, "differing")])
def test_a_row_of_a_status_covers_what_comes_with_that_status(tmp_path: Path, status: int, state: str) -> None:
    known = load(tmp_path, {**GOOD, "path": "status", "got": 404})
    found = judge([SAMPLE], {"network/sample": refused(status)}, AllowList([]), known)
    assert found.steps[0].state == state
    assert (found.stale == []) == (status == 404)


def test_a_crash_is_never_excused(tmp_path: Path) -> None:
    known = load(tmp_path, {**GOOD, "path": "status", "got": 500})
    found = judge([SAMPLE], {"network/sample": refused(500)}, AllowList([]), known)
    assert found.steps[0].state == "differing"
    assert updated_rows([], found) == []


def test_a_step_that_got_no_answer_can_have_a_row(tmp_path: Path) -> None:
    known = load(tmp_path, {**GOOD, "path": "status", "got": "failed"})
    got = recording(answered("list", {"a": 1}))
    assert judge([SAMPLE], {"network/sample": got}, AllowList([]), known).steps[0].state == "rows"


def test_one_candidate_is_enough_for_another_status() -> None:
    found = judge([SAMPLE], {"network/sample": refused(404)}, AllowList([]), [])
    assert [(row.path, row.got) for row in updated_rows([], found)] == [("status", 404)]


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("header:location", {"location": "/x"}, {"a": 1, "b": 2}),
        ("$.b", {}, {"a": 1}),
        ("$.c", {}, {"a": 1, "b": 2, "c": 3}),
    ],
)
def test_paths_of_rows(tmp_path: Path, path: str, headers: dict[str, str], body: dict[str, int]) -> None:
    got = recording(answered("show", body, headers=headers), answered("list", {"a": 1}))
    known = load(tmp_path, {**GOOD, "path": path})
    assert judge([SAMPLE], {"network/sample": got}, AllowList([]), known).steps[0].state == "rows"


def test_candidates_are_written_and_refused_until_someone_says_why(tmp_path: Path) -> None:
    known = load(tmp_path, GOOD, {**GOOD, "step": "list"})
    found = verdict(known, a=7, b=7)
    path = tmp_path / "region.yaml"
    rows.write(path, "region-a", updated_rows(known, found), [SAMPLE])
    with pytest.raises(rows.RowError, match="still to be written"):
        rows.load(path, [SAMPLE])
    written = rows.load(path, [SAMPLE], unfinished=True)
    # What was explained stays, what matched nothing went, what is new is there.
    assert [(row.place[1:], row.why) for row in written] == [
        (("show", "$.a"), "So."),
        (("show", "$.b"), "TODO"),
    ]
    assert [step.state for step in verdict(written, a=7, b=7).steps] == ["rows", "equal"]


def floors(equal: dict[str, float], relative: thresholds.Relative | None = None) -> thresholds.Region:
    return thresholds.Region(equal=equal, relative_to=relative)


NETWORKS = [case(steps("a", "b", "c", "d"), [{"name": n, "body": {"x": 1}} for n in "abcd"], "network/networks-x")]


def networks(differing: str, known: list[rows.Row] | None = None, cases: list[Case] = NETWORKS) -> Verdict:
    got = Recording(
        scenario="network/networks-x",
        steps=[answered(n, {"x": 2 if n in differing else 1}) for n in "abcd"],
    )
    return judge(cases, {got.scenario: got}, AllowList([]), known or [])


def row(step: str, reason: rows.Reason = "aws-rule") -> rows.Row:
    return rows.Row(scenario="network/networks-x", step=step, path="$.x", reason=reason, why="So.")


@pytest.mark.parametrize(("minimum", "held"), [(75, True), (75.1, False)])
def test_a_floor_counts_what_is_equal_without_rows(minimum: float, held: bool) -> None:
    found = networks("a", [row("a")])
    (check,) = thresholds.check(floors({"networks": minimum}), found, NETWORKS, [])
    assert (check.equal, check.held) == (75, held)


def test_a_group_that_was_played_in_part_is_not_judged() -> None:
    more = [*NETWORKS, case(steps("a"), [{"name": "a", "body": {}}], "network/networks-y")]
    (check,) = thresholds.check(floors({"networks": 100}), networks("abcd"), more, [])
    assert check.equal is None


@pytest.mark.parametrize(("points", "held"), [(25, True), (24, False)])
def test_a_region_is_measured_by_the_rows_of_another(points: float, held: bool) -> None:
    relative = thresholds.Relative(
        region="region-a", points_less=points, groups=["networks"], additional_rows="aws-rule"
    )
    found = networks("ab", [row("a"), row("b")])
    (check,) = thresholds.check(floors({}, relative), found, NETWORKS, [row("a")])
    assert (check.minimum, check.held) == (75 - points, held)


def test_what_a_region_lacks_beyond_the_other_needs_the_reason_that_counts() -> None:
    relative = thresholds.Relative(region="region-a", points_less=8, groups=["networks"], additional_rows="aws-rule")
    own = [row("a", "not-built"), row("b", "not-built"), row("c", "aws-rule")]
    assert thresholds.unfounded(floors({}, relative), own, [row("a", "ours")]) == [own[1]]
    assert thresholds.unfounded(floors({}), own, []) == []


@pytest.mark.parametrize("region", ["kr-central-1", "kakao-usa-east1"])
def test_the_thresholds_in_the_tree_are_readable(region: str) -> None:
    assert thresholds.load(thresholds.DEFAULT, region).equal["discovery"] == 100
    with pytest.raises(thresholds.ThresholdError):
        thresholds.load(thresholds.DEFAULT, "elsewhere")
