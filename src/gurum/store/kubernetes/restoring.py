"""The second entrance of Kubernetes: see `gurum.store.moving.contract`.

An API server makes some of an object by itself: it drops the status of what is created, counts generations from one,
and lets nobody write when a deletion was asked for. So an object is put back in up to three writes, in this order: the
object with its key, user data and namespace, its status, its deletion. Whoever is cut off between two of them has an
object that is not as it should be, and writes what is missing when they come again. How many generations there were
before stands in an annotation (`shape.before`).
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from gurum.model.base import Resource
from gurum.model.server import Server
from gurum.ops.together import together
from gurum.store.contract import ConflictError, ExistsError, UnavailableError, WatchExpiredError
from gurum.store.kubernetes import namespaces, sealed, shape
from gurum.store.kubernetes.client import Answer, Client, checked
from gurum.store.kubernetes.feed import exact
from gurum.store.kubernetes.heads import Heads
from gurum.store.kubernetes.keys import Keys
from gurum.store.kubernetes.kinds import PLACES
from gurum.store.kubernetes.lists import list_all
from gurum.store.moving.contract import PAGE

R = TypeVar("R", bound=Resource)
Document = dict[str, Any]

AT_ONCE = 32  # objects written at once: more only makes a queue at the API server
_TRIES = 8  # how often an object may be changed by others while it is put back


class KubernetesInstant:
    """All kinds at one version. The API server keeps old ones for some minutes. See Instant."""

    def __init__(self, client: Client, version: str) -> None:
        self._client = client
        self._exactly = {"resourceVersion": version, "resourceVersionMatch": "Exact"}
        self.position = None

    async def count(self, kind: type[Resource]) -> int:
        """See Instant."""
        page = await self._page(kind, limit="1", **self._exactly)
        return len(page["items"]) + int(page["metadata"].get("remainingItemCount", 0))

    async def objects(self, kind: type[R]) -> AsyncIterator[Sequence[R]]:
        """Yield in the order of namespaces and names. See Instant. Raises StoreError for what the model cannot read."""
        asked = self._exactly
        while True:
            page = await self._page(kind, limit=str(PAGE), **asked)
            found = [exact(kind, document) for document in page["items"]]
            if items := [obj for obj in found if obj is not None]:
                await sealed.put_in(self._client, [obj for obj in items if isinstance(obj, Server)], self._exactly)
                yield items
            token = page["metadata"].get("continue", "")
            if not token:
                return
            asked = {"continue": token}

    async def _page(self, kind: type[Resource], **parameters: str) -> Document:
        answer = await self._client.get(shape.collection(PLACES[kind.kind]), **parameters)
        if answer.status == 410:
            raise WatchExpiredError("the cluster does not remember the moment at which this was begun: begin again")
        return checked(answer).json()


class KubernetesRestoring:
    """See Restorable. `heads` are the store's."""

    def __init__(self, client: Client, heads: Heads) -> None:
        self._client, self._heads = client, heads
        self._keys, self._sealed = Keys(client), sealed.Sealed(client)

    @asynccontextmanager
    async def instant(self) -> AsyncIterator[KubernetesInstant]:
        """See Restorable."""
        answer = await self._client.get(shape.collection(PLACES["Transfer"]), limit="1")
        if answer.status == 404:
            raise UnavailableError(
                "the cluster does not have Gurum's definitions, or not this release's: `gurum kubernetes crds` has them"
            )
        yield KubernetesInstant(self._client, checked(answer).json()["metadata"]["resourceVersion"])

    async def restore(self, objs: Sequence[Resource]) -> None:
        """See Restorable."""
        turns = asyncio.Semaphore(AT_ONCE)
        newest: dict[str, int] = {}

        async def put(obj: Resource) -> None:
            async with turns:
                version = await self._restore(obj)
                newest[obj.kind] = max(version, newest.get(obj.kind, 0))

        await together([put(obj) for obj in objs])
        await together([self._heads.note(kind, version) for kind, version in newest.items()])

    async def discard(self, kind: type[Resource], ids: Collection[str]) -> None:
        """See Restorable."""
        unwanted = set(ids)
        listed = await list_all(self._client, shape.collection(PLACES[kind.kind]))
        for document in listed.documents:
            document |= {"kind": kind.kind, "apiVersion": PLACES[kind.kind].api_version}
            if document.get("spec", {}).get("id") in unwanted and shape.admitted(document):
                await self._take_out(kind, document)

    async def settle(self) -> None:
        """Note the version of every kind, and nothing later. See Restorable."""
        await self._heads.refresh()
        for kind, place in PLACES.items():
            listed = await list_all(self._client, shape.collection(place))
            newest = max((int(one["metadata"]["resourceVersion"]) for one in listed.documents), default=0)
            head = self._heads.head(kind)
            if head > listed.version:  # of another store, or of this cluster before it was restored
                await self._heads.lower(kind, head, listed.version)
            elif newest > head:
                await self._heads.note(kind, newest)

    async def _restore(self, obj: Resource) -> int:
        """Put one back; return its version."""
        for _ in range(_TRIES):
            try:
                return await self._put_back(obj)
            except ConflictError:
                continue
        raise UnavailableError(f"{obj.kind} {obj.id!r} changes all the time: who else writes to this cluster?")

    async def _put_back(self, obj: Resource) -> int:
        """Write what of the object is not there yet. Raises ConflictError if somebody else wrote meanwhile."""
        place = PLACES[obj.kind]
        if shape.apart(obj):
            await self._keys.take(obj)
        obj = await self._sealed.seal(obj, anew=True)
        document = shape.new(obj)
        _count(document["metadata"], obj, 1 + obj.deleting)
        answer = await namespaces.create(self._client, place, document, project=obj.metadata.project)
        stored = await self._met(obj) if answer.status == 409 else _stored(answer, obj)
        status = shape.status(obj, shape.before(stored))
        path = shape.address_in(stored).path(place)
        if status != stored.get("status", {}):
            stored = _stored(await self._client.replace(f"{path}/status", {**stored, "status": status}), obj)
        meta = stored["metadata"]
        if obj.deleting and "deletionTimestamp" not in meta:
            answer = await self._client.delete(path, meta["uid"], meta["resourceVersion"])
            stored = _stored(answer, obj)
        return int(stored["metadata"]["resourceVersion"])

    async def _met(self, obj: Resource) -> Document:
        """Have the object that is there already be as it should, but for its status. Raises ExistsError, ConflictError.

        What cannot be changed any more is removed; the next try makes it anew.
        """
        kind, place = type(obj), PLACES[obj.kind]
        answer = await self._client.get(shape.address_of(obj).path(place))
        if answer.status == 404:
            raise ConflictError(f"{obj.kind} {obj.id!r} went just now")
        stored = checked(answer).json()
        holder = str(stored.get("spec", {}).get("id", ""))
        if holder != obj.id:
            raise ExistsError(obj.kind, obj.metadata.key, holder)
        wanted = self._wanted(obj, stored)
        if wanted == stored:
            return stored
        if "deletionTimestamp" not in stored["metadata"]:
            answer = await self._client.replace(shape.address_in(stored).path(place), wanted)
            if answer.status != 422:
                return _stored(answer, obj)
        await self._take_out(kind, stored)
        raise ConflictError(f"{obj.kind} {obj.id!r} is made anew")

    @staticmethod
    def _wanted(obj: Resource, stored: Document) -> Document:
        meta = copy.copy(stored["metadata"])
        meta["annotations"] = shape.notes(obj, meta.get("annotations", {}))
        meta["finalizers"] = shape.finalizers(obj)
        if not meta["finalizers"]:
            del meta["finalizers"]
        spec = shape.spec(obj, stored["spec"])
        coming = (spec != stored["spec"]) + (obj.deleting and "deletionTimestamp" not in meta)
        _count(meta, obj, meta["generation"] + coming)
        return {**stored, "metadata": meta, "spec": spec}

    async def _take_out(self, kind: type[Resource], stored: Document) -> None:
        """Remove an object, whatever holds it, and its key. Raises ConflictError."""
        path = shape.address_in(stored).path(PLACES[kind.kind])
        meta = stored["metadata"]
        if meta.get("finalizers"):
            without = {name: value for name, value in meta.items() if name != "finalizers"}
            answer = await self._client.replace(path, {**stored, "metadata": without})
            if answer.status != 404:
                meta = _answered(answer, kind.kind, stored["spec"]["id"]).json()["metadata"]
        if "deletionTimestamp" not in meta:
            answer = await self._client.delete(path, meta["uid"], meta["resourceVersion"])
            if answer.status != 404:
                _answered(answer, kind.kind, stored["spec"]["id"])
        key = stored["spec"].get("naturalKey", "")
        if key:
            await self._keys.release(kind, key, stored["spec"]["id"])
        if stored["spec"].get(shape.SEALED):
            await self._sealed.forget(stored["spec"]["id"])


def _count(meta: Document, obj: Resource, generation: int) -> None:
    """Say how many generations the object had, beyond those that the API server will have counted in the end."""
    meta["annotations"] = shape.counted(meta["annotations"], obj.metadata.generation - generation)


def _answered(answer: Answer, kind: str, id: str) -> Answer:
    """Return a success. Raises ConflictError where the object is another by now; ValueError, UnavailableError."""
    if answer.status in (404, 409):
        raise ConflictError(f"{kind} {id!r} changed since it was read")
    if answer.status == 422:
        raise ValueError(f"{kind} {id!r} cannot be stored: {answer.message[:1000]}")
    return checked(answer)


def _stored(answer: Answer, obj: Resource) -> Document:
    return _answered(answer, obj.kind, obj.id).json()
