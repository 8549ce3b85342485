"""The address of a floating IP in a cloud that chooses it: waited for, because Neutron's answer has it.

The engine asks the cloud; its answer, or why there is none, comes by the object's status. What cannot be had is
refused as Neutron refuses it, and leaves nothing behind: whoever calls takes the object back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from gurum.model import conditions
from gurum.model.conditions import Reason
from gurum.model.routing import FloatingIP
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import fault

LOOK = 0.25  # seconds after which it is looked again although nothing was heard
IN_VAIN = frozenset({Reason.INVALID_CONFIGURATION, Reason.POLICY_DENIED, Reason.UNRECOVERABLE_ERROR})


async def awaited(ctx: Context, floating: FloatingIP) -> FloatingIP:
    """Return the floating IP with its address.

    Raises OverQuota when the cloud has no more for us, IpAddressGenerationFailure when it gives none for another
    reason, a 503 when it says nothing for `config.pia.floating_ip_wait` seconds or nobody waits for it any more.
    """
    inventory, clock = of(ctx).inventory, ctx.parts.clock
    deadline = clock.time() + ctx.parts.config.floating_ip_wait
    gone = asyncio.ensure_future(ctx.request.gone() if ctx.request.gone is not None else asyncio.Event().wait())
    try:
        with inventory.watching(floating.id) as changed:
            while True:
                changed.clear()
                await ctx.fresh(FloatingIP)
                now = inventory.floatingips.get(floating.id)
                if now is not None and now.address:
                    return now
                left = deadline - clock.time()
                if now is None or left <= 0 or gone.done():
                    raise _silent()
                _refused(now)
                await _either(gone, changed.wait(), clock.sleep(min(left, LOOK)))
    finally:
        await _end([gone])


async def _either(*waits: Awaitable[Any]) -> None:
    """Wait for the first; end the others but the first named, which the caller goes on with."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(tasks[1:])


async def _end(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _refused(floating: FloatingIP) -> None:
    said = conditions.get(floating.status.conditions, "Available")
    if said is None or said.status:
        return
    if said.reason == Reason.QUOTA_EXCEEDED:
        raise fault("OverQuota", resources=["floatingip"])
    if said.reason in IN_VAIN:
        raise fault("IpAddressGenerationFailure", network=floating.spec.floating_network_id)


def _silent() -> ApiError:
    """Return the refusal while the cloud does not answer: nothing is left of the request, trying again is right."""
    error = fault("ServiceUnavailable")
    return ApiError(error.status, error.message, type=error.type, headers=[("Retry-After", "5")])
