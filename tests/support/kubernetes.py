"""A real Kubernetes control plane for tests: of `make kubernetes`, or any cluster by `GURUM_TEST_KUBECONFIG`.

    with server() as kubeconfig:                  # one a run: three seconds
        kubectl(kubeconfig, "get", "namespaces")

    with control_plane() as plane:                # one's own, to be killed
        plane.kill("etcd")
        plane.restart("etcd")

The programs take minutes to build, so `make test` does not build them. Where they are not there, what needs them is not
run, and the end of the run says so in as many words and numbers; in CI (`CI` is set) it fails.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gurum.supervisor.kubernetes.components import require
from gurum.supervisor.kubernetes.plane import ControlPlane
from gurum.supervisor.rows import Refusal

KUBECONFIG = "GURUM_TEST_KUBECONFIG"
ANY, OWN = "kubernetes_server", "kubernetes_plane"  # fixtures: a test that wants one of them needs the real thing
MARK = "kubernetes"  # of a test that starts control planes by itself
SCRIPT = Path(__file__).parents[2] / "scripts" / "kubernetes"


@functools.cache
def programs() -> Path:
    """Return the directory in which `make kubernetes` puts the programs, whether or not it did."""
    where = subprocess.run([SCRIPT, "where"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(where.stdout.strip())


def available(own: bool = True) -> str:
    """Return why there can be no control plane of one's own (`own`), or none at all; empty if there can be."""
    if not own and os.environ.get(KUBECONFIG):
        return ""
    try:
        require(programs())
    except Refusal as refusal:
        return str(refusal)
    return ""


@contextmanager
def control_plane(*, durable: bool = False, audit: bool = False, audience: str = "") -> Iterator[ControlPlane]:
    """Give a running control plane of one's own, empty. It ends with the process that started it, however that ends."""
    with (
        tempfile.TemporaryDirectory(prefix="gurum-k8s-") as name,
        ControlPlane(Path(name), programs(), durable=durable, audit=audit, audience=audience) as plane,
    ):
        yield plane


@contextmanager
def server(*, durable: bool = False) -> Iterator[Path]:
    """Give an administrator's kubeconfig: that which the environment names, or of a control plane of our own.

    While it lives the environment names it, so that within, and in programs started within, there is only one.
    """
    if given := os.environ.get(KUBECONFIG):
        yield Path(given)
        return
    with control_plane(durable=durable) as own:
        os.environ[KUBECONFIG] = str(own.kubeconfig)
        try:
            yield own.kubeconfig
        finally:
            del os.environ[KUBECONFIG]


def program(name: str) -> str:
    """Return the path of `kubectl` or `helm`: ours, else that of this machine."""
    ours = programs() / name
    path = str(ours) if ours.exists() else shutil.which(name)
    if path is None:
        raise RuntimeError(f"{name} is missing: `make kubernetes` builds it")
    return path


def helm(*words: str, kubeconfig: Path | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run helm with nothing of this user's; otherwise as `kubectl`."""
    cluster = {"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}
    environ = {"HOME": _home(), "PATH": os.environ["PATH"], **cluster}
    done = subprocess.run([program("helm"), *words], capture_output=True, text=True, env=environ, timeout=180)
    if check and done.returncode:
        raise RuntimeError(f"helm {' '.join(words)}: {done.stderr.strip()}")
    return done


def kubectl(kubeconfig: Path, *words: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run kubectl with nothing of this user's. `check`: raise RuntimeError with its own words if it fails."""
    environ = {"KUBECONFIG": str(kubeconfig), "HOME": _home(), "PATH": os.environ["PATH"], "KUBECTL_APPLYSET": "true"}
    done = subprocess.run(
        [program("kubectl"), *words], input=stdin, capture_output=True, text=True, env=environ, timeout=120
    )
    if check and done.returncode:
        raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
    return done


@functools.cache
def _home() -> str:
    """Return where this process' kubectls keep what they have learned of clusters."""
    home = tempfile.mkdtemp(prefix="gurum-kubectl-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home


def why(item: pytest.Item) -> str:
    """Return why a test's control plane cannot be had, or nothing."""
    wanted = {ANY, OWN} & set(getattr(item, "fixturenames", ()))
    own = OWN in wanted or item.get_closest_marker(MARK) is not None
    return available(own) if own or wanted else ""


def _main() -> None:
    with control_plane(durable=True) as plane:
        print(f"export KUBECONFIG={plane.kubeconfig}  # programs: {programs()}; Ctrl-C ends it", flush=True)
        ends = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # only now: the programs would inherit it
        signal.sigwait(ends)


if __name__ == "__main__":
    _main()
