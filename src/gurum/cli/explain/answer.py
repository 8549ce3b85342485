"""The shape of the answer: what the text and the JSON are both made from. Times are seconds since the epoch."""

from __future__ import annotations

from typing import Any

import msgspec

from gurum.model.base import Cause, Condition, External, Intent


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has to happen first. Times are seconds since the epoch; `until` None: nobody can tell."""

    on: str
    reason: str
    since: float | None = None
    until: float | None = None


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded verb: asked for, perhaps under way, perhaps ended."""

    number: int
    action: str
    state: str  # to do | under way | done
    request_id: str
    user_id: str
    asked_at: float
    began_at: float | None = None
    ended_at: float | None = None
    result: str = ""
    details: str = ""
    cloud_request_id: str = ""


class PartLine(msgspec.Struct, frozen=True, kw_only=True):
    """An object that this one is made of, or needs."""

    kind: str
    id: str
    name: str
    role: str
    available: bool | None  # None: it is gone
    steps: list[Intent]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call to the cloud, as the engine logged it. `at` is ISO 8601, `ms` what it took.

    request_id is the cloud's own; for_request is the request to our API that caused it, where that was bound.
    """

    at: str
    action: str
    outcome: str
    ms: float
    request_id: str
    of: str  # kind and name of the object it was made for
    for_request: str = ""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer."""

    kind: str
    id: str
    name: str
    region: str
    simulated: str
    project: str
    cloud_account: str
    zone: str
    state: str
    generation: int
    observed_generation: int
    cause: Cause
    created_at: float
    updated_at: float
    deletion_requested_at: float | None
    deleted_at: float | None
    external: External | None
    fault: str
    conditions: list[Condition]
    waits_for: list[Wait]
    steps: list[Intent]
    actions: list[Doing]
    parts: list[PartLine]
    calls: list[Call]
    history: list[dict[str, Any]]
