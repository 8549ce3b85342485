"""Domains, subnets, security groups, keys, ports: kinds whose controller is the same, because their drivers differ.

Creations in the order the driver says, each exactly once; then natural-key facts; when deletion is asked for, the same
backwards, as soon as nothing depends on the object.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from gurum.engine.adoption.gate import part
from gurum.engine.context import SHOWN_FROM, Engine
from gurum.engine.work import FINALIZER, Work
from gurum.model.base import Intent, Resource
from gurum.model.conditions import Reason
from gurum.providers.contract import DOUBT, Absent, Blocked, Done, Doubt, Driver, Refused, Step, Wait

R = TypeVar("R", bound=Resource)

RETRY_REFUSED = 60.0  # seconds until a refused creation is tried again as a new attempt
RETRY_BLOCKED = 30.0  # a look at what is waited for, should its event have been missed

Holds = Callable[[Engine, R], str]  # what still depends on the object, in words; empty: nothing
Made = Callable[[Work[R], Done], None]
Freed = Callable[[Engine, R], Awaitable[None]]
Unneeded = Callable[[Engine, R], bool]
Shown = Callable[[Engine, Work[R]], None]


def backwards(intents: Mapping[str, Intent]) -> list[str]:
    """Return the steps, the latest first. The map's own order says nothing: an API server sorts maps by their keys."""
    return sorted(intents, key=lambda name: intents[name].written_at)[::-1]


@dataclass(frozen=True)
class Hooks(Generic[R]):
    """Where kinds differ beside their drivers.

    holds: what removal waits for. made: what a creation's answer says about the object. freed: what to let go of once
    nothing is left in the cloud. unneeded: whether the engine itself should ask for the object's deletion. shown: what
    follows for the rest of the status from what was made and applied. awaits: whether another controller is about to
    write the status anyway, and this one need not before.
    """

    holds: Holds[R]
    made: Made[R] | None = None
    freed: Freed[R] | None = None
    unneeded: Unneeded[R] | None = None
    shown: Shown[R] | None = None
    awaits: Callable[[Engine, R], bool] | None = None


class MaterialController(Generic[R]):
    """Reconciles one kind."""

    def __init__(self, engine: Engine, kind: type[R], hooks: Hooks[R]) -> None:
        self.kind = kind
        self._engine = engine
        self._hooks = hooks

    async def reconcile(self, id: str) -> float | None:
        """Take one object as far as it goes now. Returns when to come again, None: when something changes."""
        engine = self._engine
        obj = engine.cache.get(self.kind, id)
        if obj is None:
            return None
        cloud = engine.cloud(obj)
        if cloud is None or not engine.holds(obj):
            return None
        if obj.status.adopted and not obj.deleting:
            # Kinds are watched apart: that its rules are going may be seen before that it is let go of with them, and
            # then they would be taken from what is to stay as it is.
            await engine.cache.fresh(self.kind)
            obj = engine.cache.get(self.kind, id) or obj
        work = engine.work(obj)
        if obj.deleting:
            return await self._remove(work)
        if self._hooks.unneeded is not None and self._hooks.unneeded(engine, obj):
            await engine.store.delete(self.kind, id)
            return None
        if self._hooks.awaits is not None and self._hooks.awaits(engine, obj):
            return None
        return await self._ensure(work)

    async def _ensure(self, work: Work[R]) -> float | None:
        engine, cloud = self._engine, self._engine.clouds[work.obj.metadata.region]
        driver = cloud.provider.driver(self.kind.kind)
        now = engine.clock.time()
        if driver is None:
            await self._ready(work)
            return None
        place = engine.view.place(work.obj)
        # What a step made may call for another: a VPC for the groups in it. So the driver is asked until none is left.
        blocked: Blocked | None = None
        aside: dict[str, float] = {}  # steps that wait on their own, until when
        while (step := self._next(work, driver, aside)) is not None:
            if isinstance(step, Blocked):
                blocked = step
                break
            intent = work.obj.status.intents.get(step.name)
            if intent is not None and intent.state == "failed":
                again = intent.written_at + RETRY_REFUSED
                if now < again and step.aside:
                    aside[step.name] = again
                    continue
                if now < again:
                    return again
            work.obj.metadata.account = place.account
            engine.view.underway.add(work.obj.id)
            try:
                told = partial(self._refused, step.aside or "Available")
                outcome = await cloud.once.ensure(work, step, driver, place, self._hooks.made, told)
            finally:
                engine.view.underway.discard(work.obj.id)
            if step.aside:
                aside |= self._aside(work, step, outcome)
                continue
            if isinstance(outcome, Refused):
                return now + RETRY_REFUSED
            if isinstance(outcome, Wait):
                return await self._later(work, outcome)
        for name in driver.retired(work.obj, engine.view):
            later = await self._retire(work, name, driver)
            if later is not None:
                return later
        if blocked is not None:
            return await self._later(work, Wait(Reason.PROGRESSING, f"waits for {blocked.on}", now + RETRY_BLOCKED))
        times = [time for time in (await self._sync(work), *aside.values()) if time is not None]
        return min(times, default=None)

    def _refused(self, condition: str, work: Work[R], outcome: Refused) -> None:
        now = self._engine.clock.time()
        work.condition(condition, False, outcome.reason, outcome.message, now, now + RETRY_REFUSED)

    def _aside(self, work: Work[R], step: Step, outcome: Done | Wait | Refused) -> dict[str, float]:
        """Say how a step goes that holds up nothing else. Returns when it is due again, by its name."""
        now = self._engine.clock.time()
        if isinstance(outcome, Done):
            work.condition(step.aside, True, Reason.SUCCESS, "", now)
            return {}
        if isinstance(outcome, Refused):
            return {step.name: now + RETRY_REFUSED}
        if outcome.until - now >= SHOWN_FROM:
            work.condition(step.aside, False, outcome.reason, outcome.message, now, outcome.until)
        return {step.name: outcome.until}

    async def _retire(self, work: Work[R], name: str, driver: Driver) -> float | None:
        """Undo a step of a living object. None: it is gone, or is to stay after all.

        It is marked as going first: from then on nobody builds on it. Who did before is seen by asking again.
        """
        if work.obj.status.intents[name].state == "done":
            before = dict(work.obj.status.applied)
            for fact in driver.hanging(work.obj, name):  # of what is wanted anew half-way, nothing is known
                work.obj.status.applied[DOUBT + fact] = "1"
            work.obj.status.applied.pop(name, None)
            work.obj.status.intents[name].state, work.obj.status.intents[name].removed_at = "deleting", None
            await work.save()
            if name not in driver.retired(work.obj, self._engine.view):
                work.obj.status.intents[name].state, work.obj.status.applied = "done", before
                await work.save()
                return None
        later = await self._undo(work, name)
        return self._engine.clock.time() if later is None else later  # it may be wanted anew, elsewhere

    def _next(self, work: Work[R], driver: Driver, aside: Container[str]) -> Step | Blocked | None:
        """Return the first step that is neither done nor waits on its own."""
        for step in driver.steps(work.obj, self._engine.view):
            if isinstance(step, Step) and step.name in aside:
                continue
            intent = work.obj.status.intents.get(step.name) if isinstance(step, Step) else None
            if intent is None or intent.state != "done":
                return step
            if self._hooks.made is not None:  # the process that made it may not have come to write this down
                self._hooks.made(work, Done(intent.external))
        return None

    async def _sync(self, work: Work[R]) -> float | None:
        engine, cloud = self._engine, self._engine.clouds[work.obj.metadata.region]
        driver = cloud.provider.driver(self.kind.kind)
        place = engine.view.place(work.obj)
        while driver is not None:
            outcome = await driver.sync(work.obj, engine.view, place)
            if outcome is None:
                break
            now = engine.clock.time()
            if isinstance(outcome, Doubt):
                outcome = Wait(Reason.TRANSIENT_ERROR, outcome.message, outcome.until)
            if isinstance(outcome, Wait):
                return await self._later(work, outcome)
            if isinstance(outcome, Refused | Absent):
                text = outcome.message if isinstance(outcome, Refused) else "the cloud no longer knows it"
                reason = outcome.reason if isinstance(outcome, Refused) else Reason.INVALID_CONFIGURATION
                work.condition("Available", False, reason, text, now, now + RETRY_REFUSED)
                await work.save()
                return now + RETRY_REFUSED
            work.obj.status.applied.update(outcome.facts)
            for name in outcome.forget:
                work.obj.status.applied.pop(name, None)
            if self._hooks.shown is not None:
                self._hooks.shown(engine, work)
            await work.save()
        await self._ready(work)
        return None

    async def _ready(self, work: Work[R]) -> None:
        work.ready(self._engine.clock.time())
        if self._hooks.shown is not None:
            self._hooks.shown(self._engine, work)
        await work.save()

    async def _later(self, work: Work[R], wait: Wait) -> float:
        now = self._engine.clock.time()
        if wait.until - now >= SHOWN_FROM:
            work.condition("Progressing", True, wait.reason, wait.message, now, wait.until)
        if self._hooks.shown is not None and not work.obj.deleting:
            self._hooks.shown(self._engine, work)
        await work.save()
        return wait.until

    async def _remove(self, work: Work[R]) -> float | None:
        engine, cloud = self._engine, self._engine.clouds[work.obj.metadata.region]
        if FINALIZER not in work.obj.metadata.finalizers:
            return None
        now = engine.clock.time()
        held = self._hooks.holds(engine, work.obj)
        if held:
            return await self._later(work, Wait(Reason.PROGRESSING, f"waits for {held}", now + RETRY_BLOCKED))
        if cloud.provider.driver(self.kind.kind) is not None:
            for name in backwards(work.obj.status.intents):
                later = await self._undo(work, name)
                if later is not None:
                    return later
        later = await part(engine, work)
        if later is not None:
            return later
        if self._hooks.freed is not None:
            await self._hooks.freed(engine, work.obj)
        await work.release()
        return None

    async def _undo(self, work: Work[R], name: str) -> float | None:
        """Remove what a step made. None: it is gone."""
        engine, cloud = self._engine, self._engine.clouds[work.obj.metadata.region]
        driver = cloud.provider.driver(self.kind.kind)
        if driver is None:
            return None
        now = engine.clock.time()
        outcome = await cloud.once.remove(work, work.obj.status.intents[name], driver, engine.view.place(work.obj))
        if isinstance(outcome, Refused):
            work.condition("Progressing", True, outcome.reason, outcome.message, now, now + RETRY_REFUSED)
            await work.save()
            return now + RETRY_REFUSED
        if isinstance(outcome, Wait):
            return await self._later(work, outcome)
        # These calls answer when it is done: unlike an instance, a subnet is gone when its removal is accepted.
        for key in (name, DOUBT + name):
            work.obj.status.applied.pop(key, None)
        await cloud.once.gone(work, work.obj.status.intents[name])
        return None
