"""One HTTP request as a scenario wants it: nothing added, nothing followed, nothing tidied.

Ordinary clients help: they add a content type, follow redirects, keep cookies, tidy up URLs. Here each of these would
test the client instead of the cloud.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

_ADDED_BY_CLIENT = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_KEPT_IN_URL = "!$&'()*+,/:;=?@~"
TIMEOUT = 180.0
"""Seconds for one answer; the slowest recorded one took under ten."""


class TransportError(Exception):
    """There was no answer."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it goes out. `data` None means no body at all."""

    method: str
    url: str
    headers: dict[str, str]
    data: bytes | None = None


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it came: header names in lower case, repeated headers joined."""

    status: int
    headers: dict[str, str]
    content: bytes


class Transport(Protocol):
    """Sends one request; raises TransportError if no answer comes."""

    async def send(self, sent: Sent) -> Received: ...


class HttpTransport:
    """The transport over aiohttp."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, sent: Sent) -> Received:
        headers = dict(sent.headers)
        if sent.data is None and sent.method not in ("GET", "HEAD"):
            # Servers read until here; without it some wait for a body.
            headers["Content-Length"] = "0"
        try:
            async with self._session.request(
                sent.method,
                URL(encoded(sent.url), encoded=True),
                data=sent.data,
                headers=headers,
                skip_auto_headers=_ADDED_BY_CLIENT,
                allow_redirects=False,
            ) as answer:
                content = await answer.read()
                names = {name.lower() for name in answer.headers}
                return Received(
                    status=answer.status,
                    headers={n: ", ".join(answer.headers.getall(n)) for n in sorted(names)},
                    content=content,
                )
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            raise TransportError(f"{type(error).__name__}: {str(error)[:200]}") from error


def encoded(url: str) -> str:
    """The URL with only that escaped which may not stand in one; what is escaped already stays."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    broken = re.search(r"%(?![0-9A-Fa-f]{2})", path)
    return f"{scheme}://{host}{slash}{quote(path, safe=_KEPT_IN_URL + ('' if broken else '%'))}"


@asynccontextmanager
async def http(verify: bool | str = True) -> AsyncIterator[HttpTransport]:
    """A transport for one run. `verify`: check certificates, not at all, or against this file of authorities."""
    context: ssl.SSLContext | bool = verify if isinstance(verify, bool) else True
    if isinstance(verify, str):
        context = ssl.create_default_context(cafile=verify)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT),
    ) as session:
        yield HttpTransport(session)
