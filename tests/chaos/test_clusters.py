"""Kills of a cluster: which of them there are, who carries them out, and what is told of them; no cluster is needed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from itertools import islice

from tests.chaos import planner
from tests.chaos.board import Board, Mode, Process
from tests.chaos.clusters import named
from tests.chaos.ground import COMPONENTS, dead
from tests.chaos.plan import DURING, OUTAGES, Killed, Outcome, Point
from tests.chaos.tally import Tally

STEPS = ("Network.create", "Network.create > POST namespaces", "AWS CreateVpc vpc", "answer")
POINTS = [Point("pia", "network create", step, side) for step in STEPS for side in ("before", "after")]


def recorded(cluster: bool = True) -> Tally:
    tally = Tally(cluster=cluster)
    for _ in range(2):
        tally.record(Outcome(1, passed=[(point, 1) for point in POINTS]))
    return tally


def test_one_part_is_killed_at_each_step_that_writes_however_often_it_was_recorded() -> None:
    points = [point for point in recorded().points if point.victim]
    assert [p.step for p in points] == list(STEPS[:2])
    assert not any(point.victim for point in recorded(cluster=False).points)


def test_all_sides_of_a_write_are_met_over_many_steps() -> None:
    many = [Point("engine", "server create", f"step {number}", "before") for number in range(50)]
    points = list(planner.in_the_cluster(many))
    for part in planner.PARTS:
        assert {p.side for p in points if p.victim == part} == {"before", DURING, "after"}


def test_a_point_of_a_cluster_is_aimed_at_by_who_passes_it_and_kills_the_part() -> None:
    many = [Point("engine", "server create", f"step {number}", "before") for number in range(50)]
    targets = planner.targets(planner.in_the_cluster(many))
    plans = planner.plans(targets, per_verb=1, seed=1, first=1, factor=20.0)
    kills = [kill for plan in plans for doing in plan.doings for kill in doing.kills]
    parts = [kill for kill in kills if kill.process in COMPONENTS]
    assert {kill.process for kill in parts} == set(COMPONENTS)
    assert {kill.between for kill in parts} == set(OUTAGES)
    for kill in parts:
        assert kill.point is not None
        assert bool(kill.after) == (kill.point.side == DURING)
        assert kill.point.name.rpartition("|")[2] in ("before", "after")


def test_random_kills_are_of_the_cluster_only_where_there_is_one() -> None:
    for cluster in (False, True):
        made = planner.at_random(random.Random(1), {}, 1, 20.0, cluster=cluster)
        found = {kill.process for plan in islice(made, 40) for doing in plan.doings for kill in doing.kills}
        assert (set(COMPONENTS) <= found) == cluster


def test_a_kill_of_a_part_covers_its_point_and_not_the_one_at_which_it_fell() -> None:
    tally = recorded()
    part = next(point for point in tally.points if point.victim)
    tally.add(Outcome(2, killed=[Killed(part.victim, part.verb, part, OUTAGES[0])]))
    assert tally.covered & tally.points.keys() == {part}
    assert tally.kills == {part.victim: 1}
    assert "API server" in tally.table().splitlines()[0]
    assert any(" killed " in words for words in tally.document()["coverage"]["missing"])


def test_the_board_says_whom_a_process_kills_at_its_point() -> None:
    board = Board()
    board.arm(Process.PIA, Mode.POINT, 1, "a|b|before", victim=4711, after=0.002)
    assert not board.falls(Process.ENGINE, "a|b|before")
    assert board.falls(Process.PIA, "a|b|before")
    assert board.victim(Process.PIA) == (4711, 0.002)
    assert board.fallen()
    board.disarm()
    assert board.victim(Process.PIA) == (0, 0.0)


def test_a_killed_process_is_dead_before_its_parent_has_looked() -> None:
    process = subprocess.Popen(["sleep", "60"])
    assert not dead(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    while not dead(process.pid):
        pass
    assert process.wait() == -signal.SIGKILL
    assert dead(process.pid)


def test_a_request_is_called_by_what_it_is_about_without_any_name() -> None:
    group = "/apis/network.gurum.cloud/v1alpha1"
    assert named("POST", f"{group}/namespaces/project-a/networks") == "POST networks"
    assert named("PUT", f"{group}/namespaces/project-a/networks/n1/status") == "PUT networks/status"
    assert named("DELETE", "/apis/gurum.cloud/v1alpha1/regions/r") == "DELETE regions"
    assert named("POST", "/api/v1/namespaces") == "POST namespaces"


def test_requests_are_named_by_what_they_are_about() -> None:
    secrets = "/api/v1/namespaces/gurum-user-data/secrets"
    assert named("POST", secrets) == "POST secrets"
    assert named("DELETE", f"{secrets}/4f2c5a0e") == "DELETE secrets"
    assert named("POST", "/api/v1/namespaces") == "POST namespaces"
    servers = "/apis/compute.gurum.cloud/v1alpha1/namespaces/project-p/servers"
    assert named("PUT", f"{servers}/4f2c5a0e/status") == "PUT servers/status"
