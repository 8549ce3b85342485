"""What a cluster must have before people can sign in there with Keystone's tokens, beside what the store needs.

Apart from the rest, because a cluster without the sign-in must not have it: above all the right to bind roles.
"""

from __future__ import annotations

from typing import Any

from gurum.pia.signin.granted import Granted
from gurum.policy.bundle import BundleSource
from gurum.store.kubernetes import people
from gurum.store.kubernetes.crds import PART_OF

Document = dict[str, Any]
HOST_ROLE = "gurum-sign-in"  # of the API's processes
_GROUP = "rbac.authorization.k8s.io"


def documents(source: BundleSource) -> list[Document]:
    """Return them: the API's right to welcome a project, everybody's catalogue, the rules. Raises BundleError."""
    granted = Granted.of(source)
    return [_welcoming(), *people.catalogue(granted.choosers), *granted.policies()]


def _welcoming() -> Document:
    """Return the right to make a project's namespace and to bind two roles in it, and no others."""
    text = (
        "What the API processes do when somebody signs in: make the project's namespace and bind its two roles there."
    )
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": HOST_ROLE, "labels": PART_OF, "annotations": {"kubernetes.io/description": text}},
        "rules": [
            {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["create"]},
            {"apiGroups": [_GROUP], "resources": ["rolebindings"], "verbs": ["create"]},
            {
                "apiGroups": [_GROUP],
                "resources": ["clusterroles"],
                "resourceNames": [people.MEMBER, people.READER],
                "verbs": ["bind"],
            },
        ],
    }
