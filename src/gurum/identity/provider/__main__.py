"""`python -m gurum.identity.provider --config FILE`: the providers of a file, each on a port of its own.

Exit status 0 after SIGTERM, 1 if they cannot be run (the reason on stderr), 2 for a usage error.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from aiohttp import web

from gurum.identity.issuer.keys import KeyRing
from gurum.identity.provider.app import application
from gurum.identity.provider.config import ProviderError, Providers, load
from gurum.identity.provider.people import LOOK as LOOK_AT_PEOPLE
from gurum.identity.provider.people import People
from gurum.identity.provider.service import Provider
from gurum.ops.clock import Clock, SystemClock
from gurum.ops.secrets import SecretError

LOOK = 600.0  # seconds between two looks whether a key is due


async def serve(providers: Providers, clock: Clock, stop: asyncio.Event) -> None:
    """Run the providers until told to stop. Raises ProviderError, SecretError, OSError."""
    runners: list[web.AppRunner] = []
    turning: list[asyncio.Task[None]] = []
    try:
        for config in providers.providers:
            provider = Provider(config, clock)
            await asyncio.to_thread(provider.ring.turn)
            turning += [
                asyncio.create_task(_turn(provider.ring, clock)),
                asyncio.create_task(_look(provider.people, clock)),
            ]
            runner = web.AppRunner(application(provider), access_log=None, shutdown_timeout=1.0)
            runners.append(runner)
            await runner.setup()
            await web.TCPSite(runner, config.host, config.port).start()
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([stopping, *turning], return_when=asyncio.FIRST_COMPLETED)
        for task in turning:
            if task.done():  # keys that cannot be turned would be found out a month later, by everybody at once
                await task
    finally:
        for task in turning:
            task.cancel()
        for runner in runners:
            await runner.cleanup()


async def _turn(ring: KeyRing, clock: Clock) -> None:
    while True:
        await clock.sleep(min(LOOK, ring.due() + 1.0))
        await asyncio.to_thread(ring.turn)


async def _look(people: People, clock: Clock) -> None:
    while True:
        await clock.sleep(LOOK_AT_PEOPLE)
        people.look()


async def _run(providers: Providers) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(providers, SystemClock(), stop)


def main(arguments: list[str]) -> int:
    """Serve until told to stop; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gurum.identity.provider", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="configuration file (YAML)")
    options = parser.parse_args(arguments)
    os.umask(0o077)
    try:
        asyncio.run(_run(load(options.config)))
    except (ProviderError, SecretError, OSError) as error:
        sys.stderr.write(f"provider: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
