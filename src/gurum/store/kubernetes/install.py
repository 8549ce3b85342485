"""What a cluster must have before it can be a store: the kinds, the guard, the rights and two namespaces.

Applied on the server's side, so that installing twice changes nothing and a newer release changes what differs. A
definition is served some moments after it was accepted; whoever lists before that is told that there is no such thing.
Some seconds later still the API server knows its schema, without which the policy that writes down who it was refuses
what people create.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from gurum.store.contract import UnavailableError
from gurum.store.kubernetes import crds, fence, guard, rights, secret_rights, shape
from gurum.store.kubernetes.beside import BESIDE
from gurum.store.kubernetes.client import Client, checked
from gurum.store.kubernetes.kinds import DOMAIN, PLACES, SYSTEM

Document = dict[str, Any]

INSTALLER = "gurum-install"  # the field manager: one name, or each who installs would seem to change something
SERVED_SECONDS = 30.0
_ADMITTED = frozenset({201, 422})  # or refused for what it lacks, which is asked after what policies write into it

# Where documents of a kind are; what else a cluster has is not ours to install.
_PATHS: Mapping[str, str] = {
    "Namespace": "/api/v1/namespaces",
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
    "ValidatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "MutatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
    "MutatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
    "MutatingWebhookConfiguration": "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "ValidatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
}


def documents() -> list[Document]:
    """Return what is installed, in order."""
    return [namespace(), *secret_rights.all(), *crds.all(), *rights.all(), *guard.all(), *fence.all()]


def admission() -> list[Document]:
    """Return what the API server itself refuses, and what it writes down, whoever asks: policies and their bindings."""
    return [document for document in documents() if document["apiVersion"].startswith("admissionregistration.")]


def namespace() -> Document:
    """Return the namespace of what belongs to no project."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": SYSTEM, "labels": {f"{DOMAIN}/managed": "true"}},
    }


def path(document: Document) -> str:
    """Return where a document of `documents` stands in the API. Raises KeyError for a kind that is not ours."""
    meta = document["metadata"]
    return f"{_PATHS[document['kind']].format(**meta)}/{meta['name']}"


async def install(client: Client, further: Iterable[Document] = ()) -> int:
    """Install; return how many documents differed from what was there. Idempotent. Raises UnavailableError."""
    changed = 0
    for document in (*documents(), *further):
        where = path(document)
        before = await client.get(where)
        after = checked(await client.apply(where, document))
        old = before.json()["metadata"]["resourceVersion"] if before.status == 200 else ""
        changed += after.json()["metadata"]["resourceVersion"] != old
    await _served(client)
    return changed


async def _served(client: Client) -> None:
    """Return when every kind can be listed."""
    deadline = asyncio.get_running_loop().time() + SERVED_SECONDS
    for place in (*PLACES.values(), *(row.place for row in BESIDE.values())):
        where = shape.collection(place)
        while (await client.get(where, limit="1")).status == 404:
            if asyncio.get_running_loop().time() > deadline:
                raise UnavailableError(f"{where} is not served {SERVED_SECONDS:g} s after its definition was accepted")
            await asyncio.sleep(0.05)


async def admitted(person: Client) -> None:
    """Return when what a person creates is admitted, of every kind; `person` may create them and is none of ours.

    Nothing is kept of what it tries. Raises UnavailableError when that is not so in time.
    """
    deadline = asyncio.get_running_loop().time() + SERVED_SECONDS
    # A policy takes effect some moments after it was accepted, and until then admits whatever comes: nothing is shown
    # by that. What has no spec is a network, and bears the stamp.
    while shape.CAUSE not in (await _tried(person, "Network")).get("metadata", {}).get("annotations", {}):
        if asyncio.get_running_loop().time() > deadline:
            raise UnavailableError(f"who creates an object is not written down {SERVED_SECONDS:g} s after it was asked")
        await asyncio.sleep(0.1)
    for kind in rights.OWN:
        await _tried(person, kind)


async def _tried(person: Client, kind: str) -> Document:
    """Return what creating an object of a kind without a spec is answered with, without creating it."""
    place = PLACES[kind]
    document = {"apiVersion": place.api_version, "kind": kind, "metadata": {"name": "tried"}, "spec": {}}
    answer = await person.create(shape.collection(place, SYSTEM), document, dry=True)
    if answer.status not in _ADMITTED:
        raise UnavailableError(f"no {kind} can be created: {answer.message}")
    return answer.json()
