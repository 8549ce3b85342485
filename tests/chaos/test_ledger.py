"""The ledger's proof: a second creation is seen even when nothing of it is left."""

from __future__ import annotations

from typing import Any

from tests.chaos.ledger import doubles, forbidden, unseen, untagged
from tests.chaos.plan import Point


def made(action: str, id_: str, uid: str = "u1", step: str = "vpc", **more: Any) -> dict[str, Any]:
    tags = [{"Key": "pia:uid", "Value": uid}, {"Key": "pia:step", "Value": step}]
    params = {"TagSpecifications": [{"ResourceType": "x", "Tags": tags}]}
    return {"action": action, "outcome": "ok", "made": [id_], "params": params, **more}


def ended(action: str, **params: Any) -> dict[str, Any]:
    return {"action": action, "outcome": "ok", "made": [], "params": params}


def test_one_after_the_other_is_no_double() -> None:
    lines = [made("CreateVpc", "vpc-1"), ended("DeleteVpc", VpcId="vpc-1"), made("CreateVpc", "vpc-2")]
    assert doubles(lines) == []


def test_two_at_once_are_a_double_although_both_are_gone() -> None:
    lines = [made("CreateVpc", "vpc-1"), made("CreateVpc", "vpc-2")]
    lines += [ended("DeleteVpc", VpcId="vpc-1"), ended("DeleteVpc", VpcId="vpc-2")]
    [words] = doubles(lines)
    assert "vpc-2" in words
    assert "vpc-1" in words


def test_other_objects_and_steps_are_none() -> None:
    lines = [made("CreateSubnet", "subnet-1", step="slice:a"), made("CreateSubnet", "subnet-2", step="slice:b")]
    assert doubles([*lines, made("CreateSubnet", "subnet-3", uid="u2", step="slice:a")]) == []


def test_a_refused_ending_ends_nothing() -> None:
    refused = ended("TerminateInstances", InstanceIds=["i-1"]) | {"outcome": "UnauthorizedOperation"}
    lines = [made("RunInstances", "i-1", step="instance"), refused, made("RunInstances", "i-2", step="instance")]
    assert len(doubles(lines)) == 1
    lines[1]["outcome"] = "ok"
    assert doubles(lines) == []


def test_a_repeated_answer_makes_nothing() -> None:
    again = made("RunInstances", "i-1", step="instance") | {"made": [], "replayed": True}
    assert doubles([made("RunInstances", "i-1", step="instance"), again]) == []


def test_a_call_that_passed_no_point_is_unseen() -> None:
    point = Point("engine", "server create", "AWS CreateVpc vpc", "before")
    lines = [made("CreateVpc", "vpc-1"), made("CreateVpc", "vpc-2")]
    assert list(unseen(lines, [(point, 2)])) == []
    [words] = unseen(lines, [(point, 1)])
    assert words.startswith("unseen: 2 calls of CreateVpc")


def test_a_creation_without_our_tags_is_a_leak() -> None:
    assert list(untagged([made("CreateVpc", "vpc-1")])) == []
    [words] = untagged([made("CreateVpc", "vpc-1", uid="")])
    assert words.startswith("leaked: CreateVpc made vpc-1")


def test_a_call_outside_the_policy_is_found() -> None:
    refused = {"action": "DeleteVpc", "outcome": "UnauthorizedOperation", "params": {"VpcId": "vpc-1"}}
    assert [words.partition(":")[0] for words in forbidden([made("CreateVpc", "vpc-1"), refused])] == ["forbidden"]
