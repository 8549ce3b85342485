"""A keep-alive client that reads whole bodies, and the times of many requests."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Times:
    """Milliseconds of requests, sorted."""

    ms: list[float]

    @property
    def p50(self) -> float:
        """The median."""
        return statistics.median(self.ms)

    @property
    def p99(self) -> float:
        """The 99th percentile (of few: the largest)."""
        return self.ms[min(len(self.ms) - 1, int(len(self.ms) * 0.99))]


class Client:
    """One connection, one token. Microversion 2.53, as Cluster API asks for."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self._headers = {
            "X-Auth-Token": token,
            "Accept": "application/json",
            "OpenStack-API-Version": "compute 2.53",
            "Content-Type": "application/json",
        }

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Send a request and read the whole answer."""
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that must succeed; return the document."""
        status, data = self.call(method, path, body)
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {data[:300]!r}")
        return json.loads(data) if data else None

    def pages(self, path: str, noun: str, size: int = 1000) -> list[dict[str, Any]]:
        """Return every item of a list, page by page."""
        found: list[dict[str, Any]] = []
        asked = f"{path}{'&' if '?' in path else '?'}limit={size}"
        while True:
            marker = f"&marker={found[-1]['id']}" if found else ""
            page = self.json("GET", f"{asked}{marker}")[noun]
            found += page
            if len(page) < size:
                return found

    def times(self, path: str, count: int, warm: int = 3) -> Times:
        """Return the times of `count` GETs after `warm` ones."""
        out = []
        for number in range(count + warm):
            began = time.perf_counter()
            status, _ = self.call("GET", path)
            took = (time.perf_counter() - began) * 1000
            if status != 200:
                raise RuntimeError(f"GET {path}: {status}")
            if number >= warm:
                out.append(took)
        return Times(sorted(out))
