"""Log lines into a file that a full disk cannot turn into a failing service.

A log call that raises would fail the request that logged. A line that cannot be written is therefore counted, and the
count is the first line written once there is room again: lost lines are known to be lost.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import msgspec


class Lines:
    """Appends whole lines; by size, the file is renamed to `.1`, `.1` to `.2` and so on, keeping `keep` old ones.

    `path` None: standard error, without rotation. One process a file. Thread-safe.
    """

    def __init__(self, path: Path | None, max_bytes: int, keep: int) -> None:
        self._path, self._max_bytes, self._keep = path, max_bytes, keep
        self._lock = threading.Lock()
        self.lost = 0
        self._descriptor, self._size = sys.stderr.fileno() if path is None else -1, 0
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._open(path)

    def write(self, line: bytes) -> None:
        """Append one line (its end is added). Never raises for want of space or a lost file; see `lost`."""
        with self._lock:
            data = line + b"\n"
            if self.lost:
                data = (
                    msgspec.json.encode({"event": "log lines lost", "level": "error", "lost": self.lost}) + b"\n" + data
                )
            try:
                if self._path is not None and self._size + len(data) > self._max_bytes > 0:
                    self._rotate(self._path)
                written = os.write(self._descriptor, data)
            except OSError:
                self.lost += 1
                return
            self._size += written
            # A line cut short by a disk that fills up is lost as a line, and said to be.
            self.lost = 0 if written == len(data) else self.lost + 1

    def close(self) -> None:
        """Close the file; standard error stays open."""
        with self._lock:
            if self._path is not None and self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def _open(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._descriptor).st_size

    def _rotate(self, path: Path) -> None:
        os.close(self._descriptor)
        for number in range(self._keep, 0, -1):
            source = path if number == 1 else path.with_name(f"{path.name}.{number - 1}")
            if source.exists():
                source.replace(path.with_name(f"{path.name}.{number}"))
        if self._keep == 0:
            path.unlink(missing_ok=True)
        self._open(path)
