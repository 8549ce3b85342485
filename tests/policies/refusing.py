"""Spoilt bundles, each in one way: neither engine takes one, and the last good one goes on deciding."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.faults.figures import Figures
from tests.policies.language import BUNDLE
from tests.policies.unfit import BOTH, EMBEDDED, Workshop
from tests.policy.test_policy_engine import SHOW
from tests.support import opa

from gurum.ops.policy import PolicyConfig
from gurum.policy.bundle import BundleError
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.opa.point import OpaDecisionPoint

PATIENCE = 15.0  # seconds until OPA has looked at a bundle; it waits for longer after each failure
FAILED = re.compile("Bundle (load|activation) failed")


def play(directory: Path, figures: Figures) -> None:
    """Measure it."""
    figures.say("spoilt bundles")
    private, public = opa.keys(directory)
    other, _ = opa.keys(directory, "other")
    workshop = Workshop.of(BUNDLE, private, other)
    _embedded(directory, workshop, public, figures)
    _server(directory, workshop, public, figures)


def _embedded(directory: Path, workshop: Workshop, public: Path, figures: Figures) -> None:
    place = directory / "bundle.tar.gz"
    place.write_bytes(workshop.signed({}))
    point = EmbeddedDecisionPoint(place, verification_key=public, memo_size=0)
    revision = point.revision
    for name, way in {**BOTH, **EMBEDDED}.items():
        place.write_bytes(way(workshop))
        try:
            point.reload()
            refused = False
        except BundleError as error:
            figures.say(f"embedded, {name}: {str(error).splitlines()[0].removeprefix(f'{place}: ')}")
            refused = True
        decision = point.decide(SHOW)
        figures.put(f"embedded_refuses_{name}", refused and decision.allow and point.revision == revision)
    place.write_bytes(workshop.signed({}))
    assert point.reload() == revision


def _server(directory: Path, workshop: Workshop, public: Path, figures: Figures) -> None:
    log = directory / "opa.log"
    with (
        opa.Bundles(workshop.signed({})) as bundles,
        opa.serving(bundles, public, log) as real,
    ):
        point = OpaDecisionPoint(PolicyConfig(url=real.url, remembered=0.0, deadline=5.0))
        try:
            revision = point.decide(SHOW).revision
            for name, way in BOTH.items():
                failures = _failures(log)
                bundles.put(way(workshop))
                refused = _until(partial(_told_more, log, failures))
                decision = point.decide(SHOW)
                taken = bundles.taken
                bundles.put(workshop.signed({}))  # another signature: it is taken, and OPA waits no longer each time
                back = _until(partial(_taken_more, bundles, taken))  # else the next one would be told for this one
                held = refused and back and decision.allow and decision.revision == revision
                figures.put(f"opa_refuses_{name}", held)
        finally:
            point.close()


def _told_more(log: Path, before: int) -> bool:
    return _failures(log) > before


def _failures(log: Path) -> int:
    return len(FAILED.findall(log.read_text()))


def _taken_more(bundles: opa.Bundles, before: int) -> bool:
    return bundles.taken > before


def _until(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.02)
    return False
