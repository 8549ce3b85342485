"""The trusted front by itself: what is said to a Keystone of whom. The attacks are in tests/attacks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gurum.identity.front.config import FrontConfig, Trusted
from gurum.identity.front.environ import said, stripped
from gurum.identity.front.fetch import Unreachable
from gurum.identity.front.introspect import still_good
from gurum.identity.front.keys import COOL, DEAD, OLD, Keys
from gurum.identity.front.middleware import Front
from gurum.identity.front.refused import Refused
from gurum.ops import secrets

ISSUER, AUDIENCE = "https://idp.test", "https://keystone.test/v3"
DOCUMENTS = {"jwks_uri": "jwks", "introspection_endpoint": "introspect"}
PATH = "/v3/OS-FEDERATION/identity_providers/staff/protocols/openid/auth"
KEY = RSAKey.generate_key(2048)
OTHER = ECKey.generate_key("P-256")


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Provider:
    """A provider's documents, by function call."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {"rsa": KEY, "ec": OTHER}
        self.asked: list[str] = []
        self.away, self.active = False, True

    def __call__(self, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        self.asked.append(url)
        if self.away:
            raise Unreachable("away")
        if url.endswith("/jwks"):
            return {"keys": [{**key.as_dict(private=False), "kid": kid} for kid, key in self.keys.items()]}
        if url.endswith("/introspect"):
            return {"active": self.active}
        documents = {name: f"{ISSUER}/{path}" for name, path in DOCUMENTS.items()}
        return {"issuer": ISSUER, **documents}


class Keystone:
    """What reaches Keystone."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.environ = environ
        start_response("201 Created", [])
        return [b""]


class Site:
    def __init__(self, **changed: Any) -> None:
        self.clock, self.provider, self.keystone = Clock(), Provider(), Keystone()
        trusted = Trusted(**({"name": "staff", "issuer": ISSUER, "audience": AUDIENCE} | changed))
        config = FrontConfig(trusted=[trusted])
        self.front = Front(self.keystone, config, root="https://keystone.test", clock=self.clock, ask=self.provider)

    def token(self, kid: str = "rsa", header: dict[str, Any] | None = None, **changed: Any) -> str:
        now = int(self.clock.time())
        body = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "id-1",
            "preferred_username": "민지",
            "groups": ["media", "a;b"],
            "secret": "x",
            "iat": now,
            "exp": now + 300,
        }
        key: Any = self.provider.keys.get(kid, KEY)
        algorithm = "ES256" if kid == "ec" else "RS256"
        head = {"alg": algorithm, "kid": kid, "typ": "at+jwt"} | (header or {})
        return jwt.encode(head, body | changed, key, algorithms=["RS256", "ES256"])

    def send(self, authorization: str = "", path: str = PATH, **environ: str) -> str:
        self.keystone.environ = {}
        statuses: list[str] = []
        asked = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "REMOTE_ADDR": "127.0.0.1"} | environ
        if authorization:
            asked["HTTP_AUTHORIZATION"] = authorization
        list(self.front(asked, lambda status, headers, *_: statuses.append(status)))
        return statuses[0][:3]

    def bearer(self, token: str, **environ: str) -> str:
        return self.send(f"Bearer {token}", **environ)


def test_verified_claims_are_said_in_keys_that_no_header_can_make() -> None:
    site = Site()
    assert site.bearer(site.token(), HTTP_OIDC_SUB="admin", **{"OIDC-sub": "admin", "REMOTE_USER": "admin"}) == "201"
    told = {key: value for key, value in site.keystone.environ.items() if "OIDC" in key or "USER" in key}
    assert told == {
        "OIDC-iss": ISSUER,
        "OIDC-sub": "id-1",
        "OIDC-preferred_username": "민지".encode().decode("latin-1"),
        "OIDC-groups": "media",
    }
    assert "HTTP_AUTHORIZATION" not in site.keystone.environ
    assert site.keystone.environ["REMOTE_ADDR"] == "127.0.0.1"


def test_other_paths_are_passed_on_without_claims() -> None:
    site = Site()
    for path in ("/v3", PATH + "/", PATH.replace("staff", "other"), "/v3/auth/tokens"):
        assert site.bearer(site.token(), path=path, **{"OIDC-sub": "x"}) == "201"
        assert not any("OIDC" in key for key in site.keystone.environ)
        assert "HTTP_AUTHORIZATION" in site.keystone.environ, "Keystone has uses of its own for it there"


def test_keycloak_s_way_to_say_what_a_token_is() -> None:
    site = Site(token_type="JWT", token_use="Bearer")
    assert site.bearer(site.token(header={"typ": "JWT"}, typ="Bearer")) == "201"
    assert site.bearer(site.token(header={"typ": "JWT"}, typ="ID")) == "401"
    assert site.bearer(site.token(header={"typ": "JWT"}, typ="Refresh")) == "401"
    assert site.bearer(site.token(header={"typ": "JWT"})) == "401"


def test_an_algorithm_is_allowed_by_configuration_alone() -> None:
    assert Site().bearer(Site().token("ec")) == "401"
    site = Site(algorithms=["RS256", "ES256"])
    assert site.bearer(site.token("ec")) == "201"


def test_clocks_may_differ_by_the_leeway() -> None:
    site = Site()
    token = site.token()
    site.clock.now += 329
    assert site.bearer(token) == "201"
    site.clock.now += 2
    assert site.bearer(token) == "401"
    early = site.token(nbf=int(site.clock.now) + 29, iat=int(site.clock.now) + 29)
    assert site.bearer(early) == "201"


def test_a_new_key_is_found_and_a_withdrawn_one_dies() -> None:
    site = Site()
    old = site.token()
    assert site.bearer(old) == "201"
    site.provider.keys = {"new": KEY}
    new = site.token("new")
    assert site.bearer(new) == "401", "it was asked just now"
    site.clock.now += COOL + 1
    assert site.bearer(new) == "201"
    site.clock.now += OLD + 1
    assert site.bearer(site.token("rsa")) == "401"


def test_a_flood_of_unknown_keys_asks_the_provider_once() -> None:
    site = Site()
    for number in range(500):
        assert site.bearer(site.token(f"unknown-{number}")) == "401"
    assert len(site.provider.asked) == 2, "discovery and keys"


def test_a_provider_that_is_away_locks_nobody_out_for_a_while() -> None:
    site = Site()
    assert site.bearer(site.token()) == "201"
    site.provider.away = True
    site.clock.now += OLD + 1
    assert site.bearer(site.token()) == "201"
    site.clock.now += DEAD
    assert site.bearer(site.token()) == "503"
    site.provider.away = False
    site.clock.now += COOL + 1
    assert site.bearer(site.token()) == "201"


def test_a_provider_that_was_never_there_is_asked_again_later() -> None:
    site = Site()
    site.provider.away = True
    assert [site.bearer(site.token()) for _ in range(5)] == ["503"] * 5
    assert len(site.provider.asked) == 1


@pytest.mark.parametrize("url", ["http://idp.test", "ftp://idp.test", "https://user@idp.test", "https://", "idp.test"])
def test_a_provider_is_asked_over_tls_or_on_this_machine(url: str) -> None:
    with pytest.raises(ValueError):
        Trusted(name="x", issuer=url, audience="a")


def test_stripping_knows_every_spelling_and_nothing_else() -> None:
    forged = ["OIDC-sub", "oidc_sub", "HTTP_OIDC_SUB", "HTTP_HTTP_OIDC_SUB", "REMOTE_USER", "HTTP_REMOTE_USER"]
    forged += ["Shib-Identity-Provider", "HTTP_SHIB_X", "MELLON_NAME_ID", "OPENID_X", "SSL_CLIENT_S_DN", "AUTH_TYPE"]
    kept = ["REMOTE_ADDR", "REMOTE_PORT", "HTTP_X_AUTH_TOKEN", "HTTP_AUTHORIZATION", "PATH_INFO", "wsgi.input"]
    assert list(stripped(dict.fromkeys([*forged, *kept], "x"))) == kept


def test_lists_are_handed_on_without_what_would_be_read_otherwise() -> None:
    claims = {"iss": "i", "sub": "s", "groups": ["a", "b;c", 1, None, "", " x", "[d]", "e" * 256, "f"], "email": "x;y"}
    assert said(claims, ["groups", "email"]) == {"OIDC-iss": "i", "OIDC-sub": "s", "OIDC-groups": "a;f"}
    with pytest.raises(Refused):
        said({"iss": "i", "sub": ["s"]}, [])


def test_keys_of_another_origin_are_not_fetched() -> None:
    provider = Provider()
    evil = {"issuer": ISSUER, "jwks_uri": "https://idp.test.evil/jwks"}
    asked: list[str] = []

    def ask(url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        asked.append(url)
        return evil if "well-known" in url else provider(url)

    keys = Keys(Trusted(name="x", issuer=ISSUER, audience="a"), Clock(), ask)
    with pytest.raises(Refused):
        keys.key("rsa", "RS256")
    assert len(asked) == 1
    chosen = Keys(Trusted(name="x", issuer=ISSUER, audience="a", jwks_url="https://keys.test/jwks"), Clock(), ask)
    assert chosen.key("rsa", "RS256").key_type == "RSA", "but where the operator says so"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"active": True}, 0),
        ({"active": False}, 401),
        ({"active": "true"}, 401),
        ({}, 401),
        (None, 503),
    ],
)
def test_a_provider_that_is_asked_must_say_that_the_token_is_good(
    tmp_path: Path, answer: dict[str, Any] | None, status: int
) -> None:
    secrets.write(tmp_path / "secret", "the-secret")
    asked: list[tuple[str, Any]] = []

    def ask(url: str, form: Any = None) -> dict[str, Any]:
        if form is None:
            return {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks", "introspection_endpoint": f"{ISSUER}/introspect"}
        asked.append((url, form))
        if answer is None:
            raise Unreachable("away")
        return answer

    trusted = Trusted(
        name="staff", issuer=ISSUER, audience=AUDIENCE, client_id="keystone",
        client_secret_file=tmp_path / "secret", introspects=True,
    )  # fmt: skip
    if status:
        with pytest.raises(Refused) as caught:
            still_good(trusted, Keys(trusted, Clock(), ask), ask, "the-token")
        assert caught.value.status == status
    else:
        still_good(trusted, Keys(trusted, Clock(), ask), ask, "the-token")
    [(url, form)] = asked
    assert url == f"{ISSUER}/introspect"
    assert (form["token"], form["client_id"], form["client_secret"]) == ("the-token", "keystone", "the-secret")


def test_who_is_to_be_asked_needs_a_client() -> None:
    with pytest.raises(ValueError, match="introspects needs a client_id"):
        Trusted(name="x", issuer=ISSUER, audience="a", introspects=True)


def test_a_login_asks_the_provider_where_that_is_configured(tmp_path: Path) -> None:
    secrets.write(tmp_path / "secret", "the-secret")
    asking = {"client_id": "keystone", "client_secret_file": tmp_path / "secret", "introspects": True}
    site, plain = Site(**asking), Site()
    assert (site.bearer(site.token()), plain.bearer(plain.token())) == ("201", "201")
    site.provider.active = plain.provider.active = False
    assert site.bearer(site.token()) == "401"
    assert site.keystone.environ == {}, "nothing of it reaches Keystone"
    assert plain.bearer(plain.token()) == "201"
    site.provider.active = True
    assert site.bearer(site.token(sub="")) != "201", "what the token itself says is looked at as before"
