"""A request as bytes, and the way it takes into the app: as the HTTP server would hand it on."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from types import FrameType
from typing import Any, TypeVar
from urllib.parse import quote_from_bytes, unquote

import msgspec
from tests.fuzz.chance import Draws, drawing
from tests.fuzz.recorder import TRACE, Trace
from tests.fuzz.world import REACHED, RouteKey, World

T = TypeVar("T")

PATIENCE = 3.0  # seconds of processor time that one step may take
HUNG = 599  # the status of a request that took longer


class Call(msgspec.Struct, kw_only=True):
    """A request, whole: replaying it needs nothing else. `target` is path and query as on the wire.

    `token`: of X-Auth-Token, None for none. `aim`: the row it was made for; `mutations`: what was done to it then.
    """

    number: int
    method: str
    target: str
    headers: list[tuple[str, str]] = msgspec.field(default_factory=list)
    body: bytes = b""
    token: str | None = None
    aim: RouteKey | None = None
    mutations: list[str] = msgspec.field(default_factory=list)
    chunks: int = 1  # pieces that the body comes in

    def curl(self) -> str:
        """Return the request as a command line, shortened where it is long."""
        words = [f"curl -X {self.method} '{_short(self.target)}'"]
        if self.token is not None:
            words.append(f"-H 'X-Auth-Token: {_short(self.token)}'")
        words += [f"-H '{name}: {_short(value)}'" for name, value in self.headers]
        if self.body:
            words.append(f"-d {_short(self.body.decode('utf-8', 'backslashreplace'))!r}")
        return " ".join(words)


def _short(text: str, limit: int = 600) -> str:
    return text if len(text) <= limit else f"{text[:limit]}...({len(text)} characters)"


class Answer(msgspec.Struct, kw_only=True):
    """What came back, and what it took. seconds: of this request's own work on the event loop's thread."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float = 0.0
    reached: list[RouteKey] = msgspec.field(default_factory=list)
    trace: Trace = msgspec.field(default_factory=Trace)

    def header(self, name: str) -> str:
        """Return a header's value, empty without."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class HungError(BaseException):
    """A single step took too long; no `except Exception` on the way may take it for a fault of its own."""


def _hung(number: int, frame: FrameType | None) -> None:
    raise HungError


class _Timed:
    """Runs a coroutine and adds up the processor time of its own steps: what others do meanwhile is not its.

    A step of more than PATIENCE is interrupted (a regular expression can be: its engine looks for signals).
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self.seconds = 0.0

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Callable[[], Any] = partial(self._coroutine.send, None)
        signal.signal(signal.SIGVTALRM, _hung)
        while True:
            began = time.thread_time()
            signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
            try:
                waited = step()
            except StopIteration as stop:
                return stop.value
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
                self.seconds += time.thread_time() - began
            try:
                step = partial(self._coroutine.send, (yield waited))
            except BaseException as error:  # what was awaited failed, or the task is cancelled: the coroutine's affair
                step = partial(self._coroutine.throw, error)


async def send(world: World, call: Call, seed: int, *, company: bool = False) -> Answer:
    """Send a request and wait for the answer."""
    with drawing(Draws(seed, f"request {call.number}")):
        return await _send(world, call, company)


async def _send(world: World, call: Call, company: bool) -> Answer:
    path, _, query = call.target.partition("?")
    headers = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in call.headers]
    if call.token is not None:
        headers.append((b"x-auth-token", call.token.encode("latin-1", "replace")))
    pieces = _cut(call.body, call.chunks)
    got: dict[str, Any] = {"body": b"", "status": 0, "headers": []}

    async def receive() -> dict[str, Any]:
        if not pieces:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def give(message: Any) -> None:
        got["body"] += message.get("body", b"")
        got.update({key: message[key] for key in ("status", "headers") if key in message})

    scope = {
        "type": "http",
        "method": call.method,
        "path": unquote(path) if "%" in path else path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
    }
    trace, reached = Trace(f"{world.seed}/{call.number}", company=company), []  # type: tuple[Trace, list[RouteKey]]
    tokens = TRACE.set(trace), REACHED.set(reached)
    timed = _Timed(world.app(scope, receive, give))
    try:
        await timed
    except HungError:
        got["status"] = HUNG
    finally:
        TRACE.reset(tokens[0])
        REACHED.reset(tokens[1])
    return Answer(
        status=got["status"],
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in got["headers"]],
        body=got["body"],
        seconds=timed.seconds,
        reached=reached,
        trace=trace,
    )


def _cut(body: bytes, pieces: int) -> list[bytes]:
    size = max(len(body) // max(pieces, 1), 1)
    return [body[at : at + size] for at in range(0, len(body), size)] or [b""]


async def together(world: World, calls: list[Call], seed: int) -> list[Answer]:
    """Send requests at once; each in a task, and so in a context, of its own."""
    return list(await asyncio.gather(*(send(world, call, seed, company=len(calls) > 1) for call in calls)))


def escaped(text: str) -> str:
    """Return a path segment or a query's part as it is written on the wire."""
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="-._~:,@")
