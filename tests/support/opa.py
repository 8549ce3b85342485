"""A real OPA server for tests, of `make opa`, and a server of bundles that it takes new ones from at once.

    with Bundles(content) as bundles, serving(bundles, public_key) as server:
        bundles.put(other)                        # OPA has it some milliseconds later

The program takes a minute to build, so `make test` does not build it. Where it is not there, what needs it is not run,
and the end of the run says so; in CI (`CI` is set) it fails.
"""

from __future__ import annotations

import functools
import hashlib
import json
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.support.stack import free_ports

SCRIPT = Path(__file__).parents[2] / "scripts" / "opa"
FIXTURE = "opa"  # a test that wants it needs the real thing
READY = 30.0  # seconds


@functools.cache
def program() -> Path:
    """Return where `make opa` puts the program, whether or not it did."""
    where = subprocess.run([SCRIPT, "where"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(where.stdout.strip()) / "opa"


def available() -> str:
    """Return why there is no OPA; empty if there is."""
    return "" if program().exists() else "`make opa` builds it, in a minute"


def why(item: pytest.Item) -> str:
    """Return why a test cannot be run, or nothing."""
    return available() if FIXTURE in getattr(item, "fixturenames", ()) else ""


def run(*words: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run OPA's command line. check: raise RuntimeError with its own words if it fails."""
    done = subprocess.run([program(), *words], capture_output=True, text=True, timeout=900)
    if check and done.returncode:
        raise RuntimeError(f"opa {words[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done


def keys(directory: Path, name: str = "key") -> tuple[Path, Path]:
    """Write a pair of keys on P-256 and return the files of the private and the public one."""
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = directory / f"{name}.pem", directory / f"{name}.pub"
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


class Bundles:
    """Serves one bundle by HTTP, and lets whoever has it already wait for another (OPA's long polling)."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._changed = threading.Condition()
        self._ended = False
        self.taken = 0  # how often a bundle was sent
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False

    def __enter__(self) -> Bundles:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def put(self, content: bytes) -> None:
        """Serve another bundle from now on."""
        with self._changed:
            self._content = content
            self._changed.notify_all()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        known = request.headers.get("If-None-Match", "")
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._tag() != known, timeout=20)
            content, tag = self._content, self._tag()
        request.send_response(304 if tag == known else 200)
        request.send_header("ETag", tag)
        request.send_header("Content-Type", "application/vnd.openpolicyagent.bundles")
        request.send_header("Content-Length", "0" if tag == known else str(len(content)))
        request.end_headers()
        if tag != known:
            self.taken += 1
            request.wfile.write(content)

    def _tag(self) -> str:
        return hashlib.sha256(self._content).hexdigest()


@dataclass(frozen=True)
class Server:
    """A running OPA."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Let it hang: it takes connections, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Wake it up."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(bundles: Bundles, public_key: Path, log: Path | None = None) -> Iterator[Server]:
    """Give an OPA server that takes its bundle from there, if it is signed with the key."""
    document = {
        "services": {"bundles": {"url": bundles.url}},
        "bundles": {
            "gurum": {
                "service": "bundles",
                "resource": "bundle.tar.gz",
                "polling": {"long_polling_timeout_seconds": 10, "min_delay_seconds": 1, "max_delay_seconds": 1},
                "signing": {"keyid": "gurum"},
            }
        },
        "keys": {"gurum": {"algorithm": "ES256", "key": public_key.read_text()}},
    }
    with tempfile.TemporaryDirectory(prefix="gurum-opa-") as directory:
        config = Path(directory) / "config.yaml"
        config.write_text(yaml.safe_dump(document))
        with started("--config-file", str(config), log=log or Path(directory) / "log") as server:
            yield server


@contextmanager
def started(*words: str, log: Path) -> Iterator[Server]:
    """Give an OPA server with these arguments, once its bundles are there."""
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    command = [str(program()), "run", "--server", "--addr", f"127.0.0.1:{port}", "--skip-version-check", *words]
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            _wait(process, f"{url}/health?bundles=true", log)
            yield Server(url, process)
        finally:
            process.kill()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + READY
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"OPA is not ready: {log.read_text()[-2000:]}")


def revision(url: str, name: str = "gurum") -> str:
    """Return the revision of the bundle by which a server decides. name: of the bundle in its configuration."""
    body = json.dumps({"input": {}}).encode()
    request = urllib.request.Request(
        f"{url}/v1/data/gurum/authz/decision?provenance=true", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        bundles: dict[str, dict[str, str]] = json.load(response)["provenance"]["bundles"]
    return bundles[name]["revision"]
