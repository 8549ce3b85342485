"""The objects of one kind as the API server tells of them: who is where, and what happened lately.

One stream serves a whole process, however many read from it. A stream breaks, an API server restarts and remembers
less than we ask for, a list is turned away while its cache fills: then everything is listed anew and readers are told
that they missed something (`WatchExpiredError`), which is all that a reader needs to know.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Generic, Literal, TypeVar

import msgspec

from gurum.model.base import Resource
from gurum.store import objects
from gurum.store.contract import Event, Filter, StoreError, UnavailableError, WatchExpiredError
from gurum.store.kubernetes import shape
from gurum.store.kubernetes.client import Client, RefusedError, checked
from gurum.store.kubernetes.kinds import PLACES
from gurum.store.kubernetes.lists import GONE, Listed, Told, event_of, listed_first
from gurum.store.kubernetes.shape import Address

R = TypeVar("R", bound=Resource)

REMEMBERED = 2048  # events
ADRIFT = 1.0  # seconds without a watch after which the server counts as away
_PAUSE = (0.05, 5.0)  # seconds between two tries to follow: the first, and the longest
_AWAY = frozenset({500, 502, 503})  # what stands in for an API server, or what it says while its etcd is away
_log = logging.getLogger(__name__)


class Known(msgspec.Struct, frozen=True):
    """Where an object is, which one of that name it is, and its latest version."""

    address: Address
    uid: str
    version: int


class _Happened(msgspec.Struct, frozen=True):
    version: int
    type: Literal["put", "gone"]
    id: str
    document: bytes


class Feed(Generic[R]):
    """One kind. `start` it once; versions up to `position` are applied."""

    def __init__(self, client: Client, kind: type[R]) -> None:
        self.kind = kind
        self.position = 0
        self.index: dict[str, Known] = {}
        self._client, self._place = client, PLACES[kind.kind]
        self._horizon = 0  # what happened up to here is forgotten
        self._head = 0  # the version of the latest event of the kind
        self.confirmed = 0  # the latest version that the server named: no reader is from a later one
        # What people wrote that is still to be looked at: without an id, or deleted by them and not by the API.
        self.asked: dict[Address, dict[str, Any]] = {}
        self.names: dict[Address, str] = {}  # the ids of objects whose name is a person's choice
        self._expired = False  # whether the server no longer remembers what follows `position`
        self._ring: deque[_Happened] = deque()
        self._recent: dict[str, tuple[int, bytes]] = {}  # version and document of what changed last, the oldest first
        self._waiting: set[asyncio.Future[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()  # held while a list replaces what is known
        self._closed = False
        self._broken: float | None = None  # since when the server tells nothing (the loop's time), None: it does

    @property
    def broken(self) -> bool:
        """Whether the watch is broken at this moment."""
        return self._broken is not None

    @property
    def adrift(self) -> bool:
        """Whether the server has told nothing for so long that it is away, and nobody should wait for it."""
        return self._broken is not None and asyncio.get_running_loop().time() > self._broken + ADRIFT

    def drift(self) -> None:
        """Learn that the server does not answer, although the watch may not have noticed."""
        self._broken = asyncio.get_running_loop().time() - 2 * ADRIFT

    async def start(self) -> Listed | None:
        """List, then follow in the background; return the list, None when it was started. Raises UnavailableError."""
        async with self._lock:
            if self._task is not None:
                return None
            listed = await self._relist()
            if self._closed:
                raise UnavailableError("the store is closed")
            self._task = asyncio.create_task(self._follow(), name=f"store-feed-{self.kind.kind}")
            return listed

    async def restart(self) -> None:
        """List anew: the store is not where it was. Readers expire. Raises UnavailableError."""
        async with self._lock:
            await self._relist()

    def confirm(self, version: int) -> None:
        """Learn a version that the server named in an answer."""
        self.confirmed = max(self.confirmed, version)

    def remember(self, id: str, version: int, document: bytes) -> None:
        """Keep an object as it was written or told, unless something later is known."""
        before = self._recent.pop(id, None)
        self._recent[id] = before if before is not None and before[0] > version else (version, document)
        if len(self._recent) > REMEMBERED:
            del self._recent[next(iter(self._recent))]

    def recent(self, id: str, version: int = 0) -> dict[str, Any] | None:
        """Return the object's document at a version (0: the latest that was told), None where it is not kept."""
        known = self.index.get(id)
        version = version or (known.version if known is not None else 0)
        kept = self._recent.get(id)
        return dict(msgspec.json.decode(kept[1])) if kept is not None and kept[0] == version else None

    async def reach(self, reached: Callable[[], bool]) -> None:
        """Return when the condition holds, which is looked at after every event. Raises UnavailableError on close."""
        while not reached():
            await self.news()

    async def reached(self, condition: Callable[[], bool], seconds: float | None) -> bool:
        """Return whether the condition holds within that time (None: whenever). Raises UnavailableError."""
        try:
            async with asyncio.timeout(seconds):
                await self.reach(condition)
        except TimeoutError:
            return False
        return True

    def since(self, version: int, where: Filter, limit: int | None = None) -> list[Event[R]]:
        """Return what happened after `version`, at most `limit`; a bookmark where the filter let nothing through.

        Raises WatchExpiredError.
        """
        if version < self._horizon:
            raise WatchExpiredError(f"changes of {self.kind.kind} since {version} are no longer known: list again")
        if version >= self._head:
            if version > max(self.confirmed, self.position):
                raise WatchExpiredError(f"{self.kind.kind} never was at version {version}: list again")
            return []
        events: list[Event[R]] = []
        last = version
        for happened in self._ring:
            if happened.version <= version:
                continue
            last = happened.version
            obj = self._object(msgspec.json.decode(happened.document))
            if obj is None or not objects.matches(obj.metadata, where):
                continue
            obj.metadata.resource_version = happened.version
            if happened.type == "gone":
                obj.metadata.finalizers = []  # the server tells of the state before the last of them went
            events.append(Event(happened.type, happened.id, happened.version, obj))
            if len(events) == limit:
                return events
        if last > version and (not events or events[-1].resource_version < last):
            events.append(Event("bookmark", "", last))
        return events

    def gone(self, known: Known, id: str) -> int:
        """Return the version at which this object went, 0 while it is there (or has not been seen yet)."""
        if self.position < known.version:
            return 0
        present = self.index.get(id)
        if present is not None and present.uid == known.uid:
            return 0
        for happened in reversed(self._ring):
            if happened.type == "gone" and happened.id == id:
                return happened.version
        return self.position

    async def forget(self) -> None:
        """Forget what happened."""
        self._ring.clear()
        self._horizon = self._head

    async def close(self) -> None:
        """Stop following; whoever waits gets UnavailableError."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        self._wake()

    async def news(self) -> None:
        """Return soon after anything happened. Raises UnavailableError on close."""
        if self._closed:
            raise UnavailableError("the store is closed")
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)
        if self._closed:
            raise UnavailableError("the store is closed")

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def _relist(self) -> Listed:
        listed = await listed_first(self._client, shape.collection(self._place))
        self.index.clear()
        self.asked.clear()
        self.names.clear()
        for document in listed.documents:
            document["kind"] = self.kind.kind  # items of a list do not say
            self._ask(document)
            if shape.admitted(document):
                self._learn(document)
        self._ring.clear()
        self._recent.clear()
        self._expired = False
        # The confirmed one, too: a server that went back has never been where it was before, and readers from there
        # must not be told that nothing happened since.
        self.position = self._horizon = self._head = self.confirmed = listed.version
        self._wake()
        return listed

    async def _follow(self) -> None:
        pause = _PAUSE[0]
        while True:
            before = self.position
            try:
                if self._broken is not None and await self._went_back():
                    self._expired = True
                else:
                    await self._stream()
                trouble, away = "", True
            except RefusedError as refusal:
                self._expired = refusal.answer.status == GONE
                trouble, away = str(refusal), refusal.answer.status in _AWAY
            except (UnavailableError, msgspec.DecodeError) as error:
                trouble, away = str(error), True
            if self._expired:
                await self._begin_again()
            if self.position != before:
                pause = _PAUSE[0]
            if away:
                self._break()
            else:  # it is there: what it says will not be mended by waiting for it
                self._told_again()
            if trouble:
                _log.info("the watch of %s broke: %s", self.kind.kind, trouble)
            if trouble or self.position == before:  # a server that ends every watch at once is not asked without end
                await asyncio.sleep(pause)
                pause = min(pause * 2, _PAUSE[1])

    async def _went_back(self) -> bool:
        """Whether the server that is there again is of an earlier time. Raises UnavailableError.

        It does not refuse to be asked what follows a version that it has never had: it would tell nothing, until it
        has come there by other changes.
        """
        since = self.position
        answer = checked(await self._client.get(shape.collection(self._place), limit="1"))
        version = int(answer.json()["metadata"]["resourceVersion"])
        if version < since == self.position:
            _log.warning("%s went back from version %s to %s", self.kind.kind, since, version)
            return True
        return False

    def _break(self) -> None:
        self._broken = asyncio.get_running_loop().time() if self._broken is None else self._broken

    def _told_again(self) -> None:
        self._broken = None

    async def _stream(self) -> None:
        """Apply one watch until it ends. Raises UnavailableError, RefusedError, msgspec.DecodeError."""
        async with self._lock:
            since = self.position
        lines = self._client.stream(
            shape.collection(self._place), opened=self._told_again, watch="true", resourceVersion=str(since),
            allowWatchBookmarks="true",
        )  # fmt: skip
        async with aclosing(lines):
            async for line in lines:
                self._told_again()
                if self._lock.locked() or since != self.position:
                    return  # a list came between
                self._apply(event_of(line))
                if self._expired:
                    return
                since = self.position

    async def _begin_again(self) -> None:
        try:
            async with self._lock:
                await self._relist()
        except UnavailableError as error:
            _log.warning("%s cannot be listed: %s", self.kind.kind, error)
            await asyncio.sleep(_PAUSE[1])

    def _apply(self, told: Told) -> None:
        """Apply a line. Raises UnavailableError when it is the server's last, for a reason that will pass."""
        document = msgspec.json.decode(told.object)
        if told.type == "ERROR":
            self._expired = document.get("code") == GONE
            if not self._expired:
                raise UnavailableError(document.get("message") or f"the server ends the watch: {document.get('code')}")
            return
        version = int(document["metadata"]["resourceVersion"])
        self.position = max(self.position, version)
        self.confirmed = max(self.confirmed, version)
        if told.type != "BOOKMARK":
            self._happened(told, document, version)
        self._wake()

    def _happened(self, told: Told, document: dict[str, Any], version: int) -> None:
        self._ask(document, gone=told.type == "DELETED")
        if not shape.admitted(document):
            return
        uid = document["spec"]["id"]
        known = self.index.get(uid)
        if known is not None and known.address != shape.address_in(document):
            return  # somebody wrote another object's id into one of their own
        if told.type == "DELETED":
            self.index.pop(uid, None)
            self.names.pop(shape.address_in(document), None)
            self._recent.pop(uid, None)
            self._record(_Happened(version, "gone", uid, bytes(told.object)))
        else:
            self._learn(document)
            self.remember(uid, version, bytes(told.object))
            self._record(_Happened(version, "put", uid, bytes(told.object)))

    def _learn(self, document: dict[str, Any]) -> None:
        meta, address = document["metadata"], shape.address_in(document)
        known = self.index.get(document["spec"]["id"])
        if known is None or known.address == address:
            self.index[document["spec"]["id"]] = Known(address, meta["uid"], int(meta["resourceVersion"]))
            if address.name != document["spec"]["id"]:
                self.names[address] = document["spec"]["id"]

    def _ask(self, document: dict[str, Any], *, gone: bool = False) -> None:
        """Keep what people ask for until somebody has taken it up."""
        address = shape.address_in(document)
        if not gone and (shape.unmarked(document) if shape.admitted(document) else not self._place.claim):
            self.asked[address] = document
        else:
            self.asked.pop(address, None)

    def _record(self, happened: _Happened) -> None:
        self._head = happened.version
        self._ring.append(happened)
        if len(self._ring) > REMEMBERED:
            self._horizon = self._ring.popleft().version

    def _object(self, document: dict[str, Any]) -> R | None:
        return readable(self.kind, document)


class UnreadableError(StoreError):
    """An object is in no form that the model has a word for: a person made it so."""


def exact(kind: type[R], document: dict[str, Any]) -> R | None:
    """Return the object, None for what is nobody's yet. Raises UnreadableError, NewerStoreError."""
    document["kind"] = kind.kind
    if not shape.admitted(document):
        return None
    try:
        return shape.read(kind, document)
    except (msgspec.ValidationError, ValueError, KeyError) as error:
        address = shape.address_in(document)
        raise UnreadableError(f"{kind.kind} {address.namespace}/{address.name} cannot be read: {error}") from error


def readable(kind: type[R], document: dict[str, Any]) -> R | None:
    """Return the object; None, with a line in the log, for one that cannot be read.

    One such object must not keep everybody from the others. Raises NewerStoreError.
    """
    try:
        return exact(kind, document)
    except UnreadableError as error:
        _log.warning("%s: left out", error)
        return None
