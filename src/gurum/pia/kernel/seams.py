"""What the API needs of the layers below it, and no more: Protocols that a test can satisfy in a few lines.

The real ones are in `gurum.store` (cache, claims) and `gurum.identity` (tokens); policy's contract is
`gurum.policy.model` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Protocol, TypeVar

import msgspec

from gurum.identity.tokens import Principal
from gurum.model.base import Resource
from gurum.store.cache.table import Callback
from gurum.store.quotas import Count

R = TypeVar("R", bound=Resource)


class Tokens(Protocol):
    """Who a token belongs to (`gurum.identity.tokens.TokenValidator`)."""

    async def validate(self, token: str) -> Principal:
        """Return the principal. Raises TokenInvalid, IdentityUnavailable."""
        ...


class Cache(Protocol):
    """Every object of the kinds it was made for, as of the last change it saw (`gurum.store.cache.Cache`)."""

    def expect(self) -> float | None:
        """Begin what `fresh` will wait for; return the moment to be given to it; None: it waits for no server."""
        ...

    def state(self, *kinds: type[Resource]) -> Hashable:
        """Return what is another value after anything of these kinds changed."""
        ...

    async def fresh(self, *kinds: type[Resource], begun: float | None = None) -> None:
        """Take in whatever was acknowledged before this call, or `begun`: a client reads its own writes."""
        ...

    def subscribe(self, kind: type[R], callback: Callback[R], *, replay: bool = False) -> Callable[[], None]:
        """Call back, synchronously and in order, after every change; with `replay`, of what is there first."""
        ...


class Claims(Protocol):
    """What must not be exceeded: reservations against a project's quota."""

    async def reserve(
        self,
        *,
        region: str,
        project: str,
        service: str,
        id: str,
        amounts: Mapping[str, int],
        limits: Mapping[str, int],
        in_use: Mapping[str, int],
        counted: Count | None = None,
    ) -> Excess | None:
        """Reserve amounts for an object that is about to be created; return what does not fit, None when reserved.

        counted: tells what exists at the moment it is called, so that nothing depends on the engine's last recount.
        """
        ...

    async def release(self, *, region: str, project: str, service: str, id: str) -> None:
        """Drop a reservation whose object will not be created. Idempotent."""
        ...


class Excess(msgspec.Struct, frozen=True, kw_only=True):
    """The first resource that does not fit: how much was asked, is used and is the limit."""

    resource: str
    requested: int
    used: int
    limit: int
