"""Each kind of access, tried again and again by a thread of its own: when it was good last, and what it answers now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

EVERY = 0.25  # seconds between two tries
Way = Callable[[], int]  # gives a status; below 300: it is good


class Watch:
    """One kind. Times are of time.monotonic."""

    def __init__(self, name: str, way: Way) -> None:
        self.name, self._way = name, way
        self.tries, self.refusals, self.good_at, self.status = 0, 0, 0.0, 0
        self.trouble = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def good(self) -> bool:
        """Whether the last try was."""
        return self.status < 300

    def _run(self) -> None:
        while not self._stop.is_set():
            self.attempt()
            self._stop.wait(EVERY)

    def attempt(self) -> bool:
        """Try once, now."""
        asked = time.monotonic()
        try:
            self.status = self._way()
        except Exception as error:  # whatever it is, it is no refusal, and the run must say so
            self.status, self.trouble = 0, f"{type(error).__name__}: {error}"
        self.tries += 1
        self.refusals += not self.good
        if self.good:
            self.good_at = max(self.good_at, asked)
        return self.good

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(60)


def until_refused(watches: Iterable[Watch], within: float) -> None:
    """Wait until all are refused, at most so many seconds."""
    end = time.monotonic() + within
    while any(watch.good for watch in watches) and time.monotonic() < end:
        time.sleep(0.1)
