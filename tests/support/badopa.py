"""Servers that are no OPA, each wrong in one way, and each of them wants to allow.

A row of `WAYS` is a way: what is written to whoever asks, in pieces; a number is a pause in seconds. All that could be
taken for an answer in them allows everything: a client that believes any of it is caught.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

ALLOWED: dict[str, Any] = {
    "allow": True, "visible": True, "reason": "granted", "rule": "r", "rules": ["r"], "denied": [], "reveals": [],
    "scopes": None,
}  # fmt: skip
EVER = 3600.0

Piece = bytes | float


def reply(result: object, **more: object) -> bytes:
    """Return the body of an answer with a result, as OPA wraps it."""
    return json.dumps({"result": result, "provenance": {"bundles": {"b": {"revision": "r1"}}}, **more}).encode()


def http(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """Return an answer's bytes."""
    lines = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


GOOD = reply(ALLOWED)
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def _without(name: str) -> bytes:
    return reply({key: value for key, value in ALLOWED.items() if key != name})


WAYS: Mapping[str, Sequence[Piece]] = {
    "hung": [EVER],
    "slow_drip": [http(b"", length=len(GOOD)), *(piece for byte in GOOD for piece in (bytes([byte]), 0.05))],
    "slow_headers": [*(piece for byte in http(GOOD) for piece in (bytes([byte]), 0.05))],
    "half_then_silent": [http(GOOD[:-10], length=len(GOOD)), EVER],
    "cut_off": [http(GOOD[:-10], length=len(GOOD))],
    "closed_at_once": [],
    "no_http": [b"\x00\xff\x13" * 100],
    "oversized": [http(b"", length=10**10), *([GOOD[:-1] + b" " * 65536] * 64), EVER],
    "oversized_chunked": [_CHUNKED, *([b"10000\r\n" + b" " * 65536 + b"\r\n"] * 64), EVER],
    "endless_headers": [b"HTTP/1.1 200 OK\r\n", *([b"X-A: " + b"a" * 60000 + b"\r\n"] * 200), EVER],
    "chunks_garbled": [_CHUNKED + b"zz\r\n" + GOOD + b"\r\n0\r\n\r\n"],
    "status_500": [http(GOOD, "500 Internal Server Error")],
    "status_503": [http(GOOD, "503 Service Unavailable")],
    "status_429": [http(GOOD, "429 Too Many Requests")],
    "status_400": [http(GOOD, "400 Bad Request")],
    "status_401": [http(GOOD, "401 Unauthorized")],
    "status_404": [http(GOOD, "404 Not Found")],
    "status_201": [http(GOOD, "201 Created")],
    "redirected": [http(b"", "307 Temporary Redirect", "Location: {good}")],
    "moved": [http(b"", "301 Moved Permanently", "Location: {good}")],
    "empty": [http(b"")],
    "no_json": [http(b"allow")],
    "half_json": [http(GOOD[:-1])],
    "two_answers": [http(GOOD + GOOD)],
    "no_utf8": [http(GOOD.replace(b"granted", b"\xff\xfe"))],
    "compressed": [http(gzip.compress(GOOD), "200 OK", "Content-Encoding: gzip")],
    "nested_deeply": [http(b'{"result":' + b"[" * 100000 + b"]" * 100000 + b"}")],
    "undefined": [http(b"{}")],
    "null": [http(reply(None))],
    "bare_true": [http(reply(True))],
    "no_envelope": [http(json.dumps(ALLOWED).encode())],
    "list": [http(reply([ALLOWED]))],
    "as_array": [http(reply(list(ALLOWED.values())))],
    "allow_as_text": [http(reply(ALLOWED | {"allow": "true"}))],
    "allow_as_number": [http(reply(ALLOWED | {"allow": 1}))],
    "rules_as_text": [http(reply(ALLOWED | {"rules": "r"}))],
    "scopes_as_true": [http(reply(ALLOWED | {"scopes": True}))],
    "scopes_partial": [http(reply(ALLOWED | {"scopes": {"all": True, "more": 1}}))],
    "unknown_field": [http(reply(ALLOWED | {"error": False}))],
    **{f"without_{name}": [http(_without(name))] for name in ALLOWED},
}


class Impostor:
    """Serves one way at a time to whoever connects; `asked` counts."""

    def __init__(self) -> None:
        self.pieces: Sequence[Piece] = [http(GOOD)]
        self.asked = 0
        self.drops = 0  # the number of the question at which it ends the connection without an answer
        self.heads: list[bytes] = []  # what came, as far as it came in one piece
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests of one connection until it ends."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
                )
                self.heads.append(head + await reader.readexactly(length))
                self.asked += 1
                if self.asked == self.drops:
                    break
                for piece in self.pieces:
                    if isinstance(piece, float):
                        await asyncio.sleep(piece)
                    else:
                        writer.write(piece.replace(b"{good}", f"{self.url}/good".encode()))
                        await writer.drain()
                if self.pieces != [http(GOOD)]:
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def open(self, secured: ssl.SSLContext | None) -> AsyncIterator[None]:
        """Serve while inside."""
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await self.serve(reader, writer)
            except asyncio.CancelledError:
                pass
            finally:
                tasks.discard(task)

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=secured)
        self.url = f"http{'s' if secured else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def impostor(secured: ssl.SSLContext | None = None) -> Iterator[Impostor]:
    """Give a server that at first allows everything, in a thread of its own. secured: it speaks TLS."""
    found, ready = Impostor(), threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def live() -> None:
        async with found.open(secured):
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


def dead() -> str:
    """Return a URL at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
