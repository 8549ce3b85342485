"""One run with real processes, killed twice each, so that a change of the harness is noticed before the long run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.chaos import warm
from tests.chaos.board import Process
from tests.chaos.ground import Ground
from tests.chaos.plan import DURING, OUTAGES, Doing, Kill, Plan, Point
from tests.chaos.scenario import execute
from tests.chaos.verbs import START
from tests.support import backend

pytestmark = pytest.mark.real


CONDITIONS = "Subnet.update_status conditions"


def kill(process: Process, verb: str, step: str, side: str, *, between: str = "nothing", retry: bool = True) -> Kill:
    return Kill(process, point=Point(process.name.lower(), verb, step, side), between=between, retry=retry)


@pytest.fixture(autouse=True)
def _warm() -> None:
    warm.up()


def test_a_run_kills_where_it_is_told_and_finds_everything_well(tmp_path: Path) -> None:
    plan = Plan(
        1,
        (
            Doing(START, (kill(Process.ENGINE, START, "Flavor.create", "after"),)),
            Doing("network create", (kill(Process.PIA, "network create", "Network.create", "after", retry=False),)),
            Doing("subnet create", (kill(Process.ENGINE, "subnet create", CONDITIONS, "before", between="rename"),)),
            Doing("group create", (kill(Process.PIA, "group create", "answer", "before"),)),
        ),
        20.0,
    )
    outcome = execute(plan, tmp_path / "run")
    assert outcome.problems == []
    assert [killed.point for killed in outcome.killed] == [one.point for doing in plan.doings for one in doing.kills]
    assert not (tmp_path / "run").exists(), "a run without problems leaves nothing behind"


def test_a_run_with_a_defect_in_the_product_says_so(tmp_path: Path) -> None:
    early = kill(Process.ENGINE, "server delete", "AWS TerminateInstances", "before")
    plan = Plan(1, (Doing("server delete", (early,)),), 20.0, lost_answers=False, mutant="claim-freed-early")
    outcome = execute(plan, tmp_path / "run")
    assert any(problem.startswith("unclaimed") for problem in outcome.problems), outcome.problems
    assert (tmp_path / "run" / "outcome.json").exists(), "what is left of a run with problems stays"


@pytest.mark.kubernetes
def test_a_run_on_kubernetes_outlives_its_api_server_and_its_etcd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(backend.STORE, "kubernetes")
    points = [
        Point("engine", "network create", "Network.update_status conditions", "before", "etcd"),
        Point("engine", "subnet create", CONDITIONS, DURING, "apiserver"),
    ]
    kills = [
        Kill(Process[p.victim.upper()], point=p, between=OUTAGES[0], after=0.002 * (p.side == DURING)) for p in points
    ]
    plan = Plan(1, tuple(Doing(one.point.verb, (one,)) for one in kills if one.point is not None), 20.0)
    with Ground(tmp_path / "kubernetes") as ground:
        outcome = execute(plan, tmp_path / "run", ground=ground)
    assert outcome.problems == []
    assert [killed.point for killed in outcome.killed] == points
