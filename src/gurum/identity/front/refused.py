"""How the front refuses: in Keystone's form, telling the client little and the log enough."""

from __future__ import annotations

import json
from http import HTTPStatus

from gurum.identity.keystone.one_writer import WsgiApplication

Answer = tuple[str, list[tuple[str, str]], list[bytes]]

__all__ = ["Answer", "Refused", "WsgiApplication", "answer"]


class Refused(Exception):  # noqa: N818 - what happened
    """The login is not believed. `why` is for the log: a few words, never a token or a claim's value."""

    def __init__(self, why: str, status: int = 401) -> None:
        super().__init__(why)
        self.why, self.status = why, status


def answer(status: int, *, bearer: bool = True, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return an error as Keystone says it; which rule was broken is not told."""
    phrase = HTTPStatus(status).phrase
    said = {
        401: "The request you have made requires authentication.",
        503: "The identity provider cannot be asked now.",
    }.get(status, "The request cannot be understood.")
    body = json.dumps({"error": {"code": status, "title": phrase, "message": said}}).encode()
    sent = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    if status == 401 and bearer:
        sent.append(("WWW-Authenticate", 'Bearer realm="keystone"'))
    return f"{status} {phrase}", [*sent, *headers], [body]
