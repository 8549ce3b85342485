"""Front and providers in one process, with a Keystone behind that believes anything: what guards are taken out of.

The Keystone is the worst that could be: it takes a login from any key that looks like a claim, however it is spelt.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
import waitress.server
from aiohttp import web
from tests.support.federation import Prepared

from gurum.identity.front.middleware import Front
from gurum.identity.keystone import load as load_keystone
from gurum.identity.provider.app import application
from gurum.identity.provider.config import load as load_providers
from gurum.identity.provider.service import Provider
from gurum.ops.clock import SystemClock
from gurum.ops.config import Config
from gurum.supervisor.places import Places


@dataclass
class Local(Prepared):
    """What rows need of a site."""

    front: Front
    seen: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def local(config: Config, places: Places) -> Iterator[Local]:
    """Serve for the duration of a block."""
    keystone = load_keystone(places.keystone_config)
    seen: list[dict[str, str]] = []
    refusals = logging.getLogger("keystone.gurum")  # a line each would hide what is printed
    refusals.propagate = False
    refusals.addHandler(logging.NullHandler())
    root = config.identity.url.removesuffix("/v3")
    # Without the question to the provider, which stands behind all other guards: each must do without it.
    trusted = [msgspec.structs.replace(one, introspects=False) for one in keystone.federation.trusted]
    believed = msgspec.structs.replace(keystone.federation, trusted=trusted)
    front = Front(_credulous(seen), believed, root=root, clock=SystemClock())
    parts = urlsplit(root)
    server = waitress.server.create_server(front, host=parts.hostname, port=parts.port, threads=4)
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    stop, started = asyncio.Event(), threading.Event()
    loop = asyncio.new_event_loop()
    providers = threading.Thread(target=lambda: loop.run_until_complete(_providers(places, stop, started)), daemon=True)
    providers.start()
    assert started.wait(60)
    try:
        yield Local(config, places, front, seen)
    finally:
        loop.call_soon_threadsafe(stop.set)
        providers.join(30)
        loop.close()
        server.close()
        serving.join(30)


async def _providers(places: Places, stop: asyncio.Event, started: threading.Event) -> None:
    runners = []
    for config in load_providers(places.providers_config).providers:
        provider = Provider(config, SystemClock())
        provider.ring.turn()
        runner = web.AppRunner(application(provider), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, config.host, config.port).start()
        runners.append(runner)
    started.set()
    await stop.wait()
    for runner in runners:
        await runner.cleanup()


def _credulous(seen: list[dict[str, str]]) -> Callable[..., Iterable[bytes]]:
    """Return a Keystone that gives a token to whoever seems to have logged in somewhere."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        marks = ("OIDC", "OPENID", "REMOTE_USER", "REMOTE-USER", "SHIB", "MELLON", "SSL_CLIENT")
        believed = {
            key.upper().removeprefix("HTTP_").replace("_", "-"): str(value)
            for key, value in environ.items()
            if any(mark in key.upper() for mark in marks)
        }
        seen.append(believed)
        status = "201 Created" if believed else "401 Unauthorized"
        token = [("X-Subject-Token", "t")] if believed else []
        start_response(status, [("Content-Type", "application/json"), *token])
        return [json.dumps(believed).encode()]

    return app
