"""What a child that cannot serve yet is said to be missing."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gurum.supervisor.kubernetes import pki
from gurum.supervisor.kubernetes.pki import API, ETCD, Pki
from gurum.supervisor.probe import probe, ready
from gurum.supervisor.rows import Child

ANSWERS = {
    "/ready": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "/missing": b'HTTP/1.1 503 X\r\n\r\n{"ready":false,"missing":{"store":"locked","keystone":"no answer"}}',
    "/broken": b"HTTP/1.1 500 X\r\n\r\nnot JSON",
    "/garbage": b"SSH-2.0-OpenSSH\r\n\r\n",
    "/cut": b"HTTP/1.1 200",
    "/kubernetes": b"HTTP/1.1 500 X\r\n\r\n[+]ping ok\n[-]etcd failed: withheld\n[-]poststarthook/a failed: x\n",
}


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWERS[request.split()[1].decode()])
    writer.close()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def ours(tmp_path: Path) -> Pki:
    made = Pki(tmp_path / "pki")
    pki.prepare(made, "https://127.0.0.1:1", datetime.now(UTC))
    return made


@pytest.fixture
async def guarded(ours: Pki) -> AsyncIterator[int]:
    """A port that speaks TLS and wants a certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(ours.believed(API)))
    context.load_cert_chain(ours.leaf("kube-apiserver"))
    context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/ready", None),
        ("/missing", "store: locked; keystone: no answer"),
        ("/broken", "answers 500"),
        ("/kubernetes", "etcd; poststarthook/a"),
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


async def test_over_tls_as_somebody(tmp_path: Path, ours: Pki, guarded: int) -> None:
    child = Child(
        name="a",
        title="A",
        argv=("a",),
        ready=f"https://127.0.0.1:{guarded}/ready",
        output=tmp_path / "a.out",
        trust=ours.trust(API, "probe"),
    )
    assert await ready(child) is None
    assert await probe(f"https://127.0.0.1:{guarded}/missing", child.trust) == "store: locked; keystone: no answer"


async def test_who_is_not_believed_does_not_count_as_ready(ours: Pki, guarded: int) -> None:
    missing = await probe(f"https://127.0.0.1:{guarded}/ready", ours.trust(ETCD, "probe"))
    assert missing is not None
    assert "certificate verify failed" in missing


async def test_files_that_are_not_there_yet_are_missing(tmp_path: Path, guarded: int) -> None:
    missing = await probe(f"https://127.0.0.1:{guarded}/ready", Pki(tmp_path / "none").trust(API, "probe"))
    assert missing == "does not answer ([Errno 2] No such file or directory)"
