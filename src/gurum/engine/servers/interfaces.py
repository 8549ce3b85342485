"""Interfaces that come to a living server and leave it: recorded verbs, worked off in their order.

The API has bound the port; here it gets its place. Nothing but the port itself tells how far it has come: its index is
written before it is attached, that its end was asked for after that was accepted. So whatever is killed when, the next
look at the cloud goes on from there: each verb compares before it calls.
"""

from __future__ import annotations

import msgspec

from gurum.engine.claims import GRACE
from gurum.engine.context import Engine
from gurum.engine.servers import actions, faults, ports
from gurum.engine.work import Work
from gurum.model import codec
from gurum.model.conditions import Reason, get
from gurum.model.network import ATTACH, INDEX, WAITING, Port
from gurum.model.server import Action, ActionOutcome, Server
from gurum.providers.contract import Absent, Done, Doubt, Place, Refused, VerbOutcome, Wait

EVENTS = {"attach_interface": "compute_attach_interface", "detach_interface": "compute_detach_interface"}
LOOK = 15.0  # for a missed word: the port tells when its interface is there
SOON = 2.0
FAILED = "Failed to attach network adapter device to {server}"
IN_VAIN = frozenset({Reason.INVALID_CONFIGURATION, Reason.QUOTA_EXCEEDED, Reason.UNRECOVERABLE_ERROR})


async def work_off(engine: Engine, work: Work[Server], action: Action, place: Place) -> float | None:
    """Take an attachment or a detachment one step further."""
    await engine.cache.fresh(Port)  # kinds are watched apart: the server may be seen before its port
    told = _told(work.obj, action)
    if told is None:
        told = ActionOutcome(number=action.number, event=EVENTS[action.action], start_time=engine.clock.time())
        faults.outcome(work, told)
        await work.save()
    port = engine.cache.get(Port, action.arguments.get("port_id", ""))
    mine = port is not None and port.spec.device_id == work.obj.id
    if action.action == "detach_interface":
        return await _detach(engine, work, action, port if mine else None, place)
    if told.details:
        return await _give_up(engine, work, action, port if mine else None, told.details)
    if port is None or not mine or port.deleting:
        return await _end(engine, work, action, "the port is not the server's any more")
    return await _attach(engine, work, action, port, place)


async def _attach(engine: Engine, work: Work[Server], action: Action, port: Port, place: Place) -> float | None:
    now, external = engine.clock.time(), work.obj.status.external
    if external is None:
        return await _give_up(engine, work, action, port, "the server has no instance")
    port = await _numbered(engine, work.obj, port)
    provider = engine.clouds[place.region].provider
    interface, attached = "", Done()
    if provider.driver(Port.kind) is not None:
        if port.spec.zone != work.obj.status.zone:
            text = f"the port is in the zone {port.spec.zone}, the server in {work.obj.status.zone}"
            return await _give_up(engine, work, action, port, text)
        intent = port.status.intents.get("interface")
        if intent is None or intent.state != "done" or intent.external is None:
            told = get(port.status.conditions, "Available")
            if told is not None and not told.status and told.reason in IN_VAIN:
                return await _give_up(engine, work, action, port, told.message)
            engine.wake(Port, port.id)
            wait = Wait(Reason.PROGRESSING, f"waits for the interface of the port {port.id}", now + LOOK)
            return await _wait(engine, work, wait)
        interface = intent.external.id
        index = int(port.metadata.labels[INDEX])
        outcome = await provider.attach(place, external.id, interface, index)
        if isinstance(outcome, Absent) and now < intent.made_at + provider.not_yet:
            outcome = Wait(Reason.PROGRESSING, "the cloud does not show the interface yet", now + SOON)
        if isinstance(outcome, Refused | Absent):
            text = outcome.message if isinstance(outcome, Refused) else "the cloud does not know the interface"
            return await _give_up(engine, work, action, port, text)
        if not isinstance(outcome, Done):
            return await _wait(engine, work, outcome)
        attached = outcome
    mine = engine.work(port)
    mine.obj.status.status = "ACTIVE"
    if "attachment" in attached.facts:
        mine.obj.status.applied[ports.ATTACHMENT] = attached.facts["attachment"]
    await mine.save()
    return await _end(engine, work, action, "", attached.cloud_request_id)


async def _numbered(engine: Engine, server: Server, port: Port) -> Port:
    """Give the port the first free index, for good: it is stored before anything is attached there.

    Index 0 is left alone: an instance has had one there from the beginning, of ours or not.
    """
    if port.metadata.labels.get(INDEX, WAITING) != WAITING:
        return port
    taken = {other.metadata.labels.get(INDEX) for other in ports.bound(engine, server)}
    mine = codec.copy(port)
    mine.metadata.labels[INDEX] = next(f"{n:03d}" for n in range(1, 999) if f"{n:03d}" not in taken)
    stored = await engine.store.update_spec(mine)
    engine.cache.apply(stored)
    return stored


async def _detach(engine: Engine, work: Work[Server], action: Action, port: Port | None, place: Place) -> float | None:
    if port is not None:
        outcome = await _taken_off(engine, work.obj, port, place)
        if isinstance(outcome, Wait | Doubt):
            return await _wait(engine, work, outcome)
        if isinstance(outcome, Refused):
            return await _end(engine, work, action, outcome.message)
        await ports.unbind(engine, port, work.obj.metadata.cause)
    return await _end(engine, work, action, "")


async def _taken_off(engine: Engine, server: Server, port: Port, place: Place) -> VerbOutcome:
    """Take a port's interface off the instance, and delete it if the port was made with the server."""
    provider, external = engine.clouds[place.region].provider, server.status.external
    interface = port.status.external.id if port.status.external is not None else ""
    never = port.metadata.labels.get(INDEX, WAITING) == WAITING
    if provider.driver(Port.kind) is None or external is None or not interface or never:
        return Done()
    if ports.DETACHING not in port.status.applied:
        attachment = port.status.applied.get(ports.ATTACHMENT, "")
        outcome = await provider.detach(place, external.id, interface, attachment)
        if not isinstance(outcome, Done | Absent):
            return outcome
        work = engine.work(port)
        work.obj.status.applied[ports.DETACHING] = "1"
        await work.save()
    return await provider.loose(place, external.id, interface, discard=port.spec.implied)


async def tidy(engine: Engine, work: Work[Server], place: Place) -> float | None:
    """Let go what hangs on a resting server by no action: a port that its user deletes, one that a crash left bound.

    Neutron's deletion of a port takes the interface off the server, if it is not the first.
    """
    now, server = engine.clock.time(), work.obj
    for port in ports.bound(engine, server):
        index, request = port.metadata.labels.get(INDEX, WAITING), port.metadata.labels.get(ATTACH)
        left = request is not None and index == WAITING
        if left and now < port.metadata.updated_at + GRACE:
            return port.metadata.updated_at + GRACE + 1
        if not left and (not port.deleting or port.spec.implied or index in ("000", WAITING)):
            continue
        outcome = await _taken_off(engine, server, port, place)
        if isinstance(outcome, Wait | Doubt):
            return outcome.until
        if isinstance(outcome, Refused):
            work.condition("Progressing", True, outcome.reason, outcome.message, now, now + LOOK * 4)
            await work.save()
            return now + LOOK * 4
        await ports.unbind(engine, port, port.metadata.deletion_cause)
    return None


def _told(server: Server, action: Action) -> ActionOutcome | None:
    return next((told for told in server.status.outcomes if told.number == action.number), None)


async def _give_up(engine: Engine, work: Work[Server], action: Action, port: Port | None, why: str) -> float | None:
    """End an attachment in vain. Why is written first: after a crash the port tells nothing of it any more."""
    told = _told(work.obj, action)
    if told is not None and not told.details:
        why = f"{FAILED.format(server=work.obj.id)}: {why}"
        faults.outcome(work, msgspec.structs.replace(told, details=why))
        await work.save()
    if port is not None:
        await ports.unbind(engine, port, work.obj.metadata.cause)
    return await _end(engine, work, action, why)


async def _wait(engine: Engine, work: Work[Server], outcome: Wait | Doubt) -> float:
    if isinstance(outcome, Wait):
        faults.waits(work, engine.clock.time(), outcome)
        await work.save()
    return outcome.until


async def _end(engine: Engine, work: Work[Server], action: Action, error: str, request_id: str = "") -> float | None:
    """Record how it ended. What the server shows of its state stays: an interface that failed is not its fault."""
    now, status = engine.clock.time(), work.obj.status
    told = _told(work.obj, action)
    began = told.start_time if told is not None else now
    status.addresses = ports.shown(engine, work.obj)
    outcome = ActionOutcome(
        number=action.number, event=EVENTS[action.action], start_time=began, finish_time=now,
        result="Error" if error else "Success", details=error, cloud_request_id=request_id,
    )  # fmt: skip
    await faults.finished(engine, work, action, outcome)
    status.done = action.number
    if status.vm_state != "error":
        faults.well(work, now)
    await work.save()
    return now if actions.pending(work.obj) is not None else None
