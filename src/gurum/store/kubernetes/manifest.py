"""Manifests as text: YAML for people and for `kubectl apply -f`, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import yaml

Document = dict[str, Any]


class _Dumper(yaml.SafeDumper):
    """Without anchors: what stands at two places is said at both, as people expect of a manifest."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def as_yaml(documents: Iterable[Document]) -> str:
    """Return the documents as one YAML stream."""
    return yaml.dump_all(
        documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, explicit_start=True
    )


def as_json(documents: Iterable[Document]) -> str:
    """Return the documents as one list of Kubernetes' in JSON."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)}, indent=2, ensure_ascii=False) + "\n"
