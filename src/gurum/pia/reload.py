"""Take the policy and the certificate anew at a signal, so that a change of them needs no restart.

It exists because a restart drops what is under way and leaves a region without an API for seconds. What is new is
tried first (a bundle in a child process, compiled outside the event loop); until it has passed, and for ever if it
does not, the one from before goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import structlog

from gurum.ops.config import ConfigError
from gurum.ops.secrets import SecretError
from gurum.policy.bundle import BundleError


@dataclass(frozen=True)
class Renewal:
    """What can be taken anew.

    take: returns what is in force from then on, in a word, or raises and has changed nothing. It runs in a thread.
    """

    name: str
    take: Callable[[], str]


@contextlib.asynccontextmanager
async def reloading(*renewals: Renewal) -> AsyncIterator[None]:
    """Take everything anew at each SIGHUP while inside; signals that come while that runs are one more turn.

    What fails is told in the log and keeps nothing else from being taken.
    """
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    task = asyncio.create_task(_reload_when(asked, renewals))
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _reload_when(asked: asyncio.Event, renewals: tuple[Renewal, ...]) -> None:
    log = structlog.get_logger("gurum.pia")
    while True:
        await asked.wait()
        asked.clear()
        for renewal in renewals:
            try:
                taken = await asyncio.to_thread(renewal.take)
            except (BundleError, ConfigError, SecretError, OSError, ValueError) as error:
                # unfit, unreadable, or no child process could be started
                log.error("not reloaded, the one from before stays", what=renewal.name, error=str(error))
            else:
                log.info("reloaded", what=renewal.name, taken=taken)
