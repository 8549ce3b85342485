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


def text(documents: Iterable[Document], form: str) -> str:
    """Return the documents as one stream of YAML, or (form `json`) as one list of Kubernetes'."""
    if form == "json":
        whole = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, explicit_start=True)
