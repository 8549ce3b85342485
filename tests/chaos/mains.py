"""What the forked processes do: the product's own assemblies with trapped seams, and the emulator."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry
from tests.chaos import mutants, warm
from tests.chaos.board import Process
from tests.chaos.quota_claims import QuotaClaims
from tests.chaos.site import CLOUD_REGION, OWNER, REGION, TOKEN_KEY, Site, emulator_config
from tests.chaos.tokens import Tokens
from tests.chaos.trap import Trap, TrappedTransport, trapped_journal, trapped_store

from aws_emulator.emulator import Emulator
from aws_emulator.http import serve
from gurum.engine.assembly import assemble
from gurum.model import codec
from gurum.ops import log as logs
from gurum.ops.config import Config
from gurum.ops.health import Readiness
from gurum.pia.app import App, Figures
from gurum.pia.compute.service import SERVICE as COMPUTE
from gurum.pia.image.service import SERVICE as IMAGE
from gurum.pia.kernel.context import Parts
from gurum.pia.kernel.mirror import Board as Mirrors
from gurum.pia.network.service import SERVICE as NETWORK
from gurum.providers.aws.provider import AwsProvider
from gurum.store.cache import Cache
from gurum.store.sqlite import SqliteJournal, SqliteStore

SERVICES = (COMPUTE, NETWORK, IMAGE)


async def emulator(site: Site, ready: int, *, lost_answers: bool) -> None:
    """Serve AWS; write the endpoint to the file descriptor `ready`."""
    config, faults = emulator_config(lost_answers=lost_answers)
    cloud = Emulator(config, site.lapse)
    for fault in faults:
        cloud.add_fault(fault)
    runner = await serve(cloud)
    os.write(ready, f"http://127.0.0.1:{runner.addresses[0][1]}".encode())
    os.close(ready)
    await asyncio.Event().wait()


async def _store(site: Site, trap: Trap) -> tuple[Any, Any]:
    store = await SqliteStore.open(site.store, clock=site.lapse, poll=site.watch_interval, busy_timeout=5.0 * site.lapse.factor)
    return trapped_store(store, trap), trapped_journal(SqliteJournal(store.database), trap)


async def engine(site: Site, config: Config) -> None:
    """Run the engine until killed."""
    mutants.apply(site.mutant)
    logs.configure(config.log, "engine")
    trap = Trap(Process.ENGINE, site)
    store, journal = await _store(site, trap)
    region = config.region(REGION)
    assert region.aws is not None
    transport = TrappedTransport(warm.transport(region.aws, CLOUD_REGION), trap)
    assembly = await assemble(
        config,
        store=store,
        journal=journal,
        clock=site.lapse,
        providers={REGION: AwsProvider(region, transport, site.lapse, OWNER)},
        token_key=TOKEN_KEY,
    )
    await assembly.start()
    await assembly.run()


async def pia(site: Site, config: Config) -> None:
    """Serve the region's APIs until killed."""
    logs.configure(config.log, "pia")
    trap = Trap(Process.PIA, site)
    store, journal = await _store(site, trap)
    cache = Cache(store, list(codec.KINDS.values()), clock=site.lapse)
    mirrors = Mirrors(cache)
    for service in SERVICES:
        service.prepare(mirrors)
    await cache.start()
    parts = Parts(
        store=store,
        journal=journal,
        board=mirrors,
        claims=QuotaClaims(store, site.lapse),
        policy=warm.policy(),
        clock=site.lapse,
        config=config.pia,
    )
    registry = CollectorRegistry()
    app = App(
        config.region(REGION),
        SERVICES,
        parts,
        Tokens(),
        root="http://pia",
        identity_url="http://keystone/v3",
        readiness=Readiness("pia", {}, registry),
        figures=Figures(registry),
    )
    settings = uvicorn.Config(
        Answers(app, trap), uds=str(site.socket), lifespan="off", log_config=None, access_log=False, http="httptools"
    )
    await uvicorn.Server(settings).serve()


class Answers:
    """The API with its answers as points: `before` nothing has left, `after` the client has it."""

    def __init__(self, app: App, trap: Trap) -> None:
        self._app = app
        self._trap = trap

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                self._trap.point("answer", "before")
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._trap.point("answer", "after")

        await self._app(scope, receive, answer)
