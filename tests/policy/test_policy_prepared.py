"""What is prepared of the table: it is current or refused, and it says nothing but what the table says."""

from __future__ import annotations

import copy
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.policy.test_policy_engine import SHOW

from gurum.policy import command
from gurum.policy.answer import ANSWER, ENTRYPOINT, entrypoints
from gurum.policy.bundle import BundleError, BundleSource, read_bundle
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.prepared import PATH, check, prepared, written
from gurum.policy.testing import run_bundle_tests

Data = dict[str, Any]
ROW: Data = {"rule": "create_pet", "allow": {"member": ["project"], "admin": ["any"]}}


def _source(source: BundleSource, resources: Data, **more: Data) -> BundleSource:
    data = {"actions": {"zoo": resources}, "views": {}, "plain": {}} | more
    return replace(source, data={"gurum": data})


@pytest.fixture
def bundle(tmp_path: Path, bundle_dir: Path) -> Path:
    shutil.copytree(bundle_dir, tmp_path / "policy")
    return tmp_path / "policy"


def _edit(bundle: Path) -> None:
    path = bundle / "gurum" / "actions" / "image" / "data.json"
    text = path.read_text()
    assert '"rule": "get_image"' in text
    path.write_text(text.replace('"rule": "get_image"', '"rule": "get_picture"'))


def test_the_projects_is_current(source: BundleSource, bundle_dir: Path) -> None:
    check(source)
    assert (bundle_dir / PATH).read_bytes() == written(source)


def test_a_table_that_was_edited_is_refused_until_it_is_prepared(bundle: Path) -> None:
    _edit(bundle)
    for refuse in (EmbeddedDecisionPoint, run_bundle_tests):
        with pytest.raises(BundleError, match=r"prepared/data\.json: it is not what the table says; .*policy prepare"):
            refuse(bundle)
    assert command.main([str(bundle), "-q"]) == command.UNFIT
    assert command.prepare(bundle) == command.PASSED
    check(read_bundle(bundle))
    assert EmbeddedDecisionPoint(bundle).revision


def test_a_running_engine_refuses_it_too(bundle: Path) -> None:
    engine = EmbeddedDecisionPoint(bundle)
    revision = engine.revision
    _edit(bundle)
    with pytest.raises(BundleError, match="policy prepare"):
        engine.reload()
    assert engine.revision == revision
    command.prepare(bundle)
    assert engine.reload() != revision


def test_without_any_it_is_refused(bundle: Path) -> None:
    (bundle / PATH).unlink()
    with pytest.raises(BundleError, match="policy prepare"):
        EmbeddedDecisionPoint(bundle)


def test_preparing_again_writes_nothing(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (bundle / PATH).stat().st_mtime_ns
    assert command.prepare(bundle) == command.PASSED
    assert (bundle / PATH).stat().st_mtime_ns == before
    assert capsys.readouterr().err == ""
    (bundle / "gurum" / "actions" / "image" / "data.json").write_text('{"images": {"show": {"role": "x"}}}')
    assert command.prepare(bundle) == command.UNFIT
    assert "image:images:show: " in capsys.readouterr().err


def test_an_attribute_that_needs_no_more_than_its_action(source: BundleSource) -> None:
    """Only then is it told without `allow`: for each role of the action the attribute must reach as far."""
    more: dict[str, Data] = {
        "same": {"member": ["project"], "admin": ["any"]},
        "wider": {"member": ["any"], "admin": ["any"], "reader": ["project"]},
        "narrower": {"admin": ["any"]},
        "another scope": {"member": ["parent"], "admin": ["any"]},
        "another role": {"reader": ["project"], "admin": ["any"]},
    }
    row = ROW | {"attributes": {name: {"rule": name, "allow": allow} for name, allow in more.items()}}
    needs = prepared(_source(source, {"pets": {"create": row}}))["zoo"]["pets"]["create"]["attributes"]
    assert {name for name, need in needs.items() if "allow" not in need} == {"same", "wider"}


def test_a_list_is_for_who_holds_a_role(source: BundleSource) -> None:
    lists = ROW | {"lists": "pets"}
    resources = {"pets": {"list": lists, "mine": lists | {"narrow": "user"}, "show": ROW}}
    verbs = prepared(_source(source, resources))["zoo"]["pets"]
    assert verbs["list"]["allow"] == {"member": ("any",), "admin": ("any",)}
    assert verbs["list"]["reach"]["own"] == verbs["list"]["reach"]["all"] == verbs["show"]["allow"]
    assert verbs["mine"]["allow"] == verbs["show"]["allow"]
    assert verbs["mine"]["reach"] == {"own": {"anyone": ("user",)}, "all": verbs["show"]["allow"]}


def test_a_view_that_is_not_there_shows_nobody(source: BundleSource) -> None:
    assert prepared(_source(source, {"pets": {"show": ROW | {"see": "ghosts"}}}))["zoo"]["pets"]["show"]["see"] == {}


def test_fields_that_only_some_may_read_keep_their_order(source: BundleSource) -> None:
    readers = {"a": "admin", "b": "service", "c": "service", "d": "admin"}
    attributes = {name: {"rule": name, "allow": {role: ["any"]}} for name, role in readers.items()}
    row = ROW | {"reveals": list(readers), "attributes": attributes}
    shows = prepared(_source(source, {"pets": {"show": row}}))["zoo"]["pets"]["show"]["shows"]
    assert [group["fields"] for group in shows] == [["a"], ["b", "c"], ["d"]]


def test_what_is_written_is_what_is_prepared(source: BundleSource) -> None:
    data = copy.deepcopy(source.data)
    data["gurum"]["prepared"] = json.loads(written(source))
    check(replace(source, data=data))


def test_a_bundle_may_say_its_decision_as_an_object_only(source: BundleSource, tmp_path: Path) -> None:
    (tmp_path / "authz.rego").write_text("package gurum.authz\nimport rego.v1\ndecision := {}\n")
    (tmp_path / "other.rego").write_text("package other\nimport rego.v1\nanswer := []\n")
    assert entrypoints(read_bundle(tmp_path)) == [ENTRYPOINT]
    assert entrypoints(source) == [ANSWER, ENTRYPOINT]


SAYS = """package gurum.authz
import rego.v1
answer := [true, true, "granted", "r", ["r"], [], [], null]
decision := {
    "allow": %s, "visible": true, "reason": "granted", "rule": "r", "rules": ["r"], "denied": [], "reveals": [],
    "scopes": null,
}
"""


@pytest.mark.parametrize(("allow", "ok"), [("true", True), ("false", False)])
def test_an_answer_that_differs_from_the_decision_fails_its_case(tmp_path: Path, allow: str, ok: bool) -> None:
    (tmp_path / "authz.rego").write_text(SAYS % allow)
    test = f'package t\nimport rego.v1\ntest_it := {{"input": {{}}, "want": {{"allow": {allow}}}}}\n'
    (tmp_path / "authz_test.rego").write_text(test)
    report = run_bundle_tests(tmp_path)
    assert report.ok == ok
    assert ok or "the answer [True" in str(report.failures[0].got)


@pytest.mark.parametrize("answer", ["true", "[]", '[true, true, "", "", [], [], []]', "input.nothing"])
def test_an_answer_that_is_none_is_a_denial(tmp_path: Path, answer: str) -> None:
    (tmp_path / "authz.rego").write_text(f"package gurum.authz\nimport rego.v1\nanswer := {answer}\n")
    got = EmbeddedDecisionPoint(tmp_path).decide(SHOW)
    assert (got.allow, got.visible, got.error) == (False, False, True)
