"""What other suites stand on: one cluster a run, and a plain word where there can be none."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.support import kubernetes
from tests.support.kubernetes import KUBECONFIG
from tests.support.missing import Missing


class Hooks:
    def __init__(self) -> None:
        self.hook, self.left = self, 0

    def pytest_deselected(self, items: list[Any]) -> None:
        self.left += len(items)


class Terminal:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def write_line(self, line: str, **_markup: bool) -> None:
        self.lines.append(line)


def item(*fixtures: str, marks: tuple[str, ...] = ()) -> Any:
    def closest(name: str) -> str | None:
        return name if name in marks else None

    return SimpleNamespace(fixturenames=fixtures, get_closest_marker=closest)


@pytest.fixture
def items() -> list[Any]:
    return [
        item("tmp_path"),
        item("kubernetes_server"),
        item("tmp_path", "kubernetes_plane"),
        item(marks=("kubernetes",)),
        SimpleNamespace(get_closest_marker=lambda _name: None),  # one that has no fixtures, as doctests
    ]


def left_out(items: list[Any]) -> tuple[int, list[str]]:
    missing, hooks, terminal = Missing("a real Kubernetes", kubernetes.why), Hooks(), Terminal()
    missing.leave_out(cast(Any, hooks), items)
    missing.tell(cast(Any, terminal))
    return hooks.left, terminal.lines


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing is built, and that is not CI's."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv(KUBECONFIG, raising=False)
    monkeypatch.setattr(kubernetes, "programs", lambda: Path("/nowhere"))


def test_what_is_not_run_is_counted_and_told(nowhere: None, items: list[Any]) -> None:
    left, lines = left_out(items)
    assert (left, len(items)) == (3, 2)
    assert len(lines) == 1
    assert lines[0].startswith(
        "NOT RUN: 3 tests on a real Kubernetes. etcd, kube-apiserver, kube-controller-manager not"
    )
    assert "`make kubernetes`" in lines[0]


def test_in_ci_nothing_is_left_out(nowhere: None, items: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert left_out(items) == (0, [])
    assert len(items) == 5


def test_another_cluster_serves_those_that_need_not_kill_it(
    nowhere: None, items: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KUBECONFIG, "/somewhere/kubeconfig")
    left, lines = left_out(items)
    assert (left, len(lines)) == (2, 1)
    with kubernetes.server() as given:
        assert given == Path("/somewhere/kubeconfig")


def test_where_it_is_built_everything_runs(tmp_path: Path, items: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(kubernetes, "programs", lambda: tmp_path)
    for name in ("etcd", "kube-apiserver", "kube-controller-manager"):
        (tmp_path / name).touch()
    assert left_out(items) == (0, [])


def test_a_program_that_is_nowhere_is_said_to_be(nowhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RuntimeError, match="helm is missing: `make kubernetes` builds it"):
        kubernetes.program("helm")


@pytest.mark.real
def test_there_is_one_cluster_within_and_for_what_is_started_within(kubernetes_server: Path) -> None:
    assert os.environ[KUBECONFIG] == str(kubernetes_server)
    with kubernetes.server() as inner:
        assert inner == kubernetes_server
    assert "kube-system" in kubernetes.kubectl(kubernetes_server, "get", "namespaces").stdout
    code = "from tests.support.kubernetes import server\nwith server() as found: print(found)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == f"{kubernetes_server}\n"


@pytest.mark.real
@pytest.mark.kubernetes
def test_one_by_hand_ends_with_its_command() -> None:
    command = [sys.executable, "-m", "tests.support.kubernetes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        kubeconfig = Path(process.stdout.readline().split()[1].removeprefix("KUBECONFIG="))
        assert kubernetes.kubectl(kubeconfig, "get", "--raw", "/readyz").stdout == "ok"
        process.terminate()
        assert process.wait(60) == 0
    assert not kubeconfig.exists()
