"""The anchor's side of the socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

import msgspec

from gurum.audit.anchor.register import Register
from gurum.audit.anchor.wire import LIMIT, Answer, Ask, unpacked
from gurum.audit.errors import RefusedError


def _head(register: Register, ask: Ask) -> Answer:
    return Answer(head=register.head(ask.writer))


def _extend(register: Register, ask: Ask) -> Answer:
    if ask.since is None:
        raise ValueError("`since` is missing")
    return Answer(head=register.extend(ask.writer, ask.since, unpacked(ask.digests)))


def _heads(register: Register, ask: Ask) -> Answer:
    return Answer(heads=register.heads, accepted={one.writer: one.reason for one in register.accepted})


def _at(register: Register, ask: Ask) -> Answer:
    return Answer(at={str(number): link for number, link in register.at(ask.writer, set(ask.numbers)).items()})


OPS: dict[str, Callable[[Register, Ask], Answer]] = {"head": _head, "extend": _extend, "heads": _heads, "at": _at}


class Server:
    """Answers writers. What one sends can at worst be refused."""

    def __init__(self, register: Register) -> None:
        self._register = register

    async def serve(self, bound: socket.socket) -> asyncio.Server:
        """Listen on a socket that is bound already. Raises OSError."""
        return await asyncio.start_unix_server(self._client, sock=bound, limit=LIMIT)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(msgspec.json.encode(self.answer(line)) + b"\n")
                await writer.drain()
        except (OSError, ValueError):  # it has gone, or its line is longer than any of ours
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def answer(self, line: bytes) -> Answer:
        """Return the answer to a line, whatever it is."""
        try:
            ask = msgspec.json.decode(line, type=Ask)
            op = OPS.get(ask.op)
            return op(self._register, ask) if op is not None else Answer(trouble="there is no such question")
        except RefusedError as error:
            return Answer(refused=str(error))
        except (ValueError, OSError) as error:
            return Answer(trouble=f"{type(error).__name__}: {error}")
