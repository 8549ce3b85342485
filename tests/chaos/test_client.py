"""The client: what it makes of answers that are late, lost, or to be asked for again."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.client import Client, LaterError, LostAnswerError, RefusedError

EMPTY = b"Content-Length: 0\r\n\r\n"


@contextlib.contextmanager
def answering(place: Path, answer: bytes, when: threading.Event) -> Iterator[Path]:
    """Have one request answered with these bytes, once it may be."""
    path = place / "api"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                _read(connection)
                when.wait(30)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield path
        finally:
            thread.join()


def _read(connection: socket.socket) -> None:
    """Read a request to its end: who answers and closes before has a client that still writes into nothing."""
    with connection.makefile("rb") as stream:
        length = 0
        while (line := stream.readline().lower()) not in (b"\r\n", b""):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        stream.read(length)


def test_what_goes_on_meanwhile_is_attended_to_until_the_answer_comes(tmp_path: Path) -> None:
    may = threading.Event()
    looks: list[int] = []

    def waiting() -> None:
        looks.append(1)
        if len(looks) == 3:
            may.set()

    with answering(tmp_path, b"HTTP/1.1 202 Accepted\r\n" + EMPTY, may) as path:
        assert Client(path, waiting).call("DELETE", "/x") is None
    assert len(looks) >= 3


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n" + EMPTY, LaterError),
        (b"HTTP/1.1 409 Conflict\r\n" + EMPTY, RefusedError),
        (b"HTTP/1.1 500 Internal Server Error\r\n" + EMPTY, AssertionError),
        (b"HTTP/1.1 503 Service Unavailable\r\n" + EMPTY, AssertionError),
        (b"", LostAnswerError),
    ],
)
def test_what_is_no_answer_is_told_apart(tmp_path: Path, answer: bytes, error: type[Exception]) -> None:
    may = threading.Event()
    may.set()
    with answering(tmp_path, answer, may) as path, pytest.raises(error) as told:
        Client(path).call("POST", "/x", {})
    if isinstance(told.value, LaterError):
        assert told.value.after == 5.0
