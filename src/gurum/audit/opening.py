"""A process's chain, opened: a place of its own, gone on with where it ended, anchored while it is written."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import structlog

from gurum.audit.anchor.wire import SocketAnchor
from gurum.audit.anchoring import Anchor, Anchoring
from gurum.audit.chain import NOTHING, Head
from gurum.audit.errors import AuditUnavailableError, BrokenError
from gurum.audit.files import LOCK
from gurum.audit.tail import Cursor, Tail, onward, tail
from gurum.audit.writer import Writer
from gurum.ops.audit import AuditConfig
from gurum.ops.clock import Clock

log = structlog.get_logger("gurum.audit")

PLACES = 64  # processes of one role in one directory, and chains that were abandoned


@contextlib.asynccontextmanager
async def opened(config: AuditConfig, role: str, clock: Clock, anchor: Anchor | None) -> AsyncIterator[Writer]:
    """Give the writer of the first free chain of a role (`pia-1`, `pia-2`, …).

    A chain that is not what was anchored is left as it is, for whoever looks into it; the next one says so in its
    first event. Raises AuditUnavailableError, OSError.
    """
    abandoned = ""
    for number in range(1, PLACES + 1):
        directory = Path(config.directory) / f"{config.writer or role}-{number}"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(directory) as ours:
            if not ours:
                continue
            try:
                end = await _ended(directory, anchor)
            except BrokenError as error:
                abandoned = directory.name
                log.error("an audit chain was changed", writer=directory.name, why=str(error))
                continue
            writer = Writer(directory, end, clock, segment_bytes=config.segment_bytes, abandoned=abandoned)
            async with _kept(writer, anchor, clock, config.anchor_interval):
                yield writer
            return
    raise AuditUnavailableError(
        f"none of the {PLACES} audit chains {config.writer or role} in {config.directory} is free"
    )


@contextlib.asynccontextmanager
async def auditing(config: AuditConfig, role: str, clock: Clock) -> AsyncIterator[Writer | None]:
    """Give the writer of this process's chain as the configuration has it; None: nothing is recorded.

    Raises AuditUnavailableError, OSError.
    """
    if not config.enabled:
        yield None
        return
    anchor = SocketAnchor(Path(config.anchor_socket)) if config.anchored else None
    async with opened(config, role, clock, anchor) as writer:
        yield writer


async def _ended(directory: Path, anchor: Anchor | None) -> Tail:
    end = await asyncio.to_thread(tail, directory)
    anchored = NOTHING
    if anchor is not None:
        with contextlib.suppress(OSError):  # seen and told when it is anchored for the first time
            anchored = await anchor.head(directory.name)
    await asyncio.to_thread(_extends, directory, anchored)
    return end


def _extends(directory: Path, anchored: Head) -> None:
    for _ in onward(directory, Cursor(anchored)):
        pass


@contextlib.asynccontextmanager
async def _kept(writer: Writer, anchor: Anchor | None, clock: Clock, interval: float) -> AsyncIterator[None]:
    anchoring = Anchoring(writer, anchor, clock, interval) if anchor is not None else None
    running = asyncio.create_task(anchoring.run(), name="anchoring") if anchoring is not None else None
    try:
        yield
    finally:
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        await writer.close()
        if anchoring is not None and not writer.broken:
            await anchoring.once()


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[bool]:
    """Hold a chain, unless another process does: two writers of one chain would each write its next event."""
    descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
