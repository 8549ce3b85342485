"""Several things at once, of which the first that fails ends the rest, and is what the caller is told.

A task group would do it, but raises a group of exceptions: whoever catches a refusal by its class would miss it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable


async def together(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Do all of it; raise the first failure when the rest, which it cancels, has ended."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
