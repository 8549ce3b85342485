"""What people wrote that nobody has taken up yet, and how it is taken up: by one process, once.

An object that kubectl made is a wish: the rules are the API's, so the API's processes play its own handlers for it and
then write what came of them onto that very object, at the version that they read. Who was slower, because another
process took it up or the person changed their mind, is told so by the version, and takes back what was made for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from gurum.model.base import Cause, Resource
from gurum.ops.clock import Clock
from gurum.store import objects
from gurum.store.contract import (
    ConflictError,
    ExistsError,
    InDoubtError,
    NotFoundError,
    StoreError,
    UnavailableError,
)
from gurum.store.kubernetes import shape
from gurum.store.kubernetes.client import Client, checked
from gurum.store.kubernetes.feed import Feed
from gurum.store.kubernetes.keys import Keys
from gurum.store.kubernetes.kinds import PLACES, SYSTEM, name_of, namespace_of
from gurum.store.kubernetes.ownership import returned
from gurum.store.kubernetes.shape import Address
from gurum.store.kubernetes.whereabouts import Whereabouts
from gurum.store.kubernetes.words import moment

R = TypeVar("R", bound=Resource)
Document = dict[str, Any]

_PREFIX = "project-"
_TRIES = 8  # how often an object may change between our look at it and our note on it


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why a wish is not taken up: one of the reasons of conditions, the API's text, when it is tried again."""

    reason: str
    message: str
    until: float | None = None


def project_of(namespace: str) -> str:
    """Return the project whose namespace it is, empty if that cannot be told by its name."""
    project = namespace.removeprefix(_PREFIX)
    return project if project != namespace and namespace_of(project) == namespace else ""


class Wishes:
    """Those of one store's kinds."""

    def __init__(self, client: Client, where: Whereabouts, keys: Keys, clock: Clock) -> None:
        self._client, self._where, self._keys, self._clock = client, where, keys, clock

    async def feed(self, kind: type[R]) -> Feed[R]:
        """Return what the API server tells of a kind; `asked` and `names` of it are for us. Raises UnavailableError."""
        return await self._where.feed(kind)

    async def admit(self, obj: R, wish: Mapping[str, Any]) -> R:
        """Make the wish this object, and return it as stored: what `Store.create` does for a request of the API.

        Raises ConflictError if the wish is not what it was, ExistsError, ValueError, UnavailableError.
        """
        new = objects.created(obj, self._clock.time())
        kind, meta, place = type(new), new.metadata, PLACES[new.kind]
        namespace = wish["metadata"]["namespace"]
        if (
            namespace_of(meta.project) != namespace
        ):  # a key pair is its user's; as an object it is where its user put it
            meta.project = project_of(namespace)
        apart = meta.key != meta.id
        address = shape.address_in(wish)
        if apart:
            await self._keys.take(new, address)
        try:
            if apart and await self._named_by_key(kind, meta.key):
                raise ExistsError(kind.kind, meta.key)
            answer = await self._client.replace(address.path(place), shape.adopted(new, wish))
            if answer.status in (404, 409):
                found = await self._ours(address, kind, meta.id) if answer.lost else None
                if found is None:
                    raise ConflictError(f"{kind.kind} {address.namespace}/{address.name} changed since it was read")
                stored = found
            elif answer.status == 422:
                raise ValueError(f"{kind.kind} {address.name!r} cannot be stored: {answer.message[:1000]}")
            else:
                stored = checked(answer).json()
        except InDoubtError:
            raise  # it may be this object by now, with its key
        except (StoreError, ValueError):
            if apart:
                await self._keys.release(kind, meta.key, meta.id)
            raise
        before, after = wish["metadata"].get("managedFields", ()), stored["metadata"].get("managedFields", ())
        if any(entry.get("operation") == "Apply" for entry in before):
            theirs = returned(before, after, self._client.manager)
            whole = {**stored, "metadata": {**stored["metadata"], "managedFields": theirs}}
            answer = await self._client.replace(address.path(place), whole)
            stored = answer.json() if answer.status == 200 else stored  # else somebody was faster: it is theirs to say
        await self._where.noted(kind, stored)
        if "conditions" in stored.get("status", {}):  # what stood in the way before: a new object has no status
            answer = await self._client.replace(address.path(place) + "/status", {**stored, "status": {}})
            if answer.status == 200:
                stored = answer.json()
                await self._where.noted(kind, stored)
        return shape.read(kind, stored)

    async def refuse(self, document: Mapping[str, Any], why: Refused) -> bool:
        """Say in the object's status why nothing comes of what it asks; False if it is another by now.

        Written only if it says something new. Raises UnavailableError.
        """
        place, now = PLACES[document["kind"]], self._clock.time()
        status = dict(document.get("status", {}))
        condition = {
            "type": "Available",
            "status": "False",
            "reason": why.reason,
            "message": why.message,
            "observedGeneration": document["metadata"].get("generation", 1),
        }
        before = [one for one in status.get("conditions", ()) if one.get("type") == "Available"]
        if before and all(before[0].get(name) == value for name, value in condition.items()):
            return True
        others = [one for one in status.get("conditions", ()) if one.get("type") != "Available"]
        status["conditions"] = [*others, condition | {"lastTransitionTime": moment(now)}]
        path = shape.address_in(document).path(place) + "/status"
        answer = await self._client.replace(path, {"apiVersion": place.api_version, **document, "status": status})
        return answer.status not in (404, 409) and bool(checked(answer))

    async def note(self, kind: type[R], id: str, labels: Mapping[str, str], cause: Cause) -> None:
        """Write down what a person's change of an object was: who and what brought it about, and when; its labels.

        Raises UnavailableError.
        """
        for _ in range(_TRIES):
            try:
                stored = await self._where.document(kind, id)
            except NotFoundError:
                return
            obj = shape.read(kind, stored)
            obj.metadata.labels, obj.metadata.cause = dict(labels), cause
            obj.metadata.updated_at = self._clock.time()
            meta = {**stored["metadata"], "annotations": shape.notes(obj, stored["metadata"].get("annotations", {}))}
            path = shape.address_in(stored).path(PLACES[kind.kind])
            answer = await self._client.replace(path, {**stored, "metadata": meta})
            if answer.status == 404:
                return
            if answer.status != 409:
                await self._where.noted(kind, checked(answer).json())
                return
        raise UnavailableError(f"{kind.kind} {id!r} changes all the time")

    async def shows(self, kind: type[Resource], id: str, spec: Mapping[str, Any] | None, seconds: float) -> bool:
        """Return whether the object is told to have this spec (None: to be gone) within that time."""
        feed = await self._where.feed(kind)

        def told() -> bool:
            if spec is None:
                return id not in feed.index
            document = feed.recent(id)
            return document is not None and document.get("spec") == spec

        return await feed.reached(told, seconds)

    async def release(self, kind: type[Resource], key: str, id: str) -> None:
        """Free the key of an object that a person removed. Idempotent. Raises UnavailableError."""
        await self._keys.release(kind, key, id)

    async def _named_by_key(self, kind: type[Resource], key: str) -> bool:
        """Whether an object has the key that is named by it: where the API's own key pairs are."""
        return (await self._client.get(Address(SYSTEM, name_of(key)).path(PLACES[kind.kind]))).status == 200

    async def _ours(self, address: Address, kind: type[Resource], id: str) -> Document | None:
        answer = await self._client.get(address.path(PLACES[kind.kind]))
        if answer.status != 200 or answer.json().get("spec", {}).get("id") != id:
            return None
        return answer.json()
