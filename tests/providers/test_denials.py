"""Ending sessions that are out: by a policy for each person, replaced and cleared away, that denies no others."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.issuer import OWNER, ROLE, URL, keyed, learn, trusting
from tests.support.world import ACCOUNT, region_config

from aws_emulator import Emulator, serve
from aws_emulator.config import Config as EmulatorConfig
from gurum.engine.entrance import aws_transport, denials_of
from gurum.engine.leaving import sessions_end
from gurum.identity.issuer import KeyRing
from gurum.ops.clock import SystemClock
from gurum.ops.config import AwsAccountConfig, AwsConfig, Config, IdentityConfig, RegionConfig
from gurum.providers.aws import trust
from gurum.providers.aws.denials import LONGEST, SKEW, deny, document, name
from gurum.providers.aws.errors import AwsError
from gurum.providers.behalf import Behalf, acting_for

ALICE = Behalf("a" * 32, "p" * 32, "req-1", "d1")
BOB = Behalf("b" * 32, "p" * 32, "req-2", "d2")
ENDS = "gurum-offboarding"
NOW = 1_800_000_000.0


class Role:
    """IAM's inline policies of a role, and a caller that may be killed at any of its changes."""

    def __init__(self, *names: str) -> None:
        self.policies: dict[str, Any] = dict.fromkeys(names)
        self.dies_at, self.calls = 0, 0

    def _step(self) -> None:
        self.calls += 1
        if self.calls == self.dies_at:
            raise asyncio.CancelledError

    async def put(self, name: str, document: Mapping[str, Any]) -> None:
        self._step()
        self.policies[name] = document

    async def names(self) -> list[str]:
        return sorted(self.policies)

    async def delete(self, name: str) -> None:
        self._step()
        self.policies.pop(name, None)


async def test_older_ones_of_the_same_person_and_those_of_use_no_more_go() -> None:
    old, of_bob = name("bob", NOW - LONGEST - 1), name("bob", NOW - LONGEST + 1)
    role = Role("somebody-elses", old, of_bob, name("alice", NOW - 100), name("alice", NOW + 900))
    await deny(role, "alice", NOW)
    kept = {"somebody-elses", of_bob, name("alice", NOW + SKEW), name("alice", NOW + 900)}
    assert set(role.policies) == kept
    await deny(role, "alice", NOW)
    assert set(role.policies) == kept, "again, and nothing is different"


async def test_killed_anywhere_the_person_is_denied_or_was_before() -> None:
    for at in (1, 2):
        role = Role(name("alice", NOW - 100))
        role.dies_at = at
        with pytest.raises(asyncio.CancelledError):
            await deny(role, "alice", NOW)
        assert any("alice" in each for each in role.policies)
        await deny(role, "alice", NOW)
        assert set(role.policies) == {name("alice", NOW + SKEW)}


def test_an_id_that_aws_would_refuse_is_the_digest_that_the_issuer_signs() -> None:
    statement = document("구름", NOW)["Statement"][0]
    said = statement["Condition"]["StringEquals"]["aws:PrincipalTag/pia:user"]
    assert len(said) == 64
    assert name("구름", NOW).endswith(said)
    assert len(name("x" * 300, NOW)) <= 128


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    made = Emulator(EmulatorConfig(accounts={}))
    yield made
    made.close()


def _config(tmp_path: Path, url: str, ends: str = ENDS) -> tuple[Config, RegionConfig]:
    clock = SystemClock()
    issuer, _ = keyed(tmp_path / "issuer", clock)
    account = AwsAccountConfig(number=ACCOUNT, role=ROLE, offboarding_role=ends)
    aws = AwsConfig(endpoint_url=url, accounts=[account])
    region = msgspec.structs.replace(region_config(), aws=aws)
    return Config(identity=IdentityConfig(issuer=issuer), regions=[region]), region


def _roles(url: str) -> dict[str, Any]:
    told = trusting(url, ACCOUNT)
    ends = {
        "account": ACCOUNT,
        "name": ENDS,
        "trust": trust.offboarding_trust(url, ACCOUNT, OWNER),
        "policy": trust.offboarding_policy(ROLE, ACCOUNT),
    }
    return told | {"roles": [*told["roles"], ends]}


async def test_one_persons_sessions_end_and_nobody_elses(emulator: Emulator, tmp_path: Path) -> None:
    runner = await serve(emulator)
    config, region = _config(tmp_path, f"http://127.0.0.1:{runner.addresses[0][1]}")
    emulator.configure(_roles(URL))
    learn(emulator, config.identity.issuer, KeyRing(config.identity.issuer, SystemClock()))
    transport = aws_transport(region, config, SystemClock())

    async def makes(behalf: Behalf | None) -> str:
        with acting_for(behalf):
            try:
                await transport.ready(ACCOUNT, "CreatePlacementGroup")
                wish = {"GroupName": uuid.uuid4().hex, "Strategy": "cluster"}
                await transport.call(ACCOUNT, "CreatePlacementGroup", wish)
            except AwsError as error:
                return error.code
        return "ok"

    assert [await makes(each) for each in (ALICE, BOB, None)] == ["ok", "ok", "ok"]
    planned = await sessions_end(config, [ALICE.user], dry_run=True)
    assert [(one.state, one.id) for one in planned] == [("would end", ACCOUNT)]
    assert emulator.config.role_policies == {}
    done = await sessions_end(config, [ALICE.user])
    assert [(one.state, one.what, one.id, one.user) for one in done] == [("ended", "AWS sessions", ACCOUNT, ALICE.user)]
    assert [await makes(each) for each in (ALICE, BOB, None)] == ["UnauthorizedOperation", "ok", "ok"]
    # The engine has dropped the session; one of later is not meant, and what was asked for before goes on.
    policies = emulator.config.role_policies[f"{ACCOUNT}/{ROLE}"]
    (of, denial), *_ = policies.items()
    earlier = json.loads(json.dumps(denial).replace(_moment(denial), "2026-01-01T00:00:00Z"))
    emulator.configure({"role_policies": {f"{ACCOUNT}/{ROLE}": {of: None}}})
    emulator.configure({"role_policies": {f"{ACCOUNT}/{ROLE}": {of: earlier}}})
    assert await makes(ALICE) == "ok"
    denials = denials_of(region, config, SystemClock())
    assert denials is not None
    assert await denials.check(ACCOUNT) == 1
    await denials.close()
    await transport.close()
    await runner.cleanup()


def _moment(denial: Mapping[str, Any]) -> str:
    return str(denial["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"])


async def test_without_the_role_or_its_right_they_are_left_and_run_out(emulator: Emulator, tmp_path: Path) -> None:
    runner = await serve(emulator)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    config, _ = _config(tmp_path, url, ends="")
    (one,) = await sessions_end(config, [ALICE.user])
    assert (one.state, one.detail) == (
        "left", "no offboarding_role is configured; they run out within 900 s of the last request",
    )  # fmt: skip
    config, _ = _config(tmp_path / "other", url)
    emulator.configure(trusting(URL, ACCOUNT))
    (one,) = await sessions_end(config, [ALICE.user])
    assert one.state == "left"
    assert "run out within 900 s" in one.detail
    await runner.cleanup()
