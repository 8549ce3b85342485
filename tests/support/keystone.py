"""A real Keystone for tests: the embedded one, as the process that products run, on a free port.

    with running(tmp_path) as keystone:
        PasswordAuth(auth_url=keystone.auth_url, ...)   # or keystone.admin

One start costs two to four seconds; share it by a fixture of session scope and give each test its
own projects and users.
"""

from __future__ import annotations

import secrets as random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from gurum.identity.keystone import Ready, read_ready
from gurum.identity.session import PasswordAuth
from gurum.ops import secrets

START_SECONDS = 60.0


@dataclass(frozen=True)
class RunningKeystone:
    """A Keystone that answers."""

    process: subprocess.Popen[bytes]
    config_file: Path
    directory: Path
    ready: Ready
    admin: PasswordAuth
    admin_password: str

    @property
    def auth_url(self) -> str:
        return self.ready.auth_url

    @property
    def log(self) -> str:
        return (self.directory / "state" / "keystone.log").read_text()


def configure(directory: Path, **settings: Any) -> Path:
    """Write a configuration (by default: free port, cheapest hashes) and an admin password; gives its path."""
    secrets.directory(directory)
    secrets.make(directory / "admin-password")
    values: dict[str, Any] = {
        "dir": str(directory / "state"),
        "admin_password_file": str(directory / "admin-password"),
        "region": "kr-central-1",
        "port": 0,
        "bcrypt_rounds": 4,
    }
    path = directory / "keystone.yaml"
    path.write_bytes(msgspec.yaml.encode(values | settings))
    return path


def start(directory: Path, **settings: Any) -> RunningKeystone:
    """Start a Keystone with its state below `directory` and wait until it answers.

    Starting again in the same directory finds the state again. Raises RuntimeError, with what the process said, if it
    ends before it is ready.
    """
    config_file = configure(directory, **settings)
    errors = directory / "stderr"
    with errors.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "gurum.identity.keystone", "--config", str(config_file)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
    end = time.monotonic() + START_SECONDS
    ready_file = directory / "state" / "ready.json"
    while (ready := read_ready(ready_file)) is None or ready.pid != process.pid:
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            process.wait()
            raise RuntimeError(f"Keystone does not start:\n{errors.read_text()}")
        time.sleep(0.02)
    admin = PasswordAuth(
        auth_url=ready.auth_url,
        username="admin",
        password_file=directory / "admin-password",
        project_name="admin",
    )
    return RunningKeystone(
        process=process,
        config_file=config_file,
        directory=directory,
        ready=ready,
        admin=admin,
        admin_password=secrets.read(directory / "admin-password"),
    )


def stop(keystone: RunningKeystone) -> int:
    """Ask the process to end, unless it has, and give its exit status."""
    if keystone.process.poll() is None:
        keystone.process.send_signal(signal.SIGTERM)
    return keystone.process.wait(timeout=START_SECONDS)


@contextmanager
def running(directory: Path, **settings: Any) -> Iterator[RunningKeystone]:
    """A Keystone for the duration of a block."""
    keystone = start(directory, **settings)
    try:
        yield keystone
    finally:
        stop(keystone)


def password_file(directory: Path, name: str) -> Path:
    """Make a file with a random password."""
    path = directory / f"{name}-{random.token_hex(4)}"
    secrets.make(path)
    return path
