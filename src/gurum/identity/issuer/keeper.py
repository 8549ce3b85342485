"""Who turns the keys: one task of a process that may write them, for as long as it runs.

Turning is safe in several processes at once, so each engine may do it; where the directory cannot be written, an
operator's `gurum issuer rotate` does.
"""

from __future__ import annotations

import asyncio
import os

import structlog

from gurum.identity.issuer.documents import publish
from gurum.identity.issuer.keys import IssuerError, KeyRing, Settings
from gurum.ops.clock import Clock
from gurum.ops.secrets import SecretError

log = structlog.get_logger("gurum.issuer")

LOOK = 600.0  # seconds between two looks: no later than that is a key made, used or forgotten


def turn(config: Settings, ring: KeyRing, *, early: bool = False) -> bool:
    """Turn the keys and publish them; return whether anything changed. Raises IssuerError, SecretError, OSError."""
    return ring.turn(early=early, then=lambda: publish(config, ring))


async def keep(config: Settings, ring: KeyRing, clock: Clock) -> None:
    """Turn the keys whenever that is due, until cancelled. What fails is logged, and tried again at the next look."""
    while True:
        try:
            if ring.due() > 0 and not os.access(config.directory, os.W_OK):
                pass  # somebody else turns them, in time
            elif await asyncio.to_thread(turn, config, ring):  # making a key takes a tenth of a second
                log.info("signing keys turned", published=[key.kid for key in ring.published()])
            pause = min(LOOK, ring.due() + 1.0)
        except (IssuerError, SecretError, OSError) as error:
            log.error("signing keys cannot be turned", why=str(error))
            pause = LOOK
        await clock.sleep(pause)
