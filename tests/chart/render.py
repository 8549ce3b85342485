"""The chart as Helm renders it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from tests.docs.pages import ROOT
from tests.support.kubernetes import helm

Document = dict[str, Any]

CHART = ROOT / "deploy" / "helm" / "gurum"
VALUES = tuple(sorted((CHART / "ci").glob("*.yaml")))
RELEASE, NAMESPACE = "gurum", "gurum"


def template(values: Path, *words: str) -> list[Document]:
    """Return what is rendered with these values. Raises RuntimeError with Helm's words."""
    done = helm("template", RELEASE, str(CHART), "--namespace", NAMESPACE, "--values", str(values), *words)
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def lint(values: Path) -> str:
    """Return what `helm lint` says. Raises RuntimeError if it minds anything."""
    return helm("lint", str(CHART), "--strict", "--values", str(values)).stdout


def named(documents: list[Document], kind: str) -> dict[str, Document]:
    """Return the documents of a kind by their names."""
    return {one["metadata"]["name"]: one for one in documents if one["kind"] == kind}


def pods(documents: list[Document]) -> Iterator[Document]:
    """Yield the pod templates of all Deployments, as pods."""
    for name, one in named(documents, "Deployment").items():
        template = one["spec"]["template"]
        meta = {**template["metadata"], "name": name, "namespace": one["metadata"]["namespace"]}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
