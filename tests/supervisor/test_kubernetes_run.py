"""The control plane under the supervisor, as `gurum up` has it: started in order, kept alive, stopped whole."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.kubernetes import kubectl, programs

from gurum.ops import secrets
from gurum.ops.clock import SystemClock
from gurum.ops.config import Config, EmbeddedConfig
from gurum.supervisor.kubernetes import rows
from gurum.supervisor.kubernetes.plane import free_ports
from gurum.supervisor.places import Places
from gurum.supervisor.probe import ready
from gurum.supervisor.process import Process, spawn
from gurum.supervisor.rows import Child, Refusal
from gurum.supervisor.supervise import Phase, State, Supervisor

NOW = datetime(2031, 5, 6, tzinfo=UTC)


def config(where: Path | str) -> Config:
    return Config(embedded=EmbeddedConfig(kubernetes_programs=str(where), kubernetes_port=free_ports()))


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.05)


def test_without_programs_a_run_does_not_begin(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with pytest.raises(Refusal, match=r"embedded\.kubernetes_programs is not set"):
        rows.prepare(config(""), places, NOW)
    with pytest.raises(Refusal, match=r"etcd, kube-apiserver, kube-controller-manager not found in /nowhere"):
        rows.prepare(config("/nowhere"), places, NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_file_is_named_in_a_sentence(tmp_path: Path) -> None:
    for name in ("etcd", "kube-apiserver", "kube-controller-manager"):
        (tmp_path / name).touch()
    places = Places(tmp_path / "state")
    ours = config(tmp_path)
    rows.prepare(ours, places, NOW)
    secrets.write(rows.plane(ours, places).pki.leaf("etcd"), "not what it was")
    with pytest.raises(Refusal, match=f"certificates in {places.state}/kubernetes/pki cannot be read"):
        rows.prepare(ours, places, NOW)


@pytest.mark.real
@pytest.mark.kubernetes
async def test_it_is_started_kept_alive_and_stopped(tmp_path: Path) -> None:
    ours, places = config(programs()), Places(tmp_path)
    secrets.directory(places.run)
    rows.prepare(ours, places, datetime.now(UTC))
    kubeconfig = rows.plane(ours, places).kubeconfig
    seen: list[tuple[str, Phase]] = []

    async def spawn_here(child: Child) -> Process:
        return await spawn(child, os.environ)

    def changed(state: State) -> None:
        seen.append((state.row.name, state.phase))

    supervisor = Supervisor(
        rows.rows(ours, places), spawn=spawn_here, probe=ready, clock=SystemClock(), changed=changed
    )
    try:
        await supervisor.start()
        became = [name for name, phase in seen if phase is Phase.READY]
        assert became == ["etcd", "kube-apiserver", "kube-controller-manager"]
        await asyncio.to_thread(kubectl, kubeconfig, "create", "namespace", "kept")
        for name in ("kube-apiserver", "etcd"):
            before = seen.count((name, Phase.READY))
            os.kill(supervisor.states[name].pid, signal.SIGKILL)
            await until(lambda: seen.count((name, Phase.READY)) > before)  # noqa: B023  # awaited here
        await until(lambda: kubectl(kubeconfig, "get", "namespace", "kept", check=False).returncode == 0)
        pids = {str(state.pid) for state in supervisor.states.values() if state.pid}
    finally:
        await supervisor.stop()
    stopped = [name for name, phase in seen if phase is Phase.STOPPED]
    assert stopped == ["kube-controller-manager", "kube-apiserver", "etcd"]
    assert not pids & set(os.listdir("/proc"))
    logged = places.output("kube-apiserver").read_text()
    assert "PRIVATE KEY" not in logged
