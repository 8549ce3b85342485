"""Quota reservations over `gurum.store.quotas`, patient where a recount is on its way.

The usage object counts what the quota controller has seen. Right after a deletion it may still count the deleted, and
a user at the limit who replaces one server by another would be refused for what is gone. So where the objects
themselves say that it fits, the refusal waits a moment for the recount. Who brings a count (servers do) has
each reservation settled on the way: nothing to wait for, and the usage object stays as short as what is under way.
"""

from __future__ import annotations

from collections.abc import Mapping

from gurum.ops.clock import Clock
from gurum.pia.kernel.seams import Excess
from gurum.store.quotas import Count, OverQuotaError, Quotas

PAUSE, TRIES = 0.1, 15  # seconds between tries, and how many there are


class QuotaClaims:
    """See `gurum.pia.kernel.seams.Claims`. One a process: requests of a project queue up in it."""

    def __init__(self, quotas: Quotas, clock: Clock) -> None:
        self._quotas, self._clock = quotas, clock

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
        """Reserve, or return the first resource that does not fit. Raises UnavailableError."""
        # With a count of its own there is no recount to wait for.
        fits = counted is None and all(
            limits.get(name, -1) < 0 or in_use.get(name, 0) + n <= limits[name] for name, n in amounts.items()
        )
        for attempt in range(TRIES if fits else 1):
            if attempt:
                await self._clock.sleep(PAUSE)
            try:
                await self._quotas.reserve(
                    region=region,
                    project=project,
                    service=service,
                    id=id,
                    amounts=amounts,
                    limits=limits,
                    now=self._clock.time(),
                    counted=counted,
                )
            except OverQuotaError as error:
                excess = Excess(
                    resource=error.resource,
                    requested=error.requested,
                    used=error.in_use + error.reserved,
                    limit=error.limit,
                )
                continue
            return None
        return excess

    async def release(self, *, region: str, project: str, service: str, id: str) -> None:
        """Give back. Idempotent."""
        await self._quotas.release(region=region, project=project, service=service, id=id)
