"""Requests to an API server, and what became of them.

Between us and etcd are a load balancer, several API servers that restart, and a queue that turns requests away. Each of
these is normal life and gets the answer that Kubernetes documents for it: wait as told, ask again, and where a write's
acknowledgement was lost, say so (`Answer.lost`) to the one who can find out whether it happened.
"""

from __future__ import annotations

import asyncio
import random
import socket
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
import msgspec

from gurum.store import fence
from gurum.store.contract import FencedError, InDoubtError, UnavailableError
from gurum.store.kubernetes.access import Access

CALM = 30.0  # seconds after which an answer is given up
SILENCE = 3 * 60.0  # seconds without a word after which a watch is given up: servers say something every minute
JSON = "application/json"
# Of one object, or of a list: everything but what it says. A server that does not offer it answers with the whole.
BARE = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
BARE_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
PATIENCE = 10.0  # seconds for which a request is repeated before the store counts as unavailable
_PAUSE = (0.05, 1.0)  # seconds between two tries: the first, and the longest
OVER = "is over: another engine has taken the shard"  # what the API server says to a write of a fence that fell
_PARTING = 1.0  # seconds, at most, that a server is waited for when a connection ends
_LONGEST_LINE = 16 * 1024 * 1024  # bytes of an event: far above what an API server stores

# Turned away before anything was done: to be asked again.
_TURNED_AWAY = frozenset({429})
# Likewise: what an API server says of a policy whose parameters it does not know yet, for half a minute after a start.
_NOT_YET = ("failed to configure policy", "failed to configure binding")
# The server, or the etcd behind it, may have done it or not.
_UNSURE = frozenset({500, 502, 503, 504})


class Answer(msgspec.Struct, frozen=True):
    """What the server said: the HTTP status, and the body of a success or the `Status` of a refusal."""

    status: int
    body: bytes
    lost: bool = False  # an earlier try may have been carried out: this answer may be about its effect

    def json(self) -> dict[str, Any]:
        """Return the body, parsed."""
        return dict(msgspec.json.decode(self.body))

    @property
    def reason(self) -> str:
        """Return a refusal's reason, Kubernetes' word for it."""
        return str(_status(self.body).get("reason", ""))

    @property
    def message(self) -> str:
        """Return a refusal's message."""
        return str(_status(self.body).get("message", ""))


def checked(answer: Answer) -> Answer:
    """Return a success. Raises UnavailableError for anything else: what it is, is for whoever runs the cluster.

    InDoubtError if what was refused was tried before, and that may have been carried out.
    """
    if answer.status >= 300:
        words = f"the API server refuses ({answer.status}): {answer.message[:500]}"
        raise InDoubtError(words) if answer.lost else UnavailableError(words)
    return answer


class Client:
    """One session with an API server. `manager` is the field manager: who is named as the owner of what we write."""

    def __init__(self, access: Access, *, manager: str, patience: float = PATIENCE) -> None:
        self._access, self._patience = access, patience
        self.manager = manager
        self._session: aiohttp.ClientSession | None = None
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._streams: set[aiohttp.StreamReader] = set()
        self._closed = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def get(self, path: str, *, form: str = JSON, **parameters: str) -> Answer:
        """Read, in a form that the server offers; 404 and 410 are answers. Raises UnavailableError."""
        return await self._insist("GET", path, parameters, None, form)

    async def create(self, path: str, document: Mapping[str, Any], *, dry: bool = False) -> Answer:
        """Create by POST; 409 is an answer. `lost`: see Answer. `dry`: all but keep it. Raises UnavailableError."""
        parameters = self._writing() | ({"dryRun": "All"} if dry else {})
        return await self._insist("POST", path, parameters, document)

    async def replace(self, path: str, document: Mapping[str, Any]) -> Answer:
        """Replace by PUT at the resource version in the document; likewise."""
        return await self._insist("PUT", path, self._writing(), document)

    async def apply(self, path: str, document: Mapping[str, Any]) -> Answer:
        """Make it so on the server's side, whoever had the fields before. Idempotent. Raises UnavailableError."""
        parameters = {**self._writing(), "force": "true"}
        return await self._insist("PATCH", path, parameters, document, "application/apply-patch+yaml")

    async def delete(self, path: str, uid: str, resource_version: str) -> Answer:
        """Delete this object at this version; likewise."""
        preconditions = {"uid": uid, "resourceVersion": resource_version}
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions}
        return await self._insist("DELETE", path, {"propagationPolicy": "Background"}, body)

    async def stream(
        self, path: str, *, opened: Callable[[], None] = lambda: None, silence: float | None = None, **parameters: str
    ) -> AsyncGenerator[bytes, None]:
        """Yield the lines of a watch until the server ends it; `opened` is called once it has begun it.

        silence: seconds without a line after which it is given up (None: SILENCE).
        Raises UnavailableError; `RefusedError` for an answer that is not 200.
        """
        session = self._open()
        # No total limit: a watch lasts.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CALM, sock_read=silence or SILENCE)
        try:
            with self._busy():
                async with asyncio.timeout(CALM):
                    response = await session.get(
                        self._access.url + path, params=parameters, headers=self._access.headers(), timeout=timeout
                    )
            async with response:
                if response.status != 200:
                    raise RefusedError(Answer(response.status, await response.read()))
                opened()
                self._streams.add(response.content)
                try:
                    async for line in _lines(response.content):
                        yield line
                finally:
                    self._streams.discard(response.content)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError(_words(error)) from error

    async def close(self) -> None:
        """End what is under way, then let go of the connections. Nothing is repeated any more."""
        self._closed = True
        await self._idle.wait()
        for content in self._streams:  # a session that goes does not tell those who read
            content.set_exception(aiohttp.ClientConnectionError("the store is closed"))
        if self._session is not None:
            await self._session.close()
        # A connection whose watch was left takes leave of the server first, which the session does not wait for.
        deadline = asyncio.get_running_loop().time() + _PARTING
        while self._parting() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.002)

    def _writing(self) -> dict[str, str]:
        return {"fieldManager": self.manager, "fieldValidation": "Strict"}

    async def _insist(
        self, method: str, path: str, parameters: Mapping[str, str], document: Any, form: str = JSON
    ) -> Answer:
        body = None if document is None else msgspec.json.encode(document)
        deadline = asyncio.get_running_loop().time() + self._patience
        pause, lost, trouble = _PAUSE[0], False, ""
        while True:
            wait = pause * (0.5 + random.random())  # noqa: S311 - so that many do not come back at one moment
            if method != "GET":
                _in_time(lost)
            try:
                answer = await self._once(method, path, parameters, body, form)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                # A refused connection carried nothing; of every other end it is not known.
                lost = lost or not isinstance(error, aiohttp.ClientConnectorError)
                trouble = _words(error)
            else:
                if answer[0].status == 403 and OVER in answer[0].message:
                    raise FencedError(answer[0].message)
                not_yet = answer[0].status in (403, 422) and any(words in answer[0].message for words in _NOT_YET)
                if answer[0].status not in _TURNED_AWAY | _UNSURE and not not_yet:
                    return msgspec.structs.replace(answer[0], lost=lost)
                lost = lost or answer[0].status in _UNSURE
                trouble = answer[0].message or f"HTTP {answer[0].status}"
                wait = max(wait, answer[1])
            if asyncio.get_running_loop().time() + wait > deadline:
                raise (InDoubtError if lost and method != "GET" else UnavailableError)(trouble)
            await asyncio.sleep(wait)
            pause = min(pause * 2, _PAUSE[1])

    async def _once(
        self, method: str, path: str, parameters: Mapping[str, str], body: bytes | None, form: str
    ) -> tuple[Answer, float]:
        session = self._open()
        headers = self._access.headers() | {"Accept" if body is None else "Content-Type": form}
        timeout = aiohttp.ClientTimeout(total=CALM)
        with self._busy():
            async with session.request(
                method, self._access.url + path, params=parameters, data=body, headers=headers, timeout=timeout,
                middlewares=() if method == "GET" else (_sent_once,),
            ) as response:  # fmt: skip
                retry = response.headers.get("Retry-After", "")
                return Answer(response.status, await response.read()), float(retry) if retry.isdigit() else 0.0

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """Have `close` wait: a session must not go while it connects."""
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise UnavailableError("the store is closed")
        if self._session is None:
            connector = aiohttp.TCPConnector(
                ssl=self._access.tls or True, limit=0, keepalive_timeout=60.0, socket_factory=self._socket
            )
            self._session = aiohttp.ClientSession(connector=connector, trust_env=True)
        return self._session

    def _parting(self) -> bool:
        return any(one.fileno() != -1 for one in self._sockets)

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        made = socket.socket(*address[:3])
        self._sockets.add(made)
        return made


class RefusedError(Exception):
    """A watch was not begun. `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.message or f"HTTP {answer.status}")
        self.answer = answer


class _LostError(aiohttp.ClientError):
    """The connection ended without an answer: what was asked for may have been done."""


async def _sent_once(
    request: aiohttp.ClientRequest, handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]
) -> aiohttp.ClientResponse:
    """Have the session not repeat a PUT or a DELETE by itself: nobody would know then that an answer was lost."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _LostError(str(error) or type(error).__name__) from error


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Yield the complete lines of a stream; a line that was cut off is not told."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line
        if len(rest) > _LONGEST_LINE:
            raise UnavailableError("an event is longer than any object can be")


def _status(body: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}  # a load balancer's page, perhaps
    return document if isinstance(document, dict) else {}


def _in_time(lost: bool) -> None:
    """Raise FencedError when the writer's time is over; InDoubtError when a try of it may have been carried out."""
    try:
        fence.current()
    except FencedError as error:
        if lost:
            raise InDoubtError(str(error)) from error
        raise


def _words(error: BaseException) -> str:
    return f"the API server does not answer: {str(error) or type(error).__name__}"
