"""Argo CD's rules, as far as objects feel them: waves, applies of its own field manager, health, and what goes.

Argo CD itself is not run. What it does to a cluster is a server-side apply under its manager's name, a removal of what
the tree has no longer, and a health script in Lua: the first two are done by kubectl here (an ApplySet stands for Argo
CD's own record of what it applied), the third by a Lua of the version that Argo CD has, without libraries as there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import yaml

MANAGER = "argocd-controller"
USER = "argocd"  # in a cluster, the service account of its controller
WAVE = "argocd.argoproj.io/sync-wave"
EXAMPLE = Path(__file__).parents[2] / "examples" / "gitops"
_PREFIX = "resource.customizations.health."
_LIBRARIES = ("string", "math", "io", "os", "debug", "coroutine", "package", "require", "dofile", "loadfile")

Document = dict[str, Any]
Run = Callable[..., str]  # of kubectl: words, and `documents` for its standard input; returns what it said


class Health(NamedTuple):
    """What Argo CD shows of an object."""

    status: str
    message: str


class Scripts:
    """The health scripts of a ConfigMap argocd-cm."""

    def __init__(self, path: Path = EXAMPLE / "argocd" / "argocd-cm.yaml") -> None:
        data: Mapping[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))["data"]
        self._scripts = {key.removeprefix(_PREFIX): text for key, text in data.items() if key.startswith(_PREFIX)}
        self._lua = import_module("lupa.lua51").LuaRuntime(unpack_returned_tuples=True, register_eval=False)
        for name in _LIBRARIES:
            self._lua.globals()[name] = None
        self._lua.globals()["python"] = None

    @property
    def kinds(self) -> set[str]:
        """`<group>_<kind>` of each script."""
        return set(self._scripts)

    def health(self, document: Document) -> Health:
        """Return an object's health. Raises KeyError for a kind without a script, LuaError for one that is wrong."""
        group = document["apiVersion"].partition("/")[0]
        text = self._scripts[f"{group}_{document['kind']}"]
        run = self._lua.eval(f"function(obj)\n{text}\nend")
        said = run(self._table(document))
        return Health(str(said["status"]), str(said["message"] or ""))

    def _table(self, value: Any) -> Any:
        """Return a document as Lua has it: what is null is not there."""
        if isinstance(value, dict):
            return self._lua.table_from({key: self._table(one) for key, one in value.items() if one is not None})
        if isinstance(value, list):
            return self._lua.table_from([self._table(one) for one in value])
        return value


def read(tree: Path) -> list[Document]:
    """Return the objects of a directory of manifests."""
    files = sorted(tree.glob("*.yaml"))
    return [one for file in files for one in yaml.safe_load_all(file.read_text(encoding="utf-8")) if one]


def waves(documents: list[Document]) -> list[list[Document]]:
    """Return them wave by wave."""
    number = {id(one): int(one["metadata"].get("annotations", {}).get(WAVE, "0")) for one in documents}
    return [[one for one in documents if number[id(one)] == wave] for wave in sorted(set(number.values()))]


def apply(run: Run, documents: list[Document], *words: str) -> str:
    """Apply as Argo CD does with ServerSideApply=true: under its own name, and it takes what it declares."""
    more = ("--server-side", f"--field-manager={MANAGER}", "--force-conflicts")
    return run("apply", *more, *words, documents=documents)


def prune(run: Run, documents: list[Document]) -> str:
    """Apply everything, and remove what was applied so before and is no longer in the tree."""
    return apply(run, documents, "--prune", "--applyset=configmaps/gurum-example")


def as_input(documents: list[Document]) -> str:
    """Return them as kubectl reads them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
