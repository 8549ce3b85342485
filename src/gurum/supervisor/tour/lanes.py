"""Several transcripts written at the same time and read one after the other.

The regions' commands run side by side, because each spends seconds in starting the client; mixed line by line, their
output could not be read.
"""

from __future__ import annotations

from typing import TextIO


class Lanes:
    """One output, several lanes: the first that is not done writes through, the others wait in memory."""

    def __init__(self, out: TextIO, count: int) -> None:
        self._out = out
        self._waiting: list[list[str]] = [[] for _ in range(count)]
        self._done = [False] * count
        self._current = 0

    def write(self, lane: int, text: str) -> None:
        """Write to a lane."""
        if lane == self._current:
            self._out.write(text)
            self._out.flush()
        else:
            self._waiting[lane].append(text)

    def done(self, lane: int) -> None:
        """Close a lane; the next one's text appears if it was the one shown."""
        self._done[lane] = True
        while self._current < len(self._done) and self._done[self._current]:
            self._current += 1
            if self._current < len(self._waiting):
                self._out.write("".join(self._waiting[self._current]))
                self._waiting[self._current].clear()
        self._out.flush()
