"""Tokens for people at an API server: what they say, for how long, and that they are nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from tests.support.store import StepClock

from gurum.identity.issuer import IssuerError, KeyRing
from gurum.identity.issuer.documents import KEYS, documents
from gurum.identity.issuer.keeper import turn
from gurum.identity.issuer.people import PeopleIssuer, SpentError
from gurum.identity.tokens import Principal
from gurum.ops.config import ConfigError, SignInConfig, load

NOW = datetime.fromtimestamp(1_800_000_000, UTC)
URL = "https://sign-in.example"


def principal(**more: Any) -> Principal:
    said: dict[str, Any] = {
        "user_id": "u1",
        "user_name": "alice",
        "user_domain_id": "default",
        "project_id": "p1",
        "project_domain_id": "default",
        "roles": ("member", "reader"),
        "issued_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
        "audit_ids": ("audit-1", "audit-0"),
    }
    return Principal(**{**said, **more})


def issuer(tmp_path: Path, clock: StepClock) -> tuple[PeopleIssuer, KeyRing, SignInConfig]:
    config = SignInConfig(url=URL, directory=str(tmp_path / "issuer"))
    ring = KeyRing(config, clock)
    turn(config, ring)
    return PeopleIssuer(config, ring, clock), ring, config


def claims(text: str, ring: KeyRing, config: SignInConfig, audience: str = "gurum-kubernetes") -> dict[str, Any]:
    kid = jwt.get_unverified_header(text)["kid"]
    keys = jwt.PyJWKSet.from_json(documents(config, ring)[KEYS].decode()).keys
    key = next(one for one in keys if one.key_id == kid)
    timeless: Any = {"verify_exp": False, "verify_iat": False}
    said: dict[str, Any] = jwt.decode(text, key, algorithms=["RS256"], audience=audience, issuer=URL, options=timeless)
    return said


def test_it_says_who_for_which_project_in_which_roles(tmp_path: Path) -> None:
    clock = StepClock()
    made, ring, config = issuer(tmp_path, clock)
    signed = made.token(principal())
    said = claims(signed.text, ring, config)
    assert (said["sub"], said["project_id"], said["roles"]) == ("u1", "p1", ["member", "reader"])
    assert (said["name"], said["user_domain_id"], said["project_domain_id"]) == ("alice", "default", "default")
    assert said["keystone_audit_id"] == "audit-1"
    assert said["exp"] - said["iat"] == 600
    assert said["exp"] == int(signed.expires_at.timestamp())
    assert signed.text not in repr(signed)
    with pytest.raises(jwt.InvalidAudienceError):
        claims(signed.text, ring, config, "sts.amazonaws.com")


def test_it_never_lives_longer_than_what_it_is_given_for(tmp_path: Path) -> None:
    clock = StepClock()
    made, ring, config = issuer(tmp_path, clock)
    short = principal(expires_at=NOW + timedelta(seconds=90, milliseconds=900))
    assert claims(made.token(short).text, ring, config)["exp"] == 1_800_000_090
    for left in (4, 0, -30):
        with pytest.raises(SpentError):
            made.token(principal(expires_at=NOW + timedelta(seconds=left)))


def test_without_a_key_nothing_is_signed(tmp_path: Path) -> None:
    config, clock = SignInConfig(url=URL, directory=str(tmp_path)), StepClock()
    with pytest.raises(IssuerError, match="no signing key"):
        PeopleIssuer(config, KeyRing(config, clock), clock).token(principal())


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("URL", "http://sign-in.example", "https"),
        ("TOKEN_SECONDS", "601", "600"),
        ("TOKEN_SECONDS", "59", "60"),
        ("AUDIENCE", "''", "everybody"),
        ("PUBLISH_AHEAD_HOURS", "0", "publish_ahead_hours"),
    ],
)
def test_what_would_be_unsafe_is_refused(setting: str, value: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load(None, {f"GURUM_PIA__SIGN_IN__{setting}": value})


def test_the_keys_are_none_of_those_that_aws_believes(tmp_path: Path) -> None:
    found = load(None, {"GURUM_STORE__URL": "kubernetes:embedded"}, state=tmp_path)
    assert found.pia.sign_in.url == "https://127.0.0.1:8745"
    assert Path(found.pia.sign_in.directory) != Path(found.identity.issuer.directory)
    assert found.pia.sign_in.directory == str(tmp_path / "sign-in")
