"""The webhook's own address: ASGI over TLS, apart from the regions', because only API servers have business there."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from gurum.pia.faces.webhook import Reviewer, Verdict, answered
from gurum.store.kubernetes.webhooks import PATH

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LARGEST = 8 * 1024 * 1024  # bytes of a review: two objects, each at most what an API server stores


class Door:
    """The ASGI application. `ready` says that the process can play handlers; before, everything is refused."""

    def __init__(self, reviewer: Reviewer) -> None:
        self._reviewer = reviewer
        self._log = structlog.get_logger("gurum.pia.faces")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        if scope["method"] != "POST" or scope["path"] != PATH:
            await _send(send, 404, {"message": "reviews are posted to " + PATH})
            return
        body = await _body(receive)
        try:
            request = json.loads(body)["request"]
            uid = str(request["uid"])
        except (ValueError, KeyError, TypeError):
            await _send(send, 400, {"message": "this is no AdmissionReview"})
            return
        try:
            verdict = await self._reviewer.review(request)
        except Exception as error:  # the boundary: a fault of ours refuses, and does not break the connection
            self._log.exception("unexpected", uid=uid)
            verdict = Verdict(allowed=False, code=500, message=f"Unexpected API Error ({type(error).__name__}).")
        await _send(send, 200, answered(uid, verdict))


async def _body(receive: Receive) -> bytes:
    pieces, size = [], 0
    while True:
        message = await receive()
        piece = message.get("body", b"")
        size += len(piece)
        pieces.append(piece)
        if size > LARGEST or message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(pieces)


async def _send(send: Send, status: int, document: Any) -> None:
    body = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
