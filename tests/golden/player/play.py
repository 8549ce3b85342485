"""Plays scenarios against a region and records what it answers.

Steps run in order and each is recorded whatever became of the one before, as a person goes on trying would see it.
Time and the way requests are sent are passed in, so that tests need neither a clock nor a cloud.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from tests.golden.player.corpus import Case
from tests.golden.player.keystone import Actor
from tests.golden.player.model import (
    Json,
    RecordedStep,
    Recording,
    Request,
    Response,
    Step,
    Wait,
)
from tests.golden.player.paths import dig, fill, names_in, substitute
from tests.golden.player.transport import Received, Sent, Transport, TransportError
from tests.golden.player.variables import Resolved

USER_AGENT = "golden-player/1"
LONGEST_TEXT = 3000
"""Characters of a text body that are recorded as they are; longer ones by their digest."""

Tamper = Callable[[str, str, Response], Response]
"""Changes the answer of a scenario's step before anyone looks at it; for checking the comparer."""


class Time(msgspec.Struct, frozen=True, kw_only=True):
    """The clock that waits are measured with, in seconds, how to let it pass, and how long to wait at most."""

    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    longest_wait: float = float("inf")


class Player:
    """Plays one case with one cast of actors."""

    def __init__(
        self,
        case: Case,
        actors: Mapping[str, Actor],
        resolved: Resolved,
        transport: Transport,
        time: Time,
        tamper: Tamper | None = None,
    ) -> None:
        self._case, self._actors, self._resolved = case, actors, resolved
        self._transport, self._time, self._tamper = transport, time, tamper
        self._given: dict[str, Json] = dict(resolved.values)
        for name, actor in actors.items():
            self._given.update(actor.variables(name))
        self._saved: dict[str, Json] = {}

    async def play(self) -> Recording:
        """The recording of all steps; a step that got no answer is recorded as failed, with the reason."""
        steps = [await self._step(step) for step in self._case.scenario.steps]
        return Recording(
            scenario=self._case.name,
            steps=steps,
            saved=self._saved,
            vars={k: v for k, v in self._given.items() if k not in self._saved},
            endpoints=self._actors["member"].endpoints,
        )

    @property
    def _variables(self) -> dict[str, Json]:
        return {**self._given, **self._saved}

    async def _step(self, step: Step) -> RecordedStep:
        if step.sleep:
            await self._time.sleep(step.sleep)
        try:
            sent = self._request(step)
            received = await self._transport.send(sent)
        except (TransportError, LookupError) as error:
            return RecordedStep(name=step.name, as_=step.as_, failed=str(error.args[0]))
        response = response_of(received)
        if self._tamper is not None:
            response = self._tamper(self._case.name, step.name, response)
        self._save(step, response)
        return RecordedStep(
            name=step.name,
            as_=step.as_,
            request=Request(method=step.method, service=self._service(step), path=step.path, url=sent.url),
            response=response,
            waited=None if step.wait is None else await self._wait(step.wait, step),
        )

    def _service(self, step: Step) -> str:
        return step.service or self._case.scenario.service

    def _request(self, step: Step) -> Sent:
        """What is sent for a step. LookupError if the region cannot be asked at all."""
        self._refuse_missing(step)
        actor = self._actors.get(step.as_, self._actors["member"])
        service = self._service(step)
        if service not in actor.endpoints:
            raise LookupError(f"the region has no {service} endpoint")
        variables = self._variables
        accept = "*/*" if service == "object-store" else "application/json"
        headers = {"User-Agent": USER_AGENT, "Accept": accept}
        if step.as_ != "none":
            headers["X-Auth-Token"] = actor.token
        data = None
        if step.body is not msgspec.UNSET:
            data = json.dumps(substitute(step.body, variables)).encode()
            headers["Content-Type"] = "application/json"
        elif isinstance(step.raw, str):
            data = fill(step.raw, variables).encode()
        elif isinstance(step.size, int):
            data = (b"golden." * (step.size // 7 + 1))[: step.size]
        for name, value in (step.headers or {}).items():
            headers.pop(name, None)
            if value is not None:
                headers[name] = fill(value, variables) if isinstance(value, str) else str(value)
        url = actor.endpoints[service] + fill(step.path, variables)
        return Sent(method=step.method, url=url, headers=headers, data=data)

    def _refuse_missing(self, step: Step) -> None:
        """A request that names what the region lacks would be another request: it is not sent."""
        named = names_in([step.path, step.headers, step.raw or None, step.body or None])
        if lacking := sorted(named & self._resolved.missing.keys()):
            why = "; ".join(f"{name}: {self._resolved.missing[name]}" for name in lacking)
            raise LookupError(f"unresolved variable {why}")

    def _save(self, step: Step, response: Response) -> None:
        for variable, source in step.save.items():
            path, tail, _ = source.partition("#")  # '#id': the last part of a reference
            value: Json = None
            if path.startswith("header:"):
                value = response.headers.get(path.removeprefix("header:").lower())
            elif response.kind == "json":
                value = dig(response.body, path)
            if tail and isinstance(value, str) and value:
                value = value.rstrip("/").rsplit("/", 1)[-1]
            if value is not None:
                self._saved[variable] = value

    async def _wait(self, wait: Wait, step: Step) -> bool:
        """Poll until the wait is over; False if its time ran out. An unanswered poll is not the end."""
        mine = self._service(step)
        headers = wait.headers or (step.headers if (wait.service or mine) == mine else None)
        poll = Step(
            name=step.name,
            path=wait.path,
            as_=wait.as_ or step.as_,
            service=wait.service or step.service,
            headers=headers,
        )
        try:
            request = self._request(poll)
        except LookupError:  # what the region lacks does not come by waiting
            return False
        end = self._time.now() + min(wait.timeout, self._time.longest_wait)
        while self._time.now() < end:
            if await self._reached(request, wait.until):
                return True
            await self._time.sleep(wait.every)
        return False

    async def _reached(self, request: Sent, until: int | dict[str, Json]) -> bool:
        try:
            received = await self._transport.send(request)
        except TransportError:
            return False
        if isinstance(until, int):
            return received.status == until
        response = response_of(received)
        document = response.body if response.kind == "json" else None
        wanted = substitute(until, self._variables)
        assert isinstance(wanted, dict)
        return all(
            dig(document, path) in (value if isinstance(value, list) else [value]) for path, value in wanted.items()
        )


def response_of(received: Received) -> Response:
    """An answer as recordings hold it: JSON if it is, else text, else (long or not text) its digest."""
    body: Json
    kind = "json"
    try:
        body = json.loads(received.content.decode())
    except ValueError:  # not JSON, or not even text
        body, kind = _text_or_digest(received.content)
    return Response(status=received.status, headers=received.headers, kind=kind, body=body)


def _text_or_digest(content: bytes) -> tuple[str, str]:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None and len(text) <= LONGEST_TEXT:
        return text, "text"
    return f"sha256:{hashlib.sha256(content).hexdigest()} bytes:{len(content)}", "digest"
