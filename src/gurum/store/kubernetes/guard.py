"""What the API server itself refuses to people: what only Gurum's processes may say of an object.

Rights (RBAC) end at the object; a person who may create servers could write another server's id into theirs, or name
somebody else as the one who asked. So an admission policy of the server's own keeps these fields to whoever has the
verb `assign` on `identities.gurum.cloud`, which is no resource but a right by itself. It needs no webhook, and works
when none of our processes does.
"""

from __future__ import annotations

from typing import Any

from gurum.store.kubernetes.kinds import DOMAIN, KEY_CLAIM, PLACES, VERSION
from gurum.store.kubernetes.shape import IDENTITY

Document = dict[str, Any]

NAME = f"identity.{DOMAIN}"
RIGHT = {"apiGroups": [DOMAIN], "resources": ["identities"], "verbs": ["assign"]}
_OURS = f"authorizer.group('{DOMAIN}').resource('identities').check('assign').allowed()"
_CREATING = "oldObject == null"


def all() -> list[Document]:  # noqa: A001 - read as guard.all()
    """Return the policy and its binding."""
    groups = sorted({place.group for place in (*PLACES.values(), KEY_CLAIM)})
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": NAME},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": groups,
                        "apiVersions": [VERSION],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["*"],
                    }
                ]
            },
            "matchConditions": [{"name": "people", "expression": f"!({_OURS})"}],
            "validations": [*(_field(name) for name in IDENTITY), _annotations()],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": NAME},
        "spec": {"policyName": NAME, "validationActions": ["Deny"]},
    }
    return [policy, binding]


def _field(name: str) -> Document:
    # A region is chosen by whoever makes the object, and stays: the definition's own rule says so.
    free = f"{_CREATING} || " if name == "region" else ""
    return {
        "expression": f"{free}object.spec[?'{name}'] == ({_CREATING} ? optional.none() : oldObject.spec[?'{name}'])",
        "message": f"spec.{name} is given by Gurum and by nobody else",
        "reason": "Forbidden",
    }


def _annotations() -> Document:
    new, old = "object.metadata.?annotations.orValue({})", "oldObject.metadata.?annotations.orValue({})"
    kept = f"!({_CREATING}) && {old}[?k] == {new}[?k]"
    lost = f"{_CREATING} || {old}.all(k, !k.startsWith('{DOMAIN}/') || k in {new})"
    return {
        "expression": f"{new}.all(k, !k.startsWith('{DOMAIN}/') || ({kept})) && ({lost})",
        "message": f"annotations of {DOMAIN} are Gurum's",
        "reason": "Forbidden",
    }
