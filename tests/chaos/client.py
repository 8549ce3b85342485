"""A client of the API and of the emulator's control API, over sockets, without a loop: the driver forks."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.chaos.tokens import TOKEN

TIMEOUT = 120.0  # seconds of the machine until an answer counts as lost


class LostAnswerError(Exception):
    """No answer came: the process was killed, or is not there."""


class RefusedError(Exception):
    """The API refused. The message is its own."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body.decode(errors='replace')[:400]}")
        self.status = status


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
    """One user of the API."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer's document (None without one). Raises LostAnswerError, RefusedError."""
        headers = {"X-Auth-Token": TOKEN, "Content-Type": "application/json", "Accept": "application/json",
                   "OpenStack-API-Version": "compute 2.53", "Connection": "close"}  # fmt: skip
        connection = _Connection(self._path)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise LostAnswerError(f"{method} {path}: {type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if response.status >= 500:
            raise AssertionError(f"{method} {path} answered {response.status}: {data.decode(errors='replace')[:1000]}")
        if response.status >= 400:
            raise RefusedError(response.status, data)
        return json.loads(data) if data else None

    def up(self) -> bool:
        """Whether somebody answers."""
        try:
            self.call("GET", "/compute/v2.1/flavors")
        except (LostAnswerError, RefusedError):
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
