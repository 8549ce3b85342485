"""One run's API, emulator and store file, as the steps of the check need them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.stack import READY_SECONDS, Stack, stop

from gurum.ops.config import load
from gurum.supervisor.places import Places

ROOT = Path(__file__).parents[2]
AWS, PRIVATE = "kakao-usa-east1", "kr-central-1"
WITHIN = 90.0  # seconds until something converges

# What is listed: the path below the region's URL. The client sees all of the product's nouns through these.
LISTS = (
    "/compute/v2.1/servers/detail",
    "/compute/v2.1/os-keypairs",
    "/compute/v2.1/flavors/detail",
    "/compute/v2.1/limits",
    "/network/v2.0/networks",
    "/network/v2.0/subnets",
    "/network/v2.0/ports",
    "/network/v2.0/security-groups",
    "/network/v2.0/security-group-rules",
    "/image/v2/images",
)


class Client:
    """A user of one region."""

    def __init__(self, stack: Stack, region: str) -> None:
        self.region = region
        self._url = stack.url(region)
        self._token = stack.token("gurum")

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and body of an answer, whatever the status."""
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Auth-Token": self._token, "Content-Type": "application/json"},
        )
        status, text = _answer(request)
        return status, json.loads(text) if text else None

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """Return the body of an answer that is no error. Raises RuntimeError."""
        status, answer = self.ask(method, path, body)
        if status >= 400:
            raise RuntimeError(f"{method} {path} in {self.region}: {status} {answer}")
        return answer

    def state(self, server: str) -> str:
        """Return a server's status, "gone" for a server that is not there."""
        status, answer = self.ask("GET", f"/compute/v2.1/servers/{server}")
        return "gone" if status == 404 else str(answer["server"]["status"])

    def until(self, server: str, wanted: str) -> float:
        """Wait for a server's status; return the seconds it took. Raises TimeoutError."""
        return until(lambda: self.state(server) == wanted, f"{server} is {wanted}")

    def lists(self) -> dict[str, Any]:
        """Return every list's body by path."""
        return {path: self.do("GET", path) for path in LISTS}


class Emulated:
    """The AWS emulator's control API."""

    def __init__(self, stack: Stack) -> None:
        aws = stack.config.region(AWS).aws
        assert aws is not None
        self._url = f"{aws.endpoint_url}/_emulator"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return an answer's body. Raises RuntimeError for a refusal."""
        data = None if body is None else json.dumps(body).encode()
        status, text = _answer(urllib.request.Request(f"{self._url}/{path}", method=method, data=data))
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {text!r}")
        return json.loads(text)

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """Return all resources of a kind."""
        return [
            row
            for regions in self.ask("GET", "state").values()
            if isinstance(regions, dict)
            for kinds in regions.values()
            if isinstance(kinds, dict)
            for row in kinds.get(kind, [])
        ]


def until(what: Callable[[], bool], words: str) -> float:
    """Wait until something holds; return the seconds it took. Raises TimeoutError."""
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > WITHIN:
            raise TimeoutError(f"not within {WITHIN:.0f} s: {words}")
        time.sleep(0.1)
    return time.monotonic() - began


def environ(**more: str) -> dict[str, str]:
    """Return the surroundings of a program that is started."""
    return {"HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", "PATH": os.environ["PATH"], **more}


@contextmanager
def upgraded(directory: Path) -> Iterator[Stack]:
    """Start the whole in a directory where it ran before, with the previous schema known; stop it in the end.

    Raises RuntimeError with what was printed if it does not become ready.
    """
    places, output = Places(directory / "var"), directory / "upgraded.out"
    began = time.monotonic()
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.upgrade.run", "gurum", "up", "--no-tour", "--state", str(places.state)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environ(),
        )
    try:
        while "Ready after" not in output.read_text():
            if process.poll() is not None or time.monotonic() - began > READY_SECONDS:
                raise RuntimeError(f"it does not become ready:\n{output.read_text()}")
            time.sleep(0.05)
        config = load(places.config, environ(), state=places.state)
        yield Stack(places, config, process, output, time.monotonic() - began)
    finally:
        stop(process, output)


def _answer(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
