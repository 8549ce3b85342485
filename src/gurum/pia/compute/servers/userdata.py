"""User data that the store keeps apart, for those who may see it: fetched for one answer, and kept in none.

A store that keeps it apart does so because more people read its objects; so it does not come into what this process
keeps of them for the next answer either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from gurum.model.server import Server
from gurum.ops.together import together
from gurum.store.contract import NotFoundError, Store
from gurum.store.userdata import text_of

AT_ONCE = 16  # fetched at once for one list: others ask the store, too


async def texts(store: Store, servers: Iterable[Server]) -> dict[str, str | None]:
    """Return the user data of those servers of which it is kept apart, by id. None: it is not there (any more).

    Raises UnavailableError.
    """
    found: dict[str, str | None] = {}
    turns = asyncio.Semaphore(AT_ONCE)

    async def fetch(server: Server) -> None:
        async with turns:
            try:
                found[server.id] = await text_of(store, server)
            except NotFoundError:
                found[server.id] = None

    await together([fetch(server) for server in servers if server.spec.user_data_secret])
    return found
