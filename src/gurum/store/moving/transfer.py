"""The mark on a store that is being filled: who finds it does not work on it, and only the same copy goes on.

A store that has half of the objects looks like one in which the other half was deleted: an engine would clean up in the
clouds. So the mark is the first thing that is written and the last that is taken away, it is an object like any other
(every backend has it, and compare-and-swap decides between two who copy), and `open_store` looks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator

import msgspec

from gurum.model.base import Metadata, new_id
from gurum.model.engine import Transfer, TransferSpec
from gurum.ops.clock import Clock
from gurum.store.contract import ConflictError, ExistsError, NotFoundError, Store, StoreError, UnavailableError

KEY = "unfinished"
_log = logging.getLogger(__name__)


class UnfinishedStoreError(StoreError):
    """The store is being filled from another one, or was until that broke off."""


class CopyRefusedError(StoreError):
    """The copy is not made. The sentence says why, and what would have to be done."""


async def find(store: Store) -> Transfer | None:
    """Return the mark on the store, None on one that is whole. Raises UnavailableError."""
    try:
        return await store.get_by_key(Transfer, KEY)
    except NotFoundError:
        return None


async def refuse_unfinished(store: Store) -> None:
    """Raise UnfinishedStoreError for a store that is not whole. For whoever opens one to work on it."""
    mark = await find(store)
    if mark is not None:
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(mark.spec.begun_at))
        raise UnfinishedStoreError(
            f"the store is not whole: since {since} it is being filled from {mark.spec.source}. Wait for that, or run"
            " the same `gurum store copy` (or `gurum restore`) again: it goes on where it was. `gurum store discard`"
            " gives it up"
        )


class Holder:
    """The mark while we hold it. `check` before every write: who was suspended for long may have lost it."""

    def __init__(self, store: Store, clock: Clock, mark: Transfer) -> None:
        self._store, self._clock, self._mark = store, clock, mark
        self._renewed = time.monotonic()
        self._lost = ""
        self._turn = asyncio.Lock()  # one write of the mark at a time

    def check(self) -> None:
        """Raise CopyRefusedError if somebody else may be copying by now."""
        if not self._lost and time.monotonic() - self._renewed > self._mark.spec.duration:
            self._lost = "this process was held up for too long, and another may have gone on with the copy"
        if self._lost:
            raise CopyRefusedError(f"{self._lost}: run the command again")

    async def keep(self) -> None:
        """Renew until cancelled, or until the mark is lost."""
        while not self._lost:
            await self._clock.sleep(self._mark.spec.duration / 5)
            async with self._turn:
                await self._renew()

    async def finish(self) -> None:
        """Take the mark away: the store is whole. Raises CopyRefusedError if it is another's by now."""
        async with self._turn:
            self.check()
            try:
                await self._store.delete(Transfer, self._mark.id, resource_version=self._mark.metadata.resource_version)
            except (ConflictError, NotFoundError):
                self._lost = "another process copies into this store"
                self.check()

    async def _renew(self) -> None:
        began = time.monotonic()
        self._mark.spec.renewed_at = self._clock.time()
        try:
            try:
                self._mark = await self._store.update_spec(self._mark)
                self._renewed = began
            except (ConflictError, NotFoundError):
                found = await find(self._store)
                if found is None or found.spec.holder != self._mark.spec.holder:
                    self._lost = "another process copies into this store"
                else:
                    self._mark = found  # an earlier renewal came through without our hearing of it
        except UnavailableError as error:
            _log.warning("the mark of the copy is not renewed: %s", error)  # `check` knows for how long that may go on


@contextlib.asynccontextmanager
async def holding(
    store: Store, source: str, clock: Clock, *, empty: bool, history: bool = True, duration: float = 15.0
) -> AsyncIterator[tuple[Holder, bool]]:
    """Mark the store and hold the mark inside; also give whether an earlier copy is gone on with.

    `empty`: whether there is nothing else in the store. The mark stays if the block is left without `finish`, and then
    nobody holds it. Raises CopyRefusedError for a store that has something in it, of another source, or that another
    process copies into.
    """
    wanted = TransferSpec(source=source, history=history, holder=_ourselves(), duration=duration)
    mark, resumed = await _taken(store, wanted, clock, empty=empty)
    holder = Holder(store, clock, mark)
    keeping = asyncio.create_task(holder.keep(), name="store-transfer")
    try:
        yield holder, resumed
    finally:
        keeping.cancel()
        await asyncio.wait((keeping,))


async def _taken(store: Store, wanted: TransferSpec, clock: Clock, *, empty: bool) -> tuple[Transfer, bool]:
    while True:
        now = clock.time()
        spec = msgspec.structs.replace(wanted, begun_at=now, renewed_at=now)
        mark = await find(store)
        if mark is None:
            if not empty:
                raise CopyRefusedError("the store that is to be filled is not empty, nor is this copy to go on there")
            try:
                return await store.create(Transfer(metadata=Metadata(id=new_id(), key=KEY), spec=spec)), False
            except ExistsError:
                continue  # another was faster
        if mark.spec.source != wanted.source:
            raise CopyRefusedError(
                f"the store is being filled from {mark.spec.source}, not from {wanted.source}: go on with that one"
            )
        left = mark.spec.renewed_at + mark.spec.duration - now
        if left > 0 and not _ended(mark.spec.holder):
            await clock.sleep(left)
            again = await find(store)
            if again is not None and again.spec.renewed_at != mark.spec.renewed_at:
                raise CopyRefusedError(f"another process ({again.spec.holder}) copies into this store now")
            continue
        spec.begun_at = mark.spec.begun_at
        mark.spec = spec
        try:
            return await store.update_spec(mark), True
        except (ConflictError, NotFoundError):
            continue


def _ourselves() -> str:
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"


def _ended(holder: str) -> bool:
    """Whether the process that held the mark is known to be gone: one of this machine, that is."""
    host, _, rest = holder.partition("/")
    number = rest.partition("/")[0]
    if host != socket.gethostname() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
