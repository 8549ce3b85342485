"""What is known of one object, gathered from the store, the journal and the engine's log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from gurum.cli.explain.answer import Account, Call, Doing, PartLine, Wait
from gurum.cli.explain.parts import Part, parts
from gurum.model.base import Resource, Status
from gurum.model.compute import CloudKey
from gurum.model.conditions import Reason
from gurum.model.network import SecurityGroupRule
from gurum.model.region import Region
from gurum.model.server import Server, ServerSpec, ServerStatus
from gurum.store.contract import NotFoundError, Record, Store


def name_of(obj: Resource) -> str:
    """Return the name that users gave the object; what a rule or a key without one is known by; else its key."""
    if isinstance(obj, SecurityGroupRule):
        return obj.metadata.key.partition("/")[2]  # what it says, without its group
    if isinstance(obj, CloudKey):
        return obj.spec.fingerprint
    return str(getattr(spec_of(obj), "name", "") or obj.metadata.key)


def cloud_ids(obj: Resource) -> list[str]:
    """Return the ids of what was made for the object in the cloud."""
    made = [intent.external for intent in status_of(obj).intents.values()]
    return [external.id for external in (getattr(status_of(obj), "external", None), *made) if external is not None]


def spec_of(obj: Resource) -> Any:
    """Return the object's spec; every kind has one of its own type."""
    return getattr(obj, "spec", None)


def status_of(obj: Resource) -> Status:
    """Return the object's status."""
    status = getattr(obj, "status", None)
    return status if isinstance(status, Status) else Status()


async def account(
    store: Store, obj: Resource, *, deleted: Record | None, history: list[Record], calls: list[Call]
) -> Account:
    """Put together what is known of an object. `deleted` is its last record when it is gone."""
    status = status_of(obj)
    around = [] if deleted else await parts(store, obj)
    doings = _doings(obj.spec, obj.status) if isinstance(obj, Server) else []
    fault = getattr(status, "fault", None)
    return Account(
        kind=obj.kind,
        id=obj.id,
        name=name_of(obj),
        region=obj.metadata.region,
        simulated=await _simulated(store, obj.metadata.region),
        project=obj.metadata.project,
        cloud_account=obj.metadata.account,
        zone=str(getattr(status, "availability_zone", "") or getattr(status, "zone", "")),
        state="deleted" if deleted else _state(obj),
        generation=obj.metadata.generation,
        observed_generation=status.observed_generation,
        cause=obj.metadata.cause,
        created_at=obj.metadata.created_at,
        updated_at=obj.metadata.updated_at,
        deletion_requested_at=obj.metadata.deletion_requested_at,
        deleted_at=deleted.at if deleted else None,
        external=getattr(status, "external", None),
        fault=f"{fault.code}: {fault.message}" if fault is not None else "",
        conditions=status.conditions,
        waits_for=[] if deleted else list(_waits(obj, doings, around)),
        steps=list(status.intents.values()),
        actions=doings,
        parts=[_line(part) for part in around],
        calls=calls,
        history=[
            {"at": record.at, "type": record.type, "request_id": record.request_id, **_data(record)}
            for record in history
            if record.type != "deleted"
        ],
    )


async def _simulated(store: Store, region: str) -> str:
    try:
        return (await store.get_by_key(Region, region)).spec.simulated if region else ""
    except NotFoundError:
        return ""


def _data(record: Record) -> dict[str, Any]:
    data = msgspec.json.decode(record.data) if record.data else {}
    return data if isinstance(data, dict) else {"data": data}


def _state(obj: Resource) -> str:
    status = status_of(obj)
    if isinstance(status, ServerStatus):
        return f"{status.vm_state}, {status.task_state}" if status.task_state else status.vm_state
    if obj.deleting:
        return "being deleted"
    said = getattr(status, "status", "")
    if said:
        return str(said)
    available = available_of(obj)
    return {True: "available", False: "not available", None: "recorded"}[available]


def available_of(obj: Resource) -> bool | None:
    """Return what its condition `Available` says; None if it has none."""
    return next((c.status for c in status_of(obj).conditions if c.type == "Available"), None)


def _doings(spec: ServerSpec, status: ServerStatus) -> list[Doing]:
    outcomes = {outcome.number: outcome for outcome in status.outcomes}
    doings = []
    for action in spec.actions:
        outcome = outcomes.get(action.number)
        state = "done" if action.number <= status.done else "under way" if outcome else "to do"
        doings.append(
            Doing(
                number=action.number,
                action=action.action,
                state=state,
                request_id=action.request_id,
                user_id=action.user_id,
                asked_at=action.start_time,
                began_at=outcome.start_time if outcome else None,
                ended_at=outcome.finish_time if outcome else None,
                result=outcome.result if outcome else "",
                details=outcome.details if outcome else "",
                cloud_request_id=outcome.cloud_request_id if outcome else "",
            )
        )
    return doings


def _waits(obj: Resource, doings: list[Doing], around: list[Part]) -> Iterable[Wait]:
    yield from _of_conditions(obj, "")
    for doing in doings:
        if doing.state != "done":
            yield Wait(
                on=f"action {doing.number}, {doing.action}: {doing.state}", reason="Progressing", since=doing.asked_at
            )
    if obj.deleting:
        on = f"its deletion to be finished by: {', '.join(obj.metadata.finalizers) or 'the store'}"
        yield Wait(on=on, reason="Progressing", since=obj.metadata.deletion_requested_at)
    for intent in status_of(obj).intents.values():
        if intent.state in ("intended", "deleting"):
            what = "the answer to" if intent.state == "intended" else "the end of the removal of"
            yield Wait(
                on=f"{what} {intent.step}, attempt {intent.attempt}", reason="Progressing", since=intent.written_at
            )
    for part in around:
        if part.obj is not None:
            yield from _of_conditions(part.obj, f"{part.kind} {name_of(part.obj)}: ")
        elif part.needed:
            yield Wait(on=f"{part.kind} {part.id}, which does not exist", reason="InvalidConfiguration")


def _of_conditions(obj: Resource, prefix: str) -> Iterable[Wait]:
    for condition in status_of(obj).conditions:
        open_ = condition.status if condition.type == "Progressing" else not condition.status
        if open_ and condition.reason != Reason.SUCCESS:
            yield Wait(
                on=f"{prefix}{condition.message or condition.reason}",
                reason=condition.reason,
                since=condition.since or None,
                until=condition.until,
            )


def _line(part: Part) -> PartLine:
    if part.obj is None:
        return PartLine(kind=part.kind, id=part.id, name="", role=part.role, available=None, steps=[])
    return PartLine(
        kind=part.kind,
        id=part.id,
        name=name_of(part.obj),
        role=part.role,
        available=available_of(part.obj) is not False,
        steps=list(status_of(part.obj).intents.values()),
    )
