"""Sessions for web identities: whose tokens, whom a role trusts, with which tags, and who a session is afterwards."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from aiohttp import web
from botocore import UNSIGNED
from botocore.exceptions import ClientError
from tests.emulator.cases.case import send, signature
from tests.emulator.cases.sts import assume
from tests.emulator.cloud import ACCOUNT, OTHER_ACCOUNT, REGION, Cloud
from tests.emulator.issuer import AUDIENCE, CONFIG, HOST, ISSUER, PROVIDER, ROLE, Issuer, config, role, tag_claim, trust

from aws_emulator import Config, Emulator, ManualClock, Refusal, serve

SUB = {f"{HOST}:sub": "project:*:user:*"}


def _asked(cloud: Cloud, token: str, **more: str) -> str:
    assume(cloud, token, **more)
    return str(cloud.emulator.ledger()[-1]["outcome"])


@pytest.mark.parametrize("key", ["rsa", "ec"])
def test_a_good_token_is_a_session_of_the_role(key: str) -> None:
    cloud, issuer = Cloud(**CONFIG), Issuer(key)
    issuer.learned(cloud.emulator)
    assert _asked(cloud, issuer.token()) == "ok"
    assert _asked(cloud, issuer.token(aud=["other", AUDIENCE])) == "ok"
    assert "eyJ" not in json.dumps(cloud.emulator.ledger()), "the ledger holds no token"


# What the condition of a trust policy says, what the token says, and whether it is trusted.
_OTHERWISE: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("audience", {"StringEquals": {f"{HOST}:aud": AUDIENCE}}, {}, True),
    ("another audience", {"StringEquals": {f"{HOST}:aud": "sts.example"}}, {}, False),
    ("subject", {"StringEquals": {f"{HOST}:sub": "project:p1:user:alice"}}, {}, True),
    ("another subject", {"StringEquals": {f"{HOST}:sub": "project:p1:user:bob"}}, {}, False),
    ("a pattern is no equality", {"StringEquals": SUB}, {}, False),
    ("pattern", {"StringLike": SUB}, {}, True),
    ("one of several", {"StringLike": {f"{HOST}:sub": ["project:p2:*", "project:p1:*"]}}, {}, True),
    ("another issuer's key", {"StringLike": {"issuer.other:sub": "*"}}, {}, False),
    ("both operators", {"StringLike": SUB, "StringEquals": {f"{HOST}:aud": "x"}}, {}, False),
    ("name of the session", {"StringEquals": {"sts:RoleSessionName": "alice"}}, {}, True),
    ("another name", {"StringEquals": {"sts:RoleSessionName": "bob"}}, {}, False),
    ("amr", {"StringEquals": {f"{HOST}:amr": "mfa"}}, {"amr": ["pwd", "mfa"]}, True),
    ("no amr", {"StringEquals": {f"{HOST}:amr": "mfa"}}, {}, False),
    ("tag", {"StringEquals": {"aws:RequestTag/p": "1"}}, tag_claim({"p": "1"}), True),
    ("another tag", {"StringEquals": {"aws:RequestTag/p": "1"}}, tag_claim({"p": "2"}), False),
    ("no tag", {"StringEquals": {"aws:RequestTag/p": "1"}}, {}, False),
    ("keys of tags", {"ForAllValues:StringEquals": {"aws:TagKeys": ["p", "q"]}}, tag_claim({"p": "1"}), True),
    ("one key too many", {"ForAllValues:StringEquals": {"aws:TagKeys": "q"}}, tag_claim({"p": "1", "q": "2"}), False),
    ("no keys", {"ForAllValues:StringEquals": {"aws:TagKeys": "q"}}, {}, True),
    ("transitive", {"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": "p"}}, tag_claim({"p": "1"}), True),
    (
        "transitive and not to be",
        {"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": "q"}},
        tag_claim({"p": "1"}),
        False,
    ),
]


@pytest.mark.parametrize(
    ("condition", "claims", "trusted"), [row[1:] for row in _OTHERWISE], ids=[r[0] for r in _OTHERWISE]
)
def test_a_role_trusts_by_the_conditions_of_its_policy(
    condition: dict[str, Any], claims: dict[str, Any], trusted: bool
) -> None:
    cloud, issuer = Cloud(**config(role(trust(condition=condition)))), Issuer()
    issuer.learned(cloud.emulator)
    assert _asked(cloud, issuer.token(**claims)) == ("ok" if trusted else "AccessDenied")


@pytest.mark.parametrize(
    ("action", "claims"),
    [
        ("sts:TagSession", tag_claim({"p": "1"})),
        ("sts:SetSourceIdentity", {"https://aws.amazon.com/source_identity": "alice"}),
    ],
)
def test_tags_and_source_identity_need_a_right_of_their_own(action: str, claims: dict[str, Any]) -> None:
    issuer = Issuer()
    for actions, outcome in (((), "AccessDenied"), ((action,), "ok")):
        policy = trust(actions=("sts:AssumeRoleWithWebIdentity", *actions))
        cloud = Cloud(**config(role(policy)))
        issuer.learned(cloud.emulator)
        assert _asked(cloud, issuer.token(**claims)) == outcome
        assert _asked(cloud, issuer.token()) == "ok"


def test_a_deny_wins() -> None:
    denied = {
        "Effect": "Deny",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringLike": {f"{HOST}:sub": "*:user:bob"}},
    }
    cloud, issuer = Cloud(**config(role(trust(further=[denied])))), Issuer()
    issuer.learned(cloud.emulator)
    assert _asked(cloud, issuer.token()) == "ok"
    assert _asked(cloud, issuer.token(sub="project:p1:user:bob")) == "AccessDenied"


@pytest.mark.parametrize(
    "document",
    [
        trust(condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01"}}),
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:*"}]},
        {"Version": "2008-10-17", "Statement": []},
    ],
)
def test_a_trust_that_would_be_understood_by_half_is_no_configuration(document: Any) -> None:
    with pytest.raises(ValueError, match=r"emulated|Expected|Invalid"):
        Config().patched(config(role(document)))


# A token, as rows: what differs from a good one, and the code.
_TOKENS: list[tuple[str, dict[str, Any], str]] = [
    ("no exp", {"exp": None}, "InvalidIdentityToken"),
    ("no iat", {"iat": None}, "InvalidIdentityToken"),
    ("no aud", {"aud": None}, "InvalidIdentityToken"),
    ("exp is a text", {"exp": "2030"}, "IDPRejectedClaim"),
    ("exp is a truth", {"exp": True}, "IDPRejectedClaim"),
    ("sub is a number", {"sub": 7}, "IDPRejectedClaim"),
    ("over for a second", {"life": -1}, "ExpiredTokenException"),
    ("fifty-one tags", tag_claim({f"k{n}": "v" for n in range(51)}), "InvalidIdentityToken"),
    ("a key of 129", tag_claim({"k" * 129: "v"}), "InvalidIdentityToken"),
    ("a tag of AWS's", tag_claim({"aws:user": "v"}), "InvalidIdentityToken"),
    ("two values of a tag", tag_claim({"k": ["a", "b"]}), "InvalidIdentityToken"),
    ("transitive, and no tag", tag_claim({"k": "v"}, transitive=["other"]), "InvalidIdentityToken"),
    ("symmetric", {"algorithm": "none"}, "InvalidIdentityToken"),
    ("authorized party is the audience", {"azp": "somebody"}, "AccessDenied"),
]


@pytest.mark.parametrize(("claims", "code"), [row[1:] for row in _TOKENS], ids=[row[0] for row in _TOKENS])
def test_tokens_that_are_not_believed(claims: dict[str, Any], code: str) -> None:
    cloud, issuer = Cloud(**CONFIG), Issuer()
    issuer.learned(cloud.emulator)
    assert _asked(cloud, issuer.token(**claims)) == code


def test_a_role_that_is_not_there_and_one_that_does_not_trust_are_told_alike() -> None:
    cloud, issuer = Cloud(**CONFIG), Issuer()
    issuer.learned(cloud.emulator)
    for arn in (ROLE + "2", ROLE.replace(ACCOUNT, "999999999999")):
        assert _asked(cloud, issuer.token(), RoleArn=arn) == "AccessDenied"
    assert _asked(cloud, issuer.token(), RoleArn=ROLE.replace(ACCOUNT, OTHER_ACCOUNT)) == "InvalidIdentityToken"


@pytest.mark.parametrize("name", ["구름이", "a" * 65, "a b", ""])
def test_names_of_sessions_are_those_of_aws(name: str) -> None:
    cloud, issuer = Cloud(**CONFIG), Issuer()
    issuer.learned(cloud.emulator)
    assert _asked(cloud, issuer.token(), RoleSessionName=name) == "ValidationError"


def test_a_session_is_who_it_was_made_for_until_it_is_over() -> None:
    cloud, issuer = Cloud(**CONFIG), Issuer()
    given = issuer.session(cloud.emulator, "alice", **tag_claim({"pia:user": "alice"}))

    def call(token: str | None) -> tuple[int, dict[str, Any]]:
        shown = signature(given["AccessKeyId"])
        reply = cloud.emulator.handle(authorization=shown, security_token=token, body="Action=DescribeVpcs")
        return reply.status, cloud.emulator.ledger()[-1]

    status, entry = call(given["SessionToken"])
    assert status == 200
    assert entry["principal"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/gurum/alice"
    assert (entry["session"], entry["session_tags"]) == ("alice", {"pia:user": "alice"})
    assert call(None)[1]["outcome"] == "AuthFailure"
    assert call("stolen" * 10)[1]["outcome"] == "AuthFailure"
    cloud.wait(899)
    assert call(given["SessionToken"])[0] == 200
    cloud.wait(1)
    assert call(given["SessionToken"])[1]["outcome"] == "RequestExpired"


def test_the_policy_of_the_role_binds_the_session_by_its_tags() -> None:
    allowed = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "ec2:Describe*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalTag/pia:project": "p1"}},
            }
        ],
    }
    cloud, issuer = Cloud(**config(role(policy=allowed))), Issuer()
    for project, outcome in (("p1", "ok"), ("p2", "UnauthorizedOperation")):
        key = issuer.session(cloud.emulator, **tag_claim({"pia:project": project}))["AccessKeyId"]
        with suppress(Refusal):
            cloud.emulator.call("DescribeVpcs", account=ACCOUNT, region=REGION, access_key=key)
        assert cloud.emulator.ledger()[-1]["outcome"] == outcome


def test_the_trail_names_the_session_of_each_call_and_its_tags_once() -> None:
    cloud, issuer = Cloud(**CONFIG), Issuer()
    keys = {
        name: issuer.session(cloud.emulator, name, sub=f"project:p1:user:{name}", **tag_claim({"pia:user": name}))
        for name in ("alice", "bob")
    }
    for name in ("bob", "alice"):
        cloud.emulator.call("DescribeVpcs", account=ACCOUNT, region=REGION, access_key=keys[name]["AccessKeyId"])
    began, _, first, second = cloud.emulator.trail()
    assert began["userIdentity"]["type"] == "WebIdentityUser"
    assert began["userIdentity"]["userName"] == "project:p1:user:alice"
    assert began["requestParameters"]["principalTags"] == {"pia:user": "alice"}
    assert began["requestParameters"]["transitiveTagKeys"] == ["pia:user"]
    assert began["responseElements"]["credentials"]["accessKeyId"] == keys["alice"]["AccessKeyId"]
    assert [r["userIdentity"]["arn"].rpartition("/")[2] for r in (first, second)] == ["bob", "alice"]
    assert second["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == ROLE
    assert second["userIdentity"]["accessKeyId"] == keys["alice"]["AccessKeyId"]
    send(cloud, Action="DescribeVpcs")
    assert cloud.emulator.trail()[-1]["userIdentity"]["type"] == "IAMUser"
    assume(cloud, issuer.token(sub="somebody:else"))
    refused = cloud.emulator.trail()[-1]
    assert (refused["userIdentity"], refused["errorCode"]) == ({"type": "Unknown"}, "AccessDenied")


def test_sessions_survive_a_restart(tmp_path: Any) -> None:
    clock, issuer = ManualClock(), Issuer()
    first = Emulator(Config().patched(CONFIG), clock, tmp_path)
    given = issuer.session(first)
    first.close()
    again = Emulator(Config().patched(CONFIG), clock, tmp_path)
    shown, token = signature(given["AccessKeyId"]), given["SessionToken"]
    assert again.handle(authorization=shown, security_token=token, body="Action=DescribeVpcs").status == 200
    assert given["SecretAccessKey"].encode() not in (tmp_path / "emulator.sqlite").read_bytes()
    assert token.encode() not in (tmp_path / "emulator.sqlite-wal").read_bytes()
    again.close()


class Served:
    """An issuer on loopback whose documents a test may change."""

    def __init__(self) -> None:
        self.url = ""
        self.jwks: Any = Issuer().jwks()
        self.discovery: dict[str, Any] = {}
        self.fetched = 0


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    known = Served()

    async def discovery(request: web.Request) -> web.Response:
        return web.json_response({"issuer": known.url, "jwks_uri": f"{known.url}/keys"} | known.discovery)

    async def keys(request: web.Request) -> web.Response:
        known.fetched += 1
        return web.json_response(known.jwks)

    app = web.Application()
    app.add_routes([web.get("/.well-known/openid-configuration", discovery), web.get("/keys", keys)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    known.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield known
    await runner.cleanup()


def _trusting(url: str) -> Config:
    host = url.partition("://")[2]
    policy = json.loads(json.dumps(trust()).replace(HOST, host))
    provider = {"account": ACCOUNT, "url": url, "audiences": [AUDIENCE]}
    return Config().patched({"oidc_providers": [provider], "roles": [role(policy)]})


async def _client(session: AioSession, service: str, url: str, **more: Any) -> Any:
    retries = {"total_max_attempts": 1, "mode": "standard"}
    more.setdefault("config", AioConfig(retries=retries, signature_version=UNSIGNED))
    return session.create_client(service, region_name=REGION, endpoint_url=url, **more)


async def test_a_stock_client_with_no_credentials_gets_a_session_and_uses_it(
    served: Served, session: AioSession
) -> None:
    emulator = Emulator(_trusting(served.url))
    runner = await serve(emulator)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    issuer = Issuer(now=emulator.clock.now())
    try:
        async with await _client(session, "sts", url) as sts:
            wish = {"RoleArn": ROLE, "RoleSessionName": "alice", "DurationSeconds": 900}
            for _ in range(3):
                token = issuer.token(iss=served.url)
                given = (await sts.assume_role_with_web_identity(**wish, WebIdentityToken=token))["Credentials"]
            assert served.fetched == 1, "keys are fetched once"
            other = Issuer("new", now=emulator.clock.now())
            served.jwks = {"keys": [*Issuer().jwks()["keys"], *other.jwks()["keys"]]}
            await sts.assume_role_with_web_identity(**wish, WebIdentityToken=other.token(iss=served.url))
            assert served.fetched == 2, "and once more for a key that is not known"
            for change, code in (
                ({"jwks_uri": f"{served.url}/nowhere"}, "IDPCommunicationError"),
                ({"issuer": "https://somebody.example"}, "InvalidIdentityToken"),
                ({}, "InvalidIdentityToken"),
            ):
                served.discovery = change
                token = Issuer("third", now=emulator.clock.now()).token(iss=served.url)
                with pytest.raises(ClientError) as caught:
                    await sts.assume_role_with_web_identity(**wish, WebIdentityToken=token)
                assert caught.value.response["Error"]["Code"] == code
        keys = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        async with await _client(session, "sts", url, config=AioConfig(), **keys) as sts:
            assert (await sts.get_caller_identity())["Arn"].endswith(":assumed-role/gurum/alice")
    finally:
        await runner.cleanup()
        await asyncio.sleep(0)
        emulator.close()


def test_an_issuer_that_is_not_https_and_not_on_this_machine_is_not_fetched() -> None:
    cloud = Cloud(**CONFIG)
    issuer = Issuer()
    for url, wanted in ((ISSUER, ISSUER), ("http://issuer.example", ""), ("http://127.0.0.1:1", "http://127.0.0.1:1")):
        body = f"Action=AssumeRoleWithWebIdentity&WebIdentityToken={issuer.token(iss=url)}"
        assert cloud.emulator.wanted_keys(body) == wanted
