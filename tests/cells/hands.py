"""Both faces of one person: a token of Keystone's at the API, and what the sign-in gives for it at the API server."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

YES, LATER, NO, FAULT = "yes", "later", "no", "fault"
_LATER = frozenset({400, 409, 413, 422, 501})  # past policy: it may be done, but not so, not now, or not here
_PORTLESS = "as device id on any ports"  # how Nova says, with 404, that a server which one may change has no port
_ANOTHERS = "other than the authenticated project"  # how Neutron says, with 400, that policy forbids it
_NO = frozenset({401, 403, 404, 405, 410})


@dataclass(frozen=True)
class Said:
    """What a face answered."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Whether it may be done: YES, LATER (policy lets it pass, something else does not), NO, or FAULT."""
        if self.status < 300:
            return YES
        if self.status == 400 and _ANOTHERS in self.text:
            return NO
        if self.status == 404 and _PORTLESS in self.text:
            return LATER
        return LATER if self.status in _LATER else NO if self.status in _NO else FAULT

    @property
    def text(self) -> str:
        """The sentence of a refusal."""
        if not isinstance(self.body, dict):
            return str(self.body)[:300]
        if "message" in self.body:
            return str(self.body["message"])
        inner = next((one for one in self.body.values() if isinstance(one, dict) and "message" in one), {})
        return str(inner.get("message", ""))


class Hand:
    """Requests with fixed headers to one server, over a connection for each thread."""

    def __init__(self, url: str, headers: dict[str, str], tls: ssl.SSLContext | None = None) -> None:
        self._parts, self._headers, self._tls = urlsplit(url), headers, tls
        self._local = threading.local()
        self._made: list[http.client.HTTPConnection] = []

    def call(self, method: str, path: str, body: Any = None, form: str = "application/json", **more: str) -> Said:
        """Send a request; a connection that has ended meanwhile is made anew, once."""
        data = None if body is None else json.dumps(body).encode()
        headers = {**self._headers, "Content-Type": form, "Accept": "application/json", **more}
        for again in (True, False):
            connection = self._connection()
            try:
                connection.request(method, path, body=data, headers=headers)
                answer = connection.getresponse()
                headed = {name.lower(): value for name, value in answer.headers.items()}
                return Said(answer.status, _parsed(answer.read()), headed)
            except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLEOFError):
                connection.close()
                del self._local.connection
                if not again:
                    raise
        raise AssertionError("unreachable")

    def ok(self, method: str, path: str, body: Any = None, **more: str) -> Any:
        """Likewise, of what must go well: return the body."""
        said = self.call(method, path, body, **more)
        if said.status >= 300:
            raise RuntimeError(f"{method} {path}: {said.status} {said.text}")
        return said.body

    def watch(self, path: str) -> Said:
        """Begin a watch and leave it: whether it may be had is in the first answer."""
        connection = self._connection()
        try:
            connection.request("GET", f"{path}?watch=1&timeoutSeconds=1", headers=self._headers)
            answer = connection.getresponse()
            return Said(answer.status, {} if answer.status == 200 else _parsed(answer.read()))
        finally:
            connection.close()
            del self._local.connection

    def _connection(self) -> http.client.HTTPConnection:
        held: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if held is None:
            host = self._parts.netloc
            held = (
                http.client.HTTPSConnection(host, timeout=90, context=self._tls)
                if self._parts.scheme == "https"
                else http.client.HTTPConnection(host, timeout=90)
            )
            self._local.connection = held
            self._made.append(held)
        return held

    def close(self) -> None:
        """Close all connections."""
        for one in self._made:
            one.close()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")
