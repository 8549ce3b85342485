"""The life of `gurum up` with toy children: signals, crashes, and what stays behind (nothing)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.stack import descendants, free_ports

from gurum.supervisor.places import Places

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]

# A child that answers 200 to everything, or (deaf) also ignores SIGTERM.
TOY = """
import http.server, signal, sys
if sys.argv[2] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.serve_forever()
"""

# `gurum up` with these children in the place of the real ones.
UP = """
import asyncio, os, sys
from pathlib import Path
from gurum.cli.main import main
from gurum.supervisor import plan
from gurum.supervisor.rows import Child
toy, kind, *ports = sys.argv[2:]
plan.rows = lambda config, places: tuple(
    Child(name=f"toy{n}", title=f"Toy {n}", argv=(sys.executable, "-c", toy, port, kind),
          ready=f"http://127.0.0.1:{port}/", output=places.output(f"toy{n}"), after=(f"toy{n-1}",) if n else ())
    for n, port in enumerate(ports))
plan.listening = lambda config: []
sys.exit(main(["up", "--no-tour", "--state", sys.argv[1]]))
"""

CONFIG = """
engine: {metrics_port: 0, token_key_file: "${state}/secrets/token-key"}
embedded: {aws_emulator: false, stop_seconds: 60}
identity: {embedded: false}
regions: [{name: r, provider: simulated, port: 0}]
"""


class Run:
    """A run of toys and what it printed."""

    def __init__(self, state: Path, kind: str) -> None:
        self.places = Places(state)
        state.mkdir()
        self.places.config.write_text(CONFIG)
        self.out = state.parent / "out"
        ports = [str(port) for port in free_ports(2)]
        with self.out.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-c", UP, str(state), TOY, kind, *ports],
                stdout=sink,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"]},
                cwd=ROOT,
            )
        self.until(lambda: "Everything stays up" in self.text)
        self.toys = descendants(self.process.pid)

    @property
    def text(self) -> str:
        return self.out.read_text()

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, f"it never came true; printed:\n{self.text}"
            time.sleep(0.01)

    def gone(self) -> None:
        """Wait until no toy is left."""
        self.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in self.toys))


@contextmanager
def _running(tmp_path: Path, kind: str = "good") -> Iterator[Run]:
    run = Run(tmp_path / "var", kind)
    try:
        yield run
    finally:
        run.process.kill()
        run.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with _running(tmp_path) as run:
        assert len(run.toys) == 2
        run.process.send_signal(number)
        assert run.process.wait(60) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in run.toys)
        stopped = [line.split()[2] for line in run.text.splitlines() if " stopped" in line]
        assert stopped == ["1", "0"]


def test_the_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    with _running(tmp_path, "deaf") as run:
        run.process.kill()
        run.process.wait()
        run.gone()


def test_a_second_signal_does_not_wait_for_the_deaf(tmp_path: Path) -> None:
    with _running(tmp_path, "deaf") as run:
        run.process.send_signal(signal.SIGINT)
        run.until(lambda: "Stopping." in run.text)
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(60) == 0
        run.gone()
        assert "Ending everything now." in run.text


def test_a_crashed_child_comes_back(tmp_path: Path) -> None:
    with _running(tmp_path) as run:
        victim = run.toys[0]
        os.kill(victim, signal.SIGKILL)
        run.until(lambda: run.text.count("Toy 0") >= 4 and run.text.splitlines()[-1].split()[3:4] == ["ready"])
        assert "killed by SIGKILL; again in 0.5 s" in run.text
        assert len(descendants(run.process.pid)) == 2


def test_nobody_reads_the_terminal_any_more(tmp_path: Path) -> None:
    """As with a closed window, or `gurum up | head`: the children are stopped all the same."""
    state = tmp_path / "var"
    state.mkdir()
    Places(state).config.write_text(CONFIG)
    reader, writer = os.pipe()
    ports = [str(port) for port in free_ports(2)]
    command = [sys.executable, "-c", UP, str(state), TOY, "good", *ports]
    with subprocess.Popen(command, stdout=writer, stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]}) as up:
        os.close(writer)
        text = b""
        while b"Everything stays up" not in text:
            text += os.read(reader, 65536)
        toys = descendants(up.pid)
        os.close(reader)
        up.send_signal(signal.SIGHUP)
        assert up.wait(60) == 0
    assert len(toys) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in toys)
