"""The API's seam for quota over the store's reservations."""

from __future__ import annotations

from collections.abc import Mapping

from gurum.ops.clock import Clock
from gurum.pia.kernel.seams import Excess
from gurum.store.contract import Store
from gurum.store.quotas import OverQuotaError, Quotas


class QuotaClaims:
    """Reserves in the project's usage object."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._quotas = Quotas(store)
        self._clock = clock

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
    ) -> Excess | None:
        """As the seam."""
        try:
            await self._quotas.reserve(
                region=region,
                project=project,
                service=service,
                id=id,
                amounts=amounts,
                limits=limits,
                now=self._clock.time(),
            )
        except OverQuotaError as error:
            return Excess(resource=error.resource, requested=error.requested, used=error.in_use, limit=error.limit)
        return None

    async def release(self, *, region: str, project: str, service: str, id: str) -> None:
        """As the seam."""
        await self._quotas.release(region=region, project=project, service=service, id=id)
