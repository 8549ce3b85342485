"""The verdicts of the run with drift can fail."""

from __future__ import annotations

from typing import Any

import pytest
from tests.drift.verdict import LIMITS, bound, naming, sweeps
from tests.faults.verdict import broken, only


def _call(action: str, made: list[str] | None = None, **params: Any) -> dict[str, Any]:
    return {"action": action, "params": params, "made": made or [], "changed": []}


def test_a_change_may_take_two_looks_its_own_time_and_a_second() -> None:
    assert bound("start") == pytest.approx(2 * 4 + 0.4 + 1)
    assert bound("stop") == pytest.approx(2 * 4 + 1.5 + 1)


@pytest.mark.parametrize("name", LIMITS)
def test_each_figure_breaks_alone(name: str) -> None:
    assert [line.partition(":")[0] for line in broken(only(name, LIMITS), LIMITS)] == [name]


def test_a_call_that_names_a_foreign_thing_is_found_wherever_it_stands() -> None:
    calls = [
        _call("DescribeInstances", Filters=[{"Name": "instance-id", "Values": ["i-2"]}]),
        _call("DeleteVpc", VpcId="vpc-2"),
        _call("CreateVpc", made=["vpc-22"]),
        _call("TerminateInstances", InstanceIds=["i-1"]),
    ]
    assert naming(calls, {"i-2", "vpc-2"}) == ["DescribeInstances names i-2", "DeleteVpc names vpc-2"]
    assert naming(calls[2:], {"i-2", "vpc-2"}) == []


def test_only_a_list_by_our_tag_alone_is_a_sweep() -> None:
    ours = {"Name": "tag:pia:owner", "Values": ["us"]}
    calls = [
        _call("DescribeKeyPairs", Filters=[ours]),
        _call("DescribeKeyPairs", Filters=[ours, {"Name": "tag:pia:uid", "Values": ["u"]}]),
        _call("DescribeKeyPairs", Filters=[{"Name": "tag:pia:owner", "Values": ["others"]}]),
        _call("DescribeVpcs", Filters=[ours]),
    ]
    assert sweeps(calls, "us") == 1
