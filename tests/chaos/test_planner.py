"""Plans: nothing left out, nothing twice, and the same again with the same seed."""

from __future__ import annotations

import random
from itertools import islice

from tests.chaos import planner
from tests.chaos.labels import ALWAYS
from tests.chaos.plan import BETWEEN, Kill, Plan, Point
from tests.chaos.planner import Target
from tests.chaos.verbs import VERBS

POINTS = [
    Point(process, verb, step, side)
    for process, verb, step in (
        ("engine", "server create", "AWS RunInstances instance"),
        ("engine", "server create", "Server.update_status instance=done"),
        ("engine", "server stop", "AWS StopInstances"),
        ("pia", "server stop", "Server.update_spec actions"),
        ("engine", ALWAYS, "Lease.update_spec renewed_at"),
    )
    for side in ("before", "after")
]


def kills(plans: list[Plan]) -> list[Kill]:
    return [kill for plan in plans for doing in plan.doings for kill in doing.kills]


def made(per_verb: int, seed: int = 1) -> list[Plan]:
    return planner.plans(planner.targets(POINTS), per_verb=per_verb, seed=seed, first=10, factor=20.0)


def test_every_point_is_killed_once_and_after_a_creation_with_every_happening() -> None:
    for per_verb in (1, 2, 5):
        found = kills(made(per_verb))
        after = [kill for kill in found if kill.point == POINTS[1]]
        assert {kill.between for kill in after} == set(BETWEEN)
        others = [kill.point for kill in found if kill.point != POINTS[1]]
        assert sorted(others, key=str) == sorted((point for point in POINTS if point != POINTS[1]), key=str)


def test_a_run_does_a_verb_once_in_the_order_of_a_project_s_life() -> None:
    order = list(VERBS)
    for plan in made(2):
        verbs = [doing.verb for doing in plan.doings]
        assert verbs == sorted(set(verbs), key=order.index)
        assert all(len(doing.kills) <= 2 for doing in plan.doings)


def test_what_stops_an_operation_happens_only_after_its_last_kill() -> None:
    for plan in made(3):
        for doing in plan.doings:
            for kill in doing.kills[:-1]:
                assert kill.between in (*planner.GENTLE, "asks again", "gives up")


def test_the_same_seed_gives_the_same_plans() -> None:
    assert made(2) == made(2)
    assert made(2, seed=1) != made(2, seed=2)

    def some(seed: int) -> list[Plan]:
        return list(islice(planner.at_random(random.Random(seed), {("engine", "server create"): 40}, 1, 20.0), 20))

    assert some(7) == some(7)
    assert some(7) != some(8)


def test_random_kills_are_of_all_sorts() -> None:
    rng = random.Random(1)
    plans = list(islice(planner.at_random(rng, {("engine", verb): 20 for verb in VERBS}, 1, 20.0), 60))
    found = kills(plans)
    assert any(kill.delay for kill in found)
    assert any(kill.passings > 10 for kill in found)
    assert {kill.between for kill in found} >= set(BETWEEN)
    assert {kill.process.name for kill in found} == {"ENGINE", "PIA"}


def test_a_target_without_a_happening_is_met_with_any() -> None:
    assert Target(POINTS[0]) in planner.targets(POINTS)
    assert not any(target.point == POINTS[1] and not target.between for target in planner.targets(POINTS))
