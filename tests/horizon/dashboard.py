"""Horizon as a child process: stock, from its own virtual environment, behind a WSGI server on a port of 127.0.0.1."""

from __future__ import annotations

import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.stack import free_ports

SETTINGS = Path(__file__).parent / "settings"
READY_SECONDS = 120.0
STOP_SECONDS = 15.0


class DashboardError(Exception):
    """Horizon could not be run."""


@dataclass(frozen=True)
class Dashboard:
    """A running Horizon: its URL, its version, and the file of what it says."""

    url: str
    version: str
    log: Path


@contextmanager
def started(venv: Path, keystone: str, place: Path) -> Iterator[Dashboard]:
    """Start the Horizon of a virtual environment for one Keystone; stop it in the end. Raises DashboardError."""
    python = venv.absolute() / "bin" / "python"
    serve = python.with_name("waitress-serve")
    if not serve.exists():
        raise DashboardError(f"{venv} has no Horizon; make horizon installs it, or scripts/setup horizon {venv}")
    (port,) = free_ports(1)
    log = place / "horizon.log"
    words = [str(serve), f"--listen=127.0.0.1:{port}", "openstack_dashboard.wsgi:application"]
    with log.open("wb") as sink, subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd=place, env=_environ(venv, keystone, place)
    ) as process:  # fmt: skip
        try:
            _until_ready(process, f"http://127.0.0.1:{port}", log)
            yield Dashboard(f"http://127.0.0.1:{port}", _version(python), log)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _environ(venv: Path, keystone: str, place: Path) -> dict[str, str]:
    return {
        "HOME": str(place),
        "LANG": "C.UTF-8",
        "PATH": f"{venv.absolute() / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(SETTINGS),
        "PYTHONWARNINGS": "ignore",  # deprecations in Horizon are Horizon's
        "HORIZON_KEYSTONE_URL": keystone,
        "HORIZON_SECRET_KEY": secrets.token_hex(32),
    }


def _version(python: Path) -> str:
    code = "import importlib.metadata; print(importlib.metadata.version('horizon'))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def _until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/auth/login/", timeout=READY_SECONDS) as answer:
                answer.read()
                return
        except urllib.error.HTTPError:
            break
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise DashboardError(f"Horizon does not answer:\n{log.read_text(errors='replace')[-3000:]}")
