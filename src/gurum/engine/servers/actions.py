"""Start, stop, reboot: recorded verbs, worked off in their order, one call each until the cloud shows the end of it."""

from __future__ import annotations

from dataclasses import dataclass

from gurum.engine.context import Engine
from gurum.engine.servers import faults
from gurum.engine.work import Work
from gurum.model.conditions import Reason
from gurum.model.server import Action, ActionOutcome, Server
from gurum.providers.contract import Absent, Doubt, Observation, Place, Refused, Wait

LOOK = 60.0  # for a missed word: the informer tells when the state has changed
REBOOTED = 5.0  # a reboot changes nothing that the informer could tell of: look


@dataclass(frozen=True)
class Phase:
    """A call, and the instance state that ends it. `vm_state` and `power` are what the server is then (Nova's)."""

    call: str
    until: str
    vm_state: str
    power: int


@dataclass(frozen=True)
class Verb:
    """An action as phases. task: Nova's task_state while it lasts. event: Nova's event name."""

    event: str
    task: str
    phases: tuple[Phase, ...]


_RUN = Phase("start", "running", "active", 1)
VERBS: dict[str, Verb] = {
    "start": Verb("compute_start_instance", "powering-on", (_RUN,)),
    "stop": Verb("compute_stop_instance", "powering-off", (Phase("stop", "stopped", "stopped", 4),)),
    # A guest that does not answer is reset by EC2 after four minutes; nothing tells when a reboot is over, so it is
    # over when the call was taken and the instance is seen running after it.
    "reboot/SOFT": Verb("compute_reboot_instance", "rebooting", (Phase("reboot", "running", "active", 1),)),
    "reboot/HARD": Verb(
        "compute_reboot_instance", "rebooting_hard", (Phase("force-stop", "stopped", "active", 4), _RUN)
    ),
}


def pending(server: Server) -> Action | None:
    """Return the next action to work off."""
    return next((action for action in server.spec.actions if action.number > server.status.done), None)


def verb_of(action: Action) -> Verb | None:
    """Return the verb of an action; None for a name this release does not know."""
    name = action.action
    if name == "reboot":
        name = f"reboot/{action.arguments.get('type', 'SOFT').upper()}"
    return VERBS.get(name)


async def work_off(engine: Engine, work: Work[Server], action: Action, place: Place) -> float | None:
    """Take the action one step further.

    The phase reached stands in the outcome, written before the call (`phase:<n>`) and after it (`called:<n>`); after a
    crash the same phase is called again: all calls but reboot are idempotent, and a reboot repeated is a reboot.
    """
    now, status = engine.clock.time(), work.obj.status
    verb, external = verb_of(action), status.external
    if verb is None or external is None:
        text = f"{action.action} is not possible: the server has no instance"
        return await _end(engine, work, action, verb.event if verb else action.action, "Error", text)
    provider = engine.clouds[place.region].provider
    told = next((outcome for outcome in status.outcomes if outcome.number == action.number), None)
    if told is None:
        told = ActionOutcome(number=action.number, event=verb.event, start_time=now, details="phase:0")
        status.task_state = verb.task
        faults.outcome(work, told)
        await work.save()
    kind, _, number = told.details.partition(":")
    phase = verb.phases[int(number)]
    seen = provider.observed(place, external.id)
    if kind == "phase":
        outcome = await provider.power(place, phase.call, external.id)
        if isinstance(outcome, Doubt):
            return outcome.until
        if isinstance(outcome, Wait):
            faults.waits(work, now, outcome)
            await work.save()
            return outcome.until
        if isinstance(outcome, Refused | Absent):
            text = outcome.message if isinstance(outcome, Refused) else "the instance does not exist"
            return await _end(engine, work, action, verb.event, "Error", text)
        faults.outcome(
            work,
            ActionOutcome(
                number=action.number,
                event=verb.event,
                start_time=told.start_time,
                details=f"called:{number}",
                cloud_request_id=outcome.cloud_request_id,
            ),
        )
        await work.save()
        provider.expect(place, external.id)
        return engine.clock.time() + _patience(phase)
    return await _look(engine, work, action, verb, int(number), told, seen, place)


def _patience(phase: Phase) -> float:
    return REBOOTED if phase.call == "reboot" else LOOK


async def _look(
    engine: Engine,
    work: Work[Server],
    action: Action,
    verb: Verb,
    number: int,
    told: ActionOutcome,
    seen: Observation | None,
    place: Place,
) -> float | None:
    now, status, phase = engine.clock.time(), work.obj.status, verb.phases[number]
    external = status.external
    if seen is not None and seen.state in ("terminated", "shutting-down"):
        return await _end(engine, work, action, verb.event, "Error", "the instance was terminated")
    if seen is None or seen.state != phase.until or seen.seen_at <= told.start_time:
        if external is not None:
            engine.clouds[place.region].provider.expect(place, external.id)
        return now + _patience(phase)
    status.vm_state, status.power_state = phase.vm_state, phase.power
    if number + 1 < len(verb.phases):
        faults.outcome(
            work,
            ActionOutcome(
                number=action.number, event=verb.event, start_time=told.start_time, details=f"phase:{number + 1}"
            ),
        )
        await work.save()
        return now
    status.boot_time = seen.launched
    return await _end(engine, work, action, verb.event, "Success", "")


async def _end(
    engine: Engine, work: Work[Server], action: Action, event: str, result: str, details: str
) -> float | None:
    now, status = engine.clock.time(), work.obj.status
    told = next((outcome for outcome in status.outcomes if outcome.number == action.number), None)
    await faults.finished(
        engine,
        work,
        action,
        ActionOutcome(
            number=action.number,
            event=event,
            start_time=told.start_time if told else now,
            finish_time=now,
            result=result,
            details=details,
            cloud_request_id=told.cloud_request_id if told else "",
        ),
    )
    status.done, status.task_state = action.number, None
    if result == "Success":
        faults.well(work, now)
    else:
        work.condition("Progressing", False, Reason.UNRECOVERABLE_ERROR, details, now)
    await work.save()
    return now if pending(work.obj) is not None else None
