"""Objects of a kind beside the model, as the API server tells of them: as documents, and when they change."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import Any

import msgspec

from gurum.store.contract import UnavailableError, WatchExpiredError
from gurum.store.kubernetes import shape
from gurum.store.kubernetes.client import Client, RefusedError
from gurum.store.kubernetes.kinds import Place
from gurum.store.kubernetes.lists import listed_first
from gurum.store.kubernetes.shape import Address

Document = dict[str, Any]

_PAUSE = (0.1, 5.0)  # seconds between two tries to follow: the first, and the longest
_log = logging.getLogger(__name__)


class Watched:
    """One kind. `documents` is what there is, by address; few are expected."""

    def __init__(self, client: Client, place: Place) -> None:
        self.documents: dict[Address, Document] = {}
        self._client, self._place = client, place
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._follow(), name=f"watched-{self._place.plural}")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def news(self, seconds: float) -> None:
        """Return soon after anything happened, or after that time."""
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _follow(self) -> None:
        pause = _PAUSE[0]
        while True:
            try:
                listed = await listed_first(self._client, shape.collection(self._place))
                self.documents = {shape.address_in(document): document for document in listed.documents}
                self._changed.set()
                pause = _PAUSE[0]
                await self._stream(listed.version)
            except (UnavailableError, WatchExpiredError, RefusedError, msgspec.DecodeError) as error:
                _log.info("the watch of %s broke: %s", self._place.plural, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _PAUSE[1])

    async def _stream(self, since: int) -> None:
        """Apply watches until the server says that it remembers no more, or none can be had."""
        while True:
            before = since
            lines = self._client.stream(
                shape.collection(self._place), watch="true", resourceVersion=str(since), allowWatchBookmarks="true"
            )
            async with aclosing(lines):
                async for line in lines:
                    told = msgspec.json.decode(line)
                    if told["type"] == "ERROR":
                        return
                    document = told["object"]
                    since = int(document["metadata"]["resourceVersion"])
                    if told["type"] == "DELETED":
                        self.documents.pop(shape.address_in(document), None)
                    elif told["type"] != "BOOKMARK":
                        self.documents[shape.address_in(document)] = document
                    self._changed.set()
            if since == before:
                return
