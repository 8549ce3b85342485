"""A forward proxy that records what the stock clients are answered, and answers again from what it recorded.

The clients go through it because `HTTP_PROXY` says so; nothing in them is changed. Plain HTTP only: it is used with a
cloud of our own.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import msgspec

HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "content-length"})
TIMEOUT = 120.0


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its answer. `headers` are the answer's, in order."""

    method: str
    url: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes


NOT_RECORDED = (404, [("Content-Type", "application/json")], b'{"error": {"code": 404, "message": "not recorded"}}')


class Proxy:
    """Records until `replay` is given exchanges. Used by one client at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recorded: list[Exchange] = []
        self._replayed: list[Exchange] | None = None
        proxy = self

        class Handler(_Handler):
            def exchange(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Exchange:
                return proxy.exchange(method, url, headers, body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def taken(self) -> list[Exchange]:
        """Return what was recorded since the last time."""
        with self._lock:
            out, self._recorded = self._recorded, []
            return out

    @contextmanager
    def replay(self, exchanges: Sequence[Exchange]) -> Iterator[None]:
        """Answer from these for a while: each request by the first of the same method and URL not yet used."""
        with self._lock:
            self._replayed = list(exchanges)
        try:
            yield
        finally:
            with self._lock:
                self._replayed = None

    def exchange(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Exchange:
        """Answer a request."""
        with self._lock:
            if self._replayed is not None:
                return self._again(self._replayed, method, url)
        answer = forward(method, url, headers, body)
        with self._lock:
            self._recorded.append(answer)
        return answer

    @staticmethod
    def _again(left: list[Exchange], method: str, url: str) -> Exchange:
        same = [one for one in left if (one.method, one.url) == (method, url)]
        if not same:
            status, headers, body = NOT_RECORDED
            return Exchange(method=method, url=url, status=status, headers=headers, body=body)
        if len(same) > 1:  # the last one answers whoever asks again
            left.remove(same[0])
        return same[0]

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def forward(method: str, url: str, headers: dict[str, str], body: bytes) -> Exchange:
    """Ask the server that the URL names."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path or "/", body or None, headers)
        answer = connection.getresponse()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
        return Exchange(method=method, url=url, status=answer.status, headers=kept, body=answer.read())
    finally:
        connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def exchange(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Exchange:
        raise NotImplementedError

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        answer = self.exchange(self.command, self.path, headers, body)
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        bodyless = answer.status in (204, 304)
        if not bodyless:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if not bodyless and self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: standard error is the report's."""
