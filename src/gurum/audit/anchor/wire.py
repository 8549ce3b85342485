"""What writers and the anchor say to each other, and how they find each other: lines of JSON over a Unix socket."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import msgspec

from gurum.audit.chain import Head
from gurum.audit.errors import RefusedError

LIMIT = 1 << 20  # bytes of a line
WAIT = 10.0  # seconds for an answer
_LONGEST = 100  # of a socket's path, in the kernel's words


class Ask(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A question: `head` or `extend` of a writer, `heads`, `at` numbers of a chain. digests: base64."""

    op: str
    writer: str = ""
    since: Head | None = None
    digests: str = ""
    numbers: list[int] = msgspec.field(default_factory=list)


class Answer(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """An answer; `refused` says why the anchor does not take it."""

    head: Head | None = None
    heads: dict[str, Head] = msgspec.field(default_factory=dict)
    at: dict[str, str] = msgspec.field(default_factory=dict)
    accepted: dict[str, str] = msgspec.field(default_factory=dict)
    refused: str = ""
    trouble: str = ""


def packed(digests: Sequence[bytes]) -> str:
    """Return digests as they travel."""
    return base64.b64encode(b"".join(digests)).decode()


def unpacked(text: str) -> list[bytes]:
    """Return digests as they were. Raises ValueError."""
    whole = base64.b64decode(text, validate=True)
    if len(whole) % 32:
        raise ValueError("a digest has 32 bytes")
    return [whole[at : at + 32] for at in range(0, len(whole), 32)]


@contextlib.contextmanager
def short(path: Path) -> Iterator[str]:
    """Give a path by which a socket can be reached though its own is longer than the kernel takes. Raises OSError."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


class SocketAnchor:
    """The anchor as a writer, or whoever verifies, reaches it. See `gurum.audit.anchoring.Anchor`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def head(self, writer: str) -> Head:
        """As the contract."""
        return _head(await self._ask(Ask("head", writer)))

    async def extend(self, writer: str, since: Head, digests: Sequence[bytes]) -> Head:
        """As the contract."""
        return _head(await self._ask(Ask("extend", writer, since, packed(digests))))

    async def heads(self) -> Answer:
        """Return every writer's newest head, and the chains that were accepted as they are. Raises OSError."""
        return await self._ask(Ask("heads"))

    async def at(self, writer: str, numbers: Sequence[int]) -> dict[int, str]:
        """Return the hashes that were anchored at these numbers of a chain. Raises OSError."""
        answer = await self._ask(Ask("at", writer, numbers=list(numbers)))
        return {int(number): link for number, link in answer.at.items()}

    async def _ask(self, ask: Ask) -> Answer:
        try:
            async with asyncio.timeout(WAIT), self._connected() as (reader, writer):
                writer.write(msgspec.json.encode(ask) + b"\n")
                await writer.drain()
                line = await reader.readline()
            if not line:
                raise ConnectionError("the anchor said nothing")
            answer = msgspec.json.decode(line, type=Answer)
        except (TimeoutError, ValueError) as error:
            raise ConnectionError(f"the anchor does not answer: {error}") from error
        if answer.refused:
            raise RefusedError(answer.refused)
        if answer.trouble:
            raise ConnectionError(answer.trouble)
        return answer

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        with short(self._path) as path:
            reader, writer = await asyncio.open_unix_connection(path, limit=LIMIT)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _head(answer: Answer) -> Head:
    if answer.head is None:
        raise ConnectionError("the anchor answered something else")
    return answer.head
