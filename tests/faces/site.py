"""A region's API in this process over a real API server, its webhook, and a person who signs in by certificate."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry
from tests.support.kubernetes import kubectl
from tests.support.pia import POLICY, ROOT, Answer, FakeTokens, ask, flavor, image, region

from gurum.model.base import Resource
from gurum.model.region import Region
from gurum.ops.clock import SystemClock
from gurum.ops.config import AdmissionConfig, PiaConfig, RegionConfig, ZoneConfig
from gurum.ops.health import Readiness
from gurum.ops.policy import PolicyConfig
from gurum.pia.app import App, Figures
from gurum.pia.assembly import KINDS
from gurum.pia.faces.running import Faces
from gurum.pia.kernel.claims import QuotaClaims
from gurum.pia.kernel.context import Parts
from gurum.pia.kernel.mirror import Board
from gurum.pia.kernel.seams import Tokens
from gurum.pia.main import listen_for_reviews, reviews
from gurum.pia.services import SERVICES
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.store.cache import Cache
from gurum.store.contract import ExistsError
from gurum.store.kubernetes import KubernetesStore
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client
from gurum.store.kubernetes.heads import SqliteHeads
from gurum.store.kubernetes.kinds import namespace_of
from gurum.store.quotas import Quotas
from gurum.store.sqlite import SqliteJournal
from gurum.supervisor.kubernetes.plane import ControlPlane
from gurum.supervisor.kubernetes.store import define, sign_in

PROJECT = "a" * 32  # of the token `member`
NAMESPACE = namespace_of(PROJECT)
PERSON = "alice"
REGION = RegionConfig(
    name="kakao-usa-east1",
    provider="simulated",
    port=8774,
    zones=[ZoneConfig(name="us-east-1a", id="use1-az1"), ZoneConfig(name="us-east-1b", id="use1-az2")],
)


def prepared(plane: ControlPlane) -> None:
    """Install what `gurum up` installs, a project's namespace, and its member. It blocks."""
    pki = plane.plane.pki
    further = sign_in(PolicyConfig(bundle=str(POLICY))) if plane.plane.audience else []
    asyncio.run(define(plane.kubeconfig, plane.plane.webhook, pki.believed("admission").read_bytes(), further))
    for document in (_namespace(), _member("gurum-member", NAMESPACE)):
        kubectl(plane.kubeconfig, "apply", "-f", "-", stdin=json.dumps(document))


def _namespace() -> dict[str, Any]:
    labels = {"gurum.cloud/managed": "true", "gurum.cloud/project-id": PROJECT}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def _member(role: str, namespace: str) -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": role, "namespace": namespace},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "User", "name": PERSON}],
    }


@dataclass
class Process:
    """One API process: its store, its applications, what plays wishes."""

    store: KubernetesStore
    app: App
    parts: Parts
    faces: Faces


@dataclass
class Site:
    """What a test has: kubectl as a person, the API as a member of the same project, the engine's rights."""

    plane: ControlPlane
    directory: Path
    process: Process
    engine: KubernetesStore

    @cached_property
    def person(self) -> Path:
        """By which the person signs in."""
        return self.plane.user(PERSON)

    async def kubectl(self, *words: str, document: Any = None, check: bool = True) -> str:
        """Run kubectl as the person in the project's namespace; return what it said."""
        done = await self.run(*words, document=document)
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout + done.stderr

    async def run(self, *words: str, document: Any = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the person; its exit status is the caller's to check."""
        stdin = json.dumps(document) if document is not None else ""
        more = ("-f", "-") if document is not None else ()
        # It waits for the webhook, which this process answers.
        return await asyncio.to_thread(kubectl, self.person, "-n", NAMESPACE, *words, *more, stdin=stdin, check=False)

    async def seen(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object as kubectl shows it."""
        found: dict[str, Any] = json.loads(await self.kubectl("get", kind, name, "-o", "json"))
        return found

    async def until(self, kind: str, name: str, there: Callable[[dict[str, Any]], Any], seconds: float = 20.0) -> Any:
        """Return the object once the condition holds. Raises TimeoutError."""
        found: dict[str, Any] = {}
        try:
            async with asyncio.timeout(seconds):
                while True:
                    found = await self.seen(kind, name)
                    if there(found):
                        return found
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise TimeoutError(f"{kind} {name} never was so: {json.dumps(found, indent=1)}") from None

    async def admitted(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object once it has its id."""
        found: dict[str, Any] = await self.until(kind, name, lambda one: one["spec"].get("id"))
        return found

    async def refused(self, kind: str, name: str, text: str = "") -> dict[str, str]:
        """Return the condition of a wish that is refused, once it says so (and says `text`)."""
        found = await self.until(kind, name, lambda one: text in _condition(one).get("message", ""))
        return _condition(found)

    async def call(self, method: str, path: str, body: Any = None, token: str = "member") -> Answer:
        """Send a request to the API."""
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"accept": "application/json", "content-type": "application/json", "x-auth-token": token}
        headers |= {"content-length": str(len(data)), "openstack-api-version": "compute 2.96"}
        return await ask(self.process.app, method, path, data, headers)


def _condition(document: Mapping[str, Any]) -> dict[str, str]:
    conditions: list[dict[str, str]] = document.get("status", {}).get("conditions", [])
    return next((one for one in conditions if one["type"] == "Available" and one["status"] == "False"), {})


def wish(kind: str, name: str, group: str = "network", **spec: Any) -> dict[str, Any]:
    """Return an object as a person writes it."""
    return {
        "apiVersion": f"{group}.gurum.cloud/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


@asynccontextmanager
async def site(
    plane: ControlPlane, directory: Path, config: PiaConfig | None = None, tokens: Tokens | None = None
) -> AsyncIterator[Site]:
    """Give a site on a prepared plane, with a small catalogue; the webhook is answered while inside."""
    async with AsyncExitStack() as ends:
        journal = await SqliteJournal.open(directory / "journal.db")
        ends.push_async_callback(journal.close)
        engine = await _store(plane, "gurum-engine", journal, ends)
        disk = image("debian-12", id="5d4c2c1e-6a2f-4b39-8a50-6e0f8c7d1b11")
        await _seed(engine, region(), flavor("m1.small", id="2", disk=20, ram=2048), disk)
        process = await opened(plane, journal, ends, config, tokens)
        await _answering(plane, process.faces, ends)
        yield Site(plane, directory, process, engine)


async def opened(
    plane: ControlPlane,
    journal: SqliteJournal,
    ends: AsyncExitStack,
    config: PiaConfig | None = None,
    tokens: Tokens | None = None,
) -> Process:
    """Open an API process with its faces, ended with `ends`."""
    clock = SystemClock()
    store = await _store(plane, "gurum-pia", journal, ends)
    cache = Cache(store, KINDS, clock=clock)
    board = Board(cache)
    for service in SERVICES:
        service.prepare(board)
    for kind in KINDS:
        board.of(kind)
    await cache.start()
    ends.push_async_callback(cache.stop)
    parts = Parts(
        store=store,
        journal=journal,
        board=board,
        claims=QuotaClaims(Quotas(store), clock),
        policy=EmbeddedDecisionPoint(POLICY),
        clock=clock,
        config=config or PiaConfig(),
    )
    registry = CollectorRegistry()
    app = App(
        REGION,
        SERVICES,
        parts,
        tokens or FakeTokens(),
        root=ROOT,
        identity_url="http://keystone.example/v3",
        readiness=Readiness("pia", {}, registry),
        figures=Figures(registry),
    )
    faces = Faces.over(store, SERVICES, [REGION], parts)
    assert faces is not None
    faces.start()
    ends.push_async_callback(faces.stop)
    return Process(store, app, parts, faces)


async def _store(plane: ControlPlane, name: str, journal: SqliteJournal, ends: AsyncExitStack) -> KubernetesStore:
    client = Client(access(f"kubernetes://{plane.user(name)}", name), manager=name)
    store = KubernetesStore(client, SqliteHeads(journal.database), clock=SystemClock())
    ends.push_async_callback(store.close)
    return store


async def _seed(store: KubernetesStore, *objects: Resource) -> None:
    for obj in objects:
        try:
            made = await store.create(obj)
        except ExistsError:
            continue  # of an earlier site on the same plane
        if isinstance(made, Region) and isinstance(obj, Region):
            made.status = obj.status
            await store.update_status(made)


async def _answering(plane: ControlPlane, faces: Faces, ends: AsyncExitStack) -> None:
    """Serve the webhook as a process does."""
    both, port = str(plane.plane.pki.leaf("admission")), int(plane.plane.webhook.rpartition(":")[2])
    bound = listen_for_reviews(AdmissionConfig(port=port))
    signer = str(plane.plane.pki.believed("admission"))
    asked = AdmissionConfig(port=port, cert_file=both, key_file=both, client_ca_file=signer)
    server = reviews(faces, asked)
    task = asyncio.create_task(server._serve([bound]))
    ends.push_async_callback(_ended, server, task)


async def _ended(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    server.should_exit = True
    await task
