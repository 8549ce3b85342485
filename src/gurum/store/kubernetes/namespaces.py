"""One namespace a project, made when its first object is.

Nothing is looked up: a namespace's name follows from the project's id, so that two processes which meet a new project
at once make the same one.
"""

from __future__ import annotations

from typing import Any

from gurum.store.contract import UnavailableError
from gurum.store.kubernetes import shape
from gurum.store.kubernetes.client import Answer, Client, checked
from gurum.store.kubernetes.kinds import DOMAIN, PROJECT_LABEL, Place


async def create(client: Client, place: Place, document: dict[str, Any], *, project: str = "") -> Answer:
    """Create an object by POST; first its namespace if there is none. Raises UnavailableError.

    409 and 422 are answers.
    """
    namespace = document["metadata"].get("namespace", "")
    path = shape.collection(place, namespace)
    answer = await client.create(path, document)
    if answer.status == 404 and namespace:
        await make(client, namespace, project)
        answer = await client.create(path, document)
    if answer.status in (409, 422):
        return answer
    if answer.status == 403 and "being terminated" in answer.message:
        raise UnavailableError(f"the namespace {namespace} is being removed; try again")
    return checked(answer)


async def make(client: Client, namespace: str, project: str) -> None:
    """Make a namespace, a project's or another, if it is not there. Raises UnavailableError."""
    labels = {f"{DOMAIN}/managed": "true"}
    if project and namespace == f"project-{project}":
        labels[PROJECT_LABEL] = project
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
    answer = await client.create("/api/v1/namespaces", document)
    if answer.status != 409:  # somebody else has just made it
        checked(answer)
