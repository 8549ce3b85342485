"""Whether a process lives, whether it can serve and, if not, what is missing, by name.

"Not ready" alone sends an operator through the logs of four processes. Each thing that a process needs is a check with
a name; `/readyz` says which of them fails and why in a sentence. A process without an HTTP server of its own gets a
small one here; one that has its own renders the same answers from `Readiness`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry

from gurum.ops import metrics

# A check returns None when all is well, else the sentence that says what is missing.
Check = Callable[[], Awaitable[str | None]]

JSON = "application/json"
CHECK_TIMEOUT = 5.0  # seconds; a probe that waits longer is given up by most orchestrators


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer: status, content type, body."""

    status: int
    content_type: str
    body: bytes


class Readiness:
    """The named checks of a process, asked together at each request. `notes` say what else is worth knowing."""

    def __init__(
        self,
        process: str,
        checks: Mapping[str, Check],
        registry: CollectorRegistry,
        notes: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self.process = process
        self.checks = dict(checks)
        self.registry = registry
        self._notes = notes

    async def missing(self) -> dict[str, str]:
        """Return the sentence of each failing check by its name; empty when the process can serve.

        A check that raises or takes more than five seconds fails with what it raised.
        """
        results = await asyncio.gather(*(_asked(check) for check in self.checks.values()))
        return {name: text for name, text in zip(self.checks, results, strict=True) if text is not None}

    async def answer(self, path: str) -> Answer | None:
        """Answer `/healthz`, `/readyz` and `/metrics`; None for any other path."""
        if path == "/healthz":
            return Answer(200, JSON, msgspec.json.encode({"process": self.process, "alive": True}))
        if path == "/readyz":
            missing = await self.missing()
            body = {"process": self.process, "ready": not missing, "missing": missing}
            if notes := self._notes():
                body["notes"] = dict(notes)
            return Answer(503 if missing else 200, JSON, msgspec.json.encode(body))
        if path == "/metrics":
            return Answer(200, metrics.CONTENT_TYPE, metrics.render(self.registry))
        return None


async def _asked(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            return await check()
    except TimeoutError:
        return f"no answer within {CHECK_TIMEOUT:g} s"
    except Exception as error:  # whatever a check raises is the reason for not being ready
        return f"{type(error).__name__}: {error}"


@contextlib.asynccontextmanager
async def serve(readiness: Readiness, host: str, port: int) -> AsyncIterator[int]:
    """Serve the three paths while the block runs; gives the port (a free one for port 0). Raises OSError."""
    # Imported late: the API process renders from Readiness alone and need not pay for this import.
    from aiohttp import web

    async def handle(request: web.BaseRequest) -> web.Response:
        answer = await readiness.answer(request.path)
        if answer is None:
            raise web.HTTPNotFound(text="paths: /healthz /readyz /metrics\n")
        return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": answer.content_type})

    runner = web.ServerRunner(web.Server(handle), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        addresses: list[Any] = runner.addresses
        yield int(addresses[0][1])
    finally:
        await runner.cleanup()
