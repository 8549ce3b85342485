"""Whether an engine works on a store: asked before anything is done that it would undo, or that would undo its work."""

from __future__ import annotations

import time

from gurum.cli.reading import everything
from gurum.model.engine import Lease
from gurum.store.contract import EVERYTHING, Store
from gurum.supervisor.rows import Refusal


async def holders(store: Store, now: float | None = None) -> list[str]:
    """Return who holds a lease that has not run out, in words."""
    now = time.time() if now is None else now
    return [
        f"{lease.spec.holder} ({lease.metadata.key})"
        for lease in await everything(store, Lease, EVERYTHING)
        if lease.spec.holder and lease.spec.renewed_at + lease.spec.duration > now
    ]


async def require_idle(store: Store, what: str) -> None:
    """Raise Refusal while an engine holds a lease."""
    working = await holders(store)
    if working:
        raise Refusal(f"{what} while an engine works: {', '.join(working)}. Stop it first, or say --force.")
