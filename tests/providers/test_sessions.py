"""Sessions without stored keys: one asker, no session past its end, and each refusal told to whom it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.support.issuer import (
    OWNER,
    ROLE,
    URL,
    EmulatorBroker,
    emulator_config,
    issuer,
    keyed,
    learn,
    trusting,
)
from tests.support.virtual import run_virtual
from tests.support.world import ACCOUNT, region_config

from aws_emulator import Emulator, serve
from gurum.engine.entrance import aws_transport
from gurum.identity.issuer import KeyRing
from gurum.model.conditions import Reason
from gurum.ops.clock import Clock, LoopClock, SystemClock
from gurum.ops.config import AwsAccountConfig, AwsConfig, Config, IdentityConfig, RegionConfig
from gurum.providers.aws.caller import Answer, Caller
from gurum.providers.aws.errors import AwsError, LostError, NotSentError
from gurum.providers.aws.principals import SYSTEM, name, subject, tags
from gurum.providers.aws.refusals import NoSessionError, explain
from gurum.providers.aws.sessions import AHEAD, MARGIN, Credentials, Sessions
from gurum.providers.aws.trust import trust_policy
from gurum.providers.behalf import Behalf, acting_for
from gurum.providers.contract import Place, Wait

ALICE = Behalf("a" * 32, "p" * 32, "req-1", "d1")
BOB = Behalf("b" * 32, "p" * 32, "req-2", "d2")


@pytest.fixture(autouse=True)
def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


class _Signer:
    url = URL

    def __init__(self) -> None:
        self.signed: list[tuple[str, dict[str, str]]] = []

    def token(self, subject: str, tags: Any) -> str:
        self.signed.append((subject, dict(tags)))
        return f"token-{len(self.signed)}"


class _Broker:
    """STS, as slow and as unwilling as a test wants it."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.asked, self.closed = clock, 0, False
        self.error: Exception | None = None
        self.takes = 1.0

    async def assume(self, account: str, name: str, token: str) -> Credentials:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(self.takes)
        if self.error is not None:
            raise self.error
        return Credentials(f"ASIA{number}", "secret", "token", self.clock.time() + 900)

    async def close(self) -> None:
        self.closed = True


def _virtual(work: Callable[[Sessions, _Broker, _Signer], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        clock = LoopClock()
        broker, signer = _Broker(clock), _Signer()
        await work(Sessions(signer, broker, clock, OWNER), broker, signer)

    run_virtual(whole())


def test_a_hundred_who_wait_are_one_who_asks() -> None:
    async def work(sessions: Sessions, broker: _Broker, signer: _Signer) -> None:
        found = await asyncio.gather(*(sessions.ready(ACCOUNT, ALICE) for _ in range(100)))
        assert {each.access_key for each in found} == {"ASIA1"}
        assert (await sessions.ready(ACCOUNT, BOB)).access_key == "ASIA2"
        assert (await sessions.ready(ACCOUNT, None)).access_key == "ASIA3"
        assert (await sessions.ready("444455556666", None)).access_key == "ASIA4"
        people = [f"project:{each.project}:user:{each.user}" for each in (ALICE, BOB)]
        assert [who for who, _ in signer.signed] == [*people, "system:gurum", "system:gurum"]
        told = {"pia:user": "a" * 32, "pia:project": "p" * 32, "pia:request": "req-1", "pia:decision": "d1"}
        assert [given for _, given in signer.signed][::2] == [told, {}]
        await sessions.close()
        assert broker.closed
        assert sessions.held(ACCOUNT, ALICE) is None

    _virtual(work)


def test_a_session_is_renewed_beside_its_use_and_not_given_out_at_its_end() -> None:
    async def work(sessions: Sessions, broker: _Broker, signer: _Signer) -> None:
        await sessions.ready(ACCOUNT, None)
        await asyncio.sleep(900 - AHEAD - 2)
        assert (await sessions.ready(ACCOUNT, None)).access_key == "ASIA1"
        assert broker.asked == 1
        await asyncio.sleep(4)
        for _ in range(5):
            assert (await sessions.ready(ACCOUNT, None)).access_key == "ASIA1"
        await asyncio.sleep(broker.takes + 0.1)
        assert (await sessions.ready(ACCOUNT, None)).access_key == "ASIA2"
        assert broker.asked == 2
        await asyncio.sleep(900 - MARGIN)
        assert sessions.held(ACCOUNT, None) is None
        assert (await sessions.ready(ACCOUNT, None)).access_key == "ASIA3"

    _virtual(work)


def test_while_sts_is_away_a_session_lasts_to_its_end_and_then_the_refusal_is_told() -> None:
    async def work(sessions: Sessions, broker: _Broker, signer: _Signer) -> None:
        await sessions.ready(ACCOUNT, None)
        broker.error = AwsError("Throttling", "Rate exceeded", 400, "r")
        await asyncio.sleep(900 - AHEAD + 10)
        for _ in range(20):
            assert (await sessions.ready(ACCOUNT, None)).access_key == "ASIA1"
            await asyncio.sleep(10)
        await asyncio.sleep(100)
        with pytest.raises(NoSessionError) as caught:
            await sessions.ready(ACCOUNT, None)
        assert caught.value.reason == Reason.THROTTLED

    _virtual(work)


def test_a_refusal_is_not_asked_again_before_its_time() -> None:
    async def work(sessions: Sessions, broker: _Broker, signer: _Signer) -> None:
        broker.error = AwsError("AccessDenied", "Not authorized", 403, "r")
        for _ in range(50):
            with pytest.raises(NoSessionError):
                await sessions.ready(ACCOUNT, ALICE)
        assert broker.asked == 1
        broker.error = None
        await asyncio.sleep(61)
        assert (await sessions.ready(ACCOUNT, ALICE)).access_key == "ASIA2"
        broker.error = LostError("cut")
        with pytest.raises(NotSentError):
            await sessions.ready(ACCOUNT, BOB)
        sessions.forget(ACCOUNT, ALICE, "another")
        assert sessions.held(ACCOUNT, ALICE) is not None
        sessions.forget(ACCOUNT, ALICE, "ASIA2")
        assert sessions.held(ACCOUNT, ALICE) is None

    _virtual(work)


def test_nothing_secret_is_in_the_text_of_credentials() -> None:
    assert repr(Credentials("ASIA1", "hidden", "hidden", 0.0)) == "Credentials(ASIA1)"


@pytest.mark.parametrize(("user", "shown"), [("a" * 32, "a" * 32), ("구름이", None), ("x", None), ("a" * 65, None)])
def test_sessions_are_named_as_aws_takes_it(user: str, shown: str | None) -> None:
    made = name(Behalf(user))
    assert made == shown if shown else len(made) == 64
    assert name(None) == SYSTEM


def test_what_is_not_known_is_no_tag() -> None:
    assert tags(Behalf("u")) == {"pia:user": "u"}
    assert subject(Behalf("u"), "o") == "project::user:u"


# What STS says; what the condition says, and of which class it is.
_REFUSALS: list[tuple[str, str, int, Reason, str]] = [
    ("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {URL}", 400,
     Reason.UNRECOVERABLE_ERROR, "an administrator of the account has to make the IAM OIDC provider"),
    ("InvalidIdentityToken", "Incorrect token audience", 400, Reason.UNRECOVERABLE_ERROR, "lacks the audience"),
    ("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider", 400,
     Reason.UNRECOVERABLE_ERROR, "the platform team has to publish"),
    ("InvalidIdentityToken", "anything", 400, Reason.UNRECOVERABLE_ERROR, "anything"),
    ("IDPCommunicationError", "x", 400, Reason.TRANSIENT_ERROR, "does not reach"),
    ("IDPRejectedClaim", "x", 403, Reason.UNRECOVERABLE_ERROR, "the platform team"),
    ("ExpiredTokenException", "Token expired: current", 400, Reason.UNRECOVERABLE_ERROR, "clock"),
    ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403, Reason.UNRECOVERABLE_ERROR,
     "an administrator of the account has to set its trust policy"),
    ("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 400,
     Reason.UNRECOVERABLE_ERROR, "MaxSessionDuration"),
    ("ValidationError", "Request ARN is invalid", 400, Reason.UNRECOVERABLE_ERROR, "Request ARN"),
    ("PackedPolicyTooLarge", "x", 400, Reason.UNRECOVERABLE_ERROR, "tags"),
    ("RegionDisabledException", "x", 403, Reason.UNRECOVERABLE_ERROR, "activate"),
    ("Throttling", "Rate exceeded", 400, Reason.THROTTLED, "limits"),
    ("InternalFailure", "x", 500, Reason.TRANSIENT_ERROR, "at the moment"),
]  # fmt: skip


@pytest.mark.parametrize("row", _REFUSALS, ids=lambda row: f"{row[0]} {row[1][:12]}")
def test_a_refusal_says_who_has_to_do_what(row: tuple[str, str, int, Reason, str]) -> None:
    code, message, status, reason, part = row
    told = explain(AwsError(code, message, status, "r"), ACCOUNT, URL)
    assert (told.reason, told.code) == (reason, code)
    assert part in str(told)


class _Aws:
    """A served emulator that trusts an issuer, and the product's wire to it."""

    def __init__(self, emulator: Emulator, config: Config, region: RegionConfig, ring: Any) -> None:
        self.emulator, self.config, self.region, self.ring = emulator, config, region, ring
        self.transport = aws_transport(region, config, SystemClock())
        self.place = Place(region.name, ACCOUNT)
        assert region.aws is not None
        self.caller = Caller(self.transport, region.aws, SystemClock())

    def who(self) -> list[tuple[str, str]]:
        """Return action and session of each call, sessions' own beginnings left out."""
        return [(e["action"], e["session"]) for e in self.emulator.ledger() if e["service"] == "ec2"]


@pytest.fixture
async def aws(tmp_path: Path) -> AsyncIterator[_Aws]:
    clock = SystemClock()
    identity, ring = keyed(tmp_path / "issuer", clock)
    emulator = Emulator(emulator_config(ACCOUNT))
    learn(emulator, identity, ring)
    runner = await serve(emulator)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    account = AwsAccountConfig(number=ACCOUNT, role=ROLE)
    base = region_config()
    region = RegionConfig(
        name=base.name, provider="aws", port=0, cloud_region="us-east-1", zones=base.zones,
        aws=AwsConfig(endpoint_url=url, accounts=[account], throttle=False),
    )  # fmt: skip
    config = Config(regions=[region], identity=IdentityConfig(issuer=identity))
    made = _Aws(emulator, config, region, ring)
    yield made
    await made.transport.close()
    await runner.cleanup()
    emulator.close()


async def test_a_call_is_made_as_whoever_it_is_for(aws: _Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "AKIANOBODYS")  # an environment that must not count
    with acting_for(ALICE):
        made = await aws.caller.call(aws.place, "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, who="x")
        assert isinstance(made, Answer)
        vpc = made.body["Vpc"]["VpcId"]
        await aws.caller.call(aws.place, "DescribeVpcs", {}, who="x")
    with acting_for(BOB):
        assert isinstance(await aws.caller.call(aws.place, "DeleteVpc", {"VpcId": vpc}, who="x"), Answer)
    await aws.caller.call(aws.place, "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, who="x")
    told = [("CreateVpc", ALICE.user), ("DescribeVpcs", SYSTEM), ("DeleteVpc", BOB.user), ("CreateVpc", SYSTEM)]
    assert aws.who() == told
    assert aws.emulator.ledger()[1]["session_tags"] == tags(ALICE)


async def test_two_at_once_are_not_taken_for_each_other(aws: _Aws) -> None:
    async def one(behalf: Behalf, number: int) -> None:
        with acting_for(behalf):
            block = {"CidrBlock": f"10.{number}.0.0/16"}
            await aws.caller.call(aws.place, "CreateVpc", block, who="x")

    aws.emulator.configure({"quotas": {"vpcs": 1000}})
    await asyncio.gather(*(one((ALICE, BOB)[n % 2], n) for n in range(40)))
    made = [entry for entry in aws.emulator.ledger() if entry["action"] == "CreateVpc"]
    seen = {(entry["session"], _block(entry) % 2) for entry in made}
    assert seen == {(ALICE.user, 0), (BOB.user, 1)}


def _block(entry: dict[str, Any]) -> int:
    """Return the second number of the block that a call asked for."""
    return int(entry["params"]["CidrBlock"].split(".")[1])


# What is wrong with the account, and what the condition says.
_MISSING: list[tuple[str, dict[str, Any], str]] = [
    ("no provider", {"oidc_providers": []}, "IAM OIDC provider"),
    ("no role", {"roles": []}, "trust policy"),
    ("another issuer is trusted", {"roles": trusting("https://other.example", ACCOUNT)["roles"]}, "trust policy"),
    ("another deployment is trusted", {"roles": "other"}, "trust policy"),
    ("another audience", {"oidc_providers": [{"account": ACCOUNT, "url": URL, "audiences": ["x"]}]}, "audience"),
    ("short sessions", {"roles": trusting(URL, ACCOUNT, max_session=600)["roles"]}, "MaxSessionDuration"),
]


@pytest.mark.parametrize(("change", "part"), [row[1:] for row in _MISSING], ids=[row[0] for row in _MISSING])
async def test_what_an_account_lacks_is_a_condition(aws: _Aws, change: dict[str, Any], part: str) -> None:
    if change.get("roles") == "other":
        policy = trust_policy(URL, ACCOUNT, "another-deployment")
        change = {"roles": [{"account": ACCOUNT, "name": ROLE, "trust": policy}]}
    aws.emulator.configure(change)
    answer = await aws.caller.call(aws.place, "DescribeVpcs", {}, who="x")
    assert isinstance(answer, Wait)
    assert answer.reason == Reason.UNRECOVERABLE_ERROR
    assert part in answer.message
    assert aws.who() == []


async def test_a_session_that_aws_takes_no_more_is_dropped(aws: _Aws) -> None:
    await aws.caller.call(aws.place, "DescribeVpcs", {}, who="x")
    aws.emulator.world.federation.sessions.clear()
    assert isinstance(await aws.caller.call(aws.place, "DescribeVpcs", {}, who="x"), Wait)
    assert isinstance(await aws.caller.call(aws.place, "DescribeVpcs", {}, who="x"), Answer)


def test_keys_change_under_load_and_nothing_fails(tmp_path: Path) -> None:
    """Four keys one after the other, sessions of five minutes at most cached by nobody, ten askers: none is refused."""

    async def whole() -> None:
        clock = LoopClock()
        config, ring = keyed(tmp_path / "issuer", clock, rotate_days=1, publish_ahead_hours=2)
        emulator = Emulator(emulator_config(ACCOUNT), _Now(clock))
        learn(emulator, config, ring)
        broker = EmulatorBroker(emulator)
        signer = issuer(config, KeyRing(config, clock), clock)  # a second process's view of the same files
        kids, failures = set(), 0
        for step in range(4 * 24):
            if ring.turn():
                learn(emulator, config, ring)  # AWS fetches at some time after it was published
            kids.add(ring.current().kid)
            sessions = Sessions(signer, broker, clock, OWNER)
            asked = [sessions.ready(ACCOUNT, Behalf(f"user{n}", "p", f"req-{step}")) for n in range(10)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            failures += sum(isinstance(answer, BaseException) for answer in answers)
            await asyncio.sleep(3600)
        assert failures == 0
        assert broker.asked == 960
        assert len(kids) >= 3

    run_virtual(whole())


class _Now:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        """Return the test's time."""
        return self._clock.time()
