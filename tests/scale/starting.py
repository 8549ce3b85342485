"""When a start gets how far: seen from outside, by asking the API server and the API over and over."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from types import TracebackType
from urllib.parse import urlsplit

from gurum.ops.config import Config
from gurum.supervisor.kubernetes.components import Plane
from gurum.supervisor.kubernetes.pki import API
from gurum.supervisor.rows import Trust

POLL_SECONDS = 0.05
SERVERS = "/apis/compute.gurum.cloud/v1alpha1/servers"


def administrator(plane: Plane) -> Trust:
    """Return how the administrator signs in."""
    return plane.pki.trust(API, "administrator")


class Starting:
    """Watches a start from a thread of its own, from before it begins until it is left or both were seen."""

    def __init__(self, plane: Plane, config: Config) -> None:
        self._plane = urlsplit(plane.url)
        self._trust = administrator(plane)
        self._pia = f"{config.regions[0].host}:{config.regions[0].port}"
        self.refused = 0  # lists answered 429: the server's own cache was not filled yet
        self._listed = self._ready = 0.0
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="starting")

    def pia_after_first_list(self) -> float:
        """Return the seconds from the API server's first unlimited list that was not refused to PIA's being ready."""
        self._thread.join(60)
        if not (self._listed and self._ready):
            raise RuntimeError("the start was not seen to its end")
        return self._ready - self._listed

    def _watch(self) -> None:
        while not self._left.wait(POLL_SECONDS) and not (self._listed and self._ready):
            if not self._listed and (status := self._list()) is not None:
                self.refused += status == 429
                self._listed = time.monotonic() if status == 200 else 0.0
            if not self._ready and self._answers():
                self._ready = time.monotonic()

    def _list(self) -> int | None:
        """Ask for all servers at once; the answer's body is not read."""
        connection = http.client.HTTPSConnection(self._plane.netloc, timeout=30, context=self._trust.context())
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", SERVERS)
            return connection.getresponse().status
        return None

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(self._pia, timeout=3)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        return False

    def __enter__(self) -> Starting:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._thread.join()
