"""What would fail later, with a traceback in a log of one of the children, fails here in a sentence.

Each check raises Refusal with what is wrong, where, and what the reader can do about it.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from gurum.supervisor.rows import Refusal

NEEDED_PYTHON = (3, 11)
NEEDED_BYTES = 200_000_000  # a first run takes about 30 MB; the rest is for logs and a working day


def python(version: tuple[int, int] = sys.version_info[:2]) -> None:
    """Refuse a Python that is too old."""
    if version < NEEDED_PYTHON:
        found, needed = (".".join(map(str, numbers)) for numbers in (version, NEEDED_PYTHON))
        raise Refusal(f"this is Python {found}; Python {needed} is needed (scripts/setup finds it if it is installed)")


def directory(path: Path) -> None:
    """Make the state directory (0700) unless it is there; refuse one that cannot be written to."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"x" * 4096)
    except OSError as error:
        remedy = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "choose another with --state"
        raise Refusal(f"cannot write to the state directory {path}: {error.strerror}; {remedy}") from error


def disk(path: Path, needed: int = NEEDED_BYTES) -> None:
    """Refuse to start on a disk that is nearly full: databases that cannot write stop in the middle of things."""
    free = shutil.disk_usage(path).free
    if free < needed:
        raise Refusal(
            f"only {free // 1_000_000} MB are free where the state directory {path} is; "
            f"at least {needed // 1_000_000} MB are needed"
        )


def ports(wanted: Iterable[tuple[str, str, int]]) -> None:
    """Refuse a port that is taken, twice wanted or not allowed. wanted: (what for, host, port); port 0 is any."""
    owners: dict[tuple[str, int], str] = {}
    for what, host, port in wanted:
        if port == 0:
            continue
        if (host, port) in owners:
            raise Refusal(f"{owners[host, port]} and {what} are both configured for port {port} of {host}")
        owners[host, port] = what
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((host, port))
                listener.listen()
        except OSError as error:
            raise Refusal(_taken(what, host, port, error)) from error


def _taken(what: str, host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        holder = _holder(port)
        return (
            f"port {port} on {host}, wanted for {what}, is in use{f' by {holder}' if holder else ''}: "
            "stop that, or configure another port"
        )
    return f"cannot listen on port {port} of {host} for {what}: {os.strerror(error.errno or 0)}"


def _holder(port: int) -> str:
    """Return "name (process 123)" of who listens on a TCP port; empty where this user may not see it."""
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if table.exists():
            for line in table.read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{columns[9]}]")
    for descriptors in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(os.readlink(link) in inodes for link in descriptors.iterdir()):
                name = (descriptors.parent / "comm").read_text().strip()
                return f"{name} (process {descriptors.parent.name})"
        except OSError:  # it ended meanwhile, or belongs to somebody else
            continue
    return ""
