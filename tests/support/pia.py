"""A region's API in one process, without sockets: the app, a store, and tokens that are names."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from prometheus_client import CollectorRegistry
from tests.support.backend import STORES

from gurum.audit.contract import Audit
from gurum.identity.tokens import Principal, TokenInvalid
from gurum.model import codec
from gurum.model.base import Metadata, Resource, new_id
from gurum.model.compute import Flavor, FlavorSpec
from gurum.model.image import Image, ImageSpec
from gurum.model.region import Capability, Region, RegionSpec, RegionStatus, Zone
from gurum.ops.config import PiaConfig, RegionConfig, ZoneConfig
from gurum.ops.health import Readiness
from gurum.pia.app import App, Figures
from gurum.pia.kernel.context import Parts
from gurum.pia.kernel.mirror import Board
from gurum.pia.kernel.rate import Limiter
from gurum.pia.kernel.seams import Excess
from gurum.pia.kernel.service import Service
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.store.cache import Cache
from gurum.store.contract import Store
from gurum.store.quotas import Count

R = TypeVar("R", bound=Resource)

REGION = "kakao-usa-east1"
ROOT = "http://region.example:8774"
EPOCH = 1_800_000_000.0
POLICY = Path(__file__).parents[2] / "policy"

PROJECTS = {"member": "a" * 32, "reader": "a" * 32, "other": "b" * 32, "admin": "c" * 32}
USERS = {"member": "1" * 32, "reader": "2" * 32, "other": "3" * 32, "admin": "4" * 32}
ROLES = {
    "member": ("member", "reader"),
    "reader": ("reader",),
    "other": ("member", "reader"),
    "admin": ("admin", "manager", "member", "reader"),
}


class ManualClock:
    """Wall time that moves by a microsecond at every look, so that what is made in order is ordered, and by `ahead`."""

    def __init__(self) -> None:
        self.now = EPOCH

    def time(self) -> float:
        self.now += 1e-6
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def ahead(self, seconds: float) -> None:
        self.now += seconds


class FakeTokens:
    """Tokens are the names of `PROJECTS`; anything else is invalid."""

    async def validate(self, token: str) -> Principal:
        if token not in PROJECTS:
            raise TokenInvalid("no such token")
        return Principal(
            user_id=USERS[token],
            user_name=token,
            user_domain_id="default",
            project_id=PROJECTS[token],
            project_name=f"project of {token}",
            project_domain_id="default",
            roles=ROLES[token],
            issued_at=datetime.fromtimestamp(EPOCH, UTC),
            expires_at=datetime.fromtimestamp(EPOCH + 86400, UTC),
            audit_ids=("audit",),
        )


class MemoryClaims:
    """Quota reservations without memory: what is in use plus what is asked must fit."""

    async def reserve(
        self,
        *,
        region: str,
        project: str,
        service: str,
        id: str,
        amounts: Mapping[str, int],
        limits: Mapping[str, int],
        in_use: Mapping[str, int],
        counted: Count | None = None,
    ) -> Excess | None:
        for resource, amount in amounts.items():
            limit, used = limits.get(resource, -1), in_use.get(resource, 0)
            if limit >= 0 and used + amount > limit:
                return Excess(resource=resource, requested=amount, used=used, limit=limit)
        return None

    async def release(self, *, region: str, project: str, service: str, id: str) -> None:
        return None


class Answer(msgspec.Struct):
    """An answer as a client sees it. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Kit:
    """The app of one region, with everything behind it reachable."""

    def __init__(
        self,
        services: Sequence[Service],
        *,
        config: PiaConfig | None = None,
        policy: Any = None,
        store: Store | None = None,
        audit: Audit | None = None,
    ) -> None:
        self.clock = ManualClock()
        own, self.journal = STORES.make(self.clock)
        self.store: Store = store or own
        self.gone = asyncio.Event()  # set: clients do not wait for their answers
        self.cache = Cache(self.store, list(codec.KINDS.values()), clock=self.clock)
        self.board = Board(self.cache)
        for service in services:
            service.prepare(self.board)
        self.region = RegionConfig(
            name=REGION,
            provider="simulated",
            port=8774,
            zones=[ZoneConfig(name="us-east-1a", id="use1-az1"), ZoneConfig(name="us-east-1b", id="use1-az2")],
        )
        self.parts = Parts(
            store=self.store,
            journal=self.journal,
            board=self.board,
            claims=MemoryClaims(),
            policy=policy or _policy(),
            clock=self.clock,
            config=config or PiaConfig(),
            limiter=Limiter((config or PiaConfig()).rate_limit, self.clock),
            audit=audit,
        )
        registry = CollectorRegistry()
        self.app = App(
            self.region,
            services,
            self.parts,
            FakeTokens(),
            root=ROOT,
            identity_url="http://keystone.example/v3",
            readiness=Readiness("pia", {}, registry),
            figures=Figures(registry),
        )

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = "member",
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        version: str = "",
        peer: str = "192.0.2.1",
    ) -> Answer:
        """Send a request; `path` begins with the service's prefix and may carry a query. `version`: `2.53`."""
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {"accept": "application/json", "content-length": str(len(data))}
        if body is not None:
            sent["content-type"] = "application/json"
        if token is not None:
            sent["x-auth-token"] = token
        if version:
            sent["openstack-api-version"] = f"compute {version}"
        sent |= {k.lower(): v for k, v in (headers or {}).items()}
        return await ask(self.app, method, path, data, sent, peer, self.gone)

    async def seed(self, *objects: Resource) -> None:
        """Store objects, statuses included, as the engine's seeding and work would have left them."""
        for obj in objects:
            made: Any = await self.store.create(obj)
            made.status = getattr(obj, "status")  # noqa: B009 - every kind has one, their base has not
            await self.store.update_status(made)


@functools.cache
def _policy() -> EmbeddedDecisionPoint:
    """Compile the real bundle once for all tests of a run."""
    return EmbeddedDecisionPoint(POLICY)


async def ask(
    app: App,
    method: str,
    path: str,
    data: bytes,
    headers: Mapping[str, str],
    peer: str = "192.0.2.1",
    gone: asyncio.Event | None = None,
) -> Answer:
    """Send a request through ASGI. gone: set while the client has given up."""
    from urllib.parse import unquote

    name, _, query = path.partition("?")
    got: dict[str, Any] = {"body": b""}

    messages = iter([{"type": "http.request", "body": data, "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        await (gone or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        got["body"] += message.get("body", b"")
        got.update({k: message[k] for k in ("status", "headers") if k in message})

    scope = {
        "type": "http",
        "method": method,
        "path": unquote(name),
        "query_string": query.encode(),
        "client": (peer, 50000),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }
    await app(scope, receive, send)
    return Answer(got["status"], {k.decode().lower(): v.decode() for k, v in got["headers"]}, got["body"])


def region(**capabilities: str) -> Region:
    """Return the region's object; keywords are verbs (dots as underscores) and their level."""
    return Region(
        metadata=_meta(REGION, key=REGION),
        spec=RegionSpec(
            provider="simulated", zones=[Zone(name="us-east-1a", id="use1-az1"), Zone(name="us-east-1b", id="use1-az2")]
        ),
        status=RegionStatus(
            capabilities={
                v.replace("_", "."): Capability(verb=v.replace("_", "."), level=level)
                for v, level in capabilities.items()
            }
        ),
    )


def flavor(name: str, *, id: str = "", vcpus: int = 1, ram: int = 512, disk: int = 1, **more: Any) -> Flavor:
    """Return a flavor of the region."""
    uid = new_id()
    return Flavor(
        metadata=_meta(uid, key=f"{REGION}/{id or uid}"),
        spec=FlavorSpec(name=name, vcpus=vcpus, ram=ram, disk=disk, flavorid=id or uid, **more),
    )


def image(name: str = "golden-image", *, id: str = "", **more: Any) -> Image:
    """Return an image of the region."""
    uid = id or new_id()
    return Image(metadata=_meta(uid, key=uid), spec=ImageSpec(name=name, cloud_id="ami-1", **more))


def _meta(id: str, *, key: str) -> Any:
    return Metadata(id=id, key=key, region=REGION)
