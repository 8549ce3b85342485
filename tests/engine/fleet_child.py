"""An engine's part that writes, as a process of its own: `python -m tests.engine.fleet_child <url> <name> <how>`.

It acts for one shard and makes a network every few milliseconds, within the fence and, `blind`, without a look at any
clock: as if it had been paused between that look and the write. Lines: `took <epoch>`, `made <network>`, `refused`.
"""

from __future__ import annotations

import asyncio
import sys

from tests.support.store import make_network, store_config

from gurum.engine.fleet import Fleet
from gurum.engine.leases import Leases, key_of
from gurum.engine.shards import Shards
from gurum.ops.clock import SystemClock
from gurum.providers.contract import Place
from gurum.store import fence
from gurum.store.contract import FencedError, Store, UnavailableError
from gurum.store.factory import open_store
from gurum.store.fence import Fence

PLACE = Place("kakao-usa-east1", "111122223333")
LEASE = 1.0


def say(*words: object) -> None:
    print(*words, flush=True)


async def write(store: Store, shards: Shards, name: str, *, blind: bool) -> None:
    """Write for ever; tell of the first refusal after each acceptance."""
    refused, known = True, 0
    while True:
        await asyncio.sleep(0.005)
        epoch = shards.epochs.get(PLACE, 0)
        if epoch > known:
            known = epoch
            say("took", epoch)
        if not known or not (blind or shards.holds(PLACE)):
            continue
        guard = Fence(key_of(PLACE), name, known)
        try:
            if blind:
                with fence.within(guard):
                    made = await store.create(make_network(name))
            else:
                with shards.acting(PLACE):
                    made = await store.create(make_network(name))
        except FencedError:
            if not refused:
                say("refused")
            refused = True
            continue
        except UnavailableError:
            continue
        refused = False
        say("made", made.id)


async def main(url: str, name: str, how: str) -> None:
    """Run until killed."""
    clock = SystemClock()
    store, _ = await open_store(store_config(url), clock)
    shards = Shards([PLACE])

    async def nothing() -> None:
        return

    async def gained(place: Place) -> None:
        return

    leases = Leases(store, clock, name, LEASE)
    fleet = Fleet(shards, leases, clock, gained=gained, opened=lambda place: None, rewound=nothing)
    await fleet.join()
    async with asyncio.TaskGroup() as group:
        group.create_task(fleet.run())
        group.create_task(write(store, shards, name, blind=how == "blind"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
