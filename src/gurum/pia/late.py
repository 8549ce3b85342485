"""Tokens, while Keystone may still be starting: the API serves its version documents and says what it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gurum.identity.tokens import IdentityUnavailable, Principal, TokenValidator

PAUSE = (0.2, 5.0)  # seconds between two tries: the first, and the longest


class LateTokens:
    """A validator that is entered in the background, as often as it takes. Nobody is let in before."""

    def __init__(self, make: Callable[[], TokenValidator]) -> None:
        self._make = make
        self._validator: TokenValidator | None = None
        self._task: asyncio.Task[None] | None = None
        self._reason = "Keystone has not been asked yet"

    async def validate(self, token: str) -> Principal:
        """Return the principal. Raises TokenInvalid, IdentityUnavailable."""
        if self._validator is None:
            raise IdentityUnavailable(self._reason)
        return await self._validator.validate(token)

    async def missing(self) -> str | None:
        """Return what stands in the way, None when tokens can be validated."""
        return self._reason if self._validator is None else None

    def start(self) -> None:
        """Begin to log in."""
        self._task = asyncio.create_task(self._enter(), name="keystone")

    async def stop(self) -> None:
        """Log out and stop following revocations."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._validator is not None:
            await self._validator.__aexit__(None, None, None)
            self._validator = None

    async def _enter(self) -> None:
        log, pause = structlog.get_logger("gurum.pia"), PAUSE[0]
        while True:
            validator = self._make()
            try:
                await validator.__aenter__()
            except IdentityUnavailable as error:
                if str(error) != self._reason:
                    log.warning("waiting for Keystone", reason=str(error))
                self._reason = str(error) or "Keystone gives no answer"
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE[1])
            else:
                self._validator = validator
                return
