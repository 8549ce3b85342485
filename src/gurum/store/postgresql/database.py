"""A store's database: its connections, and the one queue all writes of this process go through.

A commit costs a flush to the disk, whether it carries one write or a hundred. So the writes that arrive while one
commit runs share the next one (group commit), and each is acknowledged only after that commit.

Commits of all processes stand in line for the lock of one row, which holds the latest version. The lock is held from
before a version is given out until the commit can be seen by everybody, so the order of versions is the order of
commits; a sequence would hand out versions in one order and make them visible in another, and a watcher that has seen
the greater one would miss the smaller. What the line costs is shared by all who stand together in a batch.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import asyncpg
import msgspec

from gurum.ops.config import ConfigError
from gurum.store.contract import InDoubtError, UnavailableError
from gurum.store.postgresql import migrate
from gurum.store.postgresql.batch import Batch, Name
from gurum.store.postgresql.errors import FAILURES, LOCK_NOT_AVAILABLE, explain, state, words
from gurum.store.postgresql.heads import Heads
from gurum.store.postgresql.link import Connect, Place, Session
from gurum.store.postgresql.readers import Readers
from gurum.store.shipped import shipped

T = TypeVar("T")

MAX_BATCH = 512  # writes in one commit
SLICE = 64  # writes between which the event loop may do something else
READERS = 4  # questions asked at once
DOUBT_SECONDS = 10.0  # how long a commit without acknowledgement is asked after
RETRY_SECONDS = 0.1  # between two of these questions
SUSPENDED = 10_000  # milliseconds after which the server takes the write lock from a process that stopped in the middle

_LOCK = "BEGIN; SELECT version FROM counter FOR UPDATE"
_NUMBER = "SELECT number FROM writers WHERE writer = $1"
_LEAVE = "DELETE FROM writers WHERE writer = $1 OR at < now() - interval '1 day'"
_DURABLE = """
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"""

Operation = Callable[[Batch], T]


class _Queued(msgspec.Struct):
    """A write that waits: what it does, what it must read first, and who waits for it."""

    operation: Operation[Any]
    ids: Sequence[Name]
    keys: Sequence[Name]
    answer: asyncio.Future[Any]  # of the operation's own type


class Database:
    """An open database. Create it with `Database.open` on the event loop that will use it."""

    def __init__(self, place: Place, *, channel: str, lock_timeout: float, poll: float) -> None:
        self.place = place
        self.readers = Readers(place, limit=READERS)
        self.heads = Heads(place, channel, poll)
        self._channel = channel
        self._lock_timeout = lock_timeout
        self._writer = secrets.token_hex(8)  # this process's name, in `writers`
        self._number = 0  # of its latest commit
        self._session: Session | None = None
        self._queue: list[_Queued] = []
        self._drainer: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        password: str = "",
        lock_timeout: float = 5.0,
        poll: float = 1.0,
        backup: bool = False,
        make: bool = True,
        connect: Connect = asyncpg.connect,
    ) -> Database:
        """Open the database, making or migrating the store's tables.

        With `backup`, a copy is made before a migration; without `make`, a database that holds no store is refused.
        `lock_timeout` and `poll` are seconds: how long a write waits for other processes' writes, and how often
        watchers look should notifications be lost. Raises UnavailableError, NewerStoreError, ConfigError.
        """
        place = Place(url, password=password, connect=connect)
        try:
            session = await place.session()
            try:
                channel = await migrate.migrate(
                    session, shipped("postgresql"), place=str(place), backup=backup, make=make
                )
            except BaseException:
                session.give_up()
                raise
        except FAILURES as error:
            raise explain(error, str(place)) from error
        except ValueError as error:  # the driver's, about the URL; its text may quote what it could not read
            raise ConfigError(f"store.url is {place}, which is no URL of a PostgreSQL database") from error
        database = cls(place, channel=channel, lock_timeout=lock_timeout, poll=poll)
        database.readers.give_back(session)
        return database

    async def write(self, operation: Operation[T], *, ids: Sequence[Name] = (), keys: Sequence[Name] = ()) -> T:
        """Run the operation in the next transaction; return its result once that is on disk.

        `ids` and `keys` name the objects it may look at. It decides first and changes last: what it raises before its
        first change concerns only its caller. Raises UnavailableError, and then nothing of it was written; the
        exception to that is InDoubtError.
        """
        if self._closed:
            raise UnavailableError("the store is closed")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append(_Queued(operation, ids, keys, answer))
        if self._drainer is None:
            self._drainer = asyncio.create_task(self._drain(), name="store-writer")
        return await answer

    def trace(self, hook: Callable[[str], None] | None) -> None:
        """Call `hook` with every SQL statement from now on (without values); None ends it."""
        self.place.trace = hook

    async def close(self) -> None:
        """End pending reads and writes, then the connections."""
        self._closed = True
        if self._drainer is not None:
            await self._drainer
        await self.heads.close()
        await self.readers.close()
        if self._session is not None:
            if not self._session.broken:
                try:
                    await self._session.execute(_LEAVE, self._writer)
                except FAILURES:
                    self._session.give_up()  # whoever leaves in a day removes the row
            await self._session.close()

    async def _drain(self) -> None:
        try:
            while self._queue:
                batch = [queued for queued in self._queue[:MAX_BATCH] if not queued.answer.done()]
                del self._queue[:MAX_BATCH]
                try:
                    await self._commit(batch)
                except FAILURES as error:
                    self._fail(batch, self._explain(error))
                except asyncio.CancelledError:  # the event loop ends; what was being committed may be there or not
                    for queued in batch:
                        queued.answer.cancel()
                    raise
                except Exception as error:
                    self._fail(batch, error)
                # Those just answered run first: what they write next still catches this round's commit.
                await asyncio.sleep(0)
        finally:
            self._drainer = None

    async def _commit(self, queue: list[_Queued]) -> None:
        session = await self._begin()
        batch = Batch()
        try:
            await batch.read(
                session, (name for each in queue for name in each.ids), (name for each in queue for name in each.keys)
            )
            answers = await self._run(batch, queue)
            if batch.changes:
                self._number += 1
                await batch.write(session, channel=self._channel, writer=self._writer, number=self._number)
        except Exception:
            await self._undo(session)
            raise
        if batch.changes:
            await self._finish(session)
        else:
            await self._undo(session)
        for answer, result, failure in answers:
            if answer.done():
                continue  # its caller was cancelled; the write stands
            if failure is None:
                answer.set_result(result)
            else:
                answer.set_exception(failure)
        self.heads.tell(batch.heads)

    async def _run(self, batch: Batch, queue: list[_Queued]) -> list[tuple[asyncio.Future[Any], Any, Exception | None]]:
        """Run the operations; return what to answer to whom."""
        answers: list[tuple[asyncio.Future[Any], Any, Exception | None]] = []
        for number, queued in enumerate(queue, 1):
            before = batch.changes
            try:
                answers.append((queued.answer, queued.operation(batch), None))
            except Exception as error:
                if batch.changes != before:
                    raise UnavailableError(f"a write failed half-way and was undone: {error}") from error
                answers.append((queued.answer, None, error))
            if number % SLICE == 0:
                await asyncio.sleep(0)
        return answers

    async def _begin(self) -> Session:
        """Return the writing connection, in a transaction that holds the lock."""
        while True:
            old = self._session is not None
            session = await self._connected()
            try:
                await session.run(_LOCK)
            except FAILURES:
                stale = old and session.broken  # the server restarted while nothing was written: nothing is lost
                await self._undo(session)
                if not stale:
                    raise
            else:
                return session

    async def _connected(self) -> Session:
        if self._session is None or self._session.broken:
            self._session = await self.place.session(
                lock_timeout=f"{self._lock_timeout * 1000:.0f}",
                idle_in_transaction_session_timeout=f"{SUSPENDED}",
            )
            await self._session.fetch(_DURABLE)
        return self._session

    async def _undo(self, session: Session) -> None:
        """Leave the transaction, if need be with the connection."""
        try:
            if not session.broken:
                await session.run("ROLLBACK")
        except FAILURES:
            session.give_up()
        if session.broken and self._session is session:
            self._session = None

    async def _finish(self, session: Session) -> None:
        """Commit. Raises UnavailableError when that failed, InDoubtError when it cannot be known."""
        try:
            tag = await session.run("COMMIT")
        except FAILURES as error:
            # Whatever the reason, the server may have committed before it, or its answer, was lost.
            session.give_up()
            self._session = None
            if not await self._committed(error):
                raise
        else:
            if tag != "COMMIT":
                raise UnavailableError(f"the database server did not commit ({self.place}: it answered {tag})")

    async def _committed(self, reason: BaseException) -> bool:
        """Find out whether this process's latest commit was done: its number stands in its row, or does not.

        The lock is taken first: who gets it knows that the transaction in question has ended.
        """
        give_up = time.monotonic() + DOUBT_SECONDS
        while True:
            try:
                session = await self._connected()
                await session.run(_LOCK)
                rows = await session.fetch(_NUMBER, self._writer)
                await session.run("ROLLBACK")
                return [row[0] for row in rows] == [self._number]
            except FAILURES as error:
                if self._session is not None:
                    self._session.give_up()
                    self._session = None
                if time.monotonic() >= give_up:
                    raise InDoubtError(
                        f"the database server went away during a commit and has not been back for {DOUBT_SECONDS:g} s:"
                        f" what it carried may be there or not ({self.place}: {words(reason)})"
                    ) from error
                await asyncio.sleep(RETRY_SECONDS)

    def _explain(self, error: BaseException) -> UnavailableError:
        if state(error) == LOCK_NOT_AVAILABLE:
            return UnavailableError(
                f"another process has held the write lock of {self.place} for {self._lock_timeout:g} s"
            )
        return explain(error, str(self.place))

    @staticmethod
    def _fail(queue: list[_Queued], error: Exception) -> None:
        for queued in queue:
            if not queued.answer.done():
                queued.answer.set_exception(error)
