"""The gate before the controllers: what is only looked at never reaches one, what is taken over reaches it when it may.

Taking over is told by `management_policy: managed`. Before that the controller's work is rehearsed: as long as it would
make, remove or change anything in the cloud, the object stays as it is and says why. So the first thing that happens to
a company's machine is never that something of it is replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gurum.engine.context import Engine
from gurum.engine.view import EngineView
from gurum.engine.work import Work
from gurum.model import codec
from gurum.model.base import OBSERVED, OWNED, Resource, adoption, detaches, read_only
from gurum.model.conditions import Reason
from gurum.providers.contract import Blocked, Done, Place, Provider, Refused, Wait

R = TypeVar("R", bound=Resource)

SOON = 2.0
LATER = 60.0  # seconds until a take-over is rehearsed again that would have changed something
_ROUNDS = 100  # facts that a rehearsal may announce before it counts as one that does not end


def looked_at(obj: Resource) -> bool:
    """Whether the object is only looked at: for good, or until it is taken over."""
    spec = adoption(obj)
    return spec is not None and (read_only(obj) or (spec.import_ is not None and obj.status.adopted != OWNED))


class Gate:
    """Says which objects are kept from their controllers, and sees to those. `look`: have a place surveyed soon."""

    def __init__(self, engine: Engine, look: Callable[[Place], None]) -> None:
        self._engine = engine
        self._look = look

    def closed(self, obj: Resource) -> bool:
        """Whether the object's controller must not see it. One that is going may always: it is let go of there."""
        return looked_at(obj) and not obj.deleting

    async def reconcile(self, obj: Resource) -> float | None:
        """Take a kept object a step further. Returns when to come again, None: when something changes."""
        engine = self._engine
        cloud, place = engine.cloud(obj), engine.view.place(obj)
        if cloud is None or not engine.shards.holds(place):
            return None
        if not obj.status.adopted:
            self._look(place)
            return None if read_only(obj) else engine.clock.time() + SOON
        if read_only(obj):
            return None
        work, now = engine.work(obj), engine.clock.time()
        words = await rehearsed(cloud.provider, work.obj, engine.view, place)
        if words:
            text = f"it stays as it is, because taking it over would {words}"
            work.condition("Progressing", False, Reason.INVALID_CONFIGURATION, text, now, now + LATER)
            await work.save()
            return now + LATER
        outcome = await cloud.provider.own(work.obj, place)
        if not isinstance(outcome, Done):
            return await _put_off(work, outcome, now)
        work.obj.status.adopted = OWNED
        for intent in work.obj.status.intents.values():
            intent.made_at = (
                now  # the cloud shows our tags late: until then its absence from lists by tag means nothing
            )
        await work.save()
        return now


async def rehearsed(provider: Provider, obj: Resource, view: EngineView, place: Place) -> str:
    """Return in words what the object's driver would do to the cloud next; empty: nothing."""
    driver = provider.driver(obj.kind)
    if driver is None:
        return ""
    copy = codec.copy(obj)
    for step in driver.steps(copy, view):
        intent = copy.status.intents.get(step.name) if not isinstance(step, Blocked) else None
        if not isinstance(step, Blocked) and (intent is None or intent.state != "done"):
            return f"make {step.name}"
    for name in driver.retired(copy, view):
        return f"remove {name}"
    with provider.rehearsal() as calls:
        for _ in range(_ROUNDS):
            outcome = await driver.sync(copy, view, place)
            if calls:
                return f"call {calls[0]}"
            if not isinstance(outcome, Done):
                return ""
            copy.status.applied.update(outcome.facts)
            for name in outcome.forget:
                copy.status.applied.pop(name, None)
    return "not end"


async def part(engine: Engine, work: Work[R]) -> float | None:
    """Take our marks off what an object is let go of with. Returns when to come again; None: it carries none."""
    now = engine.clock.time()
    if work.obj.status.adopted != OWNED or not detaches(work.obj):
        return None
    place = engine.view.place(work.obj)
    outcome = await engine.clouds[place.region].provider.disown(work.obj, place)
    if not isinstance(outcome, Done):
        return await _put_off(work, outcome, now)
    work.obj.status.adopted = OBSERVED
    await work.save()
    return None


async def _put_off(work: Work[R], outcome: object, now: float) -> float:
    if isinstance(outcome, Wait):
        work.condition("Progressing", True, outcome.reason, outcome.message, now, outcome.until)
        await work.save()
        return outcome.until
    text = outcome.message if isinstance(outcome, Refused) else "the cloud does not know it (any more)"
    work.condition("Progressing", False, Reason.INVALID_CONFIGURATION, text, now, now + LATER)
    await work.save()
    return now + LATER
