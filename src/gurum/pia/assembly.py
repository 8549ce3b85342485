"""From a configuration to applications: everything a process shares is made here, once, and closed in order."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from gurum.audit.opening import auditing
from gurum.audit.writer import Writer
from gurum.identity.tokens import TokenValidator
from gurum.model import codec
from gurum.model.base import Resource
from gurum.model.region import Region
from gurum.ops import metrics
from gurum.ops.clock import Clock
from gurum.ops.config import Config, RegionConfig
from gurum.ops.health import Check, Readiness
from gurum.pia.app import App, Figures
from gurum.pia.faces.running import Faces
from gurum.pia.kernel.audited import revocations
from gurum.pia.kernel.claims import QuotaClaims
from gurum.pia.kernel.context import Parts
from gurum.pia.kernel.entries import Renderings
from gurum.pia.kernel.mirror import Board
from gurum.pia.kernel.rate import Limiter
from gurum.pia.kernel.service import Service
from gurum.pia.late import LateTokens
from gurum.pia.signin.running import SignIn
from gurum.policy.factory import OpenDecisionPoint, opened
from gurum.store.cache import Cache
from gurum.store.contract import EVERYTHING, Filter, Store, StoreError
from gurum.store.factory import open_store
from gurum.store.kubernetes import KubernetesStore
from gurum.store.quotas import Quotas

ENGINES_OWN = frozenset(
    {"Lease", "CloudKey", "Account", "Domain", "Restoration", "Transfer"}
)  # kinds that no API shows
KINDS: tuple[type[Resource], ...] = tuple(kind for name, kind in codec.KINDS.items() if name not in ENGINES_OWN)


class Assembly:
    """What the regions of a process share, and the readiness of each."""

    def __init__(
        self,
        config: Config,
        services: Sequence[Service],
        parts: Parts,
        tokens: LateTokens,
        store: Store,
        policy: OpenDecisionPoint,
        faces: Faces | None = None,
        audit: Writer | None = None,
        sign_in: SignIn | None = None,
    ) -> None:
        self.faces = faces  # only where people write with kubectl, too
        self._config, self._parts, self._audit = config, parts, audit
        self._services = (*services, *((sign_in.service,) if sign_in is not None else ()))
        self.reload_policy = policy.reload
        self._policy_missing = policy.missing
        self._tokens, self._store = tokens, store
        self._registry: CollectorRegistry = metrics.registry("pia")
        self._figures = Figures(self._registry)

    def app(self, region: RegionConfig, root: str) -> App:
        """Return the application of a region; root: the URL at which clients reach it."""
        checks: dict[str, Check] = {
            "identity": self._tokens.missing,
            "store": self._store_missing,
            "region": lambda: self._region_missing(region.name),
            "audit": self._audit_missing,
            "policy": self._policy_missing,
        }
        return App(
            region,
            self._services,
            self._parts,
            self._tokens,
            root=root,
            identity_url=self._config.identity.url,
            readiness=Readiness("pia", checks, self._registry),
            figures=self._figures,
        )

    async def _audit_missing(self) -> str | None:
        return (self._audit.broken or self._audit.trouble or None) if self._audit is not None else None

    async def _store_missing(self) -> str | None:
        try:
            await self._parts.board.fresh(Region)
        except (StoreError, RuntimeError) as error:
            return str(error)
        return None

    async def _region_missing(self, name: str) -> str | None:
        if self._parts.board.of(Region).by_key(name) is None:
            return f"the engine has not yet put the region {name} into the store"
        return None


@contextlib.asynccontextmanager
async def assemble(
    config: Config, services: Sequence[Service], clock: Clock, regions: Sequence[RegionConfig] = ()
) -> AsyncIterator[Assembly]:
    """Open everything, fill the cache, and close everything at the end. `regions` are those served; none: all.

    Raises ConfigError, StoreError, ValueError, BundleError: each with one sentence.
    """
    with opened(config.policy) as policy:
        async with (
            auditing(config.audit, "pia", clock) as audit,
            _assembled(config, services, clock, regions, audit, policy) as made,
        ):
            yield made


@contextlib.asynccontextmanager
async def _assembled(
    config: Config,
    services: Sequence[Service],
    clock: Clock,
    regions: Sequence[RegionConfig],
    audit: Writer | None,
    policy: OpenDecisionPoint,
) -> AsyncIterator[Assembly]:
    store, journal = await open_store(config.store, clock, backup_to=Path(config.state) / "backups", writer="gurum-pia")
    try:
        cache = Cache(store, KINDS, where=_cached(store, config.regions, regions or config.regions), clock=clock)
        board = Board(cache, Renderings(config.pia.rendered_bytes))
        for service in services:
            service.prepare(board)
        for kind in KINDS:
            board.of(kind)
        await cache.start()
        # What has been read lives as long as the process: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        parts = Parts(
            store=store,
            journal=journal,
            board=board,
            claims=QuotaClaims(Quotas(store), clock),
            policy=policy,
            clock=clock,
            config=config.pia,
            limiter=Limiter(config.pia.rate_limit, clock),
            audit=audit,
        )
        revoked = revocations(audit) if audit is not None else lambda event: None
        tokens = LateTokens(lambda: TokenValidator.of(config.identity, revoked))
        tokens.start()
        sign_in = SignIn.over(config.pia.sign_in, store, config.policy, clock)
        faces = Faces.over(store, services, config.regions, parts)
        if faces is not None:
            faces.start()
        if sign_in is not None:
            sign_in.start()
        try:
            yield Assembly(config, services, parts, tokens, store, policy, faces, audit, sign_in)
        finally:
            if sign_in is not None:
                await sign_in.stop()
            if faces is not None:
                await faces.stop()
            await tokens.stop()
            await cache.stop()
    finally:
        await journal.close()
        await store.close()


def _cached(store: Store, known: Sequence[RegionConfig], served: Sequence[RegionConfig]) -> Filter:
    """Return what a process keeps in memory: its region, where it serves but one; no object is of two, or of none.

    What people wrote into a cluster is taken up by any process, whichever region it is for: there, all that are known.
    """
    needed = known if isinstance(store, KubernetesStore) else served
    return Filter(region=needed[0].name) if len(needed) == 1 else EVERYTHING
