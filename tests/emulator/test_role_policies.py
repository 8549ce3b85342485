"""Sessions that are out already: denied by a policy of their role, by whose they are and when they were issued."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.emulator.cases.iam import delete, put
from tests.emulator.cloud import ACCESS_KEY, ACCOUNT, REGION, Cloud, Connect
from tests.emulator.issuer import CONFIG, NAME, Issuer, tag_claim

from aws_emulator import Config, Emulator, ManualClock, Refusal


def _deny(condition: dict[str, Any]) -> str:
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _session(cloud: Cloud, name: str) -> str:
    tags = tag_claim({"pia:user": name})
    key: str = Issuer().session(cloud.emulator, name, sub=f"project:p:user:{name}", **tags)["AccessKeyId"]
    return key


def _looks(cloud: Cloud, key: str) -> str:
    with suppress(Refusal):
        cloud.emulator.call("DescribeVpcs", account=ACCOUNT, region=REGION, access_key=key)
    return str(cloud.emulator.ledger()[-1]["outcome"])


def _time(cloud: Cloud, after: float) -> str:
    return datetime.fromtimestamp(cloud.emulator.clock.now() + after, UTC).isoformat()


@pytest.mark.parametrize(
    "whose", [{"StringEquals": {"aws:PrincipalTag/pia:user": "alice"}}, {"StringLike": {"aws:userid": "*:alice"}}]
)
def test_a_persons_sessions_are_denied_from_before_a_moment(whose: dict[str, Any]) -> None:
    cloud = Cloud(**CONFIG)
    alice, bob = _session(cloud, "alice"), _session(cloud, "bob")
    assert (_looks(cloud, alice), _looks(cloud, bob)) == ("ok", "ok")
    put(cloud, document=_deny({**whose, "DateLessThan": {"aws:TokenIssueTime": _time(cloud, 10)}}))
    assert (_looks(cloud, alice), _looks(cloud, bob)) == ("UnauthorizedOperation", "ok")
    cloud.wait(20)
    assert _looks(cloud, _session(cloud, "alice")) == "ok", "a session of later is not meant"
    assert _looks(cloud, alice) == "UnauthorizedOperation"
    assert _looks(cloud, ACCESS_KEY) == "ok", "who has no session has no time of issue"
    delete(cloud)
    assert _looks(cloud, alice) == "ok"


def test_a_policy_takes_the_place_of_the_one_of_its_name() -> None:
    cloud = Cloud(**CONFIG)
    alice = _session(cloud, "alice")
    put(cloud, document=_deny({"StringEquals": {"aws:PrincipalTag/pia:user": "alice"}}))
    put(cloud, document=_deny({"StringEquals": {"aws:PrincipalTag/pia:user": "bob"}}))
    assert _looks(cloud, alice) == "ok"


def test_a_date_that_is_none_is_no_policy() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat"):
        Config(policies={"*": json.loads(_deny({"DateLessThan": {"aws:TokenIssueTime": "soon"}}))})


async def test_a_stock_client_writes_lists_and_removes_them(connect: Connect, emulator: Emulator) -> None:
    emulator.configure(CONFIG)
    client = await connect("iam")
    deny = _deny({"StringEquals": {"aws:PrincipalTag/pia:user": "alice"}})
    await client.put_role_policy(RoleName=NAME, PolicyName="left-1", PolicyDocument=deny)
    assert (await client.list_role_policies(RoleName=NAME))["PolicyNames"] == ["left-1"]
    await client.delete_role_policy(RoleName=NAME, PolicyName="left-1")
    assert (await client.list_role_policies(RoleName=NAME))["PolicyNames"] == []
    with pytest.raises(ClientError) as caught:
        await client.delete_role_policy(RoleName=NAME, PolicyName="left-1")
    assert caught.value.response["Error"]["Code"] == "NoSuchEntity"
    assert emulator.trail()[0]["eventSource"] == "iam.amazonaws.com"


def test_they_are_kept_over_a_restart(tmp_path: Any) -> None:
    wanted = Config(accounts={ACCESS_KEY: ACCOUNT}).patched(CONFIG)
    for _ in range(2):
        emulator = Emulator(wanted, ManualClock(), tmp_path)
        emulator.call(
            "PutRolePolicy",
            {"RoleName": NAME, "PolicyName": "left", "PolicyDocument": _deny({})},
            account=ACCOUNT, region=REGION, service="iam",
        )  # fmt: skip
        emulator.close()
    emulator = Emulator(wanted, ManualClock(), tmp_path)
    assert list(emulator.config.role_policies[f"{ACCOUNT}/{NAME}"]) == ["left"]
    emulator.close()
