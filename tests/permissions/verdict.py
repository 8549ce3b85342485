"""What a ledger says of a policy. Takes plain data, so that it is tested without a run.

A run of another kind is bound by it with `EmulatorConfig(...).patched({"policies": in_force(config)})`, or with
`embedded.aws_emulator_settings: {policies: ...}` where the emulator is a process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gurum.ops.config import Config
from gurum.providers.aws import policy


def in_force(config: Config) -> dict[str, Any]:
    """Return the emulator's setting `policies`: this deployment's policy for the callers of every account."""
    [cloud] = {region.cloud_region for region in config.regions if region.aws is not None}
    return {"*": policy.document(config.engine.deployment, cloud)}


def outside(calls: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the calls that the policy refused, in words."""
    return [f"{call['action']} {call['params']}" for call in calls if call["outcome"] == "UnauthorizedOperation"]


def used(calls: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return each (statement, action or type) that allowed something."""
    found = set()
    for call in calls:
        for grant in call["grants"]:
            sid, action, type_ = grant.split()
            found |= {(sid, action), (sid, type_)}
    return found


def unused(document: Mapping[str, Any], calls: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what the policy allows and nothing needed, in words."""
    return [f"{sid}: {what}" for sid, what in sorted(policy.granted(document) - used(calls))]
