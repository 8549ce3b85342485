"""The rule at the client itself: what the chain does not know is not signed, whoever asks for it, by whatever key."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.audit.chains import Hands, events
from tests.support.issuer import OWNER, ROLE, emulator_config, keyed, learn
from tests.support.world import ACCOUNT, region_config

from aws_emulator import Emulator, serve
from gurum.audit import words
from gurum.audit.event import PENDING, Event
from gurum.audit.opening import opened
from gurum.cli.audit.trails import call_of
from gurum.engine.entrance import aws_transport, engines
from gurum.ops.audit import AuditConfig
from gurum.ops.clock import SystemClock
from gurum.ops.config import AwsAccountConfig, AwsConfig, Config, EngineConfig, IdentityConfig, RegionConfig
from gurum.providers.aws.caller import Answer, Caller
from gurum.providers.aws.recorded import UnrecordedError, looks
from gurum.providers.aws.transport import BotoTransport
from gurum.providers.behalf import Behalf, acting_for
from gurum.providers.contract import Place

ALICE = Behalf("a" * 32, "p" * 32, "req-alice", "d1")
BLOCK = {"CidrBlock": "10.0.0.0/16"}


class Site:
    """A served emulator, the product's wire to it, and the chain that is kept of it."""

    def __init__(self, emulator: Emulator, transport: BotoTransport, caller: Caller, directory: Path) -> None:
        self.emulator, self.transport, self.caller, self.directory = emulator, transport, caller, directory
        self.place = Place(region_config().name, ACCOUNT)

    def told(self) -> list[Event]:
        """Return the chain's events of calls."""
        return [one for one in events(self.directory) if one.links.call]

    def changed(self) -> list[dict[str, Any]]:
        """Return AWS's own records of what may have changed something."""
        return [one for one in self.emulator.trail() if not looks(one["eventName"])]


@asynccontextmanager
async def site(tmp_path: Path, account: AwsAccountConfig) -> AsyncIterator[Site]:
    """Give one whose account is entered so."""
    clock = SystemClock()
    identity, ring = keyed(tmp_path / "issuer", clock)
    emulator = Emulator(emulator_config(ACCOUNT))
    learn(emulator, identity, ring)
    runner = await serve(emulator)
    url, base = f"http://127.0.0.1:{runner.addresses[0][1]}", region_config()
    region = RegionConfig(
        name=base.name, provider="aws", port=0, cloud_region="us-east-1", zones=base.zones,
        aws=AwsConfig(endpoint_url=url, accounts=[account], throttle=False),
    )  # fmt: skip
    config = Config(
        regions=[region], identity=IdentityConfig(issuer=identity), engine=EngineConfig(deployment=OWNER),
        audit=AuditConfig(directory=str(tmp_path / "audit")),
    )  # fmt: skip
    async with opened(config.audit, "engine", Hands(), None) as writer:
        recorder = engines(region, config, writer)
        transport = aws_transport(region, config, clock, recorder)
        assert region.aws is not None
        caller = Caller(transport, region.aws, clock, recorder=recorder)
        yield Site(emulator, transport, caller, writer.directory)
        await transport.close()
    await runner.cleanup()
    emulator.close()


@pytest.fixture(params=["role", "key"])
async def any_site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    """Give a site that is entered by sessions, and one that is by a stored key."""
    account = AwsAccountConfig(number=ACCOUNT, role=ROLE)
    if request.param == "key":
        secret = {"access_key_id": "AKIASTORED", "secret_access_key": "s"}
        (tmp_path / "key.json").write_text(json.dumps(secret))
        (tmp_path / "key.json").chmod(0o600)
        account = AwsAccountConfig(number=ACCOUNT, credentials_file=str(tmp_path / "key.json"))
    async with site(tmp_path, account) as made:
        if request.param == "key":
            made.emulator.configure({"accounts": {"AKIASTORED": ACCOUNT}})
        yield made


async def test_what_is_not_recorded_is_not_signed(any_site: Site) -> None:
    await any_site.transport.ready(ACCOUNT, "CreateVpc")
    with pytest.raises(UnrecordedError):
        await any_site.transport.call(ACCOUNT, "CreateVpc", dict(BLOCK))
    assert not [one for one in any_site.changed() if one["eventName"] == "CreateVpc"]


async def test_a_driver_that_asks_the_client_itself_is_refused(any_site: Site) -> None:
    """Not even inside of a call that is recorded may another one be made."""
    await any_site.caller.call(any_site.place, "DescribeVpcs", {}, who="x")
    client = await any_site.transport._client(ACCOUNT)

    async def driver(**params: Any) -> Any:
        return await client.create_vpc(**params)

    client.delete_vpc = driver
    with pytest.raises(UnrecordedError):
        await any_site.caller.call(any_site.place, "DeleteVpc", dict(BLOCK), who="x")
    assert not [one for one in any_site.changed() if one["eventName"].endswith("Vpc")]


async def test_aws_s_own_record_names_ours(any_site: Site) -> None:
    with acting_for(ALICE):
        made = await any_site.caller.call(any_site.place, "CreateVpc", dict(BLOCK), who="x")
    assert isinstance(made, Answer)
    before = [one for one in any_site.told() if one.outcome == PENDING]
    [record] = [one for one in any_site.changed() if one["eventName"] == "CreateVpc"]
    [ours] = [one for one in before if one.links.call == call_of(record)]
    assert record["requestID"] == made.request_id
    assert ours.links.access_key == record["userIdentity"]["accessKeyId"]
    assert (ours.initiator.id, ours.links.request, ours.links.decision) == (ALICE.user, ALICE.request, ALICE.decision)
    for session in any_site.changed():
        assert call_of(session) in {one.links.call for one in before}, session["eventName"]


async def test_a_key_that_was_renewed_while_it_was_written_down_is_written_down_anew(tmp_path: Path) -> None:
    async with site(tmp_path, AwsAccountConfig(number=ACCOUNT, role=ROLE)) as one:
        sessions = one.transport._sessions
        assert sessions is not None
        first = await sessions.ready(ACCOUNT, None)
        certain, renewed = one.caller._begun, list[str]()

        async def begun(*arguments: Any) -> Any:
            found = await certain(*arguments)
            if not renewed:
                sessions.forget(ACCOUNT, None, first.access_key)
                renewed.append((await sessions.ready(ACCOUNT, None)).access_key)
            return found

        one.caller._begun = begun  # type: ignore[assignment,method-assign]  # the moment that a renewal would have to hit
        assert isinstance(await one.caller.call(one.place, "CreateVpc", dict(BLOCK), who="x"), Answer)
        [record] = [each for each in one.changed() if each["eventName"] == "CreateVpc"]
        assert record["userIdentity"]["accessKeyId"] == renewed[0] != first.access_key
        told = [(each.outcome, each.links.access_key) for each in one.told() if each.action == "call/ec2:CreateVpc"]
        assert told == [(PENDING, first.access_key), ("failure", first.access_key), (PENDING, renewed[0])]


async def test_a_command_that_only_looks_can_do_no_more(tmp_path: Path) -> None:
    """Without a recorder, where a chain is kept, the wire lets nothing through that may change something."""
    async with site(tmp_path, AwsAccountConfig(number=ACCOUNT, role=ROLE)) as one:
        one.caller._recorder = None
        assert isinstance(await one.caller.call(one.place, "DescribeVpcs", {}, who="x"), Answer)
        with pytest.raises(UnrecordedError):
            await one.caller.call(one.place, "CreateVpc", dict(BLOCK), who="x")


def test_no_id_of_ours_looks_like_a_call_s() -> None:
    assert call_of({"userAgent": f"Boto3 {words.MARK}{'0' * 32}"}) == "0" * 32
    assert call_of({"userAgent": f"Boto3 {words.MARK}{'0' * 33}"}) == ""
    assert call_of({}) == ""
