"""The policy is just enough: under it everything works, and without any part of it something does not."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.permissions import verdict
from tests.permissions.scenario import everything_a_driver_does
from tests.support.checks import problems
from tests.support.virtual import run_virtual
from tests.support.world import World

import gurum.providers.aws
from aws_emulator.config import Config as EmulatorConfig
from gurum.providers.aws import policy
from gurum.providers.aws.permissions import PERMISSIONS, Permission


@pytest.fixture(scope="module")
def calls() -> list[dict[str, Any]]:
    """Do everything under the policy; give what was called."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    made: list[dict[str, Any]] = []

    async def whole() -> None:
        w = World()
        w.emulator.configure({"policies": verdict.in_force(w.config)})
        await w.start()
        try:
            await everything_a_driver_does(w)
            assert await problems(w) == []
        finally:
            made.extend(w.calls())
            await w.kill()
            await w.store.close()

    run_virtual(whole())
    return made


def test_no_call_lies_outside(calls: list[dict[str, Any]]) -> None:
    assert calls
    assert verdict.outside(calls) == []


def test_every_part_is_needed(calls: list[dict[str, Any]]) -> None:
    [document] = verdict.in_force(World().config).values()
    assert verdict.unused(document, calls) == []


def test_every_action_of_the_table_was_called_and_no_other(calls: list[dict[str, Any]]) -> None:
    assert {call["action"] for call in calls} == set(PERMISSIONS)


def test_the_table_names_the_actions_that_the_provider_calls() -> None:
    named = {
        node.value
        for file in Path(gurum.providers.aws.__file__).parent.rglob("*.py")
        if file.name != "permissions.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    # Put together from a verb and a direction in `gurum.providers.aws.drivers.rules`.
    named |= {f"{verb}SecurityGroup{way}" for verb in ("Authorize", "Revoke") for way in ("Ingress", "Egress")}
    assert set(PERMISSIONS) - named == set()


def test_a_call_without_a_row_would_be_found(calls: list[dict[str, Any]]) -> None:
    less = {name: row for name, row in PERMISSIONS.items() if name != "RebootInstances"}
    document = policy.document("gurum", "us-east-1", permissions=less)
    EmulatorConfig(policies={"*": document})
    assert ("Use", "RebootInstances") in verdict.used(calls) - policy.granted(document)
    more = PERMISSIONS | {"CopySnapshot": Permission(uses=("snapshot",))}
    wide = policy.document("gurum", "us-east-1", permissions=more)
    assert verdict.unused(wide, calls) == ["Use: CopySnapshot", "Use: snapshot"]


def test_it_is_a_managed_policy_of_valid_size() -> None:
    document = policy.document("a-deployment-with-a-long-name", "ap-northeast-2", "123456789012")
    assert policy.size(document) <= policy.MANAGED_LIMIT
    sids = [statement["Sid"] for statement in document["Statement"]]
    assert all(sid.isalnum() for sid in sids)
    assert len(set(sids)) == len(sids)
    # Nothing that changes anything is allowed on everything.
    assert [s["Sid"] for s in document["Statement"] if s["Resource"] == "*"] == ["Look"]
    assert all(action.startswith("ec2:Describe") for action in document["Statement"][0]["Action"])
