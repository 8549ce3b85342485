"""Desired state in Kubernetes: see `gurum.store.contract.Store` for what is promised.

What a person does with kubectl and what an API process does here meet in the same objects, and the API server decides
between them by resource versions, as it does between any two controllers. Nothing is locked and nothing is cached
beyond where an object is.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar, cast

from gurum.model.base import Cause, Resource
from gurum.model.server import Server
from gurum.ops.clock import Clock, SystemClock
from gurum.store import objects
from gurum.store.contract import (
    EVERYTHING,
    ConflictError,
    Event,
    ExistsError,
    Filter,
    InDoubtError,
    NotFoundError,
    Page,
    StoreError,
    UnavailableError,
)
from gurum.store.kubernetes import fence, namespaces, shape
from gurum.store.kubernetes.client import Answer, Client, checked
from gurum.store.kubernetes.feed import readable
from gurum.store.kubernetes.heads import Heads
from gurum.store.kubernetes.keys import Keys
from gurum.store.kubernetes.kinds import PLACES, SYSTEM, name_of, namespace_of
from gurum.store.kubernetes.lists import Listed, list_all
from gurum.store.kubernetes.ownership import check_owners
from gurum.store.kubernetes.sealed import Sealed
from gurum.store.kubernetes.shape import Address
from gurum.store.kubernetes.snapshots import Snapshots
from gurum.store.kubernetes.whereabouts import Whereabouts
from gurum.store.kubernetes.wishes import Wishes

R = TypeVar("R", bound=Resource)
Document = dict[str, Any]

_CHUNK = 1000  # events a watch reads at once
_TRIES = 8  # how often an object may change between our look at it and our deletion


class KubernetesStore:
    """See `gurum.store.contract.Store`. `heads` are in the journal's database (see there for what they are for)."""

    def __init__(self, client: Client, heads: Heads, *, clock: Clock | None = None, lists: int = 8) -> None:
        """At most `lists` lists wait for their next page at once; one more ends the one that waited longest."""
        self.client, self.heads = client, heads
        self._where = Whereabouts(client, heads)
        self._clock = clock or SystemClock()
        self._keys, self._sealed = Keys(client), Sealed(client)
        self.wishes = Wishes(client, self._where, self._keys, self._clock)
        self._snapshots = Snapshots(lists)

    async def get(self, kind: type[R], id: str) -> R:
        """Return the object. Raises NotFoundError."""
        return shape.read(kind, await self._where.document(kind, id))

    async def get_by_key(self, kind: type[R], key: str) -> R:
        """Return the object that holds the key. Raises NotFoundError."""
        place = PLACES[kind.kind]
        answer = await self.client.get(Address("" if place.cluster else SYSTEM, name_of(key)).path(place))
        if answer.status != 404:
            obj = readable(kind, checked(answer).json())
            if obj is not None and obj.metadata.key == key:
                return obj
        owner = "" if place.claim else await self._keys.owner(kind, key)
        found = await self.get(kind, owner or key)
        if found.metadata.key != key:
            raise NotFoundError(f"{kind.kind} {key!r} does not exist")
        return found

    async def list(
        self, kind: type[R], where: Filter = EVERYTHING, *, limit: int = 500, after: str | None = None
    ) -> Page[R]:
        """Return a page of at most `limit`; see `snapshots` for how all pages are of one version."""
        objects.check_limit(limit)
        if after is not None:
            return self._snapshots.resume(after, kind, where, limit)
        feed, listed = await self._where.started(kind)
        version, items = await self._listed(kind, where, listed)
        feed.confirm(version)
        return self._snapshots.begin(kind, where, version, sorted(items, key=lambda obj: obj.id), limit)

    async def create(self, obj: R) -> R:
        """Store a new object and return it as stored. Raises ExistsError; ValueError for what no schema allows."""
        return await self._create(objects.created(obj, self._clock.time()))

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        """Create in order, one after the other, and stop at the first refusal; return what was created and it."""
        now = self._clock.time()
        done: list[Resource] = []
        for obj in [objects.created(obj, now) for obj in objs]:
            try:
                done.append(await self._create(obj))
            except StoreError as refusal:
                return done, refusal
        return done, None

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        """Replace spec, labels and finalizers at the version that was read. Raises ConflictError, NotFoundError.

        Also raises OwnedError for a field that somebody applies: see `ownership`.
        """
        kind, wanted = type(obj), objects.duplicate(obj)
        stored = await self._at(kind, obj)
        current = shape.read(kind, stored)
        if not objects.with_spec(current, wanted, cause, self._clock.time()):
            return current
        document = self._main(current, stored)
        check_owners(kind.kind, stored, document, self.client.manager)
        return await self._replace(kind, current, document)

    async def update_status(self, obj: R) -> R:
        """Replace status, finalizers, account and revision at the version that was read.

        Raises ConflictError, NotFoundError. Finalizers are written apart from status: new ones before it, and those
        that go after it.
        """
        kind, wanted = type(obj), objects.duplicate(obj)
        stored = await self._at(kind, obj)
        current = shape.read(kind, stored)
        before = list(current.metadata.finalizers)
        if not objects.with_status(current, wanted):
            return current
        after = current.metadata.finalizers
        added = [name for name in after if name not in before]
        if added:
            current.metadata.finalizers = [*before, *added]
            stored = await self._put(kind, current, self._main(current, stored), "")
            current.metadata.finalizers = after
        status = shape.status(current, shape.before(stored))
        if status != fence.unstamped(_status_of(stored)):
            stored = await self._put(kind, current, {**stored, "status": status}, "/status")
        if shape.finalizers(current) == stored["metadata"].get("finalizers", []):
            return shape.read(kind, stored)
        return await self._replace(kind, current, self._main(current, stored))

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        """Ask for deletion; return the marked object, None when it is gone. Raises NotFoundError, ConflictError."""
        for _ in range(_TRIES):
            stored = await self._where.document(kind, id)
            current = shape.read(kind, stored)
            if resource_version not in (None, current.metadata.resource_version):
                raise ConflictError(f"{kind.kind} {id!r} changed since it was read")
            if current.deleting:
                return current
            try:
                return await self._delete(kind, current, stored, cause)
            except ConflictError:
                if resource_version is not None:
                    raise
        raise UnavailableError(f"{kind.kind} {id!r} changes all the time; try again")

    async def watch(self, kind: type[R], since: int, where: Filter = EVERYTHING) -> AsyncIterator[Event[R]]:
        """Yield what happens after `since`, for ever. Raises WatchExpiredError, UnavailableError."""
        feed = await self._where.feed(kind)
        if since == 0:
            since, events = await self._from_nothing(kind, where)
            for event in events:
                yield event
        while True:
            events = feed.since(since, where, _CHUNK)
            for event in events:
                since = event.resource_version
                yield event
            if not events:
                await feed.news()

    def expect(self) -> float | None:
        """Begin to look for noted versions, where they stand in a database server."""
        return self._where.expect()

    async def changed(self, kind: type[R], since: int, *, begun: float | None = None) -> Sequence[Event[R]]:
        """Return, without waiting for anything new, what a watch would yield now. Raises WatchExpiredError."""
        feed = await self._where.current(kind, begun)
        if since == 0:
            return (await self._from_nothing(kind, EVERYTHING))[1]
        await self._where.plausible(feed, since)
        return feed.since(since, EVERYTHING)

    async def noted(self, kind: type[Resource]) -> int:
        """Return the latest version of the kind that any process has acknowledged: the journal's database knows."""
        return await self._where.noted_version(kind)

    async def forget(self) -> None:
        """Forget what happened; watches that began before expire."""
        await self._where.forget()

    async def collect(self) -> int:
        """Remove the keys and user data that creations and deletions left which were cut off; return how many."""
        return await self._keys.collect(self._where.seen) + await self._sealed.collect(self._where.seen)

    async def unseal(self, id: str) -> str:
        """Return the user data that is kept for the server of that id. Raises NotFoundError, UnavailableError."""
        return await self._sealed.unseal(id)

    async def close(self) -> None:
        """End the watches, then the connections."""
        await self._where.close()
        await self.client.close()

    async def _at(self, kind: type[R], obj: R) -> Document:
        """Return the stored object, which is at the version that `obj` was read at. Raises ConflictError."""
        kept = self._where.kept(kind, obj.id, obj.metadata.resource_version)
        stored = kept or await self._where.document(kind, obj.id)
        if int(stored["metadata"]["resourceVersion"]) != obj.metadata.resource_version:
            raise ConflictError(f"{kind.kind} {obj.id!r} changed since it was read")
        return stored

    async def _listed(self, kind: type[R], where: Filter, listed: Listed | None = None) -> tuple[int, Sequence[R]]:
        """Return what matches, of a list that was just made or of a new one. Raises UnavailableError."""
        if listed is None:
            place = PLACES[kind.kind]
            within = namespace_of(where.project) if where.project and not (place.claim or place.cluster) else ""
            listed = await list_all(self.client, shape.collection(place, within))
        with objects.collector_paused():
            found = [readable(kind, document) for document in listed.documents]
        return listed.version, [obj for obj in found if obj is not None and objects.matches(obj.metadata, where)]

    async def _from_nothing(self, kind: type[R], where: Filter) -> tuple[int, Sequence[Event[R]]]:
        feed = await self._where.feed(kind)
        version, items = await self._listed(kind, EVERYTHING)
        feed.confirm(version)
        events: list[Event[R]] = []
        last = 0
        for obj in sorted(items, key=lambda obj: obj.metadata.resource_version):
            last = obj.metadata.resource_version
            if objects.matches(obj.metadata, where):
                events.append(Event("put", obj.id, last, obj))
        if last and (not events or events[-1].resource_version < last):
            events.append(Event("bookmark", "", last))
        return version, events

    async def _create(self, new: R) -> R:
        kind, meta, place = type(new), new.metadata, PLACES[new.kind]
        # Ids are drawn at random, so this meets nothing but a mistake; the name decides between two who race for a key.
        if meta.id in (await self._where.feed(kind)).index and meta.id in (await self._where.current(kind)).index:
            raise ExistsError(kind.kind, meta.key, meta.id)
        new = await self._sealed.seal(new)
        apart = shape.apart(new)
        if apart:
            await self._keys.take(new)
        try:
            document = fence.stamped(shape.new(new), "")
            answer = await namespaces.create(self.client, place, document, project=meta.project)
            if answer.status == 409:
                return await self._met(kind, new, lost=answer.lost)
            document = _possible(answer, new)
        except InDoubtError:
            raise  # it may be there, with its key
        except (StoreError, ValueError):
            if apart and not await self._holds(new):
                await self._keys.release(kind, meta.key, meta.id)
            raise
        return await self._stored(kind, document)

    async def _holds(self, new: Resource) -> bool:
        """Whether an object of this id has this key: an earlier try of the same creation, perhaps."""
        answer = await self.client.get(shape.address_of(new).path(PLACES[new.kind]))
        return answer.status == 200 and answer.json().get("spec", {}).get("naturalKey") == new.metadata.key

    async def _met(self, kind: type[R], new: R, *, lost: bool) -> R:
        """Return our own object, whose acknowledgement was lost. Raises ExistsError for anybody else's."""
        answer = await self.client.get(shape.address_of(new).path(PLACES[kind.kind]))
        if answer.status == 404:
            raise ExistsError(kind.kind, new.metadata.key)
        document = checked(answer).json()
        holder = str(document.get("spec", {}).get("id", ""))
        if lost and holder == new.id and shape.admitted(document):
            return await self._stored(kind, document)
        raise ExistsError(kind.kind, new.metadata.key, holder)

    async def _delete(self, kind: type[R], current: R, stored: Document, cause: Cause | None) -> R | None:
        if current.metadata.finalizers:
            objects.mark_deleted(current, cause, self._clock.time())
            stored = await self._put(kind, current, self._main(current, stored), "")
        meta = stored["metadata"]
        path = shape.address_in(stored).path(PLACES[kind.kind])
        answer = await self.client.delete(path, meta["uid"], meta["resourceVersion"])
        if answer.status == 409:
            raise ConflictError(f"{kind.kind} {current.id!r} changed since it was read")
        if answer.status == 404:
            if not answer.lost:
                raise NotFoundError(f"{kind.kind} {current.id!r} does not exist")
        elif current.metadata.finalizers:
            return await self._stored(kind, checked(answer).json())
        else:
            checked(answer)
        await self._gone(kind, current, stored)
        return None

    async def _replace(self, kind: type[R], wanted: R, document: Document) -> R:
        """Write the object itself; return it as stored, or its last state when nothing held it any more."""
        if not objects.finished(wanted):
            return shape.read(kind, await self._put(kind, wanted, document, ""))
        stored = await self._put(kind, wanted, document, "")
        wanted.metadata.resource_version = await self._gone(kind, wanted, stored)
        return wanted

    async def _put(self, kind: type[R], wanted: R, document: Document, part: str) -> Document:
        """Write an object, or its status, at the version that is in the document; return it as stored."""
        document = fence.stamped(document, part)
        path = shape.address_in(document).path(PLACES[kind.kind]) + part
        answer = await self.client.replace(path, document)
        if answer.status == 409:
            if answer.lost and (ours := await self._carried_out(path.removesuffix(part), document, part)) is not None:
                answer = ours
            else:
                raise ConflictError(f"{kind.kind} {wanted.id!r} changed since it was read")
        if answer.status == 404:
            raise NotFoundError(f"{kind.kind} {wanted.id!r} does not exist")
        stored = _possible(answer, wanted)
        if not (objects.finished(wanted) and not part):
            await self._where.noted(kind, stored)
        return stored

    async def _carried_out(self, path: str, document: Document, part: str) -> Answer | None:
        """Return the object as it is if it is as we wanted it: a write of ours whose acknowledgement was lost."""
        answer = await self.client.get(path)
        if answer.status != 200:
            return None
        found = answer.json()
        if part:
            return answer if _status_of(found) == document["status"] else None
        same = found["spec"] == document["spec"] and all(
            found["metadata"].get(field) == document["metadata"].get(field) for field in ("annotations", "finalizers")
        )
        return answer if same else None

    def _main(self, obj: Resource, stored: Document) -> Document:
        """Return the document that makes the stored object's spec, annotations and finalizers those of `obj`."""
        meta = copy.copy(stored["metadata"])
        meta["annotations"] = shape.notes(obj, meta.get("annotations", {}))
        meta["finalizers"] = shape.finalizers(obj)
        if not meta["finalizers"]:
            del meta["finalizers"]
        return {**stored, "metadata": meta, "spec": shape.spec(obj, stored["spec"])}

    async def _stored(self, kind: type[R], document: Document) -> R:
        """Return what was written, once every process will see it."""
        await self._where.noted(kind, document)
        return shape.read(kind, document)

    async def _gone(self, kind: type[R], obj: R, stored: Document) -> int:
        """Return the version at which the object went, once every process will see that; free what it held."""
        version = await self._where.gone(kind, obj.id, stored)
        if shape.apart(obj):
            await self._keys.release(kind, obj.metadata.key, obj.id)
        if isinstance(obj, Server) and obj.spec.user_data_secret:
            await self._sealed.forget(obj.id)
        return version


def _possible(answer: Answer, obj: Resource) -> Document:
    """Return what was stored. Raises ValueError for what the schema of the kind refuses."""
    if answer.status == 422:
        raise ValueError(f"{obj.kind} {obj.id!r} cannot be stored: {answer.message[:1000]}")
    return checked(answer).json()


def _status_of(document: Document) -> Document:
    return cast("Document", document.get("status", {}))
