"""The wrappers in which a process of the product runs: every write and every call passes a point before and after.

They stand around the store, the journal and the transport, which the product is given anyway; it knows nothing of
them. A point is written to the recording first and only then looked up, so that the recording of a killed process ends
with the point at which it died.

That no step is missed is not taken for granted: `gate` stands at the one place through which everything gets into the
store, and what comes there past the points is a problem of the run (the cloud's ledger is asked the same in
`ledger.unseen`).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from unittest import mock

from tests.chaos import labels
from tests.chaos.board import Process
from tests.chaos.site import Site

from gurum.model.base import Cause, Resource
from gurum.providers.aws.recorded import Signature
from gurum.providers.aws.transport import AwsError, Transport
from gurum.store.contract import Collecting, Journal, NotFoundError, Record, Sealing, Store, StoreError

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

PASSED, KILLED, SWEPT, PAST = "PASSED", "KILLED", "SWEPT", "PAST"


@dataclass
class _Write:
    """A write of the store between its two points, and the requests of which it consists, where it does of several."""

    step: str
    requests: int = 0


_within: ContextVar[_Write | None] = ContextVar("within", default=None)  # the write that this task is about


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


class Trap:
    """Points of one process. Lines of the recording: word, time, process, verb, step, side."""

    def __init__(self, process: Process, site: Site) -> None:
        self._process = process
        self.who = process.name.lower()
        self._board = site.board
        self._lapse = site.lapse
        self._file = os.open(site.recording, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def point(self, step: str, side: str) -> None:
        """Pass a point; the process may end here."""
        verb = labels.ALWAYS if labels.housekeeping(step) else self._board.verb
        if verb != labels.ALWAYS:
            self._board.count(self._process)
        self._note(PASSED, verb, step, side)
        if self._board.falls(self._process, f"{verb}|{step}|{side}"):
            self._note(KILLED, verb, step, side)
            victim, after = self._board.victim(self._process)
            if victim:
                threading.Timer(after, _end, (victim,)).start() if after else _end(victim)
                return
            self._lapse.pace.gone(self.who)
            _end(os.getpid())

    def _note(self, *words: str) -> None:
        line = (words[0], f"{self._lapse.elapsed():.2f}", self.who, *words[1:])
        os.write(self._file, "\t".join(line).encode() + b"\n")

    def swept(self, what: str) -> None:
        """Write down that the collector removed a leftover: the recipes had not been enough."""
        self._note(SWEPT, what)

    async def around(self, step: str, do: Callable[[], Awaitable[T]]) -> T:
        """Write between two points. A write that fails has no second one: nothing was done."""
        self.point(step, "before")
        within = _within.set(_Write(step))
        try:
            with self._lapse.pace.slowed(self.who):
                result = await do()
        finally:
            _within.reset(within)
        self.point(step, "after")
        return result

    async def each(self, step: str, do: Callable[[], Awaitable[T]]) -> T:
        """Do what may change a cluster by any number of requests, or by none: each is a step, all are no write."""
        within = _within.set(_Write(step, requests=1))
        try:
            return await do()
        finally:
            _within.reset(within)

    def gate(self, database: Any, changes: Callable[[Any], int]) -> None:
        """Write down what changes the store without having passed a point. changes: how often a transaction has."""
        write = database.write

        async def gated(operation: Callable[[Any], T], **names: Any) -> Any:
            if _within.get() is not None:
                return await write(operation, **names)

            def noticed(transaction: Any) -> T:
                before = changes(transaction)
                result = operation(transaction)
                if changes(transaction) != before:
                    self._note(PAST, operation.__qualname__)
                return result

            return await write(noticed, **names)

        mock.patch.object(database, "write", gated).start()

    async def request(self, name: str, do: Callable[[], Awaitable[T]]) -> T:
        """Send a request that changes a cluster: the first one of a write is the write, each further one a step.

        One of no write is written down.
        """
        write = _within.get()
        if write is None:
            self._note(PAST, name)
            return await do()
        write.requests += 1
        if write.requests == 1:
            return await do()
        step = f"{write.step} > {name}"
        self.point(step, "before")
        result = await do()
        self.point(step, "after")
        return result


class TrappedStore:
    """The store as the process has it. What is not written here goes straight through."""

    def __init__(self, inner: Store, trap: Trap) -> None:
        self._inner = inner
        self._trap = trap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def create(self, obj: R) -> R:
        """As the contract."""
        return await self._trap.around(labels.created([obj]), lambda: self._inner.create(obj))

    async def create_many(self, objs: Sequence[Resource]) -> tuple[Sequence[Resource], StoreError | None]:
        """As the contract."""
        return await self._trap.around(labels.created(objs), lambda: self._inner.create_many(objs))

    async def update_spec(self, obj: R, *, cause: Cause | None = None) -> R:
        """As the contract."""
        step = await self._changed(obj, labels.spec_changed)
        if not step:
            return await self._inner.update_spec(obj, cause=cause)
        return await self._trap.around(step, lambda: self._inner.update_spec(obj, cause=cause))

    async def update_status(self, obj: R) -> R:
        """As the contract."""
        step = await self._changed(obj, labels.status_changed)
        if not step:
            return await self._inner.update_status(obj)
        return await self._trap.around(step, lambda: self._inner.update_status(obj))

    async def delete(
        self, kind: type[R], id: str, *, cause: Cause | None = None, resource_version: int | None = None
    ) -> R | None:
        """As the contract."""
        return await self._trap.around(
            labels.deleted(kind),
            lambda: self._inner.delete(kind, id, cause=cause, resource_version=resource_version),
        )

    async def _changed(self, obj: R, name: Callable[[Resource, Resource], str]) -> str:
        try:
            return name(await self._inner.get(type(obj), obj.id), obj)
        except NotFoundError:
            return ""


class TrappedCollectingStore(TrappedStore):
    """The same of a store in which a write that was cut off may leave something."""

    async def collect(self) -> int:
        """As the contract."""
        inner = self._inner
        if not isinstance(inner, Collecting):
            raise TypeError("the store collects nothing")
        return await self._trap.each(labels.COLLECT, inner.collect)

    async def unseal(self, id: str) -> str:
        """As the contract; it writes nothing."""
        inner = self._inner
        if not isinstance(inner, Sealing):
            raise TypeError("the store keeps nothing apart")
        return await inner.unseal(id)


class TrappedJournal:
    """The journal as the process has it."""

    def __init__(self, inner: Journal, trap: Trap) -> None:
        self._inner = inner
        self._trap = trap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def append(self, record: Record, *, unique: str) -> None:
        """As the contract."""
        await self._trap.around(f"Journal.append {record.type}", lambda: self._inner.append(record, unique=unique))


class TrappedTransport:
    """The wire to AWS as the process has it: `before` the request is sent, `after` the answer was received."""

    def __init__(self, inner: Transport, trap: Trap) -> None:
        self._inner = inner
        self._trap = trap

    async def ready(self, account: str, action: str) -> None:
        """As the protocol."""
        await self._inner.ready(account, action)

    def signature(self, account: str, action: str) -> Signature:
        """As the protocol."""
        return self._inner.signature(account, action)

    async def call(self, account: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """As the protocol."""
        step = f"AWS {labels.call(action, params)}"
        self._trap.point(step, "before")
        try:
            answer = await self._inner.call(account, action, params)
        except AwsError:
            self._trap.point(step, "after")  # an error is an answer too
            raise
        self._trap.point(step, "after")
        return answer

    async def close(self) -> None:
        """As the protocol."""
        await self._inner.close()


def sqlite_changes(transaction: Any) -> int:
    """Return how often something was changed, as a transaction of SQLite counts it: for `Trap.gate`."""
    [count] = transaction.execute("SELECT total_changes()").fetchone()
    return int(count)


def trapped_store(inner: Store, trap: Trap) -> Store:
    """Return a store whose writes are points."""
    wrap = TrappedCollectingStore if isinstance(inner, Collecting) else TrappedStore
    return cast("Store", wrap(inner, trap))


def trapped_journal(inner: Journal, trap: Trap) -> Journal:
    """Return a journal whose appends are points."""
    return cast("Journal", TrappedJournal(inner, trap))
