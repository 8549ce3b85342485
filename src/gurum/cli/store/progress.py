"""How a copy goes, told once a second: to people as a line, to programs as a JSON document a line.

On standard error, because standard output is the answer's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

EVERY = 1.0  # seconds between two lines about the same kind


class Shown:
    """See `gurum.store.moving.copying.Progress`. `clock` is of time.monotonic()."""

    def __init__(self, form: str, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._form, self._out, self._clock = form, out, clock
        self._totals: Mapping[str, int] = {}
        self._verifying = False
        self._what = ""
        self._done = self._all = 0  # of the kind whose turn it is; of all
        self._said = 0  # of the former, in the last line
        self._began = self._told = clock()

    def plan(self, totals: Mapping[str, int], *, verifying: bool) -> None:
        """See Progress."""
        self.end()
        self._totals, self._verifying = totals, verifying
        self._what, self._all = "", 0
        self._began = self._clock()

    def begin(self, what: str) -> None:
        """See Progress."""
        self.end()
        self._what, self._done, self._said = what, 0, 0
        self._told = self._clock()

    def step(self, number: int) -> None:
        """See Progress."""
        self._done += number
        self._all += number
        if self._clock() - self._told >= EVERY:
            self._tell()

    def end(self) -> None:
        """Tell what is not told yet of what was begun."""
        if self._what and self._done != self._said:
            self._tell()

    def _tell(self) -> None:
        self._told, self._said = self._clock(), self._done
        taken = max(self._told - self._began, 1e-6)
        rate = self._all / taken
        left = max(0, sum(self._totals.values()) - self._all)
        eta = left / rate if rate else None
        total = self._totals.get(self._what, 0)
        if self._form == "json":
            line: dict[str, Any] = {"verifying": self._verifying, "kind": self._what, "done": self._done, "of": total}
            line |= {"left_in_all": left, "per_second": round(rate, 1), "eta_seconds": eta and round(eta, 1)}
            self._out.write(json.dumps(line) + "\n")
        else:
            word = "verified" if self._verifying else "copied"
            more = "" if eta is None else f", {rate:,.0f}/s in all, about {eta:,.0f} s left"
            self._out.write(f"{self._what}: {self._done:,} of {total:,} {word}{more}\n")
        self._out.flush()
