"""What the parts of a control plane are told: loopback alone, nobody without a name, and nothing lost in a crash."""

import re
from pathlib import Path

import pytest

from gurum.ops.config import Config, EmbeddedConfig
from gurum.supervisor import rows
from gurum.supervisor.kubernetes import components
from gurum.supervisor.kubernetes import rows as embedded
from gurum.supervisor.kubernetes.components import Plane
from gurum.supervisor.kubernetes.plane import free_ports
from gurum.supervisor.places import Places
from gurum.supervisor.rows import Child, Refusal

# What a flag names to listen on, or to be found at; and the address that a URL or a flag's value holds.
LISTENING = re.compile(r"--(bind-address|listen-\w+-urls|advertise-\w+|advertise-address|initial-advertise-peer-urls)=")
ADDRESS = re.compile(r"(?:\d+\.){3}\d+(?!/)|\[[0-9a-f:]+\]")


def children(tmp_path: Path, durable: bool = True) -> dict[str, Child]:
    plane = Plane(directory=tmp_path, programs=Path("/programs"), port=20000, durable=durable)
    return {child.name: child for child in components.children(plane, tmp_path)}


def config(programs: Path | str) -> Config:
    return Config(embedded=EmbeddedConfig(kubernetes_programs=str(programs), kubernetes_port=8000))


def test_loopback_alone(tmp_path: Path) -> None:
    for child in children(tmp_path).values():
        assert any(LISTENING.match(word) for word in child.argv), child.name
        for word in child.argv:
            assert set(ADDRESS.findall(word)) <= {"127.0.0.1"}, word
            if LISTENING.match(word):
                assert "127.0.0.1" in word
        assert child.ready.startswith("https://127.0.0.1:")
        assert child.trust is not None


def test_every_port_is_one_of_those_that_are_checked(tmp_path: Path) -> None:
    """`gurum up` looks whether the ports are free before it starts anything."""
    said = {port for _, host, port in components.listening(20000) if host == "127.0.0.1"}
    words = " ".join(word for child in children(tmp_path).values() for word in child.argv)
    told = {int(port) for port in re.findall(r"(?:127\.0\.0\.1:|--secure-port=)(\d+)", words)}
    # The last two are not of these programs: the API's processes and the sign-in's documents answer there.
    assert told | {20004, 20005} == said == {20000, 20001, 20002, 20003, 20004, 20005}


def test_nobody_without_a_certificate(tmp_path: Path) -> None:
    etcd, apiserver, manager = (child.argv for child in children(tmp_path).values())
    assert {"--client-cert-auth", "--peer-client-cert-auth"} < set(etcd)
    assert {"--anonymous-auth=false", "--authorization-mode=RBAC"} < set(apiserver)
    assert not [word for word in apiserver if "token-auth" in word or "insecure" in word or "AlwaysAllow" in word]
    assert not [word for word in apiserver if "priority-and-fairness" in word]  # on, as it is by itself
    assert "--authorization-always-allow-paths=/healthz" in manager


def test_etcd_and_the_api_server_believe_different_authorities(tmp_path: Path) -> None:
    etcd, apiserver, _ = (child.argv for child in children(tmp_path).values())
    believed = {word.partition("=")[2] for word in etcd if "trusted-ca-file" in word}
    users = next(word.partition("=")[2] for word in apiserver if word.startswith("--client-ca-file"))
    assert len(believed) == 1
    assert users not in believed


def test_no_secret_on_a_command_line(tmp_path: Path) -> None:
    for child in children(tmp_path).values():
        for word in child.argv:
            if re.search("key|token|password|cert", word) and "=" in word and not word.endswith(("true", "false")):
                assert word.partition("=")[2].startswith((str(tmp_path), "https://")), word


def test_only_a_test_may_let_etcd_forget(tmp_path: Path) -> None:
    assert "--unsafe-no-fsync" not in children(tmp_path)["etcd"].argv
    assert "--unsafe-no-fsync" in children(tmp_path, durable=False)["etcd"].argv
    assert embedded.plane(config("/programs"), Places(tmp_path)).durable


def test_each_part_comes_after_what_it_needs(tmp_path: Path) -> None:
    found = embedded.rows(config("/programs"), Places(tmp_path))
    rows.check(found)
    assert [(row.name, row.after) for row in found] == [
        ("etcd", ()),
        ("kube-apiserver", ("etcd",)),
        ("kube-controller-manager", ("kube-apiserver",)),
        (embedded.DEFINITIONS, ("kube-apiserver",)),
    ]
    assert {port for _, _, port in embedded.ports(config("/programs"))} == {8000, 8001, 8002, 8003, 8004, 8005}


def test_all_of_a_run_lies_in_its_state_directory(tmp_path: Path) -> None:
    found = [row for row in embedded.rows(config("/programs"), Places(tmp_path)) if isinstance(row, Child)]
    assert len(found) == len(components.PROGRAMS)
    for row in found:
        paths = [word.rpartition("=")[2] for word in row.argv[1:] if "=/" in word and "allow-paths" not in word]
        assert paths
        assert all(path.startswith(str(tmp_path / "kubernetes")) for path in paths)
        assert row.output.parent == tmp_path / "run"


@pytest.mark.parametrize("present", [(), ("etcd",), ("etcd", "kube-apiserver")])
def test_programs_that_are_not_there_are_named(tmp_path: Path, present: tuple[str, ...]) -> None:
    for name in present:
        (tmp_path / name).touch()
    with pytest.raises(Refusal) as refused:
        components.require(tmp_path)
    missing = [name for name in components.PROGRAMS if name not in present]
    assert (
        str(refused.value) == f"{', '.join(missing)} not found in {tmp_path}: `make kubernetes` builds a control plane"
    )


def test_a_free_port_is_none_that_the_kernel_gives_away() -> None:
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert free_ports() + len(components.PORTS) <= low
