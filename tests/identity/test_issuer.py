"""The issuer: what a token says, when a key is used, what of it is public, and that nothing secret is anywhere else."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from aiohttp import web
from aiohttp.client import ClientSession
from tests.support.issuer import URL, keyed
from tests.support.store import StepClock

from gurum.identity.issuer import Issuer, IssuerError, KeyRing, keeper, publish
from gurum.identity.issuer.__main__ import application
from gurum.identity.issuer.documents import DISCOVERY, KEYS, documents, public
from gurum.identity.issuer.keeper import keep, turn
from gurum.ops.config import ConfigError, IssuerConfig, load

DAY = 86400.0


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


def _published(config: IssuerConfig, ring: KeyRing) -> jwt.PyJWKSet:
    return jwt.PyJWKSet.from_json(documents(config, ring)[KEYS].decode())


def _verified(token: str, config: IssuerConfig, ring: KeyRing) -> dict[str, Any]:
    """Return a token's claims as another library finds them, by the published keys alone."""
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(key for key in _published(config, ring).keys if key.key_id == kid)
    timeless: Any = {"verify_exp": False, "verify_iat": False}
    said: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], audience="sts.amazonaws.com", issuer=URL, options=timeless
    )
    return said


def test_a_token_says_who_for_whom_and_for_how_long(tmp_path: Path, clock: StepClock) -> None:
    config, ring = keyed(tmp_path, clock)
    issuer = Issuer(config, ring, clock)
    tags = {"pia:user": "alice", "pia:project": "p1", "pia:decision": "", "pia:request": "구름"}
    said = _verified(issuer.token("project:p1:user:alice", tags), config, ring)
    assert (said["iss"], said["sub"], said["aud"]) == (URL, "project:p1:user:alice", "sts.amazonaws.com")
    assert (said["iat"], said["exp"]) == (1_800_000_000, 1_800_000_300)
    told = said["https://aws.amazon.com/tags"]
    assert told["principal_tags"]["pia:user"] == ["alice"]
    assert "pia:decision" not in told["principal_tags"]
    assert len(told["principal_tags"]["pia:request"][0]) == 64, "what AWS would refuse is a digest"
    assert told["transitive_tag_keys"] == ["pia:user", "pia:project", "pia:request"]
    other = _verified(issuer.token("system:gurum", {}), config, ring)
    assert other["jti"] != said["jti"]
    assert "https://aws.amazon.com/tags" not in other


def test_without_a_key_or_a_name_nothing_is_signed(tmp_path: Path, clock: StepClock) -> None:
    config = IssuerConfig(url=URL, directory=str(tmp_path))
    with pytest.raises(IssuerError, match="rotate"):
        Issuer(config, KeyRing(config, clock), clock).token("s", {})
    nameless = IssuerConfig(directory=str(tmp_path))
    with pytest.raises(IssuerError, match=r"identity\.issuer\.url"):
        Issuer(nameless, KeyRing(nameless, clock), clock).token("s", {})


def test_a_key_is_published_before_it_signs_and_until_its_last_token_is_over(tmp_path: Path, clock: StepClock) -> None:
    config = IssuerConfig(url=URL, directory=str(tmp_path), rotate_days=10, publish_ahead_hours=24)
    ring = KeyRing(config, clock)
    issuer = Issuer(config, ring, clock)
    assert turn(config, ring)
    assert not turn(config, ring), "nothing is due twice"
    first = ring.current().kid
    known: dict[str, float] = {}  # since when anybody could have fetched a key
    for _ in range(25 * 8):
        turn(config, ring)
        for key in _published(config, ring).keys:
            known.setdefault(str(key.key_id), clock.now)
        token = issuer.token("system:gurum", {})
        kid = jwt.get_unverified_header(token)["kid"]
        assert kid == first or clock.now - known[kid] >= DAY
        clock.now += config.token_seconds
        turn(config, ring)
        assert _verified(token, config, ring), "a token is good as long as it lasts"
        clock.now += 3 * 3600 - config.token_seconds
    assert len(known) == 3
    assert first not in {key.kid for key in ring.published()}, "and forgotten afterwards"
    assert len(list((tmp_path / "keys").glob("*.json"))) == len(ring.published())


def test_a_key_can_be_changed_early(tmp_path: Path, clock: StepClock) -> None:
    config, ring = keyed(tmp_path, clock, rotate_days=3000.0)
    clock.now = 100 * DAY
    old = ring.current().kid
    assert ring.due() == pytest.approx((3000 - 1 - 100) * DAY), "of one key, too"
    assert turn(config, ring, early=True)
    assert not turn(config, ring, early=True), "the next one is there already"
    assert ring.current().kid == old
    clock.now += DAY
    assert ring.current().kid != old
    assert ring.due() == pytest.approx(600.0)


class _OverError(Exception):
    """The test's time is over."""


class _Rounds(StepClock):
    """A clock for a task that never ends: it ends at the fourth sleep."""

    def __init__(self, now: float) -> None:
        super().__init__(now)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await super().sleep(seconds)
        self.slept.append(seconds)
        if len(self.slept) == 4:
            raise _OverError


@pytest.mark.parametrize(("now", "tries"), [(1_000_000.0, 0), (30_000 * DAY, 4)])
async def test_keys_that_somebody_else_turns_are_read_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: float, tries: int
) -> None:
    """A Secret of Kubernetes is mounted to be read: an engine does not complain of that while nothing is due."""
    clock, tried = _Rounds(now), list[float]()
    config, ring = keyed(tmp_path, clock, rotate_days=30_000.0)
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == config.directory and mode == os.W_OK))
    monkeypatch.setattr(keeper, "turn", lambda *_: tried.append(clock.now))
    with pytest.raises(_OverError):
        await keep(config, ring, clock)
    assert len(tried) == tries


def test_many_processes_make_one_key(tmp_path: Path, clock: StepClock) -> None:
    config = IssuerConfig(url=URL, directory=str(tmp_path))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _n: turn(config, KeyRing(config, clock)), range(8)))
    assert len(KeyRing(config, clock).published()) == 1


def test_another_process_sees_a_new_key_at_once(tmp_path: Path, clock: StepClock) -> None:
    config, ring = keyed(tmp_path, clock, rotate_days=3000.0)
    other = KeyRing(config, clock)
    assert len(other.published()) == 1
    turn(config, ring, early=True)
    assert [key.kid for key in other.published()] == [key.kid for key in ring.published()]


def test_private_keys_are_their_owner_s_and_nowhere_else(tmp_path: Path, clock: StepClock) -> None:
    config = IssuerConfig(url=URL, directory=str(tmp_path))
    ring = KeyRing(config, clock)
    turn(config, ring)
    path = next((tmp_path / "keys").glob("*.json"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    private = json.loads(path.read_text())["jwk"]
    for document in documents(config, ring).values():
        for part in ("d", "p", "q", "dp", "dq", "qi"):
            assert private[part] not in document.decode()
            assert f'"{part}"' not in document.decode()
    assert repr(ring.current()) == f"SigningKey({ring.current().kid})"
    path.write_text(path.read_text()[:200])
    with pytest.raises(IssuerError) as caught:
        KeyRing(config, clock).current()
    assert private["n"] not in str(caught.value)
    assert caught.value.__cause__ is None
    path.chmod(0o644)
    with pytest.raises(Exception, match="only its owner may read it"):
        KeyRing(config, clock).current()


def test_the_documents_are_files_for_any_host(tmp_path: Path, clock: StepClock) -> None:
    config, ring = keyed(tmp_path / "issuer", clock)
    host = tmp_path / "host"
    turn(config, ring)
    assert publish(config, ring, host, readable=True)
    assert not publish(config, ring, host, readable=True)
    said = msgspec.json.decode((host / DISCOVERY).read_bytes())
    assert (said["issuer"], said["jwks_uri"]) == (URL, f"{URL}/keys.json")
    assert said["id_token_signing_alg_values_supported"] == ["RS256"]
    assert stat.S_IMODE((host / KEYS).stat().st_mode) == 0o644
    assert (public(config) / KEYS).read_bytes() == (host / KEYS).read_bytes()


async def test_they_and_nothing_else_are_served(tmp_path: Path, clock: StepClock) -> None:
    config, ring = keyed(tmp_path, clock)
    publish(config, ring)
    runner = web.AppRunner(application(public(config), "/issuer"))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    root = f"http://127.0.0.1:{runner.addresses[0][1]}/issuer"
    try:
        async with ClientSession() as session:
            for name in (DISCOVERY, KEYS):
                async with session.get(f"{root}/{name}") as answer:
                    assert answer.status == 200
                    assert await answer.read() == documents(config, ring)[name]
            for name in ("", "keys", f"../keys/{ring.current().kid}.json", "%2e%2e/keys/lock"):
                async with session.get(f"{root}/{name}") as answer:
                    assert answer.status == 404
    finally:
        await runner.cleanup()


_ACCOUNT = "regions: [{name: a, provider: aws, port: 0, aws: {accounts: [{number: '1'"


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("identity: {issuer: {token_seconds: 301}}", "token_seconds"),
        ("identity: {issuer: {publish_ahead_hours: 721}}", "publish_ahead_hours"),
        (f"{_ACCOUNT}}}]}}}}]", "either"),
        (f"{_ACCOUNT}, role: r, credentials_file: f}}]}}}}]", "not both"),
    ],
)
def test_what_would_not_be_safe_is_no_configuration(tmp_path: Path, said: str, part: str) -> None:
    path = tmp_path / "gurum.yaml"
    path.write_text(said)
    with pytest.raises(ConfigError, match=part):
        load(path, {})
