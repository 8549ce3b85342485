"""What a run on Kubernetes stands on: a whole control plane, held by a process that outlives the run.

The store is the cluster, so two runs at once cannot share one; and a control plane takes ten seconds to make and a
moment to empty, so successive runs do. The kernel ends its programs with the process that started them: that is the
keeper's, not a run's, which only kills them (anybody can) and asks the keeper to start them again. A program that ends
by itself (an API server that starts while etcd is away does) is started again by the keeper, as a kubelet would.

etcd waits for the disk before it acknowledges. Without, what a killed etcd had acknowledged would be kept by the
kernel's memory alone, and a comparison would tell of that and not of a promise that anybody gives.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from tests.chaos.board import Process
from tests.chaos.processes import die_with_parent
from tests.support.kubernetes import programs

from gurum.supervisor.kubernetes import pki, store
from gurum.supervisor.kubernetes.plane import ControlPlane
from gurum.supervisor.rows import Refusal

LOOK = 0.5  # seconds between two looks for programs that ended by themselves
COMPONENTS: Mapping[Process, str] = {Process.APISERVER: "kube-apiserver", Process.ETCD: "etcd"}


class BrokenGroundError(Exception):
    """The keeper could not do what it was asked; the message says why."""


class Ground:
    """One control plane with Gurum's kinds and rights, used by one run at a time. Use as a context manager.

    `plane` knows where everything is; its processes are the keeper's.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.plane = ControlPlane(directory, programs(), durable=True)
        self.kubeconfig = directory / "shared"
        self._ours, theirs = socket.socketpair()
        self._keeper = os.fork()
        if self._keeper == 0:
            self._ours.close()
            _keep(self.plane, self.kubeconfig, theirs)
        theirs.close()
        self._answers = self._ours.makefile("r")

    def __enter__(self) -> Ground:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the keeper; its programs end with it."""
        os.kill(self._keeper, signal.SIGTERM)
        os.waitpid(self._keeper, 0)
        self._answers.close()
        self._ours.close()

    def whole(self) -> None:
        """Return when everything runs and can serve, whatever the run before left. Raises BrokenGroundError."""
        self._ask("start", "")

    def pid(self, victim: Process) -> int:
        """Return a component's process. Raises BrokenGroundError if it does not run."""
        return int(self._ask("pid", COMPONENTS[victim]))

    def restart(self, victim: Process) -> None:
        """Start a component that was killed; return when it can serve. Raises BrokenGroundError."""
        self._ask("restart", COMPONENTS[victim])

    def _ask(self, what: str, component: str) -> str:
        self._ours.sendall(json.dumps([what, component]).encode() + b"\n")
        line = self._answers.readline()
        if not line:
            raise BrokenGroundError("the keeper of the control plane died")
        well, words = json.loads(line)
        if not well:
            raise BrokenGroundError(f"{what} {component}: {words}")
        return str(words)


def dead(pid: int) -> bool:
    """Whether a process has ended, also one that its parent has not looked after yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _keep(plane: ControlPlane, kubeconfig: Path, channel: socket.socket) -> None:
    """Be the keeper: start everything at the first question, answer, and end with the parent."""
    try:
        die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        began, victim = False, ""  # whose process was asked for: it is to be killed, and started when the run says so
        with channel.makefile("rb", buffering=0) as questions:
            while True:
                if not select.select([channel], [], [], LOOK)[0]:
                    if began:
                        _look_after(plane, victim)
                    continue
                line = questions.readline()
                if not line:
                    return
                what, component = json.loads(line)
                began, victim = True, component if what == "pid" else ""
                try:
                    answer = [True, _done(plane, kubeconfig, what, component)]
                except (Refusal, OSError, KeyError) as error:
                    answer = [False, f"{type(error).__name__}: {error}"]
                channel.sendall(json.dumps(answer).encode() + b"\n")
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _look_after(plane: ControlPlane, victim: str) -> None:
    """Start what ended by itself, but for what needs the victim: that could only wait for it."""
    for component in plane.components:
        if not plane.runs(component):
            if component == victim:
                return
            with contextlib.suppress(Refusal):  # its turn comes again at the next look
                plane.restart(component)


def _done(plane: ControlPlane, kubeconfig: Path, what: str, component: str) -> str:
    if what == "start":
        plane.start()
        if not kubeconfig.exists():
            asyncio.run(store.define(plane.kubeconfig))
            pki.shared(plane.plane.pki, plane.url, store.RIGHTS, kubeconfig, datetime.now(UTC))
    elif what == "restart":
        plane.restart(component)
        plane.start()  # what did not outlive the other's absence
    else:
        plane.start()
        return str(plane.pid(component))
    return ""
