"""The little HTTP that preparing a run needs; Tempest speaks for itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came: status, headers, body."""

    status: int
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Http:
    """A root URL and a token (empty: none)."""

    root: str
    token: str = ""

    def answer(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request that must succeed. Raises RuntimeError with what was answered instead."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"X-Auth-Token": self.token} if self.token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:300]!r}") from error

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Return the document that is answered; None if there is none."""
        answer = self.answer(method, path, body)
        return json.loads(answer.body) if answer.body else None
