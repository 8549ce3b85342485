"""One database file: its connections, and the one queue all writes of this process go through.

A commit costs a flush to the disk, whether it carries one write or a hundred. So the writes that arrive while one
commit runs share the next one (group commit), and each is acknowledged only after that commit. Statements run on the
event loop, where they take microseconds; only the commit runs in a thread. In a thread, every statement would wait for
the interpreter lock whenever the loop is busy, which costs up to 5 ms each.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from gurum.store.contract import UnavailableError
from gurum.store.sqlite import migrate
from gurum.store.sqlite.errors import explain, is_busy
from gurum.store.sqlite.heads import Heads

T = TypeVar("T")

MAX_BATCH = 512  # writes in one commit
SLICE = 64  # writes between which the event loop may do something else
LOG_LIMIT = 64 * 1024 * 1024  # bytes to which the log shrinks again after a long snapshot made it grow
READER_TIMEOUT = 1.0  # seconds; readers wait only while another process recovers the log or closes as the last one


class Transaction:
    """What a write works with: the connection inside the transaction, and version numbers."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        self._version = -1
        self._touched: dict[str, int] = {}

    def next_version(self, kind: str) -> int:
        """Return a version greater than every one given out before, in any process."""
        if self._version < 0:
            [self._version] = self.execute("SELECT coalesce(max(head), 0) FROM kinds").fetchone()
        self._version += 1
        self._touched[kind] = self._version
        return self._version

    def finish(self) -> None:
        """Record the latest version of each kind that was touched."""
        for kind, head in self._touched.items():
            self.execute(
                "INSERT INTO kinds (kind, head) VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET head = excluded.head",
                (kind, head),
            )


Operation = Callable[[Transaction], T]
_Queued = tuple[Operation[Any], "asyncio.Future[Any]"]  # each future has its own operation's type


class Database:
    """An open database file. Create it with `Database.open` on the event loop that will use it."""

    def __init__(self, path: Path, *, busy_timeout: float, poll: float) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._trace: Callable[[str], None] | None = None
        self._connections: list[sqlite3.Connection] = []
        self._idle: list[sqlite3.Connection] = []
        self._writer = self._connect()
        self.reader = self._connect(read_only=True)
        self.heads = Heads(self.reader, poll)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gurum-store-commit")
        self._queue: list[_Queued] = []
        self._drainer: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(
        cls, path: Path | str, *, busy_timeout: float = 5.0, poll: float = 0.010, backup_to: Path | None = None
    ) -> Database:
        """Open the file, creating or migrating it.

        `busy_timeout` and `poll` are seconds: how long a write waits for other processes' writes, and how often
        watchers look for them. Raises UnavailableError, NewerStoreError.
        """
        path = Path(path)
        try:
            await asyncio.to_thread(_prepare, path, busy_timeout, backup_to)
            return cls(path, busy_timeout=busy_timeout, poll=poll)
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, sqlite3.Error):
                raise explain(error, path) from error
            raise UnavailableError(f"the store cannot be opened: {error}") from error

    async def write(self, operation: Operation[T]) -> T:
        """Run the operation in the next transaction; return its result once that is on disk.

        An operation reads and decides first and writes last: what it raises before its first write concerns only its
        caller. Raises UnavailableError, and then nothing of it was written.
        """
        if self._closed:
            raise UnavailableError("the store is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append((operation, future))
        if self._drainer is None:
            self._drainer = asyncio.create_task(self._drain(), name="store-writer")
        return await future

    def acquire(self) -> sqlite3.Connection:
        """Return a read-only connection for a snapshot of its own; `release` it."""
        return self._idle.pop() if self._idle else self._connect(read_only=True)

    def release(self, connection: sqlite3.Connection) -> None:
        """End the snapshot and keep the connection for the next one."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        self._idle.append(connection)

    def trace(self, hook: Callable[[str], None] | None) -> None:
        """Call `hook` with every SQL statement from now on (values included), on any thread; None ends it."""
        self._trace = hook
        for connection in self._connections:
            connection.set_trace_callback(hook)

    async def close(self) -> None:
        """End pending writes, then release the file."""
        self._closed = True
        if self._drainer is not None:
            await self._drainer
        self.heads.close()
        self._thread.shutdown()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _connect(self, *, read_only: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=READER_TIMEOUT, isolation_level=None, check_same_thread=False)
        if read_only:
            connection.execute("PRAGMA query_only = 1")
        else:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_LIMIT}")
            connection.execute(
                "PRAGMA busy_timeout = 0"
            )  # a writer that waited inside SQLite would stop the event loop
        connection.set_trace_callback(self._trace)
        self._connections.append(connection)
        return connection

    async def _drain(self) -> None:
        try:
            while self._queue:
                batch = [(operation, future) for operation, future in self._queue[:MAX_BATCH] if not future.done()]
                del self._queue[:MAX_BATCH]
                try:
                    await self._commit(batch)
                except sqlite3.Error as error:
                    self._fail(batch, explain(error, self.path))
                except asyncio.CancelledError:  # the event loop ends; what was being committed may be there or not
                    for _, future in batch:
                        future.cancel()
                    raise
                except Exception as error:
                    self._fail(batch, error)
                # Those just answered run first: what they write next still catches this round's commit.
                await asyncio.sleep(0)
        finally:
            self._drainer = None

    async def _commit(self, batch: list[_Queued]) -> None:
        await self._begin()
        transaction = Transaction(self._writer)
        before = self._writer.total_changes
        try:
            answers = await self._run(transaction, batch)
            if self._writer.total_changes != before:
                transaction.finish()
                await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.execute, "COMMIT")
            else:
                self._writer.execute("ROLLBACK")
        except Exception:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise
        for future, result, failure in answers:
            if future.done():
                continue  # its caller was cancelled; the write stands
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)
        self.heads.refresh()

    async def _run(
        self, transaction: Transaction, batch: list[_Queued]
    ) -> list[tuple[asyncio.Future[Any], Any, Exception | None]]:
        """Run the operations inside the open transaction; return what to answer to whom."""
        answers: list[tuple[asyncio.Future[Any], Any, Exception | None]] = []
        for number, (operation, future) in enumerate(batch, 1):
            before = self._writer.total_changes
            try:
                answers.append((future, operation(transaction), None))
            except sqlite3.Error:
                raise  # the disk's, not the caller's: it concerns the whole transaction
            except Exception as error:
                if self._writer.total_changes != before:
                    raise UnavailableError(f"a write failed half-way and was undone: {error}") from error
                answers.append((future, None, error))
            if number % SLICE == 0:
                await asyncio.sleep(0)
        return answers

    async def _begin(self) -> None:
        give_up = time.monotonic() + self._busy_timeout
        pause = 0.0005
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if not is_busy(error):
                    raise
                if time.monotonic() >= give_up:
                    raise UnavailableError(
                        f"another process has held the write lock of {self.path} for {self._busy_timeout:g} s"
                    ) from error
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.008)
            else:
                return

    @staticmethod
    def _fail(batch: list[_Queued], error: Exception) -> None:
        for _, future in batch:
            if not future.done():
                future.set_exception(error)


def _prepare(path: Path, busy_timeout: float, backup_to: Path | None) -> None:
    """Create the file readable by its owner alone (it holds user data), in WAL mode, in this release's form."""
    # Only a new file is touched: closing any descriptor of a file drops all locks this process has on it (POSIX).
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None)
    give_up = time.monotonic() + busy_timeout
    try:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.Error as error:
                # Two that create the file at once would wait for each other, so SQLite does not wait at all here.
                if not is_busy(error) or time.monotonic() >= give_up:
                    raise
                time.sleep(0.005)
        connection.execute("PRAGMA synchronous = FULL")
        migrate.migrate(connection, migrate.shipped(), path=path, now=time.time(), backup_to=backup_to)
    finally:
        connection.close()
