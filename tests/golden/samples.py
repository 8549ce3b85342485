"""Small cases and recordings for the tests of the comparer, written out so that a test shows what it is about."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml
from tests.golden.player.allow import AllowList
from tests.golden.player.corpus import Case
from tests.golden.player.model import (
    Answer,
    Difference,
    RecordedStep,
    Recording,
    Request,
    Response,
    Scenario,
)
from tests.golden.player.verdict import differences

NET = "11111111-aaaa-4bbb-8ccc-000000000001"
SUBNET = "11111111-aaaa-4bbb-8ccc-000000000002"
PORT = "11111111-aaaa-4bbb-8ccc-000000000003"
PROJECT = "0123456789abcdef0123456789abcdef"
ROOT = "http://network.cloud.example:9696"


def case(scenario: str, golden: list[dict[str, Any]], name: str = "network/sample") -> Case:
    """A case of a scenario's text and golden lines; a golden line needs no more than what matters."""
    filled = [{"status": 200, **line} for line in golden]
    return Case(
        name=name,
        scenario=msgspec.convert(yaml.safe_load(scenario), Scenario),
        text=scenario,
        golden=msgspec.convert(filled, list[Answer]),
    )


def steps(*names: str, ordered: bool = False) -> str:
    """A scenario of so many steps that ask for networks."""
    flag = ", ordered: true" if ordered else ""
    listed = "".join(f"- {{name: {name}, path: /v2.0/networks{flag}}}\n" for name in names)
    return f"service: network\nsteps:\n{listed}"


def answered(
    name: str,
    body: Any = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    kind: str = "json",
    **rest: Any,
) -> RecordedStep:
    """One recorded step."""
    return RecordedStep(
        name=name,
        request=Request(method="GET", service="network", path="/v2.0/networks"),
        response=Response(status=status, headers=headers or {}, kind=kind, body=body),
        **rest,
    )


def recording(*recorded: RecordedStep, **saved: str) -> Recording:
    """A recording of these steps with these saved values."""
    return Recording(
        scenario="network/sample",
        steps=list(recorded),
        saved=saved,
        vars={"member.project_id": PROJECT},
        endpoints={"network": ROOT},
    )


def found(case_: Case, recording_: Recording, allowed: AllowList | None = None) -> list[Difference]:
    """All differences of a recording, whatever the step."""
    by_step = differences(case_, recording_, allowed or AllowList([]))
    return [difference for found_ in by_step.values() for difference in found_]


def brief(differences_: list[Difference]) -> list[tuple[str, str]]:
    """Class and path of each difference."""
    return [(d.kind, d.path) for d in differences_]
