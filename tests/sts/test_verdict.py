"""The verdicts of the run without stored keys can fail."""

from __future__ import annotations

from typing import Any

import pytest
from tests.faults.verdict import broken, only
from tests.sts.recorder import Recorded
from tests.sts.sought import SHAPES
from tests.sts.verdict import LIMITS, Deed, deeds, looks, stored, tells

from gurum.providers.aws.errors import AwsError
from gurum.providers.aws.refusals import NoSessionError, explain


@pytest.mark.parametrize("name", LIMITS)
def test_each_figure_breaks_alone(name: str) -> None:
    assert [line.partition(":")[0] for line in broken(only(name, LIMITS), LIMITS)] == [name]


def _begun(key: str, **tags: str) -> dict[str, Any]:
    return {
        "eventName": "AssumeRoleWithWebIdentity",
        "readOnly": False,
        "userIdentity": {"type": "WebIdentityUser"},
        "requestParameters": {"principalTags": tags} if tags else {},
        "responseElements": {"credentials": {"accessKeyId": key}},
    }


def _called(event: str, who: str, key: str, **asked: Any) -> dict[str, Any]:
    return {
        "eventName": event,
        "readOnly": event.startswith("Describe"),
        "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::1:assumed-role/gurum/{who}", "accessKeyId": key},
        "requestParameters": asked,
    }


def test_a_call_is_whose_the_session_says_and_for_the_request_that_its_tags_say() -> None:
    tag = [{"Tags": [{"Key": "pia:uid", "Value": "s1"}]}]
    records = [
        _begun("K1", **{"pia:user": "alice", "pia:request": "req-1"}),
        _begun("K2", **{"pia:user": "bob", "pia:request": "req-2"}),
        _called("RunInstances", "alice", "K1", TagSpecifications=tag),
        _called("StopInstances", "bob", "K2", InstanceIds=["i-1"]),
        _called("StopInstances", "bob", "K2", InstanceIds=["i-2"]),
        _called("StartInstances", "alice", "K2", InstanceIds=["i-1"]),
        _called("TerminateInstances", "gurum-system", "K3", InstanceIds=["i-1"]),
        _called("RebootInstances", "bob", "K2", InstanceIds=["i-1"]) | {"errorCode": "AuthFailure"},
    ]
    assert deeds(records, "s1", "i-1") == [
        Deed("create", "alice", "req-1"),
        Deed("stop", "bob", "req-2"),
        Deed("start", "alice by its name, bob by its tags", "req-2"),
        Deed("delete", "gurum-system by its name, nobody by its tags", ""),
    ]


def test_a_key_of_a_user_and_a_look_by_a_person_are_counted() -> None:
    key = _called("DescribeVpcs", "x", "AKIA")
    key["userIdentity"] |= {"type": "IAMUser"}
    records = [key, _called("DescribeVpcs", "gurum-system", "K"), _called("DescribeVpcs", "alice", "K")]
    assert (stored(records), looks(records, "gurum-system")) == (1, 1)


def test_what_is_told_is_what_the_product_says() -> None:
    told: NoSessionError = explain(AwsError("AccessDenied", "Not authorized", 403, "r"), "1", "https://i.example")
    assert tells(f"it waits: {told}")
    assert not tells("Not authorized to perform sts:AssumeRoleWithWebIdentity")


def test_every_secret_that_goes_through_is_noted() -> None:
    known = Recorded()
    part = "eyJraWQiOiAiazEiLCAic3ViIjogInMifQ"  # {"kid": "k1", "sub": "s"}
    question = f"Action=AssumeRoleWithWebIdentity&WebIdentityToken={part}.{part}.sig".encode()
    known.take(question, b"<SecretAccessKey>abc</SecretAccessKey><SessionToken>def</SessionToken>")
    known.take(question, b"<Error><Code>AccessDenied</Code></Error>")
    known.take(b"Action=GetCallerIdentity", b"<oops/>")
    assert (known.given, known.refused, known.kids, known.subjects) == (1, ["AccessDenied", "?"], {"k1"}, {"s"})
    assert set(known.secrets) == {"token 1", "token 2", "SecretAccessKey 1", "SessionToken 1"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"key=AKIA" + b"ABCD2345" * 2, "a long-lived access key"),
        (b"key=ASIA" + b"ABCD2345" * 2, ""),  # a session's, which is no secret without its other half
        (b"x eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwIn0.c2lnbmF0dXJlLWlzLWhlcmU", "a signed token"),
        (b'{"secret_access_key": "abcdefghijklmnopqrst"}', "a stored secret key"),
        (b"aws_secret_access_key = abcdefghijklmnopqrst", "a stored secret key"),
        (b"PATH=/bin\0AWS_SESSION_TOKEN=x", "a variable of AWS's"),
        (b"AWS_CA_BUNDLE=/etc/x", ""),
    ],
)
def test_what_looks_like_a_key_is_known_by_its_look(text: bytes, what: str) -> None:
    assert [name for name, look in SHAPES.items() if look.search(text)] == ([what] if what else [])
