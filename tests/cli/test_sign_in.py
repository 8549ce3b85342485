"""`gurum kubeconfig` writes nothing secret, and kubectl finds with it how a token is to be had."""

from __future__ import annotations

import io
import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gurum.cli import sign_in
from gurum.cli.command import Surroundings
from gurum.identity.session import IdentityUnavailable
from gurum.supervisor.rows import Refusal

# Of libraries that a login brings.
pytestmark = pytest.mark.filterwarnings("ignore:'cgi' is deprecated:DeprecationWarning")

CLUSTER = {
    "server": "https://cluster.example",
    "certificate_authority": "PEM",
    "project_id": "p1",
    "namespace": "project-p1",
}
TOKEN = {"value": "a.secret.token", "expires_at": "2031-01-01T00:00:00Z"}
ENVIRON = {"OS_CLOUD": "work", "OS_PASSWORD": "hidden", "OS_CLIENT_CONFIG_FILE": "/home/me/clouds.yaml"}


class Someone:
    """Whoever logs in."""

    def __init__(self, cloud: str, region: str, project: str, url: str) -> None:
        if cloud == "nobody":
            raise IdentityUnavailable("there is no login: no cloud of that name")

    def cluster(self) -> dict[str, Any]:
        return CLUSTER

    def token(self) -> dict[str, Any]:
        return TOKEN


@pytest.fixture(autouse=True)
def _someone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "_person", lambda given: Someone(given.cloud, given.region, given.project, given.url))


def run(words: str, **more: Any) -> str:
    """Run one of the commands; return what it printed."""
    command = next(one for one in sign_in.COMMANDS if one.words == (words,))
    given = {"cloud": "", "region": "r1", "project": "", "url": "", "format": "yaml", "output": None, **more}
    out = io.StringIO()
    assert command.run(Namespace(**given), Surroundings(ENVIRON, out, io.StringIO())) == 0
    return out.getvalue()


def test_a_kubeconfig_names_a_program_and_no_secret() -> None:
    text = run("kubeconfig")
    document = yaml.safe_load(text)
    program = document["users"][0]["user"]["exec"]
    assert program["apiVersion"] == "client.authentication.k8s.io/v1"
    assert program["args"] == ["kubernetes-token", "--cloud", "work", "--region", "r1"]
    assert program["env"] == [{"name": "OS_CLIENT_CONFIG_FILE", "value": "/home/me/clouds.yaml"}]
    assert document["contexts"][0]["context"]["namespace"] == "project-p1"
    assert "hidden" not in text
    assert "a.secret.token" not in text


def test_as_json_it_is_a_kubeconfig_too() -> None:
    assert json.loads(run("kubeconfig", format="json"))["kind"] == "Config"


def test_it_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    assert run("kubeconfig", output=file) == ""
    assert file.stat().st_mode & 0o777 == 0o600
    assert yaml.safe_load(file.read_text())["current-context"] == "gurum-p1"


def test_a_token_is_told_as_kubectl_reads_it() -> None:
    assert json.loads(run("kubernetes-token")) == {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "a.secret.token", "expirationTimestamp": "2031-01-01T00:00:00Z"},
    }


def test_without_a_login_it_is_one_sentence() -> None:
    with pytest.raises(Refusal, match="there is no login"):
        run("kubernetes-token", cloud="nobody")
