"""Takes up what people wrote: who made an object without an id gets it made by the API's handlers, and so deleted.

Any number of processes may do this at once. Each plays the handler, and the version of the person's object decides
whose it is; the slower one's claims are given back as those of a request that failed. Nothing is remembered that
could not be forgotten: a process that dies leaves a wish that the next one finds.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from traceback import format_exception
from typing import Any

import msgspec
import structlog

from gurum.model import codec
from gurum.model.base import Resource
from gurum.model.conditions import Reason
from gurum.model.routing import ROUTER_INTERFACE
from gurum.pia.faces import bodies
from gurum.pia.faces.acting import Actor, Ask, Person
from gurum.pia.faces.names import Names, Scope, UnknownError
from gurum.pia.faces.stores import Admitting
from gurum.store.contract import StoreError, UnavailableError
from gurum.store.kubernetes import people, shape
from gurum.store.kubernetes.feed import Feed
from gurum.store.kubernetes.shape import Address
from gurum.store.kubernetes.wishes import Refused, Wishes, project_of

Document = dict[str, Any]

PAUSE = (0.2, 30.0)  # seconds between two tries of what may pass by itself: the first, and the longest
RARELY = 300.0  # seconds, at most, between two tries of what most probably does not
AT_ONCE = 16  # wishes that a process plays at once
EACH = 0.02  # seconds more between two tries for each wish that waits: many in vain must not keep a process busy
_PASSING = frozenset({404, 409, 429, 500, 503})  # refusals that may be none a while later
DEFAULT = "default"  # the group that every project has
_GROUPS = ("securityGroupRefs", "securityGroupRef", "remoteGroupRef")


class Result(msgspec.Struct, frozen=True):
    """What became of a try: done, or why not, and whether it is worth trying again although nothing was written."""

    done: bool = False
    again: bool = False
    why: Refused | None = None


DONE, LOST = Result(done=True), Result(again=True)


class Admitter:
    """One a process. `deleters`: who deleted what, as far as this process was asked (see `webhook`)."""

    def __init__(self, actor: Actor, wishes: Wishes) -> None:
        self._actor, self._wishes = actor, wishes
        self.names = Names(actor.parts, wishes)
        self.deleters: dict[str, Person] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pursued: set[tuple[Address, str]] = set()
        self._more: dict[str, asyncio.Event] = {}  # by namespace: set when something more was admitted there
        self._room: dict[str, asyncio.Event] = {}  # by kind: set when one of it went, and a quota may have room
        self._log = structlog.get_logger("gurum.pia.faces")

    def start(self) -> None:
        """Begin to look, kind by kind."""
        for kind in bodies.NOUNS:
            self._spawn(self._follow(codec.KINDS[kind]), f"faces-{kind}")

    async def stop(self) -> None:
        """End what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Any, name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A fault of ours must not pass for a wish that nobody looks at.
            self._log.error("unexpected", task=task.get_name(), traceback="".join(format_exception(error)))

    async def _follow(self, kind: type[Resource]) -> None:
        while True:
            try:
                feed = await self._wishes.feed(kind)
                while True:
                    for address, document in list(feed.asked.items()):
                        key = (address, document["metadata"]["uid"])
                        if key not in self._pursued:
                            self._pursued.add(key)
                            self._spawn(self._pursue(feed, *key), f"wish-{address.namespace}-{address.name}")
                    count = len(feed.index)
                    await feed.news()
                    if len(feed.index) < count and (room := self._room.pop(kind.kind, None)) is not None:
                        room.set()
            except UnavailableError as error:
                self._log.warning("wishes cannot be read", kind=kind.kind, reason=str(error))
            except Exception:  # the boundary: a fault in one look must not end all looking
                self._log.exception("unexpected", kind=kind.kind)
            await asyncio.sleep(PAUSE[1] / 10)

    async def _pursue(self, feed: Feed[Any], address: Address, uid: str) -> None:
        """Try until the wish is fulfilled or withdrawn: when it changes, and what may pass by itself after a while."""
        pause = PAUSE[0]
        try:
            while (document := _asked(feed, address, uid)) is not None:
                async with self._turn:
                    result = await self._try(feed.kind, document)
                if result.done:
                    await _told(feed, address, uid, document, PAUSE[1])
                    return
                longest = PAUSE[1] if result.again else RARELY
                if result.why is not None and not await self._wishes.refuse(document, result.why):
                    longest = PAUSE[0]  # it is another by now, and the watch will tell
                wait = pause * (0.75 + random.random() / 2)  # noqa: S311 - only so that processes do not meet
                wait = max(wait, EACH * len(self._pursued))
                full = result.why is not None and result.why.reason == Reason.QUOTA_EXCEEDED
                anew = await self._anew(feed, address, uid, document, wait, full=full)
                pause = PAUSE[0] if anew else min(pause * 2, longest)
                if anew and len(self._pursued) > AT_ONCE:
                    await asyncio.sleep(EACH * len(self._pursued) * random.random())  # noqa: S311 - likewise
        except UnavailableError as error:
            self._log.warning("a wish cannot be pursued", name=address.name, reason=str(error))
            await asyncio.sleep(PAUSE[1] / 10)
        finally:
            self._pursued.discard((address, uid))

    async def _anew(
        self, feed: Feed[Any], address: Address, uid: str, document: Document, seconds: float, *, full: bool
    ) -> bool:
        """Wait that long, or until the wish changes, or until what it may have waited for is there: then True.

        full: it waits for room in a quota.
        """
        more = self._more.setdefault(address.namespace, asyncio.Event())
        waits = {
            asyncio.create_task(_told(feed, address, uid, document, seconds)),
            asyncio.create_task(more.wait()),
        }
        if full:
            waits.add(asyncio.create_task(self._room.setdefault(feed.kind.kind, asyncio.Event()).wait()))
        try:
            done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return any(task.result() for task in done)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _try(self, kind: type[Resource], document: Document) -> Result:
        try:
            if shape.admitted(document):
                return await self._delete(kind, document)
            return await self._create(document)
        except UnknownError as error:
            return Result(again=True, why=Refused(reason=Reason.INVALID_CONFIGURATION, message=str(error)))
        except bodies.CannotError as error:
            return _never(str(error))
        except (msgspec.ValidationError, ValueError, KeyError, TypeError) as error:
            return _never(f"{type(error).__name__}: {error}")
        except StoreError as error:
            self._log.info("a wish waits for the store", reason=str(error))
            return LOST

    async def _create(self, document: Document) -> Result:
        kind, meta = document["kind"], document["metadata"]
        spec = dict(document.get("spec", {}))
        if spec.get("id") or "deletionTimestamp" in meta:
            return Result()  # of another project's, or going: neither is for us
        scope = self._scope(document)
        if isinstance(scope, Result):
            return scope
        if "routerRef" in spec:
            spec.setdefault("deviceOwner", ROUTER_INTERFACE)
        spec["region"] = scope.region
        parts, person = self._actor.parts, person_of(document)
        if person.project != scope.project:
            return _never(f"The namespace {scope.namespace} is not that of the project {person.project}.")
        if any(DEFAULT in spec.get(name, ()) for name in _GROUPS):
            # It is there for whoever looks: a list makes it.
            groups = Ask(prefix=bodies.NETWORK, method="GET", path=bodies.NOUNS["SecurityGroup"].path)
            await self._actor.play(scope.region, person, groups, store=parts.store, claims=parts.claims)
        resolved = await self.names.resolved(kind, spec, scope)
        ask = bodies.creation(kind, meta["name"], resolved)
        adjust = bodies.adjusting(kind, meta["name"], resolved, meta.get("generation", 1))
        store = Admitting(parts.store, self._wishes, document, adjust)
        answer = await self._actor.play(scope.region, person, ask, store=store, claims=parts.claims)
        if store.lost:
            return LOST
        told = {"kind": kind, "namespace": scope.namespace, "name": meta["name"], "user_id": scope.user}
        if store.made is not None:
            if (waiting := self._more.pop(scope.namespace, None)) is not None:
                waiting.set()
            self._log.info("admitted", id=store.made.id, status=answer.status, request_id=answer.request_id, **told)
            return DONE
        self._log.info("not admitted", status=answer.status, reason=answer.reason, message=answer.message, **told)
        return Result(
            again=answer.status in _PASSING or answer.reason is Reason.QUOTA_EXCEEDED,
            why=Refused(reason=answer.reason, message=answer.message),
        )

    def _scope(self, document: Document) -> Scope | Result:
        namespace, region = document["metadata"]["namespace"], document["spec"].get("region", "")
        project = project_of(namespace)
        if not project:
            return _never(f"The namespace {namespace} is no project's.")
        regions = self._actor.regions
        if not region and len(regions) == 1:
            region = regions[0]
        if not region:
            return _never(f"spec.region is not given; it may be one of {', '.join(regions)}.")
        if region not in regions:
            return _never(f"Region {region} could not be found.")
        return Scope(region=region, namespace=namespace, project=project, user=person_of(document).user)

    async def _delete(self, kind: type[Resource], document: Document) -> Result:
        """Play the deletion that a person asked for; what stands in its way may go by itself."""
        obj = shape.read(kind, document)
        meta = obj.metadata
        if meta.region not in self._actor.regions:
            return Result()
        nobody = Person(project=project_of(document["metadata"]["namespace"]), user="")
        person = self.deleters.get(obj.id, nobody)
        answer = await self._actor.play(
            meta.region, person, bodies.deletion(obj), store=self._actor.parts.store, claims=self._actor.parts.claims
        )
        self._log.info(
            "deletion", kind=obj.kind, id=obj.id, status=answer.status, message=answer.message, user_id=person.user
        )
        return DONE if not answer.refused else LOST


def person_of(document: Mapping[str, Any]) -> Person:
    """Return whom admission wrote down as the one who asked."""
    meta = document["metadata"]
    return Person.of(people.stamped(meta.get("annotations", {}).get(shape.CAUSE, "{}")), meta["namespace"])


def _never(message: str) -> Result:
    return Result(why=Refused(reason=Reason.INVALID_CONFIGURATION, message=message))


def _asked(feed: Feed[Any], address: Address, uid: str) -> Document | None:
    document = feed.asked.get(address)
    return document if document is not None and document["metadata"]["uid"] == uid else None


async def _told(feed: Feed[Any], address: Address, uid: str, before: Document, seconds: float | None) -> bool:
    """Return whether the wish has changed, or is none any more, within that time (None: however long it takes)."""

    def changed() -> bool:
        now = _asked(feed, address, uid)
        return now is None or now["metadata"].get("generation") != before["metadata"].get("generation")

    return await feed.reached(changed, seconds)
