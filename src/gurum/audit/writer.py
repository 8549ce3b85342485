"""The writer of a chain: takes events, and says when they are on disk.

Events wait in memory for at most a second. Who is about to do something waits for `durable`: those who wait at the same
time share one write and one flush. Nothing that was written is ever cut or written over, not even what a full disk let
through of a line; the next file says what it was.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import structlog

from gurum.audit import chain, files
from gurum.audit.chain import Head
from gurum.audit.errors import AuditUnavailableError
from gurum.audit.event import CONTROL, SUCCESS, Attachment, Event, Links, Party, Torn, encode, moment
from gurum.audit.tail import Tail
from gurum.ops.clock import Clock

log = structlog.get_logger("gurum.audit")

LAZY = 1.0  # seconds an event may wait that nobody waits for
MOST_WAITING = 10_000  # events in memory while the disk takes none; then nothing more is taken
SLACK = 1.0  # seconds the clock may go back without being mentioned


class Writer:
    """One chain's only writer. Made by `gurum.audit.opening.opened`, which holds the chain's lock."""

    def __init__(self, directory: Path, tail: Tail, clock: Clock, *, segment_bytes: int, abandoned: str = "") -> None:
        self.directory, self.name = directory, directory.name
        self._clock, self._segment_bytes, self._abandoned = clock, segment_bytes, abandoned
        self._link, self._seq, self._number, self._torn = (
            bytes.fromhex(tail.head.hash),
            tail.head.seq,
            tail.segment,
            tail.torn,
        )
        self._file, self._size = -1, 0
        self._waiting: list[Event] = []
        self._taken = self._written = 0  # events since the start
        self._latest = 0.0
        self._flushing: asyncio.Task[str] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="audit")
        self._system = Party(id=self.name, type_uri="service/gurum")
        self.trouble = ""  # why nothing can be written now
        self.broken = ""  # why nothing will ever be written again

    @property
    def head(self) -> Head:
        """The last event on disk."""
        return Head(self._seq, self._link.hex())

    def record(self, event: Event, *, soon: bool = False) -> int:
        """Take an event, whose time is now, and return its ticket; soon: somebody will wait for it.

        Raises AuditUnavailableError when no more can be kept in memory.
        """
        if self.broken:
            raise AuditUnavailableError(self.broken)
        if len(self._waiting) >= MOST_WAITING:
            raise AuditUnavailableError(self.trouble or "more happens than can be recorded")
        now = self._clock.time()
        if now < self._latest - SLACK:
            self._take(self._control("monitor/clock", "clock", Links()), now)
        self._latest = now
        self._take(event, now)
        if soon:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LAZY, self._lazily)
        return self._taken

    async def durable(self, ticket: int | None = None) -> None:
        """Wait until the event of a ticket is on disk; without one, all so far. Raises AuditUnavailableError."""
        wanted = self._taken if ticket is None else ticket
        while self._written < wanted:
            failed = await asyncio.shield(self._flush())
            if failed:
                raise AuditUnavailableError(failed)

    async def close(self) -> None:
        """Write what waits, and end. Raises nothing: what cannot be written is said in the log."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            await self.durable()
        except AuditUnavailableError as error:
            log.error("audit events are lost", writer=self.name, events=len(self._waiting), why=str(error))
        self._pool.shutdown()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _take(self, event: Event, now: float) -> None:
        self._waiting.append(msgspec.structs.replace(event, event_time=moment(now)))
        self._taken += 1

    def _lazily(self) -> None:
        self._timer = None
        if self._waiting:
            self._flush()

    def _flush(self) -> asyncio.Task[str]:
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._round(), name="audit")
        return self._flushing

    async def _round(self) -> str:
        """Write what waits; return why not."""
        if self.broken:
            return self.broken
        batch, self._waiting = self._waiting, []
        written, failed = await asyncio.get_running_loop().run_in_executor(self._pool, self._write, batch)
        self._written += written
        self._waiting[:0] = batch[written:]
        if failed and not self.trouble:
            log.error("audit events cannot be written", writer=self.name, why=failed)
        self.trouble = failed
        if self._waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LAZY, self._lazily)
        return failed

    # From here on: in the thread.

    def _write(self, batch: list[Event]) -> tuple[int, str]:
        """Return how many of the events are on disk, and why not more."""
        done = 0
        try:
            if self._file < 0 or self._size > self._segment_bytes:
                self._begin()
            done = self._append(batch)
            self._sync()
        except OSError as error:
            return done, f"the audit chain {self.name} cannot be written: {error.strerror or error}"
        if self.broken:
            return 0, self.broken
        return done, "" if done == len(batch) else f"the audit chain {self.name} was cut by a full disk"

    def _append(self, batch: list[Event]) -> int:
        """Write events behind the last one; return how many are whole. Raises OSError when none is."""
        links, lines = [], []
        link, seq = self._link, self._seq
        for event in batch:
            seq += 1
            body = encode(msgspec.structs.replace(event, id=f"{self.name}/{seq}"))
            link = chain.follow(link, (chain.digest(body),))
            links.append(link)
            lines.append(chain.line(link, body))
        data = b"".join(lines)
        written = os.write(self._file, data) if data else 0
        self._size += written
        whole = end = 0
        while whole < len(lines) and end + len(lines[whole]) <= written:
            end += len(lines[whole])
            whole += 1
        if whole:
            self._link, self._seq = links[whole - 1], self._seq + whole
        if end < written:
            self._tear(data[end:written])
        return whole

    def _tear(self, rest: bytes) -> None:
        """Leave what was cut where it is, and go on in another file."""
        self._torn += (Torn(segment=self._number, bytes=len(rest), sha256=hashlib.sha256(rest).hexdigest()),)
        os.fsync(self._file)
        os.close(self._file)
        self._file = -1

    def _sync(self) -> None:
        if self._file < 0:
            return
        try:
            os.fdatasync(self._file)
        except OSError as error:  # what of it is on disk cannot be known any more, and a second try would say "all"
            self.broken = f"the audit chain {self.name} could not be flushed to disk: {error.strerror}"

    def _begin(self) -> None:
        """Begin the next file with an event that says what it goes on from. Raises OSError."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        number = self._number + 1
        path = self.directory / files.name(number, self._seq + 1)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        links = Links(
            previous_segment=self._number, previous_hash=self._link.hex(), abandoned=self._abandoned, torn=self._torn
        )
        self._number, self._size, self._torn = number, 0, ()
        event = self._control("enable/segment", f"segment/{number}", links)
        try:
            whole = self._append([msgspec.structs.replace(event, event_time=moment(self._clock.time()))])
        except OSError:
            self._number, self._torn = links.previous_segment, links.torn
            os.close(self._file)
            self._file = -1
            path.unlink()  # nothing of it was written
            raise
        if not whole:
            self._torn = links.torn + self._torn
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        _sync_directory(self.directory)

    def _control(self, action: str, target: str, links: Links) -> Event:
        return Event(
            action=action, outcome=SUCCESS, event_type=CONTROL, event_time="",
            initiator=self._system, observer=self._system, target=Party(id=target, type_uri="service/audit"),
            attachments=(Attachment(content=links),),
        )  # fmt: skip


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
