"""`gurum doctor` before a real API server from which things were taken: each is named, with what mends it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.kubernetes import control_plane, kubectl

from gurum.cli.command import Surroundings
from gurum.cli.doctor import cluster
from gurum.cli.doctor.findings import MISSING, UNKNOWN, WELL, Finding
from gurum.cli.main import main
from gurum.ops.config import Config, StoreConfig
from gurum.store.kubernetes import crds
from gurum.store.kubernetes import install as installing
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client
from gurum.store.kubernetes.kinds import USER_DATA
from gurum.supervisor.kubernetes import pki, store
from gurum.supervisor.kubernetes.plane import ControlPlane

pytestmark = [pytest.mark.real, pytest.mark.kubernetes]

BOTH = ("pia", "engine")


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """Give a control plane of this module's own: the others' would not like what is taken from it."""
    with control_plane() as own:
        asyncio.run(store.define(own.kubeconfig))
        yield own


@pytest.fixture
def admin(plane: ControlPlane) -> Iterator[Path]:
    """Give the administrator's kubeconfig of a cluster that has everything, before and after."""
    yield plane.kubeconfig
    asyncio.run(store.define(plane.kubeconfig))


@pytest.fixture(scope="module")
def ours(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a kubeconfig with a context for each process, and one for the operator."""
    file = tmp_path_factory.mktemp("ours") / "kubeconfig"
    pki.shared(plane.plane.pki, plane.url, store.RIGHTS, file, datetime.now(UTC))
    return file


def look(kubeconfig: Path | str, accounts: str = "", processes: tuple[str, ...] = BOTH) -> dict[str, Finding]:
    url = kubeconfig if isinstance(kubeconfig, str) else f"kubernetes://{kubeconfig}"
    found = asyncio.run(cluster.look(Config(store=StoreConfig(url=url)), processes, accounts))
    return {one.what: one for one in found}


def states(found: dict[str, Finding]) -> dict[str, str]:
    return {name: one.state for name, one in found.items()}


def test_a_cluster_that_has_everything(admin: Path, ours: Path) -> None:
    found = look(admin)
    seen = {name: found[name].state for name in ("API server", "definitions", "guard", "namespaces")}
    assert set(seen.values()) == {WELL}, found
    assert {found[f"gurum-{name}"].state for name in BOTH} == {UNKNOWN}
    assert "may do everything" in found["gurum-pia"].told
    found = look(ours)
    assert {found[f"gurum-{name}"].state for name in BOTH} == {WELL}, found
    assert states(found)["definitions"] == UNKNOWN
    assert f"{len(crds.all())} are served" in found["definitions"].told


def test_a_definition_is_missing(admin: Path, ours: Path) -> None:
    kubectl(admin, "delete", "crd", "routers.network.gurum.cloud")
    for kubeconfig in (admin, ours):
        found = look(kubeconfig)["definitions"]
        assert (found.state, "routers.network.gurum.cloud" in found.told) == (MISSING, True)
        assert "gurum kubernetes crds" in found.remedy


def test_a_definition_is_another_release_s(admin: Path) -> None:
    crd = json.loads(kubectl(admin, "get", "crd", "servers.compute.gurum.cloud", "-o", "json").stdout)
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    del schema["description"]
    kubectl(admin, "replace", "-f", "-", stdin=json.dumps(crd))
    found = look(admin)["definitions"]
    assert found.state == MISSING
    assert f"1 of {len(crds.all())} are another release's: servers.compute.gurum.cloud" in found.told
    assert "spec.properties.description" in found.told


def test_the_guard_is_missing_or_another(admin: Path) -> None:
    name = installing.admission()[0]["metadata"]["name"]
    kubectl(
        admin, "patch", "validatingadmissionpolicy", name, "--type=merge", "-p", '{"spec":{"failurePolicy":"Ignore"}}'
    )
    assert (look(admin)["guard"].state, "failurePolicy" in look(admin)["guard"].told) == (MISSING, True)
    kubectl(admin, "delete", "validatingadmissionpolicybinding", name)
    kubectl(admin, "delete", "validatingadmissionpolicy", name)
    assert "is missing" in look(admin)["guard"].told


def test_labels_are_missing(admin: Path) -> None:
    kubectl(admin, "create", "namespace", "project-p1")
    kubectl(admin, "label", "namespace", "gurum-system", "gurum.cloud/managed-")
    try:
        found = look(admin)["namespaces"]
        assert found.state == MISSING
        assert "3 labels" in found.told
        kubectl(admin, *found.remedy.split()[1:])  # what mends it, mends it
        kubectl(admin, "label", "namespace", "project-p1", "gurum.cloud/project-id=p1", "gurum.cloud/managed=true")
        kubectl(admin, "label", "--overwrite", "namespace", "gurum-system", "gurum.cloud/managed=true")
        assert "and of 1 projects" in look(admin)["namespaces"].told
    finally:
        kubectl(admin, "delete", "namespace", "project-p1")


def test_a_right_is_missing(admin: Path, ours: Path) -> None:
    role = json.loads(kubectl(admin, "get", "clusterrole", "gurum-engine", "-o", "json").stdout)
    for rule in role["rules"]:
        rule["resources"] = [name for name in rule["resources"] if name != "servers/status"]
    role["rules"] = [rule for rule in role["rules"] if rule["resources"]]
    kubectl(admin, "replace", "-f", "-", stdin=json.dumps(role))
    found = look(ours)
    assert found["gurum-pia"].state == WELL
    assert found["gurum-engine"].state == MISSING
    assert "lacks 1 of" in found["gurum-engine"].told
    assert "update servers/status" in found["gurum-engine"].told


def test_service_accounts_of_a_release(admin: Path, ours: Path, plane: ControlPlane, tmp_path: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    assert "lacks" in look(admin, "gurum/release")["gurum-pia"].told  # nothing is bound yet
    assert look(ours, "gurum/release")["gurum-pia"].state == UNKNOWN  # who may not ask
    kubectl(admin, "create", "namespace", "gurum")
    try:
        for name in BOTH:
            kubectl(admin, "-n", "gurum", "create", "serviceaccount", f"release-{name}")
            subject = f"--serviceaccount=gurum:release-{name}"
            kubectl(admin, "create", "clusterrolebinding", f"release-{name}", f"--clusterrole=gurum-{name}", subject)
        lacking = look(admin, "gurum/release")["gurum-pia"]
        assert (lacking.state, "get secrets" in lacking.told) == (MISSING, True)  # of the namespace of user data
        for name in BOTH:
            subject = f"--serviceaccount=gurum:release-{name}"
            bind = ("create", "rolebinding", f"release-{name}", f"--role=gurum-{name}", subject)
            kubectl(admin, "-n", USER_DATA, *bind)
        found = look(admin, "gurum/release")
        assert {found[f"gurum-{name}"].state for name in BOTH} == {WELL}, found
        assert "system:serviceaccount:gurum:release-pia" in found["gurum-pia"].told
        # And as a pod has it: a directory with a token, for which nothing else is well.
        token = kubectl(admin, "-n", "gurum", "create", "token", "release-engine").stdout
        (tmp_path / "token").write_text(token)
        (tmp_path / "ca.crt").write_bytes(plane.plane.pki.believed(pki.API).read_bytes())
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(plane.plane.port))
        found = look(f"kubernetes://{tmp_path}", processes=("engine",))
        assert states(found) == {
            "API server": WELL, "definitions": UNKNOWN, "guard": UNKNOWN, "namespaces": UNKNOWN, "gurum-engine": WELL
        }  # fmt: skip
        (tmp_path / "token").write_text("nobody's")
        assert "does not know who we are" in look(f"kubernetes://{tmp_path}")["API server"].told
        kubectl(admin, "create", "clusterrolebinding", "too-much", "--clusterrole=cluster-admin",
                "--serviceaccount=gurum:release-pia")  # fmt: skip
        assert "may do everything" in look(admin, "gurum/release")["gurum-pia"].told
    finally:
        kubectl(
            admin, "delete", "clusterrolebinding", "--ignore-not-found", "too-much", "release-pia", "release-engine"
        )
        kubectl(
            admin, "-n", USER_DATA, "delete", "rolebinding", "--ignore-not-found", *(f"release-{name}" for name in BOTH)
        )
        kubectl(admin, "delete", "namespace", "gurum")


def test_no_server_answers(admin: Path, tmp_path: Path) -> None:
    document = yaml.safe_load(admin.read_text())
    document["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (tmp_path / "k").write_text(yaml.safe_dump(document))
    found = look(tmp_path / "k")
    assert states(found) == {"API server": MISSING}
    assert "does not answer" in found["API server"].told


def test_an_older_cluster(admin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "OLDEST", (99, 0))
    found = look(admin)["API server"]
    assert (found.state, "older than 99.0" in found.told) == (MISSING, True)


def test_the_command(admin: Path, tmp_path: Path) -> None:
    """Whole, with nothing but a cluster: what is missing is named, and the exit status says so."""
    document: dict[str, Any] = {
        "store": {"url": f"kubernetes://{admin}"},
        "identity": {"url": "http://127.0.0.1:1/v3", "service_password_file": str(tmp_path / "none")},
        "policy": {"bundle": "${shipped}/policy"},
        "regions": [{"name": "one", "provider": "simulated", "port": 0}],
    }
    file = tmp_path / "gurum.yaml"
    file.write_text(yaml.safe_dump(document))

    def run(*words: str) -> tuple[int, str]:
        out = io.StringIO()
        return main(["doctor", "--config", str(file), *words], Surroundings({}, out, io.StringIO())), out.getvalue()

    status, text = run()
    assert status == 1
    assert "✓ cluster   API server" in text
    assert "mend: " in text
    assert "could not be seen" in text
    status, text = run("-f", "json")
    answer = json.loads(text)
    assert (status, answer["well"]) == (1, False)
    missing = {(one["area"], one["what"]) for one in answer["findings"] if one["state"] == MISSING}
    assert missing == {("identity", "user")}  # there is no password
    assert all(one["remedy"] for one in answer["findings"] if one["state"] == MISSING)
    assert run("--process", "engine")[0] == 0


async def test_paths_are_of_all_that_is_installed(admin: Path) -> None:
    client = Client(access(f"kubernetes://{admin}", "test"), manager="test")
    try:
        for document in installing.documents():
            assert (await client.get(installing.path(document))).status == 200
    finally:
        await client.close()
