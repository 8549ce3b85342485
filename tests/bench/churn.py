"""Twenty changes a second to a project's servers, by a process of its own: `tests.bench.churn STORE PROJECT`."""

from __future__ import annotations

import asyncio
import random
import sys
import time

from gurum.model.server import Server
from gurum.ops.config import StoreConfig
from gurum.store.contract import ConflictError, Filter
from gurum.store.factory import open_store

INTERVAL = 0.05  # seconds: 20 changes a second


async def churn(url: str, project: str) -> None:
    """Change metadata of random servers until killed; print how many changes were made every second."""
    store, _ = await open_store(StoreConfig(url=url))
    ids = [server.id for server in (await store.list(Server, Filter(project=project), limit=1000)).items]
    made, began = 0, time.monotonic()
    while True:
        server = await store.get(Server, random.choice(ids))
        server.spec.metadata["changed"] = str(made)
        try:
            await store.update_spec(server)
        except ConflictError:
            continue
        made += 1
        if made % 20 == 0:
            print(made, flush=True)
        await asyncio.sleep(max(0.0, began + made * INTERVAL - time.monotonic()))


if __name__ == "__main__":
    asyncio.run(churn(sys.argv[1], sys.argv[2]))
