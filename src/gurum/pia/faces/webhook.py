"""What people change and delete with kubectl is asked about before it happens: an admission webhook, and what follows.

The same handler that a request of the API would come to is played over a store that keeps what it writes to itself. A
refusal goes back in the API's own words. Otherwise the person's write goes on, with the ids that its names stand for;
and when the watch has told of it, what belongs to it beside the object is written (see `stores.Staging`).
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from gurum.model import codec
from gurum.model.base import Cause, Resource
from gurum.pia.faces import bodies
from gurum.pia.faces.acting import Actor, Answer, Ask, Person, new_request_id
from gurum.pia.faces.admitter import Admitter
from gurum.pia.faces.names import Scope, UnknownError
from gurum.pia.faces.stores import Staging, Trying
from gurum.store.contract import NotFoundError, StoreError, UnavailableError
from gurum.store.kubernetes import guard, people, references, shape
from gurum.store.kubernetes.kinds import KINDS_BY_PLURAL
from gurum.store.kubernetes.wishes import Wishes, project_of

Document = dict[str, Any]

PATIENCE = 15.0  # seconds for which the person's own write is waited for
REMEMBERED = 4096  # deletions whose asker is kept until they are played


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it may go on, with which spec in the place of what was written, or the refusal.

    cause: what is noted as the object's cause, where nothing is asked and it stays what it was.
    """

    allowed: bool = True
    spec: Document | None = None
    cause: str = ""
    code: int = 200
    message: str = ""


ALLOWED = Verdict()


class Reviewer:
    """Answers reviews; safe for any number at once. `patience`: seconds for which a person's write is waited for."""

    def __init__(self, actor: Actor, wishes: Wishes, admitter: Admitter) -> None:
        self._actor, self._wishes, self._admitter = actor, wishes, admitter
        self.patience = PATIENCE
        self._following: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("gurum.pia.faces")

    async def review(self, request: Mapping[str, Any]) -> Verdict:
        """Return what is to be answered to the request of an AdmissionReview."""
        kind = codec.KINDS[KINDS_BY_PLURAL[request["resource"]["group"], request["resource"]["resource"]]]
        old = {**request["oldObject"], "kind": kind.kind}
        if not shape.admitted(old) or "deletionTimestamp" in old["metadata"] or kind.kind not in bodies.NOUNS:
            return ALLOWED  # nobody's yet, or going already
        person = Person.of(people.asker(request["userInfo"]), request["namespace"])
        try:
            if request["operation"] == "DELETE":
                return await self._delete(kind, old, person, dry=bool(request.get("dryRun")))
            return await self._update(kind, old, request["object"], person, dry=bool(request.get("dryRun")))
        except (UnknownError, bodies.CannotError) as error:
            return Verdict(allowed=False, code=400, message=str(error))
        except (msgspec.ValidationError, ValueError, TypeError, KeyError) as error:
            return Verdict(allowed=False, code=400, message=f"{type(error).__name__}: {error}")
        except StoreError as error:
            return Verdict(allowed=False, code=503, message=str(error))

    async def stop(self) -> None:
        """Wait for what follows writes that went on already."""
        await asyncio.gather(*self._following, return_exceptions=True)

    async def _update(
        self, kind: type[Resource], old: Document, new: Mapping[str, Any], person: Person, *, dry: bool
    ) -> Verdict:
        if old.get("spec") == new.get("spec"):
            return ALLOWED
        obj = shape.read(kind, old)
        spec = references.restored(kind.kind, old["spec"], new.get("spec", {}))
        scope = Scope(
            region=obj.metadata.region,
            namespace=old["metadata"]["namespace"],
            project=project_of(old["metadata"]["namespace"]),
            user=person.user,
        )
        resolved = await self._admitter.names.resolved(kind.kind, spec, scope, known=True)
        asks = bodies.changes(obj, resolved)
        if not asks:
            cause = old["metadata"].get("annotations", {}).get(shape.CAUSE, "")
            return Verdict(spec=spec, cause=cause)  # what was filled in is put back: nothing has changed
        parts = self._actor.parts
        store = Trying(parts.store, parts.clock, obj) if dry else Staging(parts.store, parts.clock, obj)
        answer = await self._play(obj, person, asks, store)
        if answer.refused:
            if isinstance(store, Staging):
                await store.undo()
            return Verdict(allowed=False, code=answer.status, message=answer.message)
        final = store.held[kind.kind, obj.id]
        own = shape.spec_fields(kind)
        beside = {name: value for name, value in spec.items() if name not in own and name not in shape.IDENTITY}
        stored = shape.explicit(final, spec, references.carried(kind.kind, spec, shape.spec(final, beside)))
        for name in guard.ADOPTION:  # no request's: what was written of it stays, if admission let it through
            stored.pop(name, None)
            if name in spec:
                stored[name] = spec[name]
        if isinstance(store, Staging):
            cause = Cause(user_id=person.user, request_id=answer.request_id, decision_id=answer.decision_id)
            self._follow(self._settle(store, final, stored, cause))
        return _with(stored, new)

    async def _play(self, obj: Resource, person: Person, asks: list[Ask], store: Trying) -> Answer:
        """Play one after the other, as one request; return the first refusal, or the last answer."""
        request_id = new_request_id()
        for ask in asks:
            answer = await self._actor.play(obj.metadata.region, person, ask, store=store, request_id=request_id)
            if answer.refused:
                break
        self._log.info(
            "reviewed", kind=obj.kind, id=obj.id, status=answer.status, message=answer.message,
            request_id=request_id, user_id=person.user,
        )  # fmt: skip
        return answer

    async def _settle(self, store: Staging, final: Resource, spec: Mapping[str, Any], cause: Cause) -> None:
        """Finish a change when it is there; take back what was claimed for it when it does not come."""
        kind = type(final)
        if not await self._wishes.shows(kind, final.id, spec, self.patience):
            self._log.info("a change did not come", kind=kind.kind, id=final.id)
            await store.undo()
            return
        await store.settle()
        await self._wishes.note(kind, final.id, final.metadata.labels, cause)

    async def _delete(self, kind: type[Resource], old: Document, person: Person, *, dry: bool) -> Verdict:
        obj = shape.read(kind, old)
        parts = self._actor.parts
        real = not obj.metadata.finalizers and not dry
        store = Staging(parts.store, parts.clock, obj) if real else Trying(parts.store, parts.clock, obj)
        answer = await self._play(obj, person, [bodies.deletion(obj)], store)
        if answer.refused and (answer.status != 404 or await self._there(kind, obj.id)):
            return Verdict(allowed=False, code=answer.status, message=answer.message)
        if isinstance(store, Staging):
            self._follow(self._gone(store, obj))
        elif not dry:
            self._admitter.deleters[obj.id] = person
            if len(self._admitter.deleters) > REMEMBERED:
                del self._admitter.deleters[next(iter(self._admitter.deleters))]
        return ALLOWED

    async def _there(self, kind: type[Resource], id: str) -> bool:
        """Whether an object is there, so that a 404 about it is a refusal: it is hidden from who asked."""
        try:
            await self._actor.parts.store.get(kind, id)
        except NotFoundError:
            return False
        return True

    async def _gone(self, store: Staging, obj: Resource) -> None:
        """Finish the deletion of what nothing holds: it is gone at once, and no handler comes after it."""
        if await self._wishes.shows(type(obj), obj.id, None, self.patience):
            await store.settle()
            if shape.apart(obj):
                await self._wishes.release(type(obj), obj.metadata.key, obj.id)

    def _follow(self, work: Any) -> None:
        async def guarded() -> None:
            try:
                await work
            except (StoreError, UnavailableError) as error:
                self._log.warning("what belongs to a change could not be written", reason=str(error))

        task = asyncio.create_task(guarded(), name="faces-settle")
        self._following.add(task)
        task.add_done_callback(self._following.discard)


def _with(spec: Document, new: Mapping[str, Any]) -> Verdict:
    return ALLOWED if spec == new.get("spec") else Verdict(spec=spec)


def answered(uid: str, verdict: Verdict) -> Document:
    """Return the AdmissionReview that says a verdict."""
    response: Document = {"uid": uid, "allowed": verdict.allowed}
    if not verdict.allowed:
        response["status"] = {"code": verdict.code, "message": verdict.message}
    elif verdict.spec is not None:
        patch: list[Document] = [{"op": "replace", "path": "/spec", "value": verdict.spec}]
        if verdict.cause:
            path = "/metadata/annotations/" + shape.CAUSE.replace("/", "~1")
            patch.append({"op": "add", "path": path, "value": verdict.cause})
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
