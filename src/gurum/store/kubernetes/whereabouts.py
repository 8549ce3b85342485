"""Where objects are, and how far we know what happened to them.

OpenStack names an object by its id alone, from whichever project; Kubernetes wants namespace and name. And an answer
must show what any process has acknowledged before it was asked for. Both are questions to the feeds, and this is the
one place that knows when a feed has to be waited for.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import msgspec

from gurum.model.base import Resource
from gurum.store.contract import AdriftError, NotFoundError, UnavailableError
from gurum.store.kubernetes import shape
from gurum.store.kubernetes.client import Client, checked
from gurum.store.kubernetes.feed import ADRIFT, Feed, Known
from gurum.store.kubernetes.heads import Heads
from gurum.store.kubernetes.kinds import PLACES
from gurum.store.kubernetes.lists import Listed

R = TypeVar("R", bound=Resource)
Document = dict[str, Any]

BEHIND = 2.0  # seconds for which a watch may be behind a version that was noted, before that is looked into


class Whereabouts:
    """The feeds of one process, one for each kind that was asked about."""

    def __init__(self, client: Client, heads: Heads) -> None:
        self._client, self._heads = client, heads
        self._feeds: dict[str, Feed[Any]] = {}
        self._closed = False

    async def feed(self, kind: type[R]) -> Feed[R]:
        """Return the kind's feed, started. Raises UnavailableError."""
        return (await self.started(kind))[0]

    async def started(self, kind: type[R]) -> tuple[Feed[R], Listed | None]:
        """Return the kind's feed, and what it found if it was started hereby. Raises UnavailableError."""
        if self._closed:
            raise UnavailableError("the store is closed")
        feed = self._feeds.get(kind.kind)
        if feed is None:
            feed = self._feeds[kind.kind] = Feed(self._client, kind)
        return feed, await feed.start()

    def expect(self) -> float | None:
        """Begin what `current` will ask; return the moment to be given to it; None: it asks in microseconds."""
        return self._heads.expect()

    async def current(self, kind: type[R], begun: float | None = None) -> Feed[R]:
        """Return the feed, as far as every write acknowledged before `begun` (time.monotonic(); default: now).

        Raises UnavailableError; AdriftError when only the server could tell, and it is away.
        """
        feed = await self.feed(kind)
        await self._heads.refresh(begun)
        head = self._heads.head(kind.kind)
        if feed.position >= head:
            return feed
        try:
            if not feed.adrift:
                async with asyncio.timeout(ADRIFT if feed.broken else BEHIND):
                    await feed.reach(lambda: feed.position >= head)
                return feed
        except TimeoutError:
            pass
        if feed.adrift:
            raise AdriftError(f"{kind.kind} is known up to {feed.position}, and {head} was acknowledged")
        # Either the watch is late, which a list mends, or the cluster was restored to before what was noted.
        try:
            await feed.restart()
        except UnavailableError as error:
            feed.drift()
            raise AdriftError(str(error)) from error
        if feed.position < head:
            await self._heads.lower(kind.kind, head, feed.position)
        return feed

    async def plausible(self, feed: Feed[Any], since: int) -> None:
        """Have the feed know whether the server has ever been at a version that is later than all it has seen."""
        if since > max(feed.position, feed.confirmed):
            answer = checked(await self._client.get(shape.collection(PLACES[feed.kind.kind]), limit="1"))
            feed.confirm(int(answer.json()["metadata"]["resourceVersion"]))

    async def known(self, kind: type[R], id: str) -> Known:
        """Return where the object is. Raises NotFoundError."""
        feed = self._feeds.get(kind.kind)
        known = feed.index.get(id) if feed is not None else None
        if known is None:
            known = (await self.current(kind)).index.get(id)
        if known is None:
            raise NotFoundError(f"{kind.kind} {id!r} does not exist")
        return known

    def seen(self, kind: str, id: str) -> bool:
        """Whether this process follows the kind, and knows an object of that id that is not gone."""
        feed = self._feeds.get(kind)
        return feed is not None and id in feed.index

    async def document(self, kind: type[R], id: str) -> Document:
        """Return the object as it is stored now. Raises NotFoundError.

        Without a question to the server where the latest that was acknowledged is at hand. Of a change by kubectl that
        the watch has not told yet, only the write that follows hears, and is a conflict.
        """
        place = PLACES[kind.kind]
        kept = (await self.current(kind)).recent(id)
        if kept is not None:
            return kept
        for look in range(2):
            known = await self.known(kind, id)
            answer = await self._client.get(known.address.path(place))
            if answer.status != 404:
                document = checked(answer).json()
                if document.get("spec", {}).get("id") == id:
                    return document
            if look == 0:
                await self.current(kind)  # it has gone from there, and may be somewhere else by now
        raise NotFoundError(f"{kind.kind} {id!r} does not exist")

    async def noted(self, kind: type[R], document: Document) -> None:
        """Have every process see what was just written before it answers. Raises UnavailableError."""
        version, uid = int(document["metadata"]["resourceVersion"]), document["spec"]["id"]
        feed = self._feeds.get(kind.kind)
        if feed is not None:
            feed.confirm(version)
            feed.remember(uid, version, msgspec.json.encode(document))
        await self._heads.note(kind.kind, version)

    async def noted_version(self, kind: type[R]) -> int:
        """Return the version that was noted last, by whichever process. Raises UnavailableError."""
        await self._heads.refresh()
        return self._heads.head(kind.kind)

    def kept(self, kind: type[R], id: str, version: int) -> Document | None:
        """Return the object at a version, if it is at hand. Whether it still is at that version, a write finds out."""
        feed = self._feeds.get(kind.kind)
        return feed.recent(id, version) if feed is not None else None

    async def gone(self, kind: type[R], id: str, stored: Document) -> int:
        """Return the version at which an object went that was just removed, once every process will see that."""
        feed = await self.feed(kind)
        meta = stored["metadata"]
        known = Known(shape.address_in(stored), meta["uid"], int(meta["resourceVersion"]))
        try:
            async with asyncio.timeout(BEHIND):
                await feed.reach(lambda: feed.gone(known, id) > 0)
        except TimeoutError:
            await feed.restart()  # the watch is late; a list says the same
        version = feed.gone(known, id)
        await self._heads.note(kind.kind, version)
        return version

    async def forget(self) -> None:
        """Forget what happened; watches that began before expire."""
        for feed in self._feeds.values():
            await self.current(feed.kind)
            await feed.forget()

    async def close(self) -> None:
        """End the watches."""
        self._closed = True
        for feed in self._feeds.values():
            await feed.close()
