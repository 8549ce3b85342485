"""Our definitions and roles in a real cluster: applied once a process, as an operator would."""

from __future__ import annotations

import functools
from pathlib import Path

from tests.support.kubernetes import kubectl

from gurum.store.kubernetes import crds, manifest, rights
from gurum.store.kubernetes.kinds import SYSTEM


@functools.cache
def install(kubeconfig: Path) -> None:
    """Apply definitions, roles and our own namespace, and return when the API server serves every kind."""
    apply = ("apply", "--server-side", "--force-conflicts", "-f", "-")
    kubectl(kubeconfig, *apply, stdin=manifest.text([*crds.all(), *rights.all()], "json"))
    kubectl(kubeconfig, "wait", "--for=condition=Established", "--timeout=60s", "crd", "-l", PART_OF)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}
    kubectl(kubeconfig, *apply, stdin=manifest.text([namespace], "json"))


PART_OF = ",".join(f"{name}={value}" for name, value in crds.PART_OF.items())
