"""Engines that do not decide, each in one way: denied, in time. And a real one, stopped, woken, killed."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from tests.faults.figures import Figures
from tests.policies.language import BUNDLE
from tests.policies.unfit import Workshop
from tests.policies.verdict import DEADLINE
from tests.policy.test_policy_engine import SHOW
from tests.support import opa
from tests.support.badopa import GOOD, WAYS, dead, http, impostor

from gurum.ops.policy import PolicyConfig
from gurum.policy.opa.point import OpaDecisionPoint


def play(directory: Path, figures: Figures) -> None:
    """Measure it."""
    figures.say("servers that do not decide")
    latest = [0.0]
    with impostor() as server:
        for name, pieces in WAYS.items():
            server.pieces = [http(GOOD)]
            with closing(_point(server.url)) as point:
                believed = point.decide(SHOW).allow  # the client is well, and would allow
                server.pieces = pieces
                figures.put(f"denied_{name}", believed and _denied(point, latest))
    with closing(_point(dead())) as point:
        figures.put("denied_dead", _denied(point, latest))
    private, public = opa.keys(directory)
    workshop = Workshop.of(BUNDLE, private, private)
    with (
        opa.Bundles(workshop.signed({})) as bundles,
        opa.serving(bundles, public) as real,
        closing(_point(real.url)) as point,
    ):
        believed = point.decide(SHOW).allow
        real.stop()
        figures.put("denied_stopped", believed and _denied(point, latest))
        real.go_on()
        figures.put("decides_again", _allows_soon(point))
        real.kill()
        figures.put("denied_killed", _denied(point, latest))
    figures.put("denied_at_the_latest_s", latest[0])


def _point(url: str) -> OpaDecisionPoint:
    return OpaDecisionPoint(PolicyConfig(url=url, deadline=DEADLINE, remembered=0.0))


def _denied(point: OpaDecisionPoint, latest: list[float]) -> bool:
    began = time.monotonic()
    decision = point.decide(SHOW)
    latest[0] = max(latest[0], time.monotonic() - began)
    return decision.error and not (decision.allow or decision.visible)


def _allows_soon(point: OpaDecisionPoint) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if point.decide(SHOW).allow:
            return True
        time.sleep(0.05)
    return False
