"""Take the policy anew at a signal, so that a change of permissions needs no restart.

It exists because a restart drops what is under way and leaves a region without an API for seconds. A new bundle is
tried in a child process and compiled outside the event loop; until it has passed, and for ever if it does not, the
one from before goes on deciding.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable

import structlog

from gurum.policy.bundle import BundleError


@contextlib.asynccontextmanager
async def reloading(reload: Callable[[], str]) -> AsyncIterator[None]:
    """Call `reload` in a thread at each SIGHUP while inside; signals that come while it runs are one more call.

    reload: returns the revision that decides from then on, or raises BundleError and has changed nothing.
    """
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    task = asyncio.create_task(_reload_when(asked, reload))
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _reload_when(asked: asyncio.Event, reload: Callable[[], str]) -> None:
    log = structlog.get_logger("gurum.pia")
    while True:
        await asked.wait()
        asked.clear()
        try:
            revision = await asyncio.to_thread(reload)
        except (BundleError, OSError, ValueError) as error:  # unfit, or no child process could be started
            log.error("policy is not reloaded, the one from before decides", error=str(error))
        else:
            log.info("policy is reloaded", revision=revision)
