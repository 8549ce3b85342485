"""Showing a chain's head, every few seconds, to somebody who cannot be made to forget it.

What is shown is read from the disk, not remembered: so a file that was changed, cut or replaced under its writer is
found within seconds, and its writer writes no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

import structlog

from gurum.audit.chain import Head
from gurum.audit.errors import BrokenError, RefusedError
from gurum.audit.tail import Cursor, onward
from gurum.audit.writer import Writer
from gurum.ops.clock import Clock

log = structlog.get_logger("gurum.audit")

MOST_DIGESTS = 4096  # of one message


class Anchor(Protocol):
    """Keeps heads where no writer can rewrite them. Two are thought of: a process of its own, and object lock.

    With object lock (S3, retention in compliance mode) a head is an object `heads/<writer>/<number>`, put once and
    refused when it is there already; whoever verifies lists them and finds each in the chain.
    """

    async def head(self, writer: str) -> Head:
        """Return the newest head of a writer; number 0 of one that is not known. Raises OSError."""
        ...

    async def extend(self, writer: str, since: Head, digests: Sequence[bytes]) -> Head:
        """Keep the head that follows from `since` by events of those digests, and return it.

        Raises RefusedError unless `since` is the newest head, OSError. What was kept is on disk.
        """
        ...


class Anchoring:
    """Keeps one writer's head anchored. `silent_since`: when the anchor did not answer any more."""

    def __init__(self, writer: Writer, anchor: Anchor, clock: Clock, interval: float) -> None:
        self._writer, self._anchor, self._clock, self._interval = writer, anchor, clock, interval
        self._cursor: Cursor | None = None
        self.silent_since: float | None = None

    async def run(self) -> None:
        """Anchor, for ever."""
        while not self._writer.broken:
            await self.once()
            await self._clock.sleep(self._interval)

    async def once(self) -> None:
        """Anchor all that is on disk now. What is wrong with the chain stops its writer; raises nothing."""
        expected = self._writer.head
        try:
            cursor = self._cursor or Cursor(await self._anchor.head(self._writer.name))
            self._cursor = None  # should the anchor be lost in between, it is asked again
            steps = onward(self._writer.directory, cursor)
            while (step := await asyncio.to_thread(_next, steps)) is not None:
                ahead, digests = step
                head = cursor.head
                for begin in range(0, len(digests), MOST_DIGESTS):
                    head = await self._anchor.extend(self._writer.name, head, digests[begin : begin + MOST_DIGESTS])
                cursor = ahead
            if cursor.head.seq < expected.seq:
                raise BrokenError(f"the files end with event {cursor.head.seq}, but {expected.seq} was written")
            self._cursor = cursor
        except (BrokenError, RefusedError) as error:
            self._writer.broken = f"the audit chain {self._writer.name} was changed: {error}"
            log.error("the audit chain was changed", writer=self._writer.name, why=str(error))
        except OSError as error:
            if self.silent_since is None:
                self.silent_since = self._clock.time()
                log.warning("the audit chain is not anchored", writer=self._writer.name, why=str(error))
        else:
            self.silent_since = None


def _next(steps: Iterator[tuple[Cursor, list[bytes]]]) -> tuple[Cursor, list[bytes]] | None:
    return next(steps, None)
