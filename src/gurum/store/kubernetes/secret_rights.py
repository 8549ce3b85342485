"""Who may do what with the Secrets that keep servers' user data: our processes, in one namespace, and nobody else.

Roles of that namespace and no ClusterRoles: one of these that is bound by mistake to a whole cluster would open every
Secret there is. Kept apart from `rights`, which says what is allowed in all namespaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gurum.store.kubernetes.crds import PART_OF
from gurum.store.kubernetes.kinds import DOMAIN, USER_DATA

Document = dict[str, Any]

_RBAC = "rbac.authorization.k8s.io"

# By process, what it does with them: pia keeps, and shows to administrators; the engine sends, removes with the server,
# and collects; a move reads everything, and makes what it restores.
VERBS: Mapping[str, tuple[str, ...]] = {
    "gurum-pia": ("get", "create"),
    "gurum-engine": ("get", "list", "delete"),
    "gurum-move": ("get", "list", "create", "delete"),
}


def all() -> list[Document]:  # noqa: A001 - read as secret_rights.all()
    """Return the namespace, and the Role of each process in it."""
    return [namespace(), *roles()]


def namespace() -> Document:
    """Return the namespace of the Secrets."""
    meta = {"name": USER_DATA, "labels": {f"{DOMAIN}/managed": "true"}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def roles() -> list[Document]:
    """Return the Role of each process, called as the process's ClusterRole is."""
    text = "What the process does with servers' user data, which is kept in this namespace's Secrets."
    return [
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "Role",
            "metadata": {
                "name": name,
                "namespace": USER_DATA,
                "labels": dict(PART_OF),
                "annotations": {"kubernetes.io/description": text},
            },
            "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": list(verbs)}],
        }
        for name, verbs in VERBS.items()
    ]


def binding(name: str, role: str, subject: Document) -> Document:
    """Return the binding of a process's Role to who the process is."""
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": USER_DATA},
        "subjects": [subject],
        "roleRef": {"kind": "Role", "apiGroup": _RBAC, "name": role},
    }
