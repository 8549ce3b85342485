"""The progress view: one line that is rewritten on a terminal, a line now and then where there is none."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_EVERY = 15.0  # seconds between lines where there is no terminal


class Progress:
    """Shows a line of text. It goes to standard error, so that standard output stays what was asked for."""

    def __init__(self, sink: TextIO = sys.stderr) -> None:
        self._sink = sink
        self._began = time.monotonic()
        self._shown = 0.0
        self._live = sink.isatty()

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def show(self, text: str) -> None:
        """Show the state as it is now."""
        if not self._live and self.seconds - self._shown < _EVERY:
            return
        self._shown = self.seconds
        clock = f"{int(self.seconds) // 60}:{int(self.seconds) % 60:02}"
        self._sink.write(f"\r\x1b[K{clock} {text}" if self._live else f"{clock} {text}\n")
        self._sink.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._live:
            self._sink.write("\r\x1b[K")
            self._sink.flush()
