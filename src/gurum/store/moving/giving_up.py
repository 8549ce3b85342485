"""A copy that shall not be gone on with: what it has written is taken away, and the store is empty again.

Only of a store that carries the mark, so that nothing is ever removed that anybody has worked on.
"""

from __future__ import annotations

from gurum.ops.clock import Clock
from gurum.store.moving.copying import MOVED
from gurum.store.moving.ends import End
from gurum.store.moving.transfer import CopyRefusedError, find, holding


async def discard(end: End, clock: Clock, *, duration: float = 15.0) -> int:
    """Empty a store that is not whole, and take the mark away; return of how many objects. Idempotent until then.

    Raises CopyRefusedError for a store that is whole, and while another process copies.
    """
    mark = await find(end.store)
    if mark is None:
        raise CopyRefusedError(f"nothing is being copied into {end.name}: nothing is removed")
    removed = 0
    spec = mark.spec
    async with holding(
        end.store, spec.source, clock, empty=False, history=spec.history, duration=duration
    ) as (holder, _):  # fmt: skip
        for kind in MOVED:
            async with end.restorable.instant() as instant:
                ids = [obj.id async for page in instant.objects(kind) for obj in page]
            if ids:
                holder.check()
                await end.restorable.discard(kind, ids)
                removed += len(ids)
        if spec.history:
            await end.ledger.restore([], 0, await end.ledger.last())
        await end.restorable.settle()
        await holder.finish()
    return removed
