"""The Rego decides as the table says: against an implementation in another language, and in many threads at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.policy.oracle import Oracle, questions

from gurum.policy.bundle import BundleSource
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.model import Decision, PolicyInput, Principal, Target


def _parts(decision: Decision) -> dict[str, object]:
    return {
        "allow": decision.allow,
        "visible": decision.visible,
        "rules": decision.rules,
        "denied": decision.denied,
        "reveals": decision.reveals,
        "scopes": decision.scopes,
    }


def _differences(oracle: Oracle, engine: EmbeddedDecisionPoint, asked: list[PolicyInput]) -> list[object]:
    found: list[object] = []
    for question in asked:
        decision = engine.decide(question)
        want, got = oracle.decide(question), _parts(decision)
        if want != got or decision.error:
            found.append((question, want, got, decision.reason))
    return found


def test_two_thousand_random_questions(source: BundleSource, engine: EmbeddedDecisionPoint) -> None:
    oracle = Oracle(source)
    asked = list(questions(oracle, seed=20261125, count=2000))
    assert _differences(oracle, engine, asked) == []
    # The questions are worth asking: all outcomes are there, in numbers.
    decisions = [engine.decide(question) for question in asked]
    outcomes = Counter((decision.allow, decision.visible) for decision in decisions)
    assert min(outcomes[True, True], outcomes[False, True], outcomes[False, False]) > 150
    assert sum(decision.scopes is not None for decision in decisions) > 20
    assert sum(bool(decision.reveals) for decision in decisions) > 5


def test_four_threads(source: BundleSource, bundle_dir: Path) -> None:
    oracle = Oracle(source)
    engine = EmbeddedDecisionPoint(bundle_dir, memo_size=0)
    parts = [list(questions(oracle, seed=seed, count=500)) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda part: _differences(oracle, engine, part), parts))
    assert found == [[], [], [], []]


def test_threads_that_share_answers(source: BundleSource, bundle_dir: Path) -> None:
    oracle = Oracle(source)
    engine = EmbeddedDecisionPoint(bundle_dir, memo_size=64)
    asked = list(questions(oracle, seed=5, count=100)) * 5
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda part: _differences(oracle, engine, part), [asked] * 4))
    assert found == [[], [], [], []]
    assert engine.stats.remembered > 100


def test_a_list_holds_exactly_what_may_be_seen(source: BundleSource, engine: EmbeddedDecisionPoint) -> None:
    """Each object that the scopes of a list admit is one that may be shown, and none is missing."""
    oracle = Oracle(source)
    lists = {
        action: f"{action.split(':')[0]}:{row.lists}:show"
        for action, row in oracle.rows.items()
        if row.lists and not row.narrow and f"{action.split(':')[0]}:{row.lists}:show" in oracle.rows
    }
    targets = [question.target for question in questions(oracle, seed=7, count=40)]
    tried = Counter[bool]()
    for action, shown in sorted(lists.items()):
        for role in ("auditor", "reader", "admin"):
            principal = Principal(user_id="u1", project_id="p1", roles=(role,))
            listed = engine.decide(PolicyInput(action=action, principal=principal, target=Target()))
            for described in targets:
                target = Target(
                    project_id=described.project_id,
                    parent_project_id=described.parent_project_id,
                    shared=described.shared,
                    router_external=described.router_external,
                    visibility=described.visibility,
                    member_id=described.member_id,
                )
                one = engine.decide(PolicyInput(action=shown, principal=principal, target=target))
                admitted = listed.scopes is not None and listed.scopes.admit(target)
                if listed.allow:
                    assert admitted == one.allow, (action, role, target)
                tried[admitted] += 1
    assert min(tried[True], tried[False]) > 200
