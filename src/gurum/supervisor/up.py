"""`gurum up`: from nothing to a running whole, and back to nothing.

The order is that of a careful person: look whether it can work, take the directory, prepare, start, show, stay, stop.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TextIO

from gurum.ops.clock import Clock, SystemClock
from gurum.ops.config import Config, load
from gurum.supervisor import checks, plan, view
from gurum.supervisor.kubernetes import rows as kubernetes
from gurum.supervisor.lock import locked
from gurum.supervisor.places import Places
from gurum.supervisor.prepare import operator_config, prepare
from gurum.supervisor.probe import ready
from gurum.supervisor.process import Process, spawn
from gurum.supervisor.rows import Child, Refusal, Row
from gurum.supervisor.supervise import Supervisor, Timing
from gurum.supervisor.terminal import patient

# What is done once everything is ready: given the configuration, the places and the output. Returns whether to stay.
Afterwards = Callable[[Config, Places, TextIO], Awaitable[bool]]


def run(state: Path, config_file: Path | None, environ: Mapping[str, str], out: TextIO, afterwards: Afterwards) -> None:
    """Run the embedded whole in `state` until `afterwards` says that it is enough, or SIGINT or SIGTERM comes.

    Raises Refusal, ConfigError, SecretError and OSError, each with a sentence for the person at the terminal; no child
    is left then.
    """
    checks.python()
    os.umask(0o077)
    places = Places(state.absolute())
    checks.directory(places.state)
    with locked(places.lock):
        checks.disk(places.state)
        config = load(config_file or operator_config(places, environ), environ, state=places.state)
        if not config.regions:
            raise Refusal(f"no region is configured in {config_file or places.config}")
        if config.pia.tls.cert_file:
            raise Refusal("pia.tls: `gurum up` speaks plain HTTP with its parts; start the API yourself to have TLS")
        checks.ports(wanted_ports(config))
        prepare(config, places)
        asyncio.run(_run(config, places, environ, patient(out), afterwards, SystemClock()))


def wanted_ports(config: Config) -> list[tuple[str, str, int]]:
    """Return (what for, host, port) of everything that the rows will listen on."""
    wanted = [(f"the APIs of {region.name}", region.host, region.port) for region in config.regions]
    wanted.append(("the engine's metrics", config.engine.metrics_host, config.engine.metrics_port))
    if config.embedded.kubernetes:
        wanted += kubernetes.ports(config)
    return wanted + plan.listening(config)


def _keep_older_output(rows: tuple[Row, ...]) -> None:
    """Rename what an earlier run's children printed, so that it neither grows for ever nor is taken for this run's."""
    for row in rows:
        if isinstance(row, Child) and row.output.exists():
            row.output.replace(row.output.with_name(f"{row.output.name}.old"))


async def _run(
    config: Config, places: Places, environ: Mapping[str, str], out: TextIO, afterwards: Afterwards, clock: Clock
) -> None:
    shown = view.choose(out, clock)
    rows = plan.rows(config, places)
    _keep_older_output(rows)

    async def spawn_here(child: Child) -> Process:
        return await spawn(child, environ)

    supervisor = Supervisor(
        rows,
        spawn=spawn_here,
        probe=ready,
        clock=clock,
        changed=shown.changed,
        timing=Timing(ready=config.embedded.ready_seconds, grace=config.embedded.stop_seconds),
    )
    stop = _stop_signal(supervisor, out)
    states = supervisor.states.values()
    began = clock.time()
    try:
        with shown.live(states):
            if await _unless(stop, supervisor.start()):
                return
        out.write(f"\nReady after {clock.time() - began:.1f} s.\n")
        out.flush()
        watching = asyncio.create_task(supervisor.watch())
        try:
            await _unless(stop, _first(_afterwards(config, places, out, afterwards), watching))
        finally:
            watching.cancel()
    finally:
        out.write("\nStopping.\n")
        with shown.live([state for state in states if isinstance(state.row, Child)]):
            await supervisor.stop()


async def _afterwards(config: Config, places: Places, out: TextIO, afterwards: Afterwards) -> None:
    if await afterwards(config, places, out):
        await asyncio.Event().wait()


async def _first(work: Awaitable[None], watching: asyncio.Task[None]) -> None:
    """Return or raise as the first of the two does."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
        await (working if working.done() else watching)
    finally:
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def _unless(stop: asyncio.Event, work: Awaitable[None]) -> bool:
    """Do the work unless `stop` is set first; return whether it was. Raises what the work raises."""
    stopping = asyncio.create_task(stop.wait())
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
    return stop.is_set()


def _stop_signal(supervisor: Supervisor, out: TextIO) -> asyncio.Event:
    """Return an event that SIGINT or SIGTERM sets; a second one ends the children without asking."""
    stop = asyncio.Event()

    def received() -> None:
        if stop.is_set():
            out.write("\nEnding everything now.\n")
            supervisor.kill()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, received)
    return stop
