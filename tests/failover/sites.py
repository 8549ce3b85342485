"""A running whole with a second engine beside the supervisor's, and who of them acts for what."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.bench.client import Client
from tests.bench.reads import process
from tests.faults.emulator import REGION, Emulator
from tests.support.kubernetes import programs
from tests.support.stack import Stack, free_ports

from gurum.supervisor.kubernetes import pki, store
from gurum.supervisor.kubernetes.plane import ControlPlane

Edit = Callable[[dict[str, Any]], None]
PATIENCE = 60.0


@contextmanager
def cluster(directory: Path) -> Iterator[tuple[ControlPlane, Edit]]:
    """Give a control plane that is a store, apart from the run, and what makes a configuration use it.

    The processes have the rights that they have in a company's cluster.
    """
    with ControlPlane(directory / "kubernetes", programs(), durable=True) as plane:
        asyncio.run(store.define(plane.kubeconfig))
        shared = directory / "kubeconfig"
        pki.shared(plane.plane.pki, plane.url, store.RIGHTS, shared, datetime.now(UTC))

        def edit(document: dict[str, Any]) -> None:
            document["store"]["url"] = f"kubernetes://{shared}"

        yield plane, edit


@dataclass
class Engine:
    """A process of the engine, where it tells of itself, and where it logs."""

    pid: Callable[[], int]
    port: int
    log: Path

    def notes(self) -> str:
        """Return what it says it acts for, empty when it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                document = json.load(answer)
        except urllib.error.HTTPError as error:
            document = json.load(error)
        except (OSError, ValueError):
            return ""
        return str(document.get("notes", {}).get("shards", ""))

    def acts(self, region: str = REGION) -> bool:
        """Whether it acts for the region's shard."""
        notes = self.notes()
        return notes.startswith("acts for") and f"{region}/" in notes

    def lines(self, since: float = 0.0) -> list[dict[str, Any]]:
        """Return what it has logged from a moment on (seconds since the epoch)."""
        found = []
        for text in self.log.read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            if datetime.fromisoformat(str(line["time"])).timestamp() >= since:
                found.append(line)
        return found


@dataclass
class Site:
    """Use as a context manager: the second engine ends with it."""

    stack: Stack
    client: Client
    emulator: Emulator
    plane: ControlPlane | None = None
    engines: list[Engine] = field(default_factory=list)

    def __enter__(self) -> Site:
        """Start the second engine, and wait until each has a share."""
        [port] = free_ports(1)
        directory = self.stack.places.run / "second"
        directory.mkdir(exist_ok=True)
        self._words = [sys.executable, "-m", "gurum.engine", "--config", str(self.stack.places.effective)]
        self._environ = {key: value for key, value in os.environ.items() if not key.startswith("GURUM_")}
        self._environ |= {"GURUM_ENGINE__METRICS_PORT": str(port), "GURUM_LOG__DIRECTORY": str(directory)}
        self._start()
        config = self.stack.config
        own = Path(config.log.directory) / "engine.log"
        self.engines = [
            Engine(lambda: process(self.stack, "gurum.engine"), config.engine.metrics_port, own),
            Engine(lambda: self._second.pid, port, directory / "engine.log"),
        ]
        self.until(lambda: all(engine.notes().startswith("acts for 1 ") for engine in self.engines), "each has a share")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        if self._second.poll() is None:
            self._second.send_signal(signal.SIGCONT)
            self._second.terminate()
        self._second.wait(30)

    def _start(self) -> None:
        self._second = subprocess.Popen(self._words, env=self._environ, stdin=subprocess.DEVNULL)

    def revive(self) -> None:
        """Start the second engine again if it is dead, as the supervisor does with its own."""
        if self._second.poll() is not None:
            self._start()

    def active(self) -> Engine:
        """Return the engine that acts for AWS's region."""
        self.until(lambda: any(engine.acts() for engine in self.engines), "somebody acts")
        return next(engine for engine in self.engines if engine.acts())

    def until(self, what: Callable[[], Any], words: str, within: float = PATIENCE) -> float:
        """Wait until it is so; return the seconds. Raises RuntimeError."""
        began = time.monotonic()
        while not what():
            if time.monotonic() - began > within:
                raise RuntimeError(f"not within {within:g} s: {words}")
            time.sleep(0.05)
        return time.monotonic() - began
