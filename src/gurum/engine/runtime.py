"""The runtime: workers take keys from the queue, controllers take objects one step further, time does the rest."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from gurum.engine.adoption.gate import Gate
from gurum.engine.behalf import behalf_of, request_of, subject_of
from gurum.engine.context import Engine
from gurum.engine.queue import Key, Urgency
from gurum.model.base import Resource
from gurum.ops.log import bind as log_context
from gurum.providers.behalf import acting_for, working_on
from gurum.providers.contract import Place
from gurum.store.contract import ConflictError, FencedError, NotFoundError, UnavailableError

log = structlog.get_logger("gurum.engine")

SOON = 0.02  # seconds after a conflict: the cache has caught up by then


class Controller(Protocol):
    """Takes one object one step further."""

    @property
    def kind(self) -> type[Resource]:
        """The kind it reconciles."""
        ...

    async def reconcile(self, id: str) -> float | None:
        """Return when to come again (seconds since the epoch), None: when something changes."""
        ...


class Runtime:
    """Workers over a queue. Per object one at a time; failures back off per object, with jitter."""

    def __init__(
        self,
        engine: Engine,
        controllers: Sequence[Controller],
        gate: Gate,
        observe: Callable[[str, str, float], None] = lambda kind, outcome, seconds: None,
    ) -> None:
        self._engine = engine
        self._controllers = {controller.kind.kind: controller for controller in controllers}
        self._kinds = {controller.kind.kind: controller.kind for controller in controllers}
        self._gate = gate
        self._observe = observe
        self._failures: dict[Key, int] = {}
        self._rng = random.Random()  # noqa: S311 - jitter
        self.stopping = False

    def resync(self) -> None:
        """Have everything looked at, spread over a tenth of the resync period, behind all new work."""
        now, spread = self._engine.clock.time(), self._engine.config.resync / 10
        for name, kind in self._kinds.items():
            for obj in self._engine.cache.objects(kind):
                if not self._engine.holds(obj):
                    continue
                due = now + self._rng.uniform(0, spread)
                self._engine.queue.add((name, obj.id), urgency=Urgency.RESYNC, due=due)

    def start_all(self, place: Place) -> None:
        """Have everything of a shard looked at now: what is owed to whatever was under way when it changed hands."""
        shards, view = self._engine.shards, self._engine.view
        for name, kind in self._kinds.items():
            for obj in self._engine.cache.objects(kind, region=place.region):
                if shards.home(view.place(obj)) == place:
                    self._engine.queue.add((name, obj.id), urgency=Urgency.RETRY)

    async def run(self) -> None:
        """Work until cancelled; on cancellation each worker ends its step first (see `stop`)."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._engine.config.workers):
                group.create_task(self._worker(), name=f"worker-{number}")
            group.create_task(self._resync(), name="resync")

    async def _resync(self) -> None:
        while True:
            await self._engine.clock.sleep(self._engine.config.resync)
            self.resync()

    async def _worker(self) -> None:
        queue = self._engine.queue
        while True:
            key = await queue.take()
            try:
                if not self.stopping:
                    await self.step(key)
            finally:
                queue.done(key)

    async def step(self, key: Key) -> None:
        """Reconcile one key and queue what follows from it. Raises nothing but cancellation."""
        engine = self._engine
        controller = self._controllers.get(key[0])
        if controller is None:
            return
        began = engine.clock.time()
        outcome = "ok"
        obj = engine.cache.get(self._kinds[key[0]], key[1])
        if obj is not None and not engine.holds(obj):
            self._failures.pop(key, None)
            return  # another engine's; should the shard become ours, all of it is looked at
        acting = engine.acting(obj) if obj is not None else contextlib.nullcontext()
        try:
            with (
                acting, acting_for(behalf_of(obj)), working_on(subject_of(obj)),
                log_context(request_id=request_of(obj), resource_id=key[1]),
            ):  # fmt: skip
                # No controller meets what is only to be looked at: the one place where that is decided.
                kept = obj is not None and self._gate.closed(obj)
                again = await (self._gate.reconcile(obj) if obj and kept else controller.reconcile(key[1]))
        except ConflictError:
            outcome, again = "conflict", began + SOON * self._rng.uniform(1, 3)
        except NotFoundError:
            outcome, again = "gone", None
        except FencedError as error:
            outcome, again = "fenced", self._back_off(key)  # dropped then, unless the shard is ours all the same
            log.info("fenced", kind=key[0], resource_id=key[1], why=str(error))
        except UnavailableError as error:
            outcome, again = "store-unavailable", self._back_off(key)
            log.warning("store unavailable", kind=key[0], resource_id=key[1], why=str(error))
        except Exception:
            # A defect in one controller must not stop the others; the object is tried again ever more seldom.
            outcome, again = "error", self._back_off(key)
            log.exception("reconcile failed", kind=key[0], resource_id=key[1])
        if outcome == "ok":
            self._failures.pop(key, None)
        if again is not None:
            engine.queue.add(key, urgency=Urgency.RETRY, due=again)
        self._observe(key[0], outcome, engine.clock.time() - began)

    def _back_off(self, key: Key) -> float:
        count = self._failures[key] = self._failures.get(key, 0) + 1
        config = self._engine.config
        delay = min(config.backoff_max, config.backoff_base * 2.0 ** min(count - 1, 16))
        return self._engine.clock.time() + delay * self._rng.uniform(0.5, 1.0)

    async def stop(self, grace: float) -> None:
        """Take no more work and wait until what is in work is done, at most `grace` seconds."""
        self.stopping = True
        end = self._engine.clock.time() + grace
        while self._engine.queue.working and self._engine.clock.time() < end:
            await self._engine.clock.sleep(0.02)
