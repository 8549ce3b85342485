"""The terminal, which may go away while everything it started is still there.

A closed window or `gurum up | head` makes every later write fail. That must not keep the supervisor from stopping its
children in order, so it writes through this: once nobody reads, writing does nothing.
"""

from __future__ import annotations

import os
from typing import TextIO, cast


def patient(out: TextIO) -> TextIO:
    """Return an output that stays quiet once its reader is gone."""
    # It has what is used of a TextIO here, and the rest would only be there to please the type.
    return cast("TextIO", Terminal(out))


class Terminal:
    """What `print`, rich and the views use of a text output."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.gone = False

    @property
    def encoding(self) -> str:
        """The output's encoding: what is drawn depends on it."""
        return getattr(self._out, "encoding", None) or "utf-8"

    def fileno(self) -> int:
        """The output's descriptor, for its size."""
        return self._out.fileno()

    def isatty(self) -> bool:
        """Whether a person may be looking."""
        return self._out.isatty()

    def write(self, text: str) -> int:
        """Write, if somebody reads."""
        if not self.gone:
            try:
                self._out.write(text)
            except OSError:
                self._lost()
        return len(text)

    def flush(self) -> None:
        """Flush, if somebody reads."""
        if not self.gone:
            try:
                self._out.flush()
            except OSError:
                self._lost()

    def _lost(self) -> None:
        self.gone = True
        # What is left in the buffer is written at exit, and would fail again.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._out.fileno())
        os.close(nowhere)
