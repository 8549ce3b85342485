"""The verdicts of the adoption can fail."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adopt.verdict import LIMITS, changing, creates, differences, others
from tests.faults.verdict import broken, only


def _call(action: str, made: list[str] | None = None) -> dict[str, Any]:
    return {"action": action, "made": made or []}


@pytest.mark.parametrize("name", LIMITS)
def test_each_figure_breaks_alone(name: str) -> None:
    assert [line.partition(":")[0] for line in broken(only(name, LIMITS), LIMITS)] == [name]


def test_a_call_that_changes_is_counted_whatever_its_name() -> None:
    calls = [_call("DescribeVpcs"), _call("GetConsoleOutput"), _call("CreateTags"), _call("StopInstances")]
    assert changing(calls) == {"CreateTags": 1, "StopInstances": 1}
    assert others(calls) == 1
    assert others(calls, "StopInstances") == 0
    assert creates([*calls, _call("CreateVpc", ["vpc-1"])]) == 1


def test_a_difference_is_named() -> None:
    before = {"vpc": [{"id": "vpc-1", "cidr": "a"}], "subnet": [{"id": "subnet-1"}]}
    after = {"vpc": [{"id": "vpc-1", "cidr": "b"}], "instance": [{"id": "i-1"}]}
    assert differences(before, after) == [
        "instance i-1 differs in id", "subnet subnet-1 differs in id", "vpc vpc-1 differs in cidr",
    ]  # fmt: skip
    assert differences(before, before) == []
