"""That the API server asks one of the API's processes before people change or delete what a project has.

Creations are not asked about: an object may name another that comes a moment later, so it is taken up when it can be,
and its status says until then what is missing. Of the API server's failures to ask, every one refuses: a change that
nobody looked at would be one that OpenStack forbids.
"""

from __future__ import annotations

import base64
from typing import Any

from gurum.store.kubernetes.guard import OURS
from gurum.store.kubernetes.kinds import DOMAIN, PLACES, VERSION

Document = dict[str, Any]

NAME = f"faces.{DOMAIN}"
PATH = "/admit"
SECONDS = 10  # that an answer may take


def url(at: str) -> Document:
    """Return the client configuration of a webhook at `https://host:port`."""
    return {"url": at + PATH}


def service(namespace: str, name: str, port: int) -> Document:
    """Return that of a webhook behind a Service of the cluster."""
    return {"service": {"namespace": namespace, "name": name, "port": port, "path": PATH}}


def configuration(client: Document, authority: bytes) -> Document:
    """Return what is applied: `client` is of `url` or `service`, `authority` the PEM of who signed its certificate."""
    of_projects = {
        kind: place for kind, place in PLACES.items() if not (place.claim or place.cluster or kind == "Image")
    }
    rules = [
        {
            "apiGroups": [group],
            "apiVersions": [VERSION],
            "operations": ["UPDATE", "DELETE"],
            "resources": sorted(place.plural for place in of_projects.values() if place.group == group),
            "scope": "Namespaced",
        }
        for group in sorted({place.group for place in of_projects.values()})
    ]
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": NAME, "labels": {"app.kubernetes.io/part-of": "gurum"}},
        "webhooks": [
            {
                "name": NAME,
                "admissionReviewVersions": ["v1"],
                "clientConfig": {**client, "caBundle": base64.b64encode(authority).decode()},
                "failurePolicy": "Fail",
                "matchPolicy": "Equivalent",
                "sideEffects": "NoneOnDryRun",
                "timeoutSeconds": SECONDS,
                "rules": rules,
                "matchConditions": [
                    {"name": "people", "expression": f"!({OURS})"},
                    {"name": "projects", "expression": "request.namespace.startsWith('project-')"},
                ],
            }
        ],
    }
