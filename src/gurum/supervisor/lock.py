"""One supervisor a state directory: two would give the same ports, databases and cloud to two sets of processes."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from gurum.supervisor.rows import Refusal


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the directory's lock while the block runs. The kernel frees it with the process, however that ends.

    Raises Refusal if another process holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            raise Refusal(
                f"another gurum (process {holder or 'unknown'}) uses {path.parent}: stop it, or choose another "
                "directory with --state"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
