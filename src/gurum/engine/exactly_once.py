"""Exactly once: the discipline by which a creation is neither forgotten nor repeated, whatever is killed when.

The intent (whole request, token, attempt) is in the store before the call. After that a crash, a lost answer or a
failure in the middle leaves a *doubt*, and each recipe has its own way out of it:

* `token`: send the same bytes with the same token again; the cloud answers with what it made.
* `name`: send again; `Duplicate` means it is there, so find it and adopt it.
* `adopt`: look for our tag. The cloud may show a new thing late, so "not found" is believed only from a look that is
  `window` seconds after the last possible call; only then the call is made (again).

A call whose failure proves that nothing was made leaves no doubt. The token is an HMAC of (uid, step, attempt): never
of the generation, because a rename would then make a second instance. `attempt` rises only after the previous attempt
is proven failed or gone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gurum.engine.work import Work
from gurum.model.base import IMPORTED, Intent, Resource, detaches, read_only
from gurum.model.conditions import Reason
from gurum.ops.clock import Clock
from gurum.providers.contract import Absent, Done, Doubt, Driver, Duplicate, Place, Refused, Step, Wait

R = TypeVar("R", bound=Resource)

_LOOK_AGAIN = 2.0  # seconds between looks for something that must be there but is not visible yet


class ReadOnlyError(Exception):
    """Something was to be made for an object that is only to be looked at: a defect of a controller."""


@dataclass(frozen=True)
class _Call:
    uid: str
    step: str
    attempt: int


class ExactlyOnce:
    """The rule, for every creation and removal of every kind in one cloud.

    `window` is the cloud's visibility window in seconds. `restored_at`: when the store was put back from a backup; of
    objects that are older, every creation may have happened already, in a way that only the cloud knows.
    """

    def __init__(self, clock: Clock, key: bytes, window: float, restored_at: float = 0.0) -> None:
        self._clock = clock
        self._key = key
        self._window = window
        self._restored_at = restored_at
        self._born = clock.time()  # calls of a process before this one were made before this moment
        self._taken: dict[Place, float] = {}  # when each shard was last taken over: calls of others were made before
        # Of this process's time with their shards alone: what another did in between, it cannot know.
        self._mine: dict[_Call, Place] = {}  # calls whose intent was written here
        self._never_called: dict[_Call, Place] = {}
        self._doubted: dict[_Call, tuple[float, Place]] = {}

    def taken_over(self, place: Place) -> None:
        """Learn that another engine may have acted for the shard until now: what was known of its calls is void."""
        self._taken[place] = self._clock.time()
        self._mine = {call: of for call, of in self._mine.items() if of != place}
        self._never_called = {call: of for call, of in self._never_called.items() if of != place}
        self._doubted = {call: doubt for call, doubt in self._doubted.items() if doubt[1] != place}

    def restored(self, at: float) -> None:
        """Learn that the store was put back from a backup, at `at`."""
        self._restored_at = max(self._restored_at, at)
        self._never_called.clear()

    def token(self, uid: str, step: str, attempt: int) -> str:
        """Return the idempotency token: 52 characters, the same for the same three, unguessable without the key."""
        digest = hmac.new(self._key, f"{uid}\n{step}\n{attempt}".encode(), hashlib.sha256).digest()
        return base64.b32encode(digest).decode().rstrip("=")

    async def ensure(
        self,
        work: Work[R],
        step: Step,
        driver: Driver,
        place: Place,
        made: Callable[[Work[R], Done], None] | None = None,
        refused: Callable[[Work[R], Refused], None] | None = None,
        sent: Callable[[R], R] | None = None,
    ) -> Done | Wait | Refused:
        """Take the creation one call further. Done: it is there, and the store says so.

        `sent` gives the object what of the request is not stored with it, for the call alone: a server's user data. It
        must be the same at each try.

        `made` puts what else the cloud told into the status, before the one write that says that it is there; `refused`
        likewise why it is not: were that a second write, one that is cut off would leave an object that waits for its
        next attempt without a word. Neither is asked when a process before this one has written it.
        """
        obj = work.obj
        intent = obj.status.intents.get(step.name)
        if intent is not None and intent.state == "done":
            return Done(intent.external)
        if read_only(obj):
            raise ReadOnlyError(f"{step.name} of {obj.kind} {obj.id}, which is unmanaged")
        if intent is None or intent.state in ("failed", "gone"):
            intent = await self._intend(work, step, 1 if intent is None else intent.attempt + 1, place)
        call = _Call(obj.id, intent.step, intent.attempt)
        looks_first = intent.recipe == "adopt" or self._restored(obj)
        if looks_first and call not in self._never_called:
            found = await self._search(work, intent, driver, place, call, made)
            if found is not None:
                return found
        self._never_called.pop(call, None)
        outcome = await driver.create(work.obj if sent is None else sent(work.obj), intent, place)
        if isinstance(outcome, Duplicate):
            adopted = await driver.find(work.obj, intent, place)
            if isinstance(adopted, Absent):
                message = "it exists, but is not visible yet"
                return Wait(Reason.PROGRESSING, message, self._clock.time() + _LOOK_AGAIN)
            outcome = adopted
        if isinstance(outcome, Done):
            self._doubted[call] = self._clock.time(), place  # until it is written down, which the store may not let us
            await self._made(work, intent, outcome, made)
        elif isinstance(outcome, Doubt):
            self._doubted[call] = self._clock.time(), place
            return Wait(Reason.TRANSIENT_ERROR, outcome.message, outcome.until)
        elif isinstance(outcome, Refused):
            intent.state, intent.error = "failed", outcome.message
            self._mine.pop(call, None)
            if refused is not None:
                refused(work, outcome)
            await work.save()
        elif call not in self._doubted and call in self._mine:
            self._never_called[call] = place  # proven: nothing happened, and no earlier call is in doubt
        return outcome

    async def remove(self, work: Work[R], intent: Intent, driver: Driver, place: Place) -> Done | Wait | Refused:
        """Take the removal one call further. Done: the removal was accepted, or there is nothing to remove.

        What was adopted and is to be let go of is left as it is, without a call.

        Whether acceptance is enough is the caller's to know: an instance is gone when it is observed as gone.
        """
        obj = work.obj
        call = _Call(obj.id, intent.step, intent.attempt)
        if intent.state in ("gone", "failed"):
            return Done()
        if intent.recipe == IMPORTED and detaches(obj):  # it was there before us, and stays
            await self._gone(work, intent)
            return Done()
        if read_only(obj):
            raise ReadOnlyError(f"removal of {intent.step} of {obj.kind} {obj.id}, which is unmanaged")
        if intent.state == "intended":
            if call in self._never_called:
                await self._gone(work, intent)
                return Done()
            found = await self._search(work, intent, driver, place, call)
            if found is None:
                await self._gone(work, intent)
                return Done()
            if not isinstance(found, Done):
                return found
        outcome = await driver.destroy(obj, intent, place)
        if isinstance(outcome, Absent):
            await self._gone(work, intent)
            return Done()
        if isinstance(outcome, Doubt):
            return Wait(Reason.TRANSIENT_ERROR, outcome.message, outcome.until)
        if isinstance(outcome, Done) and intent.state != "deleting":
            intent.state, intent.removed_at = "deleting", self._clock.time()
            await work.save()
        return outcome

    async def gone(self, work: Work[R], intent: Intent) -> None:
        """Record that what the intent made was observed as gone."""
        await self._gone(work, intent)

    async def _intend(self, work: Work[R], step: Step, attempt: int, place: Place) -> Intent:
        intent = Intent(
            step=step.name,
            attempt=attempt,
            recipe=step.recipe,
            zone=step.zone,
            request=step.request,
            token=self.token(work.obj.id, step.name, attempt) if step.recipe == "token" else "",
            written_at=self._clock.time(),
        )
        work.obj.status.intents[step.name] = intent
        await work.save()
        self._mine[_Call(work.obj.id, step.name, attempt)] = place
        if not self._restored(work.obj):
            self._never_called[_Call(work.obj.id, step.name, attempt)] = place
        return work.obj.status.intents[step.name]

    def _restored(self, obj: Resource) -> bool:
        """Whether the object comes from a backup, so that what its intents tell may be out of date."""
        return obj.metadata.created_at <= self._restored_at

    async def _search(
        self,
        work: Work[R],
        intent: Intent,
        driver: Driver,
        place: Place,
        call: _Call,
        made: Callable[[Work[R], Done], None] | None = None,
    ) -> Done | Wait | Refused | None:
        """Look for what a call in doubt may have made. None: believed, there is nothing."""
        doubt = self._doubted.get(call, (self._taken.get(place, self._born), place))[0]
        looked_at = self._clock.time()
        found = await driver.find(work.obj, intent, place)
        if isinstance(found, Done):
            await self._made(work, intent, found, made)
            return found
        if not isinstance(found, Absent):
            return found
        if looked_at < doubt + self._window:
            message = f"looking for what an interrupted call may have made ({intent.step})"
            until = min(doubt + self._window, looked_at + max(_LOOK_AGAIN, self._window / 4))
            return Wait(Reason.PROGRESSING, message, until)
        self._doubted.pop(call, None)
        return None

    async def _made(
        self, work: Work[R], intent: Intent, outcome: Done, made: Callable[[Work[R], Done], None] | None
    ) -> None:
        intent.state, intent.external, intent.error = "done", outcome.external, ""
        intent.made_at = self._clock.time()
        if made is not None:
            made(work, outcome)
        await work.save()
        self._settled(work, intent)

    async def _gone(self, work: Work[R], intent: Intent) -> None:
        intent.state = "gone"
        await work.save()
        self._settled(work, intent)

    def _settled(self, work: Work[R], intent: Intent) -> None:
        call = _Call(work.obj.id, intent.step, intent.attempt)
        for known in (self._mine, self._never_called, self._doubted):
            known.pop(call, None)
