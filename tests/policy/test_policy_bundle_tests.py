"""The bundle's own tests pass, and the way they are run cannot pass by accident."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gurum.policy import command
from gurum.policy.bundle import BundleError, BundleSource
from gurum.policy.testing import Outcome, run_bundle_tests, run_tests

POLICY = """package gurum.authz
import rego.v1
default decision := {"allow": false}
decision := {"allow": true, "who": input.who} if input.who == "me"
"""


def _bundle(tmp_path: Path, tests: str, policy: str = POLICY) -> Path:
    (tmp_path / "authz.rego").write_text(policy)
    (tmp_path / "authz_test.rego").write_text("package gurum.test\nimport rego.v1\n" + tests)
    return tmp_path


def test_the_projects_bundle(source: BundleSource) -> None:
    seen: list[Outcome] = []
    report = run_tests(source, progress=seen.append)
    assert report.failures == ()
    assert report.ok
    assert tuple(seen) == report.outcomes
    assert report.cases > 6000
    assert report.revision == source.revision


def test_a_case_that_fails_is_told(tmp_path: Path) -> None:
    path = _bundle(
        tmp_path,
        'test_one := {"name": "wrong", "input": {"who": "you"}, "want": {"allow": true}}\n'
        'test_two := [{"input": {"who": "me"}, "want": {"allow": true}},'
        ' {"input": {"who": "me"}, "want": {"who": "you"}}]\n',
    )
    report = run_bundle_tests(path)
    assert not report.ok
    assert [(failure.case, failure.want, failure.got) for failure in report.failures] == [
        ("wrong", {"allow": True}, {"allow": False}),
        ("1", {"who": "you"}, {"who": "me"}),
    ]
    assert [outcome.test for outcome in report.outcomes] == ["gurum/test/test_one", "gurum/test/test_two"]
    assert run_bundle_tests(path, only="two").cases == 2


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        ("test_empty := []\n", "gives no cases"),
        ("test_undefined := input.nothing\n", "gives no cases"),
        ("test_true := true\n", "gives no cases"),
        ('test_no_want := {"input": {}}\n', "gives no cases"),
        ('test_wants_nothing := {"name": "n", "input": {}, "want": {}}\n', None),
        ('test_wants_the_unknown := {"name": "n", "input": {}, "want": {"colour": "red"}}\n', "KeyError"),
    ],
)
def test_a_test_that_checks_nothing_fails(tmp_path: Path, tests: str, why: str | None) -> None:
    report = run_bundle_tests(_bundle(tmp_path, tests))
    assert not report.ok
    (failure,) = report.failures
    assert why is None or why in str(failure.got)


def test_no_tests_is_not_ok(tmp_path: Path) -> None:
    assert not run_bundle_tests(_bundle(tmp_path, "helper := 1\n")).ok


def test_an_engine_error_fails_the_case(tmp_path: Path) -> None:
    policy = 'package gurum.authz\nimport rego.v1\ndecision := {"allow": startswith(input.who, "m")}\n'
    tests = 'test_type := {"input": {"who": 1}, "want": {"allow": false}}\n'
    report = run_bundle_tests(_bundle(tmp_path, tests, policy))
    assert "NoAnswerError" in str(report.failures[0].got)


def test_command_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _bundle(tmp_path, 'test_me := {"input": {"who": "me"}, "want": {"allow": true}}\n')
    assert command.main([str(path)]) == command.PASSED
    printed = capsys.readouterr()
    assert "1 tests, 1 cases, 0 failed" in printed.out
    assert "ok   gurum/test/test_me (1 cases)" in printed.err


def test_command_fails_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _bundle(tmp_path, 'test_me := {"name": "x", "input": {"who": "you"}, "want": {"allow": true}}\n')
    assert command.main([str(path), "-f", "json", "-q"]) == command.FAILED
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert (document["ok"], document["cases"], document["failed"]) == (False, 1, 1)
    assert document["tests"][0]["failures"] == [{"case": "x", "want": {"allow": True}, "got": {"allow": False}}]
    assert printed.err == ""


def test_command_shows_the_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tests = (
        "test_many := [case | some n in numbers.range(1, 25);"
        ' case := {"name": "case", "input": {"n": n}, "want": {"allow": true}}]\n'
    ).replace("numbers.range(1, 25)", str(list(range(25))))
    assert command.main([str(_bundle(tmp_path, tests)), "-q"]) == command.FAILED
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'FAIL case: wanted {"allow":true}, got {"allow":false}'
    assert lines[-2] == "... and 5 more"


def test_command_without_tests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(_bundle(tmp_path, "helper := 1\n")), "-q"]) == command.FAILED
    assert "there are no tests" in capsys.readouterr().out


def test_command_on_an_unfit_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _bundle(tmp_path, "test_me := [a | some a, b in input]\n")
    assert command.main([str(path), "-q"]) == command.UNFIT
    assert "authz_test.rego:3: Invalid collection" in capsys.readouterr().err
    with pytest.raises(BundleError):
        run_bundle_tests(path)


def test_command_with_bad_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command.main(["--format", "xml"])
    assert stopped.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
