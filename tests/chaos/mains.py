"""What the forked processes do: the product's own assemblies with trapped seams, and the emulator."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from typing import Any
from unittest import mock

import uvicorn
from tests.chaos import mutants, warm
from tests.chaos.board import Process
from tests.chaos.site import CLOUD_REGION, OWNER, REGION, TOKEN_KEY, Site, emulator_config
from tests.chaos.tokens import Tokens
from tests.chaos.trap import Trap, TrappedTransport, trapped_journal, trapped_store

from aws_emulator.emulator import Emulator
from aws_emulator.http import serve
from gurum.engine.assembly import assemble
from gurum.ops import log as logs
from gurum.ops.config import Config
from gurum.pia import assembly
from gurum.pia.app import App
from gurum.pia.services import SERVICES
from gurum.providers.aws.provider import AwsProvider
from gurum.providers.contract import Known, Place


async def emulator(site: Site, ready: int, *, lost_answers: bool) -> None:
    """Serve AWS; write the endpoint to the file descriptor `ready`."""
    config, faults = emulator_config(site.config(""), lost_answers=lost_answers)
    cloud = Emulator(config, site.lapse)
    for fault in faults:
        cloud.add_fault(fault)
    runner = await serve(cloud)
    os.write(ready, f"http://127.0.0.1:{runner.addresses[0][1]}".encode())
    os.close(ready)
    await asyncio.Event().wait()


async def _store(site: Site, trap: Trap) -> tuple[Any, Any]:
    store, journal = await site.store.open(site.lapse, trap, site.watch_interval)
    return trapped_store(store, trap), trapped_journal(journal, trap)


async def engine(site: Site, config: Config) -> None:
    """Run the engine until killed."""
    mutants.apply(site.mutant)
    logs.configure(config.log, "engine")
    trap = Trap(Process.ENGINE, site)
    store, journal = await _store(site, trap)
    region = config.region(REGION)
    assert region.aws is not None
    transport = TrappedTransport(warm.transport(region.aws, CLOUD_REGION), trap)
    provider = AwsProvider(region, transport, site.lapse, OWNER)
    sweep = provider.sweep

    async def swept(place: Place, known: Known) -> Sequence[str]:
        removed = await sweep(place, known)
        for words in removed:
            trap.swept(words)
        return removed

    mock.patch.object(provider, "sweep", swept).start()
    built = await assemble(
        config,
        store=store,
        journal=journal,
        clock=site.lapse,
        providers={REGION: provider},
        token_key=TOKEN_KEY,
    )
    await built.start()
    await built.run()


async def pia(site: Site, config: Config) -> None:
    """Serve the region's APIs until killed: the product's assembly with a trapped store and our own tokens."""
    mutants.apply(site.mutant)
    logs.configure(config.log, "pia")
    trap = Trap(Process.PIA, site)

    async def open_store(*_: Any, **__: Any) -> tuple[Any, Any]:
        return await _store(site, trap)

    parts: dict[str, Any] = {
        "open_store": open_store,
        "opened": lambda _: contextlib.nullcontext(warm.policy()),  # compiled by the parent
        "LateTokens": lambda _: Tokens(),  # Keystone is not what is killed
    }
    mock.patch.multiple("gurum.pia.assembly", **parts).start()
    async with assembly.assemble(config, SERVICES, site.lapse) as assembled:
        settings = uvicorn.Config(
            Answers(assembled.app(config.region(REGION), "http://pia"), trap),
            uds=str(site.socket),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
        )
        await _Server(settings).serve()


class _Server(uvicorn.Server):
    async def main_loop(self) -> None:
        """Wait to be killed. The original looks ten times a second whether it should stop, here two hundred times."""
        await asyncio.Event().wait()


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
