"""A region as its users reach it: requests with a token, answers as they are."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

Document = dict[str, Any]

PATIENCE = 240.0
HALF_DONE = 75.0  # seconds for which what a request left that failed may stand in the way of the next (a key: GRACE)
PAUSE = 0.25


class RefusedError(Exception):
    """The API answered with an error. `status` is HTTP's."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {text[:500]}")
        self.status = status


class Cloud:
    """Somebody in a region. Where the store is not to be had (503), they ask again for `PATIENCE`."""

    def __init__(self, root: str, token: str) -> None:
        self._root, self._token = root, token
        self.expected = 0  # a refusal that is what they want

    def compute(self, method: str, path: str, body: Document | None = None) -> Document:
        """Ask compute. Raises RefusedError, OSError."""
        return self._ask(method, f"/compute/v2.1{path}", body)

    def network(self, method: str, path: str, body: Document | None = None) -> Document:
        """Ask network. Raises RefusedError, OSError."""
        return self._ask(method, f"/network/v2.0{path}", body)

    def images(self) -> list[Document]:
        """Return the images."""
        found: list[Document] = self._ask("GET", "/image/v2/images", None)["images"]
        return found

    def make(self, noun: str, **fields: Any) -> Document:
        """Make something of the network's; return it."""
        singular = noun.replace("-", "_").removesuffix("s")
        made: Document = self.network("POST", f"/{noun}", {singular: fields})[singular]
        return made

    def remove(self, ask: Callable[[str, str], object], path: str) -> None:
        """Delete what may still be held by something that is going; return when it is gone. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                ask("DELETE", path)
                break
            except RefusedError as refusal:
                if refusal.status == 404:
                    return
                if refusal.status != 409 or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE)
        self.until_gone(lambda: ask("GET", path))

    @staticmethod
    def drop(ask: Callable[[], object]) -> None:
        """Ask for something to go; that it is gone already is as well. Raises RefusedError."""
        try:
            ask()
        except RefusedError as refusal:
            if refusal.status != 404:
                raise

    def server(self, uid: str) -> Document:
        """Return a server. Raises RefusedError (404: it is gone)."""
        found: Document = self.compute("GET", f"/servers/{uid}")["server"]
        return found

    def until(self, uid: str, status: str, patience: float = PATIENCE) -> Document:
        """Return the server when it has the status. Raises TimeoutError."""
        deadline = time.monotonic() + patience
        while (server := self.server(uid))["status"] != status:
            if time.monotonic() > deadline or server["status"] == "ERROR":
                raise TimeoutError(f"{uid} is {server['status']}, not {status}: {server.get('fault')}")
            time.sleep(PAUSE)
        return server

    def until_gone(self, ask: Callable[[], object], patience: float = PATIENCE) -> None:
        """Return when what is asked for is not there. Raises TimeoutError."""
        deadline = time.monotonic() + patience
        while True:
            try:
                ask()
            except RefusedError as refusal:
                if refusal.status == 404:
                    return
                raise
            if time.monotonic() > deadline:
                raise TimeoutError("it does not go")
            time.sleep(PAUSE)

    def _ask(self, method: str, path: str, body: Document | None) -> Document:
        deadline, failed = time.monotonic() + PATIENCE, 0.0
        while True:
            try:
                return self._once(method, path, body)
            except RefusedError as refusal:
                half = refusal.status == 409 != self.expected and time.monotonic() < failed + HALF_DONE
                if (refusal.status != 503 and not half) or time.monotonic() > deadline:
                    raise
                failed = failed if half else time.monotonic()
            except OSError:  # nobody listens: it is being replaced
                if time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE)

    def _once(self, method: str, path: str, body: Document | None) -> Document:
        headers = {"X-Auth-Token": self._token, "Content-Type": "application/json"}
        headers |= {"OpenStack-API-Version": "compute 2.79"} if path.startswith("/compute") else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._root}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise RefusedError(error.code, error.read().decode("utf-8", "replace")) from None
        found: Document = json.loads(text) if text else {}
        return found
