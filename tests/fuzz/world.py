"""A region's API in this process, as in production but for what a test must hold in its hand.

Real are the services with their tables, the kernel, the policy bundle, the quotas, the cache and the store contract in
memory. Made for the purpose are the tokens (`people`), the clock, and the eyes: which handlers were reached, what was
written by whom (`recorder`), what was logged.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import pkgutil
from collections.abc import Sequence
from contextvars import ContextVar
from functools import cache
from typing import Any

import msgspec
import structlog
from prometheus_client import CollectorRegistry
from tests.fuzz.people import BY_TOKEN, PROJECTS, Tokens
from tests.fuzz.recorder import Recorder
from tests.support.pia import EPOCH, POLICY, REGION, ROOT

import gurum.pia
from gurum.model import codec
from gurum.model.base import Resource
from gurum.ops.config import PiaConfig, RegionConfig, ZoneConfig
from gurum.ops.health import Readiness
from gurum.pia.app import App, Figures
from gurum.pia.kernel.claims import QuotaClaims
from gurum.pia.kernel.context import Context, Parts
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.mirror import Board
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.service import Service
from gurum.pia.kernel.wire import Response
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.store.cache import Cache
from gurum.store.memory import MemoryJournal, MemoryStore
from gurum.store.memory.hostility import PEACEFUL, Hostility
from gurum.store.quotas import Quotas, usage_key

SHORT = 8  # characters: a token that is no longer may be in a log by chance
IDENTITY = "http://keystone.example/v3"
ZONES = (ZoneConfig(name="us-east-1a", id="use1-az1"), ZoneConfig(name="us-east-1b", id="use1-az2"))


class RouteKey(msgspec.Struct, frozen=True, order=True):
    """A row of a service's table, by what makes it one."""

    service: str
    method: str
    path: str
    action: str = ""
    since: int = 0

    def __str__(self) -> str:
        tail = f" {self.action}" if self.action else ""
        return f"{self.service} {self.method} {self.path}{tail}" + (f" (2.{self.since}+)" if self.since > 1 else "")


def key_of(service: Service, route: Route) -> RouteKey:
    """Return a row's key."""
    return RouteKey(service.name, route.method, route.path, route.action, route.since)


@cache
def services() -> tuple[Service, ...]:
    """Return every service that the API has: each package of `gurum.pia` with a SERVICE."""
    found = []
    for package in pkgutil.iter_modules(gurum.pia.__path__):
        if package.ispkg and importlib.util.find_spec(f"gurum.pia.{package.name}.service") is not None:
            module = importlib.import_module(f"gurum.pia.{package.name}.service")
            if hasattr(module, "SERVICE"):  # the kernel's describes what one is
                found.append(module.SERVICE)
    return tuple(found)


def table(offered: Sequence[Service]) -> dict[RouteKey, tuple[Service, Route]]:
    """Return all rows by key. Two rows of one key would hide each other: ValueError."""
    rows: dict[RouteKey, tuple[Service, Route]] = {}
    for service in offered:
        for route in service.routes:
            key = key_of(service, route)
            if key in rows:
                raise ValueError(f"two rows are {key}")
            rows[key] = (service, route)
    return rows


@cache
def bundle() -> EmbeddedDecisionPoint:
    """Return the real policy, compiled once."""
    return EmbeddedDecisionPoint(POLICY)


class Clock:
    """Wall time that moves by a microsecond at every look. Sleeping lets others run and takes no time."""

    def __init__(self) -> None:
        self.now = EPOCH

    def time(self) -> float:
        self.now += 1e-6
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


REACHED: ContextVar[list[RouteKey] | None] = ContextVar("reached", default=None)  # by the request at hand


def _watched(service: Service) -> Service:
    """Return the service with handlers that say when they are reached.

    A route that is documented to refuse may do so when it looks for its object: that counts, too.
    """

    def watched(route: Route) -> Route:
        key, inner, inner_find = key_of(service, route), route.handler, route.find

        def note() -> None:
            reached = REACHED.get()
            if reached is not None and key not in reached:
                reached.append(key)

        async def handler(ctx: Context) -> Response:
            note()
            return await inner(ctx)

        def find(ctx: Context) -> Subject:
            assert inner_find is not None
            try:
                return inner_find(ctx)
            except ApiError as refusal:
                if refusal.status == route.status:
                    note()
                raise

        return msgspec.structs.replace(route, handler=handler, find=find if inner_find is not None else None)

    return msgspec.structs.replace(service, routes=tuple(map(watched, service.routes)))


class Logs:
    """Keeps of what is logged the unexpected errors (tracebacks by request id), and lines that hold a secret."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self.errors: dict[str, str] = {}
        self.leaks: list[str] = []
        self.secrets = secrets

    def install(self) -> None:
        """Take over structlog for the loggers that are made from now on."""
        structlog.configure(processors=[self._take], cache_logger_on_first_use=False)

    def _take(self, logger: Any, name: str, event: Any) -> Any:
        if "traceback" in event:
            self.errors[event.get("request_id", "")] = event["traceback"]
        for secret in self.secrets:
            if any(secret in str(value) for value in event.values()):
                self.leaks.append(f"{secret!r} in {event}")
        raise structlog.DropEvent


class World:
    """One region with everything behind it reachable.

    region: its object, which says what its cloud cannot. yields: how much requests interleave (see `Recorder`).
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        hostility: Hostility = PEACEFUL,
        yields: int = 0,
        config: PiaConfig | None = None,
        offered: Sequence[Service] | None = None,
    ) -> None:
        self.logs = Logs(tuple(token for token in BY_TOKEN if len(token) > SHORT))
        self.logs.install()
        self.seed = seed
        self.clock = Clock()
        self.inner = MemoryStore(clock=self.clock, seed=seed, hostility=hostility)
        self.store = Recorder(self.inner, seed=seed, yields=yields)
        self.journal = MemoryJournal(clock=self.clock)
        self.cache = Cache(self.store, list(codec.KINDS.values()), clock=self.clock)
        self.board = Board(self.cache)
        self.services = tuple(offered if offered is not None else services())
        self.routes = table(self.services)
        for service in self.services:
            service.prepare(self.board)
        self.region = RegionConfig(name=REGION, provider="simulated", port=8774, zones=list(ZONES))
        self.policy = bundle()
        self.config = config or PiaConfig()
        parts = Parts(
            store=self.store,
            journal=self.journal,
            board=self.board,
            claims=QuotaClaims(Quotas(self.store), self.clock),
            policy=self.policy,
            clock=self.clock,
            config=self.config,
        )
        registry = CollectorRegistry()
        self.app = App(
            self.region,
            [_watched(service) for service in self.services],
            parts,
            Tokens(),
            root=ROOT,
            identity_url=IDENTITY,
            readiness=Readiness("pia", {}, registry),
            figures=Figures(registry),
        )

    async def put(self, *objects: Resource) -> None:
        """Store objects, statuses included."""
        for obj in objects:
            made: Any = await self.store.create(obj)
            made.status = getattr(obj, "status")  # noqa: B009 - every kind has one, their base has not
            await self.store.update_status(made)

    def limits(self) -> dict[tuple[str, str, str], int]:
        """Return the highest limit that ever held, by project, service and resource; -1: there was none."""
        found: dict[tuple[str, str, str], int] = {}
        for project in PROJECTS.values():
            for service, held in self.config.quotas.items():
                key = usage_key(self.region.name, project, service)
                for resource, limit in held.items():
                    own = self.store.limits.get((key, resource), limit)
                    found[project, service, resource] = -1 if -1 in (limit, own) else max(limit, own)
        return found

    async def census(self) -> dict[tuple[str, str], bytes]:
        """Return everything that the store itself says it holds, by kind and id, with all its numbers."""
        found: dict[tuple[str, str], bytes] = {}
        for kind in codec.KINDS.values():
            after = None
            while True:
                page = await self.inner.list(kind, after=after)
                for obj in page.items:
                    found[kind.kind, obj.id] = msgspec.json.encode(obj)
                after = page.next
                if after is None:
                    break
        return found
