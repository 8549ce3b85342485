"""The verdicts of `make audit` can fail."""

from __future__ import annotations

from typing import Any

import pytest
from tests.audit.tampering import WAYS
from tests.audit.verdict import LIMITS, changing, compared, whole
from tests.faults.verdict import broken, only

from gurum.audit import words
from gurum.audit.event import FAILURE, SUCCESS, Event, Links, Party
from gurum.audit.tree import Node
from gurum.providers.aws.principals import SYSTEM

CALL, KEY, ACCOUNT, ALICE = "1" * 32, "ASIA1", "111122223333", "a" * 32
THERE = Party(id="kakao-usa-east1", type_uri="service/gurum/engine")
SERVER = Party(id="server-1", type_uri="Server")


@pytest.mark.parametrize("name", LIMITS)
def test_each_figure_breaks_alone(name: str) -> None:
    assert [line.partition(":")[0] for line in broken(only(name, LIMITS), LIMITS)] == [name]


def test_each_way_to_tamper_is_asked_for() -> None:
    assert LIMITS["tampering_found"] == ("==", len(WAYS))


def record(**change: Any) -> dict[str, Any]:
    """Return AWS's record of a launch by Alice."""
    return {
        "eventName": "RunInstances", "eventSource": "ec2.amazonaws.com", "recipientAccountId": ACCOUNT,
        "requestID": "aws-1", "userAgent": f"Boto3 {words.MARK}{CALL}", "requestParameters": {},
        "userIdentity": {"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/gurum/{ALICE}", "accessKeyId": KEY},
    } | change  # fmt: skip


PERSON = words.person(ALICE, "p")


def events(who: Party = PERSON, outcome: str = SUCCESS, **change: str) -> list[Event]:
    """Return our two events of it."""
    given: dict[str, Any] = {"call": CALL, "account": ACCOUNT, "access_key": KEY} | change
    before = words.calling("ec2:RunInstances", who, SERVER, THERE, Links(**given))
    after = words.called("ec2:RunInstances", outcome, who, SERVER, THERE, Links(**given, aws_request="aws-1"), "")
    return [before, after]


def test_what_fits_is_told_of_as_nothing() -> None:
    found = compared([record()], events())
    assert (found.missing, found.otherwise, found.misnamed, found.invented) == ([], [], [], [])
    assert found.by == {"people": 1}
    lost = compared([record()], events()[:1])
    assert (lost.missing, lost.otherwise) == ([], [])


@pytest.mark.parametrize(
    ("ours", "missing", "otherwise", "misnamed"),
    [
        ([], 1, 0, 0),
        (events()[1:], 1, 0, 0),
        (events(call="2" * 32), 1, 0, 0),
        (events(access_key="ASIA2"), 0, 1, 0),
        (events(account="222233334444"), 0, 1, 0),
        (events(words.person("b" * 32, "p")), 0, 0, 1),
        (events(words.system("gurum")), 0, 0, 1),
    ],
)
def test_what_does_not_fit_is_told(ours: list[Event], missing: int, otherwise: int, misnamed: int) -> None:
    found = compared([record()], ours)
    assert (len(found.missing), len(found.otherwise), len(found.misnamed)) == (missing, otherwise, misnamed)


def test_one_record_of_ours_stands_for_one_of_theirs() -> None:
    assert len(compared([record(), record(requestID="aws-2")], events()).missing) == 2


def test_an_answer_that_aws_never_gave_is_told() -> None:
    assert compared([record(requestID="aws-9")], events()).invented == [CALL]
    assert compared([record(requestID="aws-9")], events()).otherwise
    assert compared([], events(outcome=FAILURE)).invented == [CALL]


def test_only_the_product_s_own_changes_are_compared() -> None:
    others = record(userAgent="external")
    assert changing([record(), others, record(eventName="DescribeVpcs")]) == [record()]


def way(*kinds: str, top: str = ALICE, sign_in: str = "s") -> list[Node]:
    """Return a way through a tree."""
    ids = {"person": top, "system": top, "sign-in": sign_in, "cloudtrail": "aws-1"}
    return [Node(kind, ids.get(kind, "x")) for kind in kinds]


def test_a_way_has_to_be_whole() -> None:
    kinds = ("person", "sign-in", "token", "request", "call", "cloudtrail")
    assert whole(way(*kinds), record())
    for at in range(len(kinds)):
        assert not whole(way(*kinds[:at], *kinds[at + 1 :]), record())
    assert not whole(way(*kinds, sign_in="unknown"), record())
    assert not whole(way(*kinds, top="b" * 32), record())
    system = record(userIdentity={"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/gurum/{SYSTEM}", "accessKeyId": KEY})
    assert whole(way("system", "call", "cloudtrail", top="gurum"), system)
    assert not whole(way("system", "call", "cloudtrail", top="gurum"), record())
