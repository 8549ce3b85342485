"""The provider of development on the wire: what it gives, and what it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from tests.identity.provider_site import AUDIENCE, BACK, PASSWORDS, Running, pkce, serving, write_people

from gurum.identity.provider.config import DEVICE, Client, ProviderConfig, ProviderError, load
from gurum.identity.provider.passwords import hashed, matches


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path) as running:
        yield running


async def claims(site: Running, token: str, audience: str) -> dict[str, Any]:
    """Verify a token as strangers do: by another library, from the published keys. The clock is the test's."""
    keys = (await site.send("GET", "/jwks")).json
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(jwt.PyJWK(one) for one in keys["keys"] if one["kid"] == kid)
    off: Any = {"verify_exp": False, "verify_iat": False}
    found: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], audience=audience, issuer=site.url, options=off
    )
    return found


async def test_code_with_pkce_gives_tokens_of_the_person(site: Running) -> None:
    code, verifier = await site.code()
    answer = await site.exchange(code, verifier)
    assert answer.status == 200, answer.text
    access = await claims(site, answer.json["access_token"], AUDIENCE)
    identity = await claims(site, answer.json["id_token"], "app")
    assert access["sub"] == identity["sub"] == "id-alice"
    assert (access["groups"], access["project"]) == (["media"], "team-media")
    assert identity["nonce"] == "the-nonce"
    types = [jwt.get_unverified_header(answer.json[name])["typ"] for name in ("access_token", "id_token")]
    assert types == ["at+jwt", "JWT"]
    assert answer.headers["cache-control"] == "no-store"


async def test_the_browser_is_led_back_with_state_and_issuer(site: Running) -> None:
    back = await site.answer(await site.page(pkce()[1]))
    assert back.headers["location"].startswith(BACK + "?")
    assert (back.query["state"], back.query["iss"]) == ("the-state", site.url)


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "http://evil.test/"},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": BACK + "?x=1"},
        {"redirect_uri": "HTTP://app.test/back"},
        {"redirect_uri": BACK + "@evil.test"},
        {"redirect_uri": ""},
        {"client_id": "nobody"},
        {"client_id": "cli"},
    ],
)
async def test_nobody_is_led_to_an_address_that_was_not_registered(site: Running, changed: dict[str, str]) -> None:
    answer = await site.page(pkce()[1], **changed)
    assert answer.status == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": "openid admin"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"request": "x.y.z"}, "request_not_supported"),
        ({"request_uri": "http://evil.test/"}, "request_not_supported"),
    ],
)
async def test_what_is_wrong_with_a_request_is_said_to_the_application(
    site: Running, changed: dict[str, str], error: str
) -> None:
    answer = await site.page(**({"challenge": pkce()[1]} | changed))
    assert (answer.status, answer.query["error"], answer.query["state"]) == (303, error, "the-state")


async def test_a_code_is_good_once_and_its_thief_ends_the_session(site: Running) -> None:
    code, verifier = await site.code()
    first = await site.exchange(code, verifier)
    assert (await site.exchange(code, verifier)).json["error"] == "invalid_grant"
    again = await site.token(grant_type="refresh_token", refresh_token=first.json["refresh_token"])
    assert again.json["error"] == "invalid_grant"
    asked = {"client_id": "app", "client_secret": "app-secret", "token": first.json["access_token"]}
    assert (await site.send("POST", "/introspect", data=asked)).json == {"active": False}


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "http://app.test/other"},
        {"client": "old", "secret": "old-secret"},
    ],
)
async def test_a_code_is_for_its_client_address_and_verifier(site: Running, changed: dict[str, str]) -> None:
    code, verifier = await site.code()
    assert (await site.exchange(code, verifier, **changed)).json["error"] == "invalid_grant"
    assert (await site.exchange(code, verifier)).json["error"] == "invalid_grant", "and it is spent"


async def test_a_code_is_soon_over(site: Running) -> None:
    code, verifier = await site.code()
    site.clock.now += 61
    assert (await site.exchange(code, verifier)).json["error"] == "invalid_grant"


async def test_only_a_client_that_may_is_let_off_pkce_and_then_altogether(site: Running) -> None:
    back = await site.answer(await site.page(client_id="old"))
    form = {"client": "old", "secret": "old-secret"}
    assert (await site.exchange(back.query["code"], "x" * 43, **form)).status == 400, "a verifier out of nowhere"
    back = await site.answer(await site.page(client_id="old"))
    answer = await site.exchange(back.query["code"], "", **form)
    assert answer.status == 200, answer.text


async def test_a_login_page_belongs_to_its_browser(site: Running) -> None:
    page = await site.page(pkce()[1])
    site.cookies.clear()
    assert (await site.answer(page)).status == 400


async def test_the_pages_cannot_be_framed_or_scripted(site: Running) -> None:
    page = await site.page(pkce()[1])
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://app.test;" in policy
    assert "<script" not in page.text
    shown = await site.send("GET", "/device", params={"user_code": '"><script>alert(1)</script>'})
    assert "<script" not in shown.text


async def test_wrong_passwords_are_counted_before_they_are_tried(site: Running) -> None:
    form = {"client": "cli", "secret": None, "grant_type": "password", "username": "alice", "scope": "openid"}
    for _ in range(5):
        wrong: Any = form | {"password": "wrong"}
        assert (await site.token(**wrong)).status == 400
    right: Any = form | {"password": PASSWORDS["alice"]}
    locked = await site.token(**right)
    assert locked.status == 429
    assert int(locked.headers["retry-after"]) == 300
    page = await site.answer(await site.page(pkce()[1]))
    assert page.status == 429, "it is one count for all ways in"
    site.clock.now += 301
    assert (await site.token(**right)).status == 200


async def test_nobody_learns_who_there_is(site: Running) -> None:
    answers = []
    for username, password in (("nobody", "x"), ("alice", "x"), ("gone", PASSWORDS["gone"])):
        answer = await site.token(
            client="cli", secret=None, grant_type="password", username=username, password=password, scope="openid"
        )
        answers.append((answer.status, answer.text))
    assert len(set(answers)) == 1


async def test_clients_prove_themselves(site: Running) -> None:
    for client, secret in (("app", "wrong"), ("app", None), ("nobody", "x"), ("cli", "surplus"), ("robot", "")):
        answer = await site.token(client, secret, grant_type="client_credentials")
        assert (answer.status, answer.json["error"]) == (401, "invalid_client")
    assert (await site.token("app", grant_type="client_credentials")).json["error"] == "unauthorized_client"
    assert (await site.token("app", grant_type="password")).json["error"] == "unauthorized_client"
    assert (await site.token("app", grant_type="magic")).json["error"] == "unsupported_grant_type"
    both = {"Authorization": aiohttp.encode_basic_auth("app", "app-secret")}
    twice = await site.send("POST", "/token", data={"client_id": "app", "client_secret": "app-secret"}, headers=both)
    assert twice.json["error"] == "invalid_request"


async def test_a_secret_cannot_be_guessed_for_long(site: Running) -> None:
    for _ in range(20):
        await site.token("robot", "wrong", grant_type="client_credentials")
    assert (await site.token("robot", "robot-secret", grant_type="client_credentials")).status == 429
    site.clock.now += 301
    answer = await site.token("robot", "robot-secret", grant_type="client_credentials")
    told = await claims(site, answer.json["access_token"], AUDIENCE)
    assert (told["sub"], told["preferred_username"], told["project"]) == ("client-robot", "svc-robot", "automation")
    assert {"id_token", "refresh_token"}.isdisjoint(answer.json)


async def test_a_parameter_is_there_once(site: Running) -> None:
    answer = await site.send("POST", "/token", data=[("client_id", "cli"), ("client_id", "app")])
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


async def test_refresh_tokens_turn_and_an_old_one_ends_the_session(site: Running) -> None:
    first = await site.exchange(*await site.code())
    second = await site.token(grant_type="refresh_token", refresh_token=first.json["refresh_token"])
    assert second.status == 200
    replayed = await site.token(grant_type="refresh_token", refresh_token=first.json["refresh_token"])
    assert replayed.json["error"] == "invalid_grant"
    newest = await site.token(grant_type="refresh_token", refresh_token=second.json["refresh_token"])
    assert newest.json["error"] == "invalid_grant", "one of the two is a thief: nobody goes on"


async def test_the_device_way(site: Running) -> None:
    verifier, challenge = pkce()
    asked = {"client_id": "cli", "scope": "openid", "code_challenge": challenge, "code_challenge_method": "S256"}
    begun = (await site.send("POST", "/device_authorization", data=asked)).json
    poll: dict[str, Any] = {
        "client": "cli",
        "secret": None,
        "grant_type": DEVICE,
        "device_code": begun["device_code"],
        "code_verifier": verifier,
    }
    assert (await site.token(**poll)).json["error"] == "authorization_pending"
    assert (await site.token(**poll)).json["error"] == "slow_down"
    form = {"user_code": begun["user_code"].lower(), "username": "alice", "password": "wrong", "answer": "allow"}
    assert (await site.send("POST", "/device", data=form)).status == 401
    form["password"] = PASSWORDS["alice"]
    assert (await site.send("POST", "/device", data=form)).status == 200
    assert (await site.send("POST", "/device", data=form)).status == 400, "a code is answered once"
    assert (await site.token(**(poll | {"code_verifier": "y" * 43}))).json["error"] == "invalid_grant"
    told = await claims(site, (await site.token(**poll)).json["access_token"], AUDIENCE)
    assert told["sub"] == "id-alice"
    assert (await site.token(**poll)).json["error"] == "expired_token", "and exchanged once"


async def test_a_device_can_be_refused_and_codes_cannot_be_guessed(site: Running) -> None:
    begun = (await site.send("POST", "/device_authorization", data={"client_id": "cli"})).json
    form = {"username": "alice", "password": PASSWORDS["alice"], "answer": "deny"}
    for _ in range(10):
        wrong = await site.send("POST", "/device", data=form | {"user_code": "BBBB-BBBB"})
        assert wrong.status == 400
    assert (await site.send("POST", "/device", data=form | {"user_code": begun["user_code"]})).status == 429
    site.clock.now += 301
    assert (await site.send("POST", "/device", data=form | {"user_code": begun["user_code"]})).status == 200
    poll = await site.token("cli", None, grant_type=DEVICE, device_code=begun["device_code"])
    assert poll.json["error"] == "access_denied"


async def test_userinfo_introspection_and_the_end_of_a_session(site: Running) -> None:
    tokens = (await site.exchange(*await site.code())).json
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await site.send("GET", "/userinfo", headers=bearer)).json["preferred_username"] == "alice"
    identity = {"Authorization": f"Bearer {tokens['id_token']}"}
    assert (await site.send("GET", "/userinfo", headers=identity)).status == 401
    asked = {"client_id": "app", "client_secret": "app-secret", "token": tokens["access_token"]}
    assert (await site.send("POST", "/introspect", data=asked)).json["active"] is True
    nosy = asked | {"client_id": "old", "client_secret": "old-secret"}
    assert (await site.send("POST", "/introspect", data=nosy)).status == 403
    elsewhere = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "http://evil.test/"}
    assert "location" not in (await site.send("GET", "/end_session", params=elsewhere)).headers
    ended = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "http://app.test/bye", "state": "s"}
    assert (await site.send("GET", "/end_session", params=ended)).headers["location"] == "http://app.test/bye?state=s"
    assert (await site.send("POST", "/introspect", data=asked)).json == {"active": False}
    assert (await site.send("GET", "/userinfo", headers=bearer)).status == 401
    refresh = await site.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refresh.json["error"] == "invalid_grant"


async def test_keys_turn_without_a_token_being_refused(site: Running) -> None:
    assert site.provider.ring.due() == 29 * 86400, "one key is due, too"
    old = (await site.exchange(*await site.code())).json["access_token"]
    site.provider.ring.turn(early=True)
    assert len((await site.send("GET", "/jwks")).json["keys"]) == 2, "published before it signs"
    site.clock.now += 25 * 3600
    site.provider.ring.turn()
    new = (await site.exchange(*await site.code())).json["access_token"]
    assert jwt.get_unverified_header(new)["kid"] != jwt.get_unverified_header(old)["kid"]
    assert (await claims(site, new, AUDIENCE))["sub"] == "id-alice"


async def test_memory_is_bounded(site: Running) -> None:
    for _ in range(1000):
        await site.send("POST", "/device_authorization", data={"client_id": "cli"})
    full = await site.send("POST", "/device_authorization", data={"client_id": "cli"})
    assert (full.status, full.json["error"]) == (503, "temporarily_unavailable")
    site.clock.now += 601
    assert (await site.send("POST", "/device_authorization", data={"client_id": "cli"})).status == 200


async def test_a_long_body_is_cut_off(site: Running) -> None:
    assert (await site.send("POST", "/token", data={"client_id": "x" * 20_000})).status == 413


def test_passwords_are_hashed() -> None:
    stored = hashed("secret")
    assert "secret" not in stored
    assert matches("secret", stored)
    assert not matches("secret ", stored)
    with pytest.raises(ValueError):
        matches("x", "scrypt$1048576$8$1$AA==$AA==")


def test_it_is_not_offered_to_strangers(tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "name": "x",
        "issuer": "http://127.0.0.1:1",
        "audience": "a",
        "directory": tmp_path,
        "people_file": tmp_path / "p",
        "clients": [],
    }
    ProviderConfig(**told)
    for wrong in ({"host": "0.0.0.0"}, {"issuer": "http://x/"}, {"issuer": "ftp://x"}):
        with pytest.raises(ValueError):
            ProviderConfig(**(told | wrong))
    with pytest.raises(ValueError):
        Client(id="x", grants=["authorization_code"], pkce=False)
    with pytest.raises(ProviderError, match="nowhere"):
        load(tmp_path / "nowhere")


async def test_who_is_disabled_has_left_at_once_and_what_they_had_is_never_good_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:

        def form(**more: str) -> dict[str, str]:
            return {"client": "cli", "secret": "", "scope": "openid", **more}

        login = {"grant_type": "password", "username": "alice", "password": PASSWORDS["alice"]}
        given = (await running.token(**form(**login))).json
        code, verifier = await running.code()
        introspected = {"client_id": "app", "client_secret": "app-secret", "token": given["access_token"]}
        assert (await running.send("POST", "/introspect", data=introspected)).json["active"]

        running.clock.now += 2
        write_people(tmp_path, "alice", "gone")
        refresh = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        assert not (await running.send("POST", "/introspect", data=introspected)).json["active"]
        assert (await running.token(**form(**login))).json["error"] == "invalid_grant"

        running.clock.now += 2
        write_people(tmp_path, "gone")
        assert (await running.token(**form(**refresh))).json["error"] == "invalid_grant"
        assert (await running.exchange(code, verifier)).json["error"] == "invalid_grant"
        assert not (await running.send("POST", "/introspect", data=introspected)).json["active"]
        again = (await running.token(**form(**login))).json
        refresh = {"grant_type": "refresh_token", "refresh_token": again["refresh_token"]}
        assert (await running.token(**form(**refresh))).status == 200, "who is there again logs in anew"
