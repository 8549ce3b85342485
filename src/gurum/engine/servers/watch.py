"""A server at rest: what the cloud shows against what we say. What others did to it is taken over, never undone.

The one exception is an engine that was before us: what it had sent and we have overtaken is no one's wish (`late`).
"""

from __future__ import annotations

from gurum.engine import late
from gurum.engine.context import Engine
from gurum.engine.servers import faults, ports
from gurum.engine.work import Work
from gurum.model.conditions import Reason
from gurum.model.server import Server
from gurum.providers.contract import Place

STATES = {"running": ("active", 1), "stopped": ("stopped", 4)}
OUTSIDE = "The instance was deleted outside of OpenStack: the cloud shows it as {state}{reason}."


async def watch(engine: Engine, work: Work[Server], place: Place) -> float | None:
    """Bring status in line with the last observation."""
    status = work.obj.status
    external, intent = status.external, status.intents.get("instance")
    if external is None or intent is None or intent.state != "done":
        return None
    provider = engine.clouds[place.region].provider
    seen = provider.observed(place, external.id)
    if seen is None:
        # A restart has seen nothing yet, and a cloud may show a new instance late: absence counts only in a complete
        # list that began long after the launch.
        if provider.listed_at(place) > max(intent.made_at, intent.written_at) + provider.not_yet:
            await _deleted_outside(engine, work, "absent", "")
        return None
    if seen.state in ("terminated", "shutting-down"):
        await _deleted_outside(engine, work, seen.state, f" ({seen.reason})" if seen.reason else "")
        return None
    if seen.state not in STATES:
        provider.expect(place, external.id)
        return None
    if await late.undo(engine, work, place, seen.state):
        return None
    status.vm_state, status.power_state = STATES[seen.state]
    status.task_state, status.boot_time = None, seen.launched
    status.addresses = ports.shown(engine, work.obj)
    faults.well(work, engine.clock.time())
    await work.save()
    return None


async def _deleted_outside(engine: Engine, work: Work[Server], state: str, reason: str) -> None:
    now, status = engine.clock.time(), work.obj.status
    text = OUTSIDE.format(state=state, reason=reason)
    if status.external is not None:
        status.intents["instance"].state = "gone"
    status.power_state = 0
    faults.failed(work, now, Reason.UNRECOVERABLE_ERROR, text)
    await work.save()
