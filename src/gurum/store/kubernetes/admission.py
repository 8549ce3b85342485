"""The forms of admission policies: what the guard and the fence have in common."""

from __future__ import annotations

from typing import Any, Literal

from gurum.store.kubernetes.kinds import KEY_CLAIM, PLACES, VERSION

Document = dict[str, Any]


def everything(*resources: str) -> Document:
    """Return constraints that match the creation and change of all our kinds; `resources` as in a rule."""
    groups = sorted({place.group for place in (*PLACES.values(), KEY_CLAIM)})
    rule = {
        "apiGroups": groups,
        "apiVersions": [VERSION],
        "operations": ["CREATE", "UPDATE"],
        "resources": list(resources),
    }
    return {"resourceRules": [rule]}


def policy(
    name: str, spec: Document, bound: Document, sort: Literal["Validating", "Mutating"] = "Validating"
) -> list[Document]:
    """Return a policy that refuses when it cannot be asked, and its binding; `bound` is the rest of that one's spec."""
    version, kind = "admissionregistration.k8s.io/v1", f"{sort}AdmissionPolicy"
    return [
        {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": {"failurePolicy": "Fail", **spec}},
        {
            "apiVersion": version,
            "kind": f"{kind}Binding",
            "metadata": {"name": name},
            "spec": {"policyName": name, **bound},
        },
    ]
