"""Two people who are one: a token at the API of a region, and a certificate at the API server of Kubernetes."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.kubernetes import kubectl
from tests.support.stack import Stack

from gurum.store.kubernetes.kinds import namespace_of
from gurum.supervisor.kubernetes import pki
from gurum.supervisor.kubernetes.pki import Pki

PATIENCE = 60.0
Document = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What the API answered: the status, the body, and the sentence of a refusal."""

    status: int
    body: Any

    @property
    def text(self) -> str:
        """The sentence."""
        for inner in self.body.values() if isinstance(self.body, dict) else ():
            if isinstance(inner, dict) and "message" in inner:
                return str(inner["message"])
        return ""


class Api:
    """A member of the project at a region's API."""

    def __init__(self, stack: Stack, region: str) -> None:
        self.url, self.region, self._token = stack.url(region), region, stack.token("gurum")

    def call(self, method: str, path: str, body: Any = None) -> Said:
        """Send a request; the path begins with the service's prefix."""
        headers = {"X-Auth-Token": self._token, "Content-Type": "application/json", "Accept": "application/json"}
        headers["OpenStack-API-Version"] = "compute 2.96"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Said(answer.status, _parsed(answer.read()))
        except urllib.error.HTTPError as refusal:
            return Said(refusal.code, _parsed(refusal.read()))

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """Likewise, of what must go well: return the body."""
        said = self.call(method, path, body)
        if said.status >= 400:
            raise RuntimeError(f"{method} {path}: {said.status} {said.text or said.body}")
        return said.body


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")


class Person:
    """Who signs in at Kubernetes with a certificate in the name of an OpenStack user, as a member of the project."""

    def __init__(self, stack: Stack, project: str, user: str) -> None:
        self.namespace, self.user = namespace_of(project), user
        own = Pki(stack.places.state / "kubernetes" / "pki")
        url = f"https://127.0.0.1:{stack.config.embedded.kubernetes_port}"
        self._administrator = own.kubeconfig("administrator")
        self._kubeconfig: Path = pki.user(own, url, user, (), datetime.now(UTC))
        labels = {"gurum.cloud/managed": "true", "gurum.cloud/project-id": project}
        self._admin({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace, "labels": labels}})
        self._admin(_binding("RoleBinding", "gurum-member", user, self.namespace))
        self._admin(_binding("ClusterRoleBinding", "gurum-catalogue", user))

    def may_keep(self, *resources: str) -> None:
        """Let them have these resources of Kubernetes' own in the namespace: what a tool keeps its record in."""
        group, name = "rbac.authorization.k8s.io", "faces-records"
        rule = {"apiGroups": [""], "resources": list(resources), "verbs": ["*"]}
        meta = {"name": name, "namespace": self.namespace}
        self._admin({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": meta, "rules": [rule]})
        bound = _binding("RoleBinding", name, self.user, self.namespace)
        bound["metadata"]["name"] = f"bound-{name}"
        self._admin(bound | {"roleRef": {"apiGroup": group, "kind": "Role", "name": name}})

    def _admin(self, document: Document) -> None:
        kubectl(self._administrator, "apply", "-f", "-", stdin=json.dumps(document))

    def run(self, *words: str, document: Document | None = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl in the project's namespace; its exit status is the caller's to check."""
        stdin, more = ("", ()) if document is None else (json.dumps(document), ("-f", "-"))
        return kubectl(self._kubeconfig, "-n", self.namespace, *words, *more, stdin=stdin, check=False)

    def ok(self, *words: str, document: Document | None = None) -> str:
        """Likewise, of what must go well: return what it said."""
        done = self.run(*words, document=document)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def seen(self, kind: str, name: str) -> Document:
        """Return an object; nothing if there is none."""
        done = self.run("get", kind, name, "-o", "json")
        return dict(json.loads(done.stdout)) if done.returncode == 0 else {}

    def until(self, kind: str, name: str, there: Callable[[Document], Any], within: float = PATIENCE) -> Document:
        """Return the object once the condition holds, or as it is in the end."""
        deadline = time.monotonic() + within
        while True:
            found = self.seen(kind, name)
            if there(found) or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    def admitted(self, kind: str, name: str) -> str:
        """Return the id of an object once it has one. Raises RuntimeError with what its status says."""
        found = self.until(kind, name, lambda one: one.get("spec", {}).get("id"))
        if "id" not in found.get("spec", {}):
            raise RuntimeError(f"{kind} {name} was not admitted: {condition(found)}")
        return str(found["spec"]["id"])


def condition(document: Document) -> Document:
    """Return what stands in the way of an object."""
    conditions: list[Document] = document.get("status", {}).get("conditions", [])
    return next((one for one in conditions if one["type"] == "Available" and one["status"] == "False"), {})


def _binding(kind: str, role: str, user: str, namespace: str = "") -> Document:
    group = "rbac.authorization.k8s.io"
    where = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {"name": f"faces-{role}", **where},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }
