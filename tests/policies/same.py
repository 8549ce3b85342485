"""The two engines, and an implementation in Python, on the same questions: equal in all but the decision's id."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import msgspec
from tests.faults.figures import Figures
from tests.policies.language import BUNDLE
from tests.policies.unfit import Workshop
from tests.policy.oracle import Oracle, questions
from tests.support import opa

from gurum.ops.policy import PolicyConfig
from gurum.policy.bundle import read_bundle
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.model import Decision, PolicyInput, Principal, Target
from gurum.policy.opa.point import OpaDecisionPoint

QUESTIONS = 6000
SHOWN = 5  # differences that are told
OBJECTS = 10_000
TRIES = 3  # of each question, of which the least disturbed counts: others on the machine make the same work longer


def play(directory: Path, figures: Figures, questions_asked: int = QUESTIONS) -> None:
    """Measure it."""
    figures.say("the same questions to both engines")
    private, public = opa.keys(directory, "same")
    _, foreign = opa.keys(directory, "same-other")
    workshop = Workshop.of(BUNDLE, private, foreign)
    source = read_bundle(BUNDLE)
    oracle = Oracle(source)
    asked = list(questions(oracle, seed=20261126, count=questions_asked))
    embedded = EmbeddedDecisionPoint(BUNDLE, memo_size=0)
    with opa.Bundles(workshop.signed({})) as bundles, opa.serving(bundles, public) as real:
        config = PolicyConfig(url=real.url, deadline=10.0, remembered=0.0)
        with closing(OpaDecisionPoint(config)) as server:
            compare(embedded, server, oracle, asked, figures)
            _one_list(server, oracle, figures)


def compare(
    embedded: EmbeddedDecisionPoint,
    server: OpaDecisionPoint,
    oracle: Oracle,
    asked: Sequence[PolicyInput],
    figures: Figures,
) -> None:
    """Ask both, and count what differs; and say what a decision takes."""
    here, took = [], []
    for question in asked:
        tries = []
        for _ in range(TRIES):
            began = time.process_time_ns()
            decision = embedded.decide(question)
            tries.append((time.process_time_ns() - began) / 1e6)
        here.append(decision)
        took.append(min(tries))
    with ThreadPoolExecutor(4) as pool:
        there = list(pool.map(server.decide, asked))
    different = [
        (question, one, other)
        for question, one, other in zip(asked, here, there, strict=True)
        if _plain(one) != _plain(other) or one.error or other.error
    ]
    for question, one, other in different[:SHOWN]:
        figures.say(f"{msgspec.json.encode(question).decode()}: embedded {_plain(one)}, OPA {_plain(other)}")
    wrong = sum(_told(decision, oracle.decide(question)) for question, decision in zip(asked, here, strict=True))
    figures.put("questions", len({msgspec.json.encode(question) for question in asked}))
    figures.put("questions_allowed", sum(decision.allow for decision in here))
    figures.put("questions_hidden", sum(not decision.visible for decision in here))
    figures.put("questions_with_scopes", sum(decision.scopes is not None for decision in here))
    figures.put("differences", len(different))
    figures.put("differences_from_oracle", wrong)
    figures.put("embedded_p50_ms", statistics.median(took))
    walls = []
    for question in asked[:500]:
        start = time.perf_counter()
        server.decide(question)
        walls.append((time.perf_counter() - start) * 1000)
    figures.put("opa_p50_wall_ms", statistics.median(walls))


def _one_list(server: OpaDecisionPoint, oracle: Oracle, figures: Figures) -> None:
    """Ask once what a list may contain, and hold each of many objects against what may be shown one by one."""
    asked = list(questions(oracle, seed=4, count=OBJECTS))
    targets = [_described(question.target) for question in asked]
    principal = Principal(user_id="u1", project_id="p1", roles=("reader",))
    before = server.stats.decisions
    began = time.perf_counter()
    decision = server.decide(PolicyInput(action="network:networks:list", principal=principal, target=Target()))
    assert decision.scopes is not None
    admitted = [decision.scopes.admit(target) for target in targets]
    figures.put("list_ms", (time.perf_counter() - began) * 1000)
    figures.put("list_objects", len(targets))
    figures.put("list_decisions", server.stats.decisions - before)
    shown = [
        bool(oracle.decide(PolicyInput(action="network:networks:show", principal=principal, target=target))["allow"])
        for target in targets
    ]
    figures.put("list_wrong", sum(one != other for one, other in zip(admitted, shown, strict=True)))


def _described(target: Target) -> Target:
    """Return what a network says of itself."""
    return Target(project_id=target.project_id, shared=target.shared, router_external=target.router_external)


def _plain(decision: Decision) -> Decision:
    return msgspec.structs.replace(decision, decision_id="")


def _told(decision: Decision, want: dict[str, object]) -> bool:
    return any(getattr(decision, name) != value for name, value in want.items())
