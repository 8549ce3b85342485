"""The rendered manifests before a real API server: valid to the letter, modest, and there afterwards."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart import render
from tests.chart.render import NAMESPACE, VALUES, Document
from tests.chart.site import RESTRICTED
from tests.support.kubernetes import helm, kubectl

from gurum.store.kubernetes import webhooks
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client
from gurum.store.kubernetes.install import INSTALLER, install

pytestmark = pytest.mark.kubernetes

# The Prometheus operator's is not ours to have: enough of it that the API server takes a ServiceMonitor.
MONITORS: Document = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "servicemonitors.monitoring.coreos.com"},
    "spec": {
        "group": "monitoring.coreos.com",
        "names": {"plural": "servicemonitors", "singular": "servicemonitor", "kind": "ServiceMonitor"},
        "scope": "Namespaced",
        "versions": [{
            "name": "v1", "served": True, "storage": True,
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        }],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def cluster(kubernetes_server: Path) -> Iterator[Path]:
    """Give a cluster with a namespace that admits modest pods alone."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": RESTRICTED}}
    applied(kubernetes_server, [namespace, MONITORS])
    kubectl(kubernetes_server, "wait", "--for=condition=Established", f"crd/{MONITORS['metadata']['name']}")
    yield kubernetes_server
    kubectl(kubernetes_server, "delete", "crd", MONITORS["metadata"]["name"])
    kubectl(kubernetes_server, "delete", "clusterrolebinding", "--selector", "app.kubernetes.io/managed-by=Helm")
    kubectl(kubernetes_server, "delete", "mutatingwebhookconfiguration", webhooks.NAME)
    kubectl(kubernetes_server, "delete", "namespace", NAMESPACE)
    asyncio.run(_as_before(kubernetes_server))


async def _as_before(cluster: Path) -> None:
    client = Client(access(f"kubernetes://{cluster}", "test"), manager=INSTALLER)
    await install(client)
    await client.close()


def authority(cluster: Path) -> str:
    """Return somebody's certificate, in base64: of an authority that nobody signs anything with here."""
    found = yaml.safe_load(cluster.read_text())["clusters"][0]["cluster"]
    return str(found["certificate-authority-data"])


def applied(cluster: Path, documents: list[Document], *words: str) -> str:
    """Apply; return what kubectl says, warnings included."""
    text = yaml.safe_dump_all(documents)
    options = ("--server-side", "--force-conflicts", "--validate=strict", *words)
    done = kubectl(cluster, "apply", *options, "-f", "-", stdin=text)
    return done.stdout + done.stderr


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_manifest_is_taken(cluster: Path, values: Path) -> None:
    documents = render.template(values, "--set", f"admission.caBundle={authority(cluster)}")
    shared = [one for one in documents if one["kind"] == "Namespace"]
    applied(cluster, shared)
    dry = applied(cluster, documents, "--dry-run=server")
    assert len([line for line in dry.splitlines() if line.endswith("(server dry run)")]) == len(documents)
    assert "Warning" not in dry
    told = applied(cluster, documents)
    assert "Warning" not in told
    assert len([line for line in told.splitlines() if line.endswith("serverside-applied")]) == len(documents)


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_a_namespace_for_modest_pods_takes_them(cluster: Path, values: Path) -> None:
    for pod in render.pods(render.template(values)):
        assert "Warning" not in applied(cluster, [pod], "--dry-run=server")
        proud = copy.deepcopy(pod)
        del proud["spec"]["containers"][0]["securityContext"]["capabilities"]
        with pytest.raises(RuntimeError, match="violates PodSecurity"):
            applied(cluster, [proud], "--dry-run=server")


def test_helm_installs_upgrades_and_keeps_what_is_users(cluster: Path, tmp_path: Path) -> None:
    words = (
        "upgrade",
        "--install",
        "other",
        str(render.CHART),
        "--namespace",
        NAMESPACE,
        "--take-ownership",
        "--force-conflicts",
    )
    values: dict[str, Any] = yaml.safe_load(VALUES[-1].read_text())
    file = tmp_path / "values.yaml"

    def installed() -> str:
        file.write_text(yaml.safe_dump(values))
        done = helm(*words, "--values", str(file), kubeconfig=cluster)
        return done.stdout + done.stderr

    assert "Gurum" in installed()
    before = _annotations(cluster)
    values["config"]["regions"][0]["flavors"][0]["ram"] = 4096
    assert "has been upgraded" in installed()
    assert _annotations(cluster) != before
    told = helm("uninstall", "other", "--namespace", NAMESPACE, kubeconfig=cluster)
    assert "kept due to the resource policy" in told.stdout + told.stderr
    kubectl(cluster, "get", "crd", "servers.compute.gurum.cloud")
    kubectl(cluster, "get", "namespace", "gurum-system")
    left = kubectl(
        cluster, "get", "deployments", "-n", NAMESPACE, "-l", "app.kubernetes.io/instance=other", "-o", "name"
    )
    assert left.stdout == ""


def _annotations(cluster: Path) -> str:
    path = "{.items[*].spec.template.metadata.annotations}"
    words = ("get", "deployments", "-n", NAMESPACE, "-l", "app.kubernetes.io/instance=other", "-o", f"jsonpath={path}")
    return kubectl(cluster, *words).stdout
