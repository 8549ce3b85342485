"""A control plane that one starts, kills and starts again by hand: for tests, without the supervisor.

Everything here blocks; an event loop that shall go on meanwhile calls it in a thread that lives as long as the plane,
for the kernel ends the programs when the thread that started them ends.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets as random
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from gurum.ops import secrets
from gurum.supervisor.kubernetes import pki
from gurum.supervisor.kubernetes.components import (
    AUDIT_POLICY,
    HOST,
    Plane,
    authentication,
    children,
    listening,
    require,
)
from gurum.supervisor.process import die_with_parent
from gurum.supervisor.rows import Child, Refusal

READY_SECONDS = 120.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
# Below those that the kernel gives to whoever asks for any port: else a connection of somebody's may sit on ours.
CHOSEN = range(20_000, 32_000)


class ControlPlane:
    """Three programs on loopback. `kubeconfig` is its administrator's; the components are named as their programs.

    port: the first of six in a row; 0: any that are free, kept from then on. durable: etcd waits for the disk.
    audit: every request is written down (`Plane.audit_log`). audience: of the tokens that it takes (`Plane.audience`);
    their issuer's documents are for others to serve.
    """

    def __init__(
        self,
        directory: Path,
        programs: Path,
        *,
        port: int = 0,
        durable: bool = True,
        audit: bool = False,
        audience: str = "",
    ) -> None:
        self.plane = Plane(
            directory=directory,
            programs=programs,
            port=port or free_ports(),
            durable=durable,
            audit=audit,
            audience=audience,
        )
        self._children = {child.name: child for child in children(self.plane, directory)}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def kubeconfig(self) -> Path:
        """By which the administrator signs in; it is there from `start` on."""
        return self.plane.kubeconfig

    @property
    def url(self) -> str:
        """Where the API server is."""
        return self.plane.url

    @property
    def components(self) -> tuple[str, ...]:
        """Their names, in the order of their start."""
        return tuple(self._children)

    def start(self) -> None:
        """Start what does not run; return when all can serve. Raises Refusal, OSError."""
        require(self.plane.programs)
        secrets.directory(self.plane.directory)
        pki.prepare(self.plane.pki, self.plane.url, datetime.now(UTC))
        if self.plane.audience:
            secrets.write(self.plane.authentication, authentication(self.plane))
        if self.plane.audit:
            secrets.write(self.plane.audit_policy, AUDIT_POLICY)
        for name in self._children:
            self._start(name)

    def stop(self) -> None:
        """Stop all in order; return when none is left. What does not end in time is killed."""
        for name in reversed(self._children):
            self._end(name)

    def kill(self, component: str) -> None:
        """End it as a crash does, without a word (SIGKILL); return when it is gone. Harmless if it is."""
        process = self._processes.pop(component, None)
        if process is not None:
            process.kill()
            process.wait()

    def restart(self, component: str) -> None:
        """Start it again, after it has ended in order if it runs; return when it can serve."""
        self._end(component)
        self._start(component)

    def signal(self, component: str, number: int) -> None:
        """Send it a signal, such as SIGSTOP and SIGCONT. Raises KeyError if it does not run."""
        self._processes[component].send_signal(number)

    def runs(self, component: str) -> bool:
        """Whether it was started and has not ended since, in whatever way."""
        process = self._processes.get(component)
        return process is not None and process.poll() is None

    def pid(self, component: str) -> int:
        """Return its process id. Raises KeyError if it does not run."""
        return self._processes[component].pid

    def save(self, place: Path) -> None:
        """Copy all that etcd holds to a directory that is not there yet. What ran is stopped, and runs again after."""
        with self._standing():
            shutil.copytree(self._data, place)

    def restore(self, place: Path) -> None:
        """Have the objects of `save` again, and none of later: versions go back too, as in a backup put back as it was.

        What ran is stopped, and runs again after.
        """
        with self._standing():
            shutil.rmtree(self._data)
            shutil.copytree(place, self._data)

    def user(self, name: str, *groups: str) -> Path:
        """Return a kubeconfig for a user of that name in those groups; what they may do is RBAC's to say."""
        return pki.user(self.plane.pki, self.plane.url, name, groups, datetime.now(UTC))

    @property
    def _data(self) -> Path:
        return self.plane.directory / "etcd"

    @contextlib.contextmanager
    def _standing(self) -> Iterator[None]:
        """Nothing runs inside; then what ran before does."""
        ran = [name for name in self._children if name in self._processes]
        self.stop()
        yield
        for name in ran:
            self._start(name)

    def __enter__(self) -> ControlPlane:
        """Start."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _start(self, name: str) -> None:
        if self.runs(name):
            return
        child = self._children[name]
        descriptor = os.open(child.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            process = subprocess.Popen(  # noqa: S603  # our own words
                child.argv, stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor, cwd=self.plane.directory,
                env={key: os.environ[key] for key in child.environ if key in os.environ},
                start_new_session=True, preexec_fn=die_with_parent(),
            )  # fmt: skip
        finally:
            os.close(descriptor)
        self._processes[name] = process
        deadline = time.monotonic() + READY_SECONDS
        while missing := _missing(child):
            if process.poll() is not None:
                del self._processes[name]
                raise Refusal(f"{child.title} ended before it was ready: {_last_words(child)}")
            if time.monotonic() > deadline:
                raise Refusal(f"{child.title} is not ready after {READY_SECONDS:g} s: {missing}; {_last_words(child)}")
            time.sleep(POLL_SECONDS)

    def _end(self, name: str) -> None:
        process = self._processes.get(name)
        if process is None:
            return
        process.send_signal(signal.SIGCONT)  # one that a test has stopped would not hear the other
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):  # then it is killed
            process.wait(STOP_SECONDS)
        self.kill(name)


def free_ports() -> int:
    """Return the first of as many free ports in a row as a control plane needs. Raises OSError."""
    for _ in range(100):
        first = random.choice(CHOSEN)
        if all(_free(port) for _, _, port in listening(first)):
            return first
    raise OSError("no free ports in a row were found")


def _free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True


def _missing(child: Child) -> str | None:
    """Return None if the component can serve, else what is missing."""
    url = urlsplit(child.ready)
    context = child.trust.context() if child.trust else ssl.create_default_context()
    connection = http.client.HTTPSConnection(url.netloc, timeout=3, context=context)
    try:
        connection.request("GET", url.path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return str(error) or "no answer"
    finally:
        connection.close()
    return None if status == 200 else f"it answers {status}"


def _last_words(child: Child) -> str:
    lines = child.output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return "\n".join(lines[-5:]) or "it said nothing"
