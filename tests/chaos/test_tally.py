"""The tally: covered is what was killed at, and nothing else."""

from __future__ import annotations

import pytest
from tests.chaos.plan import BETWEEN, Killed, Outcome, Point
from tests.chaos.planner import targets
from tests.chaos.tally import Tally

MAKE = Point("engine", "server create", "AWS RunInstances instance", "after")
WRITE = Point("pia", "server create", "Server.create", "before")
LATER = Point("engine", "server create", "AWS DescribeVpcs find vpc", "after")


def recorded() -> Tally:
    tally = Tally()
    outside = Point("engine", "clean up", "Server.delete", "before")
    tally.record(Outcome(1, passed=[(MAKE, 1), (WRITE, 2), (outside, 1)]))
    return tally


def test_points_outside_of_operations_are_none() -> None:
    tally = recorded()
    assert set(tally.points) == {MAKE, WRITE}
    assert tally.lengths[("pia", "server create")] == 2


def test_only_kills_cover() -> None:
    tally = recorded()
    assert tally.share() == 0.0
    tally.add(Outcome(2, passed=[(WRITE, 1)], killed=[Killed("pia", "server create", WRITE, "gives up")]))
    assert tally.share() == 0.5
    assert WRITE not in {target.point for target in tally.missing()}


def test_a_creation_is_done_when_every_happening_came_after_it() -> None:
    tally = recorded()
    for between in BETWEEN:
        assert between in {target.between for target in tally.missing()}
        tally.add(Outcome(2, killed=[Killed("engine", "server create", MAKE, between)]))
    assert MAKE not in {target.point for target in tally.missing()}


def test_kills_at_a_random_moment_count_but_cover_nothing() -> None:
    tally = recorded()
    tally.add(Outcome(2, killed=[Killed("engine", "server create", None, "nothing")]))
    assert (tally.total, tally.outside, tally.covered) == (1, 1, set())


def test_what_only_a_kill_brings_about_is_remembered_with_that_kill() -> None:
    tally = recorded()
    killed = Killed("engine", "server create", MAKE, "nothing")
    tally.add(Outcome(2, passed=[(MAKE, 1), (LATER, 1)], killed=[killed]))
    assert tally.unmet() == [(killed, LATER)]


def test_the_table_has_a_sign_for_every_step() -> None:
    tally = recorded()
    tally.add(Outcome(2, killed=[Killed("engine", "server create", MAKE, "nothing")]))
    [line] = [line for line in tally.table().splitlines() if line.startswith("server create")]
    assert "▌" in line
    assert "·" in line


def test_problems_are_counted_by_their_first_word() -> None:
    tally = recorded()
    tally.add(Outcome(2, problems=["lost: a", "lost: b", "duplicated: c"]))
    assert tally.counted() == {"lost": 2, "duplicated": 1}


def test_what_came_after_two_kills_is_not_said_to_have_come_after_one() -> None:
    tally = recorded()
    killed = Killed("engine", "server create", MAKE, "nothing")
    tally.add(Outcome(2, passed=[(MAKE, 1), (LATER, 1)], killed=[killed, killed]))
    assert tally.unmet() == []


def test_a_defect_that_keeps_a_run_from_starting_is_not_found_by_that() -> None:
    tally = recorded()
    tally.add(Outcome(2, problems=["broke off: TypeError: init() takes 4 positional arguments"]))
    assert tally.shown() == ""
    tally.add(Outcome(3, problems=["duplicated: two VPCs"]))
    assert tally.shown() == "duplicated: two VPCs"


def test_what_was_met_counts_each_happening_after_a_creation() -> None:
    tally = recorded()
    wanted = targets(tally.points)
    assert tally.met() == 0.0
    tally.add(Outcome(2, killed=[Killed("engine", "server create", MAKE, "nothing")]))
    assert tally.met() == pytest.approx(1 / len(wanted))
    for target in wanted:
        tally.add(Outcome(3, killed=[Killed("engine", target.point.verb, target.point, target.between)]))
    assert tally.met() == 1.0
