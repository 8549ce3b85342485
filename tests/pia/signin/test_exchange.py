"""The exchange on the wire: who gets a token of the cluster, who does not, and that nothing secret is logged."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs
from tests.identity.test_issuer_people import NOW, issuer, principal
from tests.support.pia import ROOT, Answer, Kit, ask
from tests.support.store import StepClock

from gurum.identity.tokens import AccessRule, ApplicationCredential, IdentityUnavailable, Principal, TokenInvalid, Trust
from gurum.ops.config import SignInConfig
from gurum.ops.health import Readiness
from gurum.pia.app import App, Figures
from gurum.pia.signin.service import Exchange
from gurum.store.contract import UnavailableError

RULES = tuple(AccessRule(service="cluster", method=method, path="/**") for method in ("GET", "POST"))
TRUST = Trust(id="t", trustor_user_id="a", trustee_user_id="b", impersonation=True)


class Tokens:
    """One token, `good`, of this principal."""

    def __init__(self, who: Principal) -> None:
        self.who = who

    async def validate(self, token: str) -> Principal:
        if token == "away":
            raise IdentityUnavailable("Keystone is away")
        if token != "good":
            raise TokenInvalid("no such token")
        return self.who


class Site:
    """The app of a region with an exchange, and what was made ready."""

    def __init__(self, tmp_path: Path, who: Principal, **config: Any) -> None:
        self.clock = StepClock()
        made, self.ring, _ = issuer(tmp_path, self.clock)
        (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
        said = {"server": "https://cluster.example", "server_ca_file": str(tmp_path / "ca.pem"), **config}
        self.config = SignInConfig(url="https://sign-in.example", directory=str(tmp_path / "issuer"), **said)
        self.ready: list[str] = []
        self.broken = False
        kit = Kit([])
        service = Exchange(self.config, made, self._prepare, self.clock).service()
        self.app = App(
            kit.region, [service], kit.parts, Tokens(who), root=ROOT,
            identity_url="http://keystone.example/v3", readiness=Readiness("pia", {}, CollectorRegistry()),
            figures=Figures(CollectorRegistry()),
        )  # fmt: skip

    async def _prepare(self, project: str) -> None:
        if self.broken:
            raise UnavailableError("the cluster is away")
        self.ready.append(project)

    async def call(self, method: str = "POST", path: str = "/cluster/v1/tokens", token: str = "good") -> Answer:
        headers = {"accept": "application/json", "content-length": "0"}
        return await ask(self.app, method, path, b"", headers | ({"x-auth-token": token} if token else {}))


async def test_a_token_of_a_project_is_exchanged(tmp_path: Path) -> None:
    site = Site(tmp_path, principal())
    with capture_logs() as lines:
        answer = await site.call()
    assert answer.status == 201
    token = answer.json["token"]
    said = jwt.decode(token["value"], options={"verify_signature": False})
    assert (said["sub"], said["project_id"], said["aud"]) == ("u1", "p1", "gurum-kubernetes")
    assert token["expires_at"] == "2027-01-15T08:10:00Z"
    assert site.ready == ["p1"]
    assert answer.headers["cache-control"] == "no-store"
    told = next(line for line in lines if line["event"] == "signed in")
    assert (told["user_id"], told["project_id"], told["token"]) == ("u1", "p1", said["jti"])
    assert not any(part in json.dumps(lines, default=str) for part in (token["value"], "good"))


async def test_a_project_is_made_ready_once_a_minute(tmp_path: Path) -> None:
    site = Site(tmp_path, principal())
    assert [(await site.call()).status for _ in range(3)] == [201] * 3
    assert site.ready == ["p1"]


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ({"project_id": None, "project_domain_id": None}, "unscoped"),
        ({"project_id": None, "domain_id": "d"}, "domain"),
        ({"project_id": None, "system": True}, "system"),
        ({"trust": TRUST}, "trust"),
        ({"oauth_consumer_id": "c"}, "OAuth"),
        ({"application_credential": ApplicationCredential(id="c", access_rules=RULES)}, "access rules"),
        ({"project_id": "Not A Name"}, "namespace"),
    ],
)
async def test_what_is_less_than_a_person_in_a_project_is_not(tmp_path: Path, who: dict[str, Any], why: str) -> None:
    site = Site(tmp_path, principal(**who))
    for method, path in (("POST", "/cluster/v1/tokens"), ("GET", "/cluster/v1/cluster")):
        answer = await site.call(method, path)
        assert answer.status == 403, answer.body
        error = answer.json["error"]
        assert (error["code"], error["title"]) == (403, "Forbidden")
        assert why in error["message"]
    assert site.ready == []


async def test_an_application_credential_with_other_rules_is_401_as_everywhere(tmp_path: Path) -> None:
    limited = ApplicationCredential(id="c", access_rules=(AccessRule(service="compute", method="GET", path="/**"),))
    assert (await Site(tmp_path, principal(application_credential=limited)).call()).status == 401


async def test_a_whole_application_credential_is_its_users(tmp_path: Path) -> None:
    whole = principal(application_credential=ApplicationCredential(id="c"))
    assert (await Site(tmp_path, whole).call()).status == 201


@pytest.mark.parametrize(("token", "status"), [("", 401), ("bad", 401), ("away", 503)])
async def test_without_a_good_token_there_is_none(tmp_path: Path, token: str, status: int) -> None:
    site = Site(tmp_path, principal())
    assert (await site.call(token=token)).status == status
    assert site.ready == []


async def test_a_token_that_is_over_is_401(tmp_path: Path) -> None:
    assert (await Site(tmp_path, principal(expires_at=NOW + timedelta(seconds=2))).call()).status == 401


async def test_a_role_that_could_be_taken_for_another_group_is_left_out(tmp_path: Path) -> None:
    site = Site(tmp_path, principal(roles=("reader", "x:admin", 'a"b', "a\nb")))
    assert (await site.call()).json["token"]["roles"] == ["reader"]


async def test_while_the_cluster_is_away_nobody_is_told_to_come_in(tmp_path: Path) -> None:
    site = Site(tmp_path, principal())
    site.broken = True
    assert (await site.call()).status == 503
    site.broken = False
    assert (await site.call()).status == 201


async def test_without_a_key_it_is_503_and_the_log_says_why(tmp_path: Path) -> None:
    site = Site(tmp_path, principal())
    for key in (tmp_path / "issuer" / "keys").glob("*.json"):
        key.unlink()
    with capture_logs() as lines:
        answer = await site.call()
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    assert any("no signing key" in str(line.get("why")) for line in lines)


async def test_how_the_cluster_is_reached(tmp_path: Path) -> None:
    told = (await Site(tmp_path, principal()).call("GET", "/cluster/v1/cluster")).json["cluster"]
    assert told["server"] == "https://cluster.example"
    assert told["certificate_authority"].startswith("-----BEGIN")
    assert told["namespace"] == "project-p1"


async def test_a_server_that_is_not_configured_is_404(tmp_path: Path) -> None:
    assert (await Site(tmp_path, principal(), server="").call("GET", "/cluster/v1/cluster")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/cluster/v1/tokens", 405), ("POST", "/cluster/v1/nothing", 404), ("GET", "/cluster/v2", 404)],
)
async def test_what_is_not_there(tmp_path: Path, method: str, path: str, status: int) -> None:
    assert (await Site(tmp_path, principal()).call(method, path)).status == status
