"""The whole embedded run for tests: `gurum up` as a user starts it, on free ports, in a directory of its own.

    with running(tmp_path) as stack:
        stack.openstack("server", "list", region="kakao-usa-east1")
        stack.url("kakao-usa-east1")        # http://127.0.0.1:port
        stack.token("gurum")                # a project-scoped token

A start costs five to ten seconds; share one by a fixture of session scope and give each test names of its own.

`GURUM_TEST_PIAS=3` (`make … PIAS=3`) has three processes of the API on one store behind a round-robin balancer, which
is what clients then find in the catalogue.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.support import backend, kubernetes
from tests.support.balancer import balancer

from gurum.ops.config import Config, load, shipped
from gurum.supervisor import people
from gurum.supervisor.kubernetes import plane
from gurum.supervisor.places import Places

READY_SECONDS = 180.0
STOP_SECONDS = 60.0
BIN = Path(sys.executable).parent
PIAS = "GURUM_TEST_PIAS"

Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Stack:
    """A running whole. `output` is what `gurum up` printed so far."""

    places: Places
    config: Config
    process: subprocess.Popen[bytes]
    output_file: Path
    ready_seconds: float

    @property
    def output(self) -> str:
        return self.output_file.read_text()

    def url(self, region: str) -> str:
        """Give the URL below which a region's APIs are."""
        return people.base_url(self.config.region(region))

    def openstack(self, *words: str, region: str, cloud: str = "gurum") -> subprocess.CompletedProcess[str]:
        """Run the stock client; its exit status is the caller's to check."""
        return self._run("openstack", "--os-cloud", cloud, "--os-region-name", region, *words)

    def gurum(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run an operator's command on this run's state."""
        return self._run("gurum", *words, "--state", str(self.places.state))

    def token(self, cloud: str) -> str:
        """Log in as the user of a cloud of `clouds.yaml`; give the token."""
        auth = yaml.safe_load(self.places.clouds.read_text())["clouds"][cloud]["auth"]
        user = {"name": auth["username"], "domain": {"id": "default"}, "password": auth["password"]}
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": auth["project_name"], "domain": {"id": "default"}}},
            }
        }
        request = urllib.request.Request(
            f"{self.config.identity.url}/auth/tokens",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.headers["X-Subject-Token"])

    def children(self) -> dict[int, list[str]]:
        """Give the command lines of all processes below the supervisor, by process id."""
        return {pid: command_line(pid) for pid in descendants(self.process.pid)}

    def _run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "C.UTF-8",
            "OS_CLIENT_CONFIG_FILE": str(self.places.clouds),
            "PATH": os.environ["PATH"],
        }
        return subprocess.run(
            [BIN / program, *words], env=environ, capture_output=True, text=True, timeout=300, check=False
        )


@contextmanager
def running(directory: Path, *options: str, change: Change | None = None) -> Iterator[Stack]:
    """Start the whole below `directory` with `gurum up --no-tour` and further options; stop it in the end.

    `change` may alter the configuration document before the start. Raises RuntimeError with what was printed if it does
    not become ready, or leaves a process behind.
    """
    places = Places(directory / "var")
    places.state.mkdir(parents=True, exist_ok=True)
    if not places.config.exists():
        written = document(change)
        if backend.chosen():
            written["store"]["url"] = backend.run_url(places.state)
        if backend.on_kubernetes():
            programs, port = str(kubernetes.programs()), plane.free_ports()
            written["embedded"] |= {"kubernetes_programs": programs, "kubernetes_port": port}
        for region, port in zip(written["regions"], free_ports(len(written["regions"])), strict=True):
            if pias() > 1 and not region.get("public_url"):
                region["public_url"] = f"http://127.0.0.1:{port}"
        places.config.write_text(yaml.safe_dump(written))
    output = directory / "up.out"
    environ = {"HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
    began = time.monotonic()
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [BIN / "gurum", "up", "--no-tour", "--state", str(places.state), *options],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environ,
        )
    try:
        _until_ready(process, output)
        config = load(places.config, environ, state=places.state)
        with several(places, config, pias()):
            yield Stack(places, config, process, output, time.monotonic() - began)
    finally:
        stop(process, output)


def pias() -> int:
    """Return how many processes of the API there shall be."""
    return int(os.environ.get(PIAS) or 1)


@contextmanager
def several(places: Places, config: Config, number: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Give the further processes of the API up to a number, behind a balancer at the regions' public URLs."""
    with ExitStack() as ends:
        urls = {region.name: [f"http://{region.host}:{region.port}"] for region in config.regions}
        further = []
        for one in range(1, number):
            document = yaml.safe_load(places.effective.read_text())
            for region, port in zip(document["regions"], free_ports(len(document["regions"])), strict=True):
                region["port"] = port
                urls[region["name"]].append(f"http://127.0.0.1:{port}")
            document["log"]["directory"] = str(places.run / f"pia-{one}")
            file = places.run / f"pia-{one}.yaml"
            file.write_text(yaml.safe_dump(document))
            further.append(ends.enter_context(_pia(file, places.run / f"pia-{one}.out")))
        if further:
            _until_answered([url for some in urls.values() for url in some])
            ports = {region.name: int(region.public_url.rpartition(":")[2]) for region in config.regions}
            ends.enter_context(balancer({ports[name]: some for name, some in urls.items()}))
        yield further


@contextmanager
def _pia(config: Path, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as sink:
        environ = {"HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
        words = [sys.executable, "-m", "gurum.pia", "--config", str(config)]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=environ)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _until_answered(urls: list[str]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    for url in urls:
        while True:
            try:
                with urllib.request.urlopen(f"{url}/readyz", timeout=5):
                    break
            except OSError as error:  # nobody listens there yet, or 503
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{url} is not ready after {READY_SECONDS:.0f} s: {error}") from error
                time.sleep(0.1)


def stop(process: subprocess.Popen[bytes], output: Path) -> None:
    """Stop the run as Ctrl-C does; raises RuntimeError if a process stays behind."""
    below = descendants(process.pid)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise RuntimeError(f"it did not stop within {STOP_SECONDS:.0f} s:\n{output.read_text()}") from None
    left = [pid for pid in below if Path(f"/proc/{pid}").exists()]
    if left:
        raise RuntimeError(f"left behind: {[command_line(pid) for pid in left]}")


def _until_ready(process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while "Ready after" not in output.read_text():
        if process.poll() is not None:
            raise RuntimeError(f"it ended with exit status {process.returncode}:\n{output.read_text()}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"it is not ready after {READY_SECONDS:.0f} s:\n{output.read_text()}")
        time.sleep(0.05)


def document(change: Change | None = None) -> dict[str, Any]:
    """Give the shipped configuration with free ports in the place of the fixed ones."""
    shipped_document: dict[str, Any] = yaml.safe_load((shipped() / "config" / "gurum.yaml").read_text())
    ports = free_ports(6 + len(shipped_document["regions"]))
    emulator, keystone, metrics, issuer, private, public = (ports.pop() for _ in range(6))
    providers = {"private": f"http://127.0.0.1:{private}", "public": f"http://127.0.0.1:{public}"}
    shipped_document["embedded"]["federation_settings"] = providers
    shipped_document["identity"]["issuer"]["url"] = f"http://127.0.0.1:{issuer}"
    shipped_document["identity"]["url"] = f"http://127.0.0.1:{keystone}/v3"
    shipped_document["engine"]["metrics_port"] = metrics
    for region in shipped_document["regions"]:
        region["port"] = ports.pop()
        if "aws" in region:
            region["aws"]["endpoint_url"] = f"http://127.0.0.1:{emulator}"
    if change is not None:
        change(shipped_document)
    return shipped_document


def free_ports(count: int) -> list[int]:
    """Give ports that were free a moment ago."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def descendants(pid: int) -> list[int]:
    """Give the processes below one, as of now."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        parents.setdefault(parent, []).append(int(path.parent.name))
    found, layer = [], [pid]
    while layer:
        layer = [child for parent in layer for child in parents.get(parent, [])]
        found += layer
    return found


def command_line(pid: int) -> list[str]:
    """Give the words of a process's command line; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []
