"""A client of the API and of the emulator's control API, over sockets, without a loop: the driver forks."""

from __future__ import annotations

import http.client
import json
import select
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.chaos.tokens import TOKEN

TIMEOUT = 120.0  # seconds of the machine until an answer counts as lost
LOOK = 0.02  # seconds of the machine between two looks at what goes on meanwhile


class LostAnswerError(Exception):
    """No answer came: the process was killed, or is not there."""


class RefusedError(Exception):
    """The API refused. The message is its own. `unsure`: an earlier try may have been carried out, unanswered."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body.decode(errors='replace')[:400]}")
        self.status = status
        self.unsure = False


class LaterError(Exception):
    """The API said when to ask again, in seconds. Its store may have been in doubt: then it may have been done."""

    def __init__(self, after: float) -> None:
        super().__init__(f"to be asked again in {after:g} s")
        self.after = after


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("pia", timeout=TIMEOUT)
        self._path = str(path)

    def connect(self) -> None:
        """Connect to the socket file."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Client:
    """One user of the API. `waiting` is called until an answer comes: some take as long as the cloud."""

    def __init__(self, path: Path, waiting: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._waiting = waiting

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer's document (None without one). Raises LostAnswerError, RefusedError, LaterError."""
        headers = {"X-Auth-Token": TOKEN, "Content-Type": "application/json", "Accept": "application/json",
                   "OpenStack-API-Version": "compute 2.53", "Connection": "close"}  # fmt: skip
        connection = _Connection(self._path)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            self._wait(connection.sock)
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise LostAnswerError(f"{method} {path}: {type(error).__name__}: {error}") from error
        finally:
            connection.close()
        after = response.getheader("Retry-After")
        if response.status == 503 and after:
            raise LaterError(float(after))
        if response.status >= 500:
            raise AssertionError(f"{method} {path} answered {response.status}: {data.decode(errors='replace')[:1000]}")
        if response.status >= 400:
            raise RefusedError(response.status, data)
        return json.loads(data) if data else None

    def _wait(self, sock: socket.socket) -> None:
        """Return when there is something to be read, if only an end. Raises TimeoutError."""
        end = time.monotonic() + TIMEOUT
        while not select.select([sock], [], [], LOOK)[0]:
            self._waiting()
            if time.monotonic() > end:
                raise TimeoutError(f"no answer for {TIMEOUT:g} s")

    def up(self) -> bool:
        """Whether somebody answers."""
        try:
            self.call("GET", "/compute/v2.1/flavors")
        except (LostAnswerError, RefusedError, LaterError):
            return False
        return True


class Control:
    """The emulator's control API."""

    def __init__(self, endpoint: str) -> None:
        self._address = endpoint.removeprefix("http://")

    def get(self, path: str) -> Any:
        """Return a document."""
        return self._call("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send a document."""
        return self._call("POST", path, body)

    def delete(self, path: str) -> Any:
        """Delete something."""
        return self._call("DELETE", path, None)

    def _call(self, method: str, path: str, body: Any) -> Any:
        connection = http.client.HTTPConnection(self._address, timeout=TIMEOUT)
        try:
            connection.request(method, f"/_emulator/{path}", None if body is None else json.dumps(body))
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if response.status >= 400 and response.status != 404:
            raise AssertionError(f"{method} {path} answered {response.status}: {data!r}")
        return json.loads(data)
