"""Wishes: nothing is aimed at twice at once, nothing is given up early, and it ends."""

from __future__ import annotations

from tests.chaos import wishes
from tests.chaos.board import Process
from tests.chaos.plan import Doing, Kill, Killed, Outcome, Plan, Point
from tests.chaos.planner import targets
from tests.chaos.tally import Tally

POINTS = [Point("engine", "server stop", f"step {number}", side) for number in range(3) for side in ("before", "after")]


def _tally() -> Tally:
    tally = Tally()
    tally.record(Outcome(1, passed=[(point, 1) for point in POINTS]))
    return tally


def _coverage(tally: Tally) -> wishes.Coverage:
    return wishes.Coverage(tally, wishes.Numbers(), per_verb=2, seed=1, factor=20.0)


def _aimed(plan: Plan) -> list[Point]:
    return [kill.point for doing in plan.doings for kill in doing.kills if kill.point is not None]


def _outcome(plan: Plan, points: list[Point]) -> Outcome:
    return Outcome(plan.number, killed=[Killed("engine", point.verb, point, "nothing") for point in points])


def test_every_point_is_aimed_at_once_and_then_there_is_nothing_to_do_until_a_run_ends() -> None:
    coverage = _coverage(_tally())
    plans = [plan for _ in range(10) if (plan := coverage()) is not None]
    assert sorted(point for plan in plans for point in _aimed(plan)) == sorted(POINTS)


def test_what_a_run_did_not_reach_is_aimed_at_again_alone_and_at_last_given_up() -> None:
    tally = _tally()
    coverage = _coverage(tally)
    missed = 0
    while (plan := coverage()) is not None:
        aimed = _aimed(plan)
        reached = [point for point in aimed if point != POINTS[0]]
        missed += POINTS[0] in aimed
        outcome = _outcome(plan, reached)
        coverage.over(outcome)
        tally.add(outcome)
    assert missed == wishes.TRIES
    assert [target.point for target in tally.missing()] == [POINTS[0]]


def test_a_second_kill_is_tried_once() -> None:
    tally = _tally()
    later = Point("engine", "server stop", "only after a kill", "before")
    killed = Killed("engine", "server stop", POINTS[0], "nothing")
    tally.add(Outcome(2, passed=[(later, 1)], killed=[killed]))
    deep = wishes.SecondKills(tally, wishes.Numbers(), seed=1, factor=20.0)
    plan = deep()
    assert plan is not None
    assert _aimed(plan) == [POINTS[0], later]
    assert deep() is None


def test_random_ends_with_enough_kills_of_its_own() -> None:
    chance = wishes.AtRandom(_tally(), kills=2, seed=1, factor=20.0)
    killed = [Killed("engine", "server stop", None, "nothing")]
    chance.over(Outcome(5, killed=killed * 9))
    plan = chance()
    assert plan is not None
    chance.over(Outcome(plan.number, killed=killed * 2))
    assert chance() is None


def test_the_first_wish_that_wants_something_is_granted() -> None:
    one, two = (Plan(number, (Doing("server stop", (Kill(Process.ENGINE),)),), 20.0) for number in (1, 2))
    wish = wishes.first(wishes.each([one]), wishes.each([two]))
    assert [wish(), wish(), wish()] == [one, two, None]


def test_the_planted_defect_is_in_every_run_that_is_to_show_it() -> None:
    make = Point("engine", "server create", "AWS RunInstances instance", "after")
    wish = wishes.where_it_shows([make], "no-visibility-wait", seed=1, factor=20.0)
    plans = [plan for _ in range(9) if (plan := wish()) is not None]
    assert {plan.mutant for plan in plans} == {"no-visibility-wait"}
    assert sum(len(_aimed(plan)) for plan in plans) == len(targets([make]))
