"""The lint's list of built-ins and OPA's capabilities say the same, so that authors learn of it from either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.policies.capabilities import OPERATORS, PATH, written
from tests.policy.conftest import BUNDLE
from tests.support import opa as real

from gurum.policy.bundle import BundleError, read_bundle
from gurum.policy.lint import ALLOWED

# As authors would write them; each is refused by both.
REFUSED = {
    "http.send": 'x := http.send({"method": "get", "url": "http://x"})',
    "opa.runtime": "x := opa.runtime()",
    "net.cidr_contains": 'x if not net.cidr_contains("10.0.0.0/8", input.ip)',
    "strings.replace_n": 'x := strings.replace_n({"": "y"}, input.x)',
    "time.now_ns": "x := time.now_ns()",
    "sprintf": 'x := sprintf("%s", [input.x])',
    "a template string": 'x := $"{input.x}"',
}
HEAD = "package gurum.authz\n\nimport rego.v1\n\n"


def test_both_lists_are_the_same() -> None:
    document = json.loads(PATH.read_text())
    names = [row["name"] for row in document["builtins"]]
    assert len(names) == len(set(names))
    assert set(names) == ALLOWED | OPERATORS
    assert not ALLOWED & OPERATORS
    assert (document["features"], document["future_keywords"], document["allow_net"]) == (["rego_v1"], [], [])


def test_the_file_is_what_opa_says_of_them(opa: None) -> None:
    assert PATH.read_text() == written()


def test_the_bundle_needs_no_more(opa: None) -> None:
    real.run("check", "--strict", "--capabilities", PATH, "--bundle", BUNDLE)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_both(opa: None, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.rego").write_text(HEAD + REFUSED[name] + "\n")
    with pytest.raises(BundleError, match="not allowed"):
        read_bundle(tmp_path)
    done = real.run("check", "--strict", "--capabilities", PATH, "--bundle", tmp_path, check=False)
    assert done.returncode == 1, done.stdout
    assert real.run("check", "--bundle", tmp_path, check=False).returncode == 0  # it is the file that refuses
