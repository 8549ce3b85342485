"""The ASGI application of one region: its services under their prefixes, and what operators ask beside them."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from gurum.ops.config import RegionConfig
from gurum.ops.health import Readiness
from gurum.pia.forwarded import Proxies, placeholder, relink
from gurum.pia.kernel.context import Parts
from gurum.pia.kernel.pipeline import Outcome, Pipeline
from gurum.pia.kernel.seams import Tokens
from gurum.pia.kernel.service import Service
from gurum.pia.kernel.wire import Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_REQUEST_ID = re.compile(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # labels must be few


class Figures:
    """What is counted of requests; made once a process, for all its regions."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("region", "service", "action", "method")
        self.requests = Counter("pia_requests", "Requests answered", (*labels, "status"), registry=registry)
        self.seconds = Histogram("pia_request_seconds", "Time to answer a request", labels, registry=registry)


class App:
    """Serves a region. Safe for any number of requests at once on one event loop."""

    def __init__(
        self,
        region: RegionConfig,
        services: Sequence[Service],
        parts: Parts,
        tokens: Tokens,
        *,
        root: str,
        identity_url: str,
        readiness: Readiness,
        figures: Figures,
    ) -> None:
        self.region, self.root = region, root
        self._pipelines = {
            service.prefix: Pipeline(service, region, parts, tokens, identity_url) for service in services
        }
        self._limit = parts.config.body_limit
        self._proxies = Proxies(() if region.public_url else parts.config.trusted_proxies)
        # Renderings are kept: with proxies they carry a placeholder, and each reply gets the root of its own request.
        self._inner = placeholder() if self._proxies else root
        self._readiness = readiness
        self._figures = figures
        self._log = structlog.get_logger("gurum.pia.access").bind(region=region.name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        peer = (scope.get("client") or ("",))[0]
        prefix = "/" + path[1:].partition("/")[0]
        pipeline = self._pipelines.get(prefix)
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            headers[key] = f"{headers[key]},{text}" if key in headers else text
        root = self._proxies.root(peer, headers, self.root) if self._proxies else self.root
        if pipeline is None:
            await _send(send, await self._beside(path, root), scope["method"])
            return
        began = time.perf_counter()
        body = await _body(receive, headers.get("content-length", ""), self._limit)
        if body is None:
            return
        inbound = headers.get("x-openstack-request-id", "")
        request = Request(
            method=scope["method"],
            path=path[len(prefix) :],
            query_string=scope["query_string"].decode("latin-1"),
            headers=headers,
            root=self._inner + prefix,
            request_id=f"req-{uuid.uuid4()}",
            global_request_id=inbound if _REQUEST_ID.match(inbound) else "",
            body=body,
            gone=lambda: _gone(receive),
        )
        outcome = await pipeline.serve(request)
        if outcome.response is not None:
            if self._proxies:
                outcome.response = relink(outcome.response, self._inner, root)
            await _send(send, outcome.response, request.method)
        self._record(request, outcome, pipeline.service.name, time.perf_counter() - began)

    def _record(self, request: Request, outcome: Outcome, service: str, seconds: float) -> None:
        status = outcome.response.status if outcome.response else 0
        context = outcome.context
        method = request.method if request.method in METHODS else "other"
        labels = (self.region.name, service, outcome.action or "none", method)
        self._figures.requests.labels(*labels, str(status)).inc()
        self._figures.seconds.labels(*labels).observe(seconds)
        self._log.info(
            "request",
            service=service,
            method=request.method,
            path=request.path,
            action=outcome.action or None,
            status=status,
            ms=round(seconds * 1000, 2),
            request_id=request.request_id,
            global_request_id=request.global_request_id or None,
            project_id=context.principal.project_id if context else None,
            user_id=context.principal.user_id if context else None,
            decision_id=context.decision.decision_id if context else None,
        )

    async def _beside(self, path: str, root: str) -> Response:
        """Answer what is no service's: health, readiness, figures, and what this port is."""
        answer = await self._readiness.answer(path)
        if answer is not None:
            return Response(status=answer.status, body=answer.body, content_type=answer.content_type)
        if path == "/":
            document = {"region": self.region.name, "services": {p[1:]: root + p for p in self._pipelines}}
            return Response(body=json.dumps(document).encode())
        return _plain(404, "There is no such service in this region.\n")


def _plain(status: int, text: str) -> Response:
    return Response(status=status, body=text.encode(), content_type="text/plain; charset=utf-8")


async def _body(receive: Receive, announced: str, limit: int) -> bytes | None:
    """Return the body, a little more than the limit when it is larger, None when the client has gone."""
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limit:
        return bytes(limit + 1)
    pieces = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece = message.get("body", b"")
        pieces.append(piece)
        size += len(piece)
        if size > limit or not message.get("more_body", False):
            return b"".join(pieces)


async def _gone(receive: Receive) -> None:
    """Wait until the client has gone. The body has been read: nothing else can come."""
    message = await receive()
    if message["type"] != "http.disconnect":
        await asyncio.Event().wait()


async def _send(send: Send, response: Response, method: str) -> None:
    headers = [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in response.headers
    ]
    if response.content_type is not None:
        headers.append((b"content-type", response.content_type.encode("latin-1")))
    bodyless = response.status in (204, 304) or response.status < 200
    if not bodyless:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodyless or method == "HEAD" else response.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
