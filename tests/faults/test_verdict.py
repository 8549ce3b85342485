"""The verdicts of the run with faults can fail, each of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.faults.verdict import OUTAGE, STORM, Limits, broken, living_twice, strays, tells, weather


def _good(limits: Limits) -> dict[str, float]:
    return {name: bound for name, (_, bound) in limits.items()}


def _call(action: str = "RunInstances", outcome: str = "ok", delivered: bool = True) -> dict[str, Any]:
    return {"action": action, "outcome": outcome, "delivered": delivered}


@pytest.mark.parametrize("limits", [STORM, OUTAGE])
def test_figures_at_their_limits_hold(limits: Limits) -> None:
    assert broken(_good(limits), limits) == []


@pytest.mark.parametrize(("limits", "name"), [(limits, name) for limits in (STORM, OUTAGE) for name in limits])
def test_each_figure_breaks_alone(limits: Limits, name: str) -> None:
    relation, bound = limits[name]
    figures = _good(limits)
    figures[name] = bound + (0.001 if relation == "<=" else -0.001)
    assert [line.partition(":")[0] for line in broken(figures, limits)] == [name]
    del figures[name]
    assert broken(figures, limits) == [f"{name}: not measured"]


def test_two_instances_of_a_server_are_one_too_many() -> None:
    rows = [{"tags": {"pia:uid": uid}} for uid in ("a", "b", "b", "b")]
    assert living_twice(rows) == 2
    assert living_twice(rows[:2]) == 0


def test_an_instance_without_a_server_is_a_stray() -> None:
    rows: list[dict[str, Any]] = [{"tags": {"pia:uid": "a"}}, {"tags": {"pia:uid": "x"}}, {"tags": {}}]
    assert strays(rows, ["a", "b"]) == 2
    assert strays(rows[:1], ["a", "b"]) == 0


def test_the_weather_is_counted_from_the_calls() -> None:
    calls = [
        _call(),
        _call(outcome="RequestLimitExceeded"),
        _call(outcome="InternalError"),
        _call(outcome="InsufficientInstanceCapacity"),
        _call(action="DescribeInstances", outcome="(HTTP 503)"),
        _call(action="DescribeInstances", outcome="RequestLimitExceeded"),
        _call(action="CreateVpc", delivered=False),
        _call(action="CreateVpc"),
    ]
    assert weather(calls) == {
        "calls": 8, "run_instances": 4, "wasted": 2, "wasted_share": 0.5, "5xx_share": 0.25, "lost_share": 0.125,
        "capacity_errors": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        ("AWS does not answer (ReadTimeoutError); next attempt at 2026-01-02T03:04:05Z", True),
        ("AWS does not answer", False),
        ("it is waiting; next attempt at 2026-01-02T03:04:05Z", False),
        ("", False),
    ],
)
def test_a_fault_names_aws_and_a_time(text: str, enough: bool) -> None:
    assert tells(text) is enough
