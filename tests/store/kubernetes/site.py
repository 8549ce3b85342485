"""A store on a real API server, with what its tests look past it by: the administrator's client, and kubectl."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from tests.support.cluster import cluster
from tests.support.kubernetes import kubectl
from tests.support.store import StepClock, make_server

from gurum.model.server import Server
from gurum.store.kubernetes import KubernetesStore, sealed, shape
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client, checked
from gurum.store.kubernetes.install import INSTALLER
from gurum.store.kubernetes.kinds import PLACES

NAMESPACE = "project-p1"
TEXT = base64.b64encode(b"#!/bin/sh\nPASSWORD=hunter2\n").decode()


class Site:
    """A store, the administrator's client and kubectl."""

    def __init__(self, url: str, store: KubernetesStore, client: Client) -> None:
        self.url, self.store, self.client = url, store, client
        self.kubeconfig = Path(url.removeprefix("kubernetes://"))

    def kubectl(self, *words: str, document: dict[str, Any] | None = None, check: bool = True) -> str:
        """Run kubectl in the project's namespace; return what it said."""
        stdin = msgspec.json.encode(document).decode() if document else ""
        done = kubectl(self.kubeconfig, "-n", NAMESPACE, *words, stdin=stdin, check=check)
        return done.stdout + done.stderr

    async def object(self, server: Server) -> dict[str, Any]:
        """Return a server as it is stored."""
        return checked(await self.client.get(shape.address_of(server).path(PLACES["Server"]))).json()

    async def may(self, user: str, verb: str, namespace: str) -> bool:
        """Whether a user may do something with a namespace's Secrets, as the API server says."""
        what = {"namespace": namespace, "resource": "secrets", "verb": verb}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "groups": ["system:authenticated"], "resourceAttributes": what},
        }
        answer = await self.client.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return bool(checked(answer).json()["status"]["allowed"])

    async def secrets(self) -> dict[str, str]:
        """Return the texts that are kept, by the names of the Secrets."""
        found = checked(await self.client.get(sealed.COLLECTION)).json()["items"]
        return {one["metadata"]["name"]: base64.b64decode(one["data"][sealed.FIELD]).decode() for one in found}


@asynccontextmanager
async def opened(url: str, directory: Path) -> AsyncIterator[Site]:
    """Give one with a server, and so with the project's namespace."""
    async with cluster(url, directory) as open_one:
        client = Client(access(url, "administrator"), manager=INSTALLER)
        store = await open_one(StepClock())
        await store.create(make_server("first"))
        yield Site(url, store, client)
        await client.close()


def with_data(text: str = TEXT, **more: Any) -> Server:
    """Return a server with user data."""
    server = make_server(**more)
    server.spec.user_data = text
    return server
