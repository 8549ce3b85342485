"""What a child that cannot serve yet is said to be missing."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gurum.supervisor.probe import probe

ANSWERS = {
    "/ready": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "/missing": b'HTTP/1.1 503 X\r\n\r\n{"ready":false,"missing":{"store":"locked","keystone":"no answer"}}',
    "/broken": b"HTTP/1.1 500 X\r\n\r\nnot JSON",
    "/garbage": b"SSH-2.0-OpenSSH\r\n\r\n",
    "/cut": b"HTTP/1.1 200",
}


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWERS[request.split()[1].decode()])
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/ready", None),
        ("/missing", "store: locked; keystone: no answer"),
        ("/broken", "answers 500"),
        ("/garbage", "does not answer (something else than HTTP listens there)"),
        ("/cut", "does not answer (12 bytes read on a total of undefined expected bytes)"),
    ],
)
async def test_answers(port: int, path: str, missing: str | None) -> None:
    assert await probe(f"http://127.0.0.1:{port}{path}") == missing


async def test_nobody_listens() -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    assert await probe(f"http://127.0.0.1:{port}/") == "does not listen yet"
