"""The heads that were anchored, on disk, in the order in which they came.

Each start begins a new file: so what a killed one left of its last line stays where it is, and nothing is ever cut.
The directory is held open: the process may since have become somebody who could not find its way to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from gurum.audit.chain import NOTHING, Head, follow
from gurum.audit.errors import RefusedError
from gurum.ops.clock import Clock


class Anchored(msgspec.Struct, frozen=True):
    """A head that was shown, and when (seconds since the epoch)."""

    at: float
    writer: str
    seq: int
    hash: str


class Accepted(msgspec.Struct, frozen=True):
    """That somebody looked into a chain that is not what was anchored, and what they say of it."""

    at: float
    writer: str
    reason: str


ACCEPTED = "accepted.jsonl"
_FILE = "heads-{:08d}.jsonl"


def history(directory: int) -> Iterator[Anchored]:
    """Yield all that was ever anchored, oldest first. What is no whole line was never acknowledged."""
    for name in sorted(name for name in os.listdir(directory) if name.startswith("heads-")):
        for line in _read(directory, name).split(b"\n")[:-1]:
            try:
                yield msgspec.json.decode(line, type=Anchored)
            except msgspec.DecodeError:
                continue  # zeros of a file system that lost power: the acknowledgement was lost with it


def accepted(directory: int) -> list[Accepted]:
    """Return what was accepted."""
    if ACCEPTED not in os.listdir(directory):
        return []
    return [msgspec.json.decode(line, type=Accepted) for line in _read(directory, ACCEPTED).splitlines() if line]


def accept(directory: int, one: Accepted) -> None:
    """Write down that a chain was looked into. For the anchor's own user alone: no writer may ask for it."""
    _append(os.open(ACCEPTED, _WRITE, 0o644, dir_fd=directory), one, close=True)


_WRITE = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


def entered(path: Path) -> int:
    """Return the directory, opened. Raises OSError."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


class Register:
    """See `gurum.audit.anchoring.Anchor`. One process a directory."""

    def __init__(self, directory: int, clock: Clock) -> None:
        self._directory, self._clock = directory, clock
        self._heads = {one.writer: Head(one.seq, one.hash) for one in history(directory)}
        number = len([name for name in os.listdir(directory) if name.startswith("heads-")]) + 1
        self._file = os.open(_FILE.format(number), _WRITE | os.O_EXCL, 0o644, dir_fd=directory)
        os.fsync(directory)

    @property
    def heads(self) -> dict[str, Head]:
        """The newest head of each writer."""
        return dict(self._heads)

    @property
    def accepted(self) -> list[Accepted]:
        """What was accepted."""
        return accepted(self._directory)

    def at(self, writer: str, numbers: set[int]) -> dict[int, str]:
        """Return the hashes that were anchored at these numbers of a chain."""
        return {one.seq: one.hash for one in history(self._directory) if one.writer == writer and one.seq in numbers}

    def head(self, writer: str) -> Head:
        """Return a writer's newest head."""
        return self._heads.get(writer, NOTHING)

    def extend(self, writer: str, since: Head, digests: Sequence[bytes]) -> Head:
        """Keep what follows from the newest head. Raises RefusedError, OSError."""
        known = self.head(writer)
        if since != known:
            raise RefusedError(f"event {since.seq} is not where the anchored chain ends; that is {known.seq}")
        if not digests:
            return known
        head = Head(known.seq + len(digests), follow(bytes.fromhex(known.hash), digests).hex())
        _append(self._file, Anchored(self._clock.time(), writer, head.seq, head.hash))
        self._heads[writer] = head
        return head


def _append(file: int, one: Anchored | Accepted, *, close: bool = False) -> None:
    try:
        line = msgspec.json.encode(one) + b"\n"
        if os.write(file, line) != len(line):
            os.write(file, b"\n")  # so that the rest does not become the beginning of the next line
            raise OSError("the anchor's disk is full")
        os.fdatasync(file)
    finally:
        if close:
            os.close(file)


def _read(directory: int, name: str) -> bytes:
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory), "rb") as file:
        return file.read()
