"""Whether a child can serve, asked the way its clients will ask: over HTTP.

A dozen lines on a socket instead of an HTTP library: the probe runs every tenth of a second while everything starts,
on the very cores that the children need.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from gurum.audit.anchor.wire import short
from gurum.supervisor.rows import Child, Trust

TIMEOUT = 3.0  # seconds


class _NotReady(msgspec.Struct):
    missing: dict[str, str] = {}


async def ready(child: Child) -> str | None:
    """Return None if the child can serve, else what is missing, in a sentence. Never raises for a child's fault."""
    return await probe(child.ready, child.trust)


async def probe(url: str, trust: Trust | None = None) -> str | None:
    """Return None if the URL answers 200, else what is missing, in a sentence. An https URL needs `trust`.

    What answers is said in the form of our own parts (JSON) or of Kubernetes' (a line a check). At `unix:///path` it
    is enough that somebody listens.
    """
    parts = urlsplit(url)
    try:
        if parts.scheme == "unix":
            return await _listens(Path(parts.path))
        async with asyncio.timeout(TIMEOUT):
            status, body = await _get(parts.hostname or "", parts.port or 80, parts.path or "/", trust)
    except ConnectionRefusedError:
        return "does not listen yet"
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        return f"does not answer ({error})" if str(error) else "does not answer"
    if status == 200:
        return None
    with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError):  # then the status is all there is to say
        if missing := msgspec.json.decode(body, type=_NotReady).missing:
            return "; ".join(f"{name}: {text}" for name, text in missing.items())
    if failed := [line for line in body.decode("utf-8", "replace").splitlines() if line.startswith("[-]")]:
        return "; ".join(line[3:].partition(" ")[0] for line in failed)
    return f"answers {status}"


async def _listens(path: Path) -> str | None:
    try:
        with short(path) as reached:
            _, writer = await asyncio.open_unix_connection(reached)
    except FileNotFoundError:
        return "does not listen yet"
    writer.close()
    with contextlib.suppress(OSError):  # that it was there is all that was asked
        await writer.wait_closed()
    return None


async def _get(host: str, port: int, path: str, trust: Trust | None) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(host, port, ssl=trust.context() if trust else None)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(OSError):  # the answer is read; how the connection ends does not matter
            await writer.wait_closed()
    if not head.startswith(b"HTTP/1."):
        raise ValueError("something else than HTTP listens there")
    return int(head.split(b" ", 2)[1]), body
