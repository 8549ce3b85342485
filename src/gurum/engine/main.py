"""The engine's process: from a configuration to controllers at work, until a signal ends it."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gurum.audit.contract import Audit
from gurum.audit.errors import AuditUnavailableError
from gurum.audit.opening import auditing
from gurum.audit.writer import Writer
from gurum.engine.assembly import Assembly, assemble
from gurum.engine.entrance import aws_transport, engines, entered_by_sessions
from gurum.identity.issuer import KeyRing
from gurum.identity.issuer.keeper import keep
from gurum.ops import health, metrics, secrets
from gurum.ops import log as logs
from gurum.ops.clock import Clock, SystemClock
from gurum.ops.config import Config, ConfigError, RegionConfig, load
from gurum.providers.aws.provider import AwsProvider
from gurum.providers.contract import Provider
from gurum.providers.simulated.provider import SimulatedProvider
from gurum.store.contract import StoreError
from gurum.store.factory import open_store

log = structlog.get_logger("gurum.engine")

Observe = Callable[[str, str, float], None]


def provider_of(
    region: RegionConfig, config: Config, clock: Clock, observe: Observe, audit: Audit | None = None
) -> Provider:
    """Return the provider that a region's configuration names. Raises ConfigError."""
    if region.provider == "simulated":
        return SimulatedProvider(region, clock)
    if region.provider == "aws" and region.aws is not None:
        recorder = engines(region, config, audit)
        transport = aws_transport(region, config, clock, recorder)
        return AwsProvider(region, transport, clock, config.engine.deployment, observe, recorder)
    raise ConfigError(f"region {region.name}: provider {region.provider!r} is not one of simulated, aws (with `aws:`)")


class Meters:
    """The engine's figures for /metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._reconciles = Histogram(
            "gurum_reconcile_seconds", "Time of one step of one object", ["kind", "outcome"], registry=registry
        )
        self._calls = Counter("gurum_aws_calls_total", "Requests sent to AWS", ["action", "outcome"], registry=registry)
        self._call_seconds = Histogram(
            "gurum_aws_call_seconds", "Time of one request to AWS", ["action"], registry=registry
        )
        self._queue = Gauge("gurum_queue_length", "Objects waiting to be reconciled", registry=registry)

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Take one step of one object."""
        self._reconciles.labels(kind, outcome).observe(seconds)

    def called(self, action: str, outcome: str, seconds: float) -> None:
        """Take one request to AWS."""
        self._calls.labels(action, outcome).inc()
        self._call_seconds.labels(action).observe(seconds)

    def watch(self, assembly: Assembly) -> None:
        """Read the queue's length when asked."""
        self._queue.set_function(lambda: float(len(assembly.engine.queue)))


async def serve(config: Config) -> None:
    """Run the engine until SIGTERM or SIGINT.

    Raises ConfigError, StoreError, SecretError, AuditUnavailableError, OSError.
    """
    clock = SystemClock()
    async with auditing(config.audit, "engine", clock) as audit:
        await _serve(config, clock, audit)


async def _serve(config: Config, clock: Clock, audit: Writer | None) -> None:
    registry = metrics.registry("engine")
    meters = Meters(registry)
    store, journal = await open_store(
        config.store, clock, backup_to=Path(config.state) / "backups", writer="gurum-engine"
    )
    try:
        providers = {region.name: provider_of(region, config, clock, meters.called, audit) for region in config.regions}
        assembly = await assemble(
            config,
            store=store,
            journal=journal,
            clock=clock,
            providers=providers,
            token_key=secrets.read(Path(config.engine.token_key_file)).encode(),
            observe=meters.reconciled,
        )
        meters.watch(assembly)
        keeping = _keep_keys(config, clock)
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        started = asyncio.Event()
        readiness = health.Readiness(
            "engine", _checks(assembly, started, audit), registry, lambda: {"shards": assembly.fleet.standing()[1]}
        )
        async with health.serve(readiness, config.engine.metrics_host, config.engine.metrics_port) as port:
            log.info("engine starts", metrics_port=port, regions=list(providers))
            await _until(stopping, assembly, started, keeping)
        for task in keeping:
            task.cancel()
        await assembly.stop()
        log.info("engine stopped")
    finally:
        await journal.close()
        await store.close()


def _keep_keys(config: Config, clock: Clock) -> list[asyncio.Task[None]]:
    """Turn the issuer's keys as long as the engine runs, if any account is entered by them; never ends by itself."""
    if not entered_by_sessions(*config.regions):
        return []
    issuer = config.identity.issuer
    return [asyncio.create_task(keep(issuer, KeyRing(issuer, clock), clock), name="signing keys")]


async def _until(
    stopping: asyncio.Event, assembly: Assembly, started: asyncio.Event, keeping: Sequence[asyncio.Task[None]]
) -> None:
    """Work until told to stop. Raises what ended the work, or the turning of the keys, which nobody would miss."""

    async def work() -> None:
        await assembly.start()
        # What the cache holds now lives long: a full collection would walk all of it, for a second at 50,000 servers.
        gc.collect()
        gc.freeze()
        started.set()
        await assembly.run()

    working = asyncio.create_task(work(), name="engine")
    stop = asyncio.create_task(stopping.wait(), name="signal")
    await asyncio.wait({working, stop, *keeping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (working, *keeping):
        if task.done():
            stop.cancel()
            await task  # raises what ended it
            return
    await assembly.runtime.stop(10.0)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


def _checks(assembly: Assembly, started: asyncio.Event, audit: Writer | None) -> dict[str, health.Check]:
    async def controllers() -> str | None:
        return None if started.is_set() else "the cache is being filled"

    async def shards() -> str | None:
        well, words = assembly.fleet.standing()
        return None if well or not started.is_set() else words

    async def recorded() -> str | None:
        return (audit.broken or audit.trouble or None) if audit is not None else None

    checks: dict[str, health.Check] = {"controllers": controllers, "shards": shards, "audit": recorded}
    for place in assembly.places:

        async def answers(place: object = place) -> str | None:
            found = next(p for p in assembly.places if p == place)
            if not assembly.engine.shards.holds(found):
                return None  # whoever acts for it tells
            well, why = assembly.engine.clouds[found.region].provider.healthy(found)
            return None if well else why

        checks[f"cloud {place.region} {place.account}"] = answers
    return checks


def main(argv: list[str] | None = None) -> int:
    """Run the engine; return the exit code. A problem of the surroundings is one sentence, not a traceback."""
    parser = argparse.ArgumentParser(prog="gurum-engine", description="Run the controllers of the configured regions.")
    parser.add_argument("--config", required=True, help="the YAML configuration")
    options = parser.parse_args(argv)
    try:
        config = load(Path(options.config), os.environ)
        logs.configure(config.log, "engine")
        os.nice(config.engine.nice)  # a user waits for the API's answer; nobody sees the engine be a moment later
        asyncio.run(serve(config))
    except (ConfigError, StoreError, secrets.SecretError, AuditUnavailableError, OSError) as error:
        print(f"gurum engine: {error}", file=sys.stderr)  # noqa: T201 - the process's last word
        return 1
    return 0
