"""`gurum aws policy` and `gurum aws quotas`: valid, of the configuration, and right at the edges."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from aws_emulator import iam
from gurum.cli.command import Surroundings
from gurum.cli.main import main
from gurum.providers.aws import quotas

CONFIG = """\
engine: {deployment: ours}
regions:
- name: kakao-usa-east1
  provider: aws
  port: 0
  cloud_region: us-east-1
  zones: [{name: a, id: use1-az1}, {name: b, id: use1-az2}, {name: c, id: use1-az4}]
  flavors:
  - {name: small, vcpus: 2, ram: 512, disk: 8, instance_type: t3.nano}
  - {name: gpu, vcpus: 4, ram: 16384, disk: 100, instance_type: g5.xlarge}
  aws: {accounts: [{number: '111122223333', credentials_file: none}]}
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "gurum.yaml").write_text(CONFIG)
    return tmp_path


def _gurum(state: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main([*words, "--state", str(state)], Surroundings({}, out, err)), out.getvalue(), err.getvalue()


def test_policy(state: Path) -> None:
    status, out, err = _gurum(state, "aws", "policy", "--account", "111122223333")
    assert (status, err) == (0, "")
    document = json.loads(out)
    iam.read(document)
    assert '"ours"' in out
    resources = [r for s in document["Statement"] for r in ([s["Resource"]] if s["Resource"] == "*" else s["Resource"])]
    assert {r.split(":")[3] for r in resources if r != "*"} == {"us-east-1"}
    assert {r.split(":")[4] for r in resources if r != "*"} == {"111122223333", ""}


def _quotas(state: Path, *words: str) -> dict[str, tuple[int, int]]:
    status, out, err = _gurum(state, "aws", "quotas", "-f", "json", *words)
    assert (status, err) == (0, "")
    return {row["code"]: (row["needed"], row["raise_to"]) for row in json.loads(out)["quotas"]}


def test_quotas_of_a_thousand_servers(state: Path) -> None:
    found = _quotas(state, "--servers", "1000", "--flavor", "small", "--floating-ips", "20")
    assert found["L-1216C47A"] == (2000, 2400)
    assert found["L-DF5E4CA3"] == (1000, 0)  # the default is enough
    assert found["L-0263D0A3"] == (20, 24)
    assert found["L-F678F1CE"] == (2, 0)
    assert found["L-407747CB"] == (3, 0)
    assert found["L-7A658B76"] == (8, 0)
    status, out, _ = _gurum(state, "aws", "quotas", "--servers", "1000")
    assert status == 0
    assert "1000 servers take at least 498 s to launch" in out
    assert "L-DB2E81BA" in out  # the largest flavor is of another family


def test_quotas_at_their_edges(state: Path) -> None:
    assert _quotas(state, "--servers", "1", "--networks", "4")["L-F678F1CE"] == (5, 0)
    assert _quotas(state, "--servers", "1", "--networks", "5", "--headroom", "0")["L-F678F1CE"] == (6, 6)
    assert _quotas(state, "--servers", "1", "--groups-per-port", "16")["L-2AFB9258"] == (16, 16)
    _, out, _ = _gurum(state, "aws", "quotas", "--servers", "1", "--groups-per-port", "17", "--rules", "60")
    assert "AWS gives at most 16" in out
    assert "AWS allows no more than 1,000" in out


def test_families() -> None:
    types = (
        "t3.nano",
        "m6g.large",
        "g5.xlarge",
        "vt1.3xlarge",
        "p4d.24xlarge",
        "u-6tb1.metal",
        "inf2.xlarge",
        "x2gd.large",
    )
    assert [quotas.family(each) for each in types] == ["standard", "standard", "g", "g", "p", "u", "inf", "x"]


def test_what_is_wrong_is_one_sentence(state: Path) -> None:
    assert "no flavor 'huge'" in _gurum(state, "aws", "quotas", "--servers", "1", "--flavor", "huge")[2]
    assert "at least 1" in _gurum(state, "aws", "quotas", "--servers", "0")[2]
    assert (
        "no region" in _gurum(state, "aws", "policy", "--region", "nope")[2]
        or _gurum(state, "aws", "policy", "--region", "nope")[0] == 1
    )
