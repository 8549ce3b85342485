"""`deploy/`: the manifests that are generated of the model, in files that can be applied, compared and shipped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from gurum.store.kubernetes import crds, manifest, rights, secret_rights
from gurum.store.kubernetes.beside import BESIDE
from gurum.store.kubernetes.kinds import PLACES

HEAD = (
    "# Generated of the model by `make docs`: change src/gurum/model and src/gurum/store/kubernetes, not this file.\n"
)


def _text(make: Callable[[], list[dict[str, Any]]]) -> str:
    return HEAD + manifest.text(make(), "yaml")


def _one(kind: str) -> str:
    return _text(lambda: [crds.definition(kind)])


FILES: Mapping[str, Callable[[], str]] = {
    **{
        f"deploy/crds/{place.group}_{place.plural}.yaml": partial(_one, kind)
        for kind, place in (PLACES | {name: row.place for name, row in BESIDE.items()}).items()
    },
    "deploy/rbac/roles.yaml": partial(_text, rights.all),
    "deploy/rbac/user-data.yaml": partial(_text, secret_rights.all),
}
