"""The embedded engine answers, remembers, reloads, and denies whatever it cannot answer."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from gurum.policy.answer import ENTRYPOINT
from gurum.policy.bundle import BundleError, BundleSource, read_bundle
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.model import Decision, DecisionPoint, PolicyInput, Principal, Request, Target
from gurum.policy.rego import compile_bundle, evaluate, strict_interpreter, try_in_child

MEMBER = Principal(user_id="u1", project_id="p1", roles=("member", "reader"))
OWN = Target.of(MEMBER)
SHOW = PolicyInput(action="compute:servers:show", principal=MEMBER, target=OWN)

VERDICT = {
    "allow": True,
    "visible": True,
    "reason": "granted",
    "rule": "r",
    "rules": ["r"],
    "denied": [],
    "reveals": [],
    "scopes": None,
}


def _write(tmp_path: Path, decision: str) -> Path:
    (tmp_path / "authz.rego").write_text(f"package gurum.authz\nimport rego.v1\n{decision}\n")
    return tmp_path


def _always(**changes: object) -> str:
    return f"decision := {json.dumps(VERDICT | changes)}"


def test_an_answer(engine: EmbeddedDecisionPoint) -> None:
    decision = engine.decide(SHOW)
    assert decision == Decision(
        allow=True,
        visible=True,
        reason="granted",
        decision_id=decision.decision_id,
        revision=engine.revision,
        rule="os_compute_api:servers:show",
        rules=("os_compute_api:servers:show",),
    )
    point: DecisionPoint = engine
    assert point.revision == engine.revision


def test_every_decision_has_an_id_of_its_own(engine: EmbeddedDecisionPoint) -> None:
    ids = {engine.decide(SHOW).decision_id for _ in range(500)}
    assert len(ids) == 500


def test_answers_are_remembered_whatever_the_request(bundle_dir: Path) -> None:
    numbers = iter(range(100))
    engine = EmbeddedDecisionPoint(bundle_dir, new_id=lambda: f"d{next(numbers)}")
    first = engine.decide(msgspec.structs.replace(SHOW, request=Request("req-1")))
    second = engine.decide(msgspec.structs.replace(SHOW, request=Request("req-2")))
    assert (first.decision_id, second.decision_id) == ("d0", "d1")
    assert msgspec.structs.replace(second, decision_id="d0") == first
    assert (engine.stats.decisions, engine.stats.remembered, engine.stats.errors) == (2, 1, 0)


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(SHOW, action="compute:servers:delete"),
        msgspec.structs.replace(SHOW, region="elsewhere"),
        msgspec.structs.replace(SHOW, rule="os_compute_api:servers:show"),
        msgspec.structs.replace(SHOW, target=Target(project_id="p2")),
        msgspec.structs.replace(SHOW, target=msgspec.structs.replace(OWN, attributes=("x",))),
        msgspec.structs.replace(SHOW, principal=msgspec.structs.replace(MEMBER, roles=("reader",))),
        msgspec.structs.replace(SHOW, principal=msgspec.structs.replace(MEMBER, user_id="u2")),
        msgspec.structs.replace(SHOW, principal=msgspec.structs.replace(MEMBER, system_scope="all")),
        msgspec.structs.replace(SHOW, principal=msgspec.structs.replace(MEMBER, is_admin=True)),
    ],
)
def test_another_question_is_not_remembered(bundle_dir: Path, other: PolicyInput) -> None:
    engine = EmbeddedDecisionPoint(bundle_dir)
    engine.decide(SHOW)
    engine.decide(other)
    assert engine.stats.remembered == 0


def test_memory_is_bounded(bundle_dir: Path) -> None:
    engine = EmbeddedDecisionPoint(bundle_dir, memo_size=2)
    asked = [msgspec.structs.replace(SHOW, region=region) for region in ("a", "b", "a", "c", "a", "b")]
    remembered = []
    for question in asked:
        before = engine.stats.remembered
        engine.decide(question)
        remembered.append(engine.stats.remembered > before)
    # c drove out b, which was asked longest ago.
    assert remembered == [False, False, True, False, True, False]
    without = EmbeddedDecisionPoint(bundle_dir, memo_size=0)
    without.decide(SHOW)
    without.decide(SHOW)
    assert without.stats.remembered == 0


def test_reload_forgets(tmp_path: Path) -> None:
    engine = EmbeddedDecisionPoint(_write(tmp_path, _always()))
    before = engine.decide(SHOW)
    _write(tmp_path, _always(allow=False, reason="closed"))
    assert engine.decide(SHOW).allow
    revision = engine.reload()
    after = engine.decide(SHOW)
    assert (after.allow, after.reason, after.revision) == (False, "closed", revision)
    assert before.revision != revision


def test_reload_reaches_every_thread(tmp_path: Path) -> None:
    engine = EmbeddedDecisionPoint(_write(tmp_path, _always()))
    turn, done = threading.Event(), threading.Event()
    seen: list[bool] = []

    def ask() -> None:
        seen.append(engine.decide(SHOW).allow)
        done.set()
        assert turn.wait(10)
        seen.append(engine.decide(SHOW).allow)

    thread = threading.Thread(target=ask)
    thread.start()
    assert done.wait(10)
    _write(tmp_path, _always(allow=False))
    engine.reload()
    turn.set()
    thread.join(10)
    assert seen == [True, False]


def test_a_failed_reload_changes_nothing(tmp_path: Path) -> None:
    engine = EmbeddedDecisionPoint(_write(tmp_path, _always()))
    revision = engine.revision
    for broken in ("decision := {", "decision := http.send({})", "decision := [a | some a, b in input]"):
        _write(tmp_path, broken)
        with pytest.raises(BundleError):
            engine.reload()
        assert (engine.revision, engine.decide(SHOW).allow) == (revision, True)


def test_an_engine_that_ends_the_process_is_survived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\necho 'terminate called' >&2\nkill -ABRT $$\n")
    dying.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dying))
    with pytest.raises(BundleError, match="the engine ends the process on the bundle: terminate called"):
        try_in_child(BundleSource((), (), {}, ""), [ENTRYPOINT])


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        ("decision := input.nothing", "undefined"),
        ('decision := startswith(input.principal, "x")', "the evaluation failed"),
        ("decision := true", "Expected `object`"),
        ("decision := {}", "missing required field"),
        (_always(allow="yes"), "Expected `bool`"),
        (_always(allow=None), "Expected `bool`"),
        (_always(scopes={"all": 1}), "Expected `bool`"),
    ],
)
def test_no_answer_is_a_denial(tmp_path: Path, caplog: pytest.LogCaptureFixture, decision: str, why: str) -> None:
    engine = EmbeddedDecisionPoint(_write(tmp_path, decision))
    got = engine.decide(SHOW)
    assert (got.allow, got.visible, got.error, got.scopes) == (False, False, True, None)
    assert got.reason.startswith("no decision: ")
    assert why in got.reason
    assert got.decision_id in caplog.text
    assert engine.stats.errors == 1
    # Nor is it remembered.
    assert engine.decide(SHOW).error
    assert engine.stats.remembered == 0


def test_texts_that_need_escaping(tmp_path: Path) -> None:
    """Those of the policy are fine; those of an input are what decide() keeps out."""
    path = _write(tmp_path, _always(reason='a"b'))
    assert EmbeddedDecisionPoint(path).decide(SHOW).reason == 'a"b'
    bundle = compile_bundle(read_bundle(_write(tmp_path, 'decision := {"x": input.x}')), [ENTRYPOINT])
    with pytest.raises(ValueError, match="delimiter"):
        evaluate(strict_interpreter(), bundle, ENTRYPOINT, {"x": 'a"b'})
    forged = evaluate(strict_interpreter(), bundle, ENTRYPOINT, {"x": 'a", "allow": "yes'})
    assert forged == {"x": "a", "allow": "yes"}


ECHO = """
decision := {
    "allow": false, "visible": false, "reason": input.target.project_id, "rule": "r", "rules": [], "denied": [],
    "reveals": [], "scopes": null,
}
"""


@pytest.mark.parametrize("forged", ['x", "allow": true, "z": "', "x\\", "x\ny", "x\x00"])
def test_an_input_cannot_forge_the_answer(tmp_path: Path, forged: str) -> None:
    """A policy that echoes an input would let it write the rest of the answer."""
    engine = EmbeddedDecisionPoint(_write(tmp_path, ECHO))
    assert engine.decide(msgspec.structs.replace(SHOW, target=Target(project_id="구름"))).reason == "구름"
    got = engine.decide(msgspec.structs.replace(SHOW, target=Target(project_id=forged)))
    assert (got.allow, got.error) == (False, False)
    assert got.reason == "the input holds a quote, a backslash or a control character"


@pytest.mark.parametrize(
    "principal",
    [
        Principal(user_id="u1", project_id="p1", roles="admin"),  # type: ignore[arg-type]  # as a bug would pass it
        Principal(user_id="u1", project_id="p1", roles={"admin": 1}),  # type: ignore[arg-type]  # as a bug would
        Principal(user_id="u1", project_id="p1", roles=None),  # type: ignore[arg-type]  # as a bug would
        Principal(user_id="u1", project_id="p1", roles=(object(),)),  # type: ignore[arg-type]  # as a bug would
        Principal(user_id="u1", project_id="\ud800", roles=("admin",)),
        None,
    ],
)
def test_hostile_principals_are_denied(engine: EmbeddedDecisionPoint, principal: Principal) -> None:
    got = engine.decide(PolicyInput(action="compute:servers:show", principal=principal, target=OWN))
    assert (got.allow, got.visible) == (False, False)


def test_an_unfit_bundle_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"the built-in net\.cidr_contains is not allowed"):
        EmbeddedDecisionPoint(_write(tmp_path, 'decision := net.cidr_contains("10.0.0.0/8", input.x)'))


def test_a_misspelt_row_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "gurum" / "actions").mkdir(parents=True)
    (tmp_path / "gurum" / "actions" / "data.json").write_text('{"compute": {"servers": {"show": {"role": "x"}}}}')
    with pytest.raises(BundleError, match=r"compute:servers:show: "):
        EmbeddedDecisionPoint(_write(tmp_path, _always()))


def test_the_document(tmp_path: Path) -> None:
    """What the bundle reads is what an OPA server would be sent: fields at their default are left out."""
    question = PolicyInput(
        action="network:ports:create",
        principal=MEMBER,
        target=Target(project_id="p1", attributes=("name",)),
        region="kakao-usa-east1",
        request=Request("req-1"),
    )
    assert msgspec.to_builtins(question) == {
        "action": "network:ports:create",
        "principal": {"roles": ("member", "reader"), "user_id": "u1", "project_id": "p1"},
        "target": {"project_id": "p1", "attributes": ("name",)},
        "region": "kakao-usa-east1",
        "request": {"id": "req-1"},
    }
    # The request's id is not shown to the bundle, whose answers are kept without it.
    decision = _always() + " if not input.request"
    assert EmbeddedDecisionPoint(_write(tmp_path, decision)).decide(question).allow


def test_an_input_of_every_kind_arrives(tmp_path: Path) -> None:
    bundle = compile_bundle(read_bundle(_write(tmp_path, "decision := input.x")), [ENTRYPOINT])
    value = {"text": "구름", "true": True, "null": None, "int": -7, "float": 0.5, "list": [[], ["a"], {}]}
    assert evaluate(strict_interpreter(), bundle, ENTRYPOINT, {"x": value}) == value
    with pytest.raises(ValueError, match="an input has no set"):
        evaluate(strict_interpreter(), bundle, ENTRYPOINT, {"x": {"a"}})
