"""A process of its own on a store, for the tests that need a real one.

`python -m tests.store.child <url> hammer` writes until killed, with a line `<what> <id> <name>` for each acknowledged
write; `python -m tests.store.child <url> obey` does what lines of standard input say, one line of answer each.
"""

from __future__ import annotations

import asyncio
import sys

from tests.support.store import make_server, store_config

from gurum.model.server import Server
from gurum.store.cache import Cache
from gurum.store.contract import ConflictError, NotFoundError, Store
from gurum.store.factory import open_store


def say(*words: str) -> None:
    print(*words, flush=True)


async def hammer(store: Store) -> None:
    async def writer(number: int) -> None:
        count = 0
        while True:
            count += 1
            server = await store.create(make_server(f"{number}-{count}"))
            say("created", server.id, server.spec.name)
            server.spec.name += "-renamed"
            server = await store.update_spec(server)
            say("renamed", server.id, server.spec.name)
            if count % 3 == 0:
                await store.delete(Server, server.id)
                say("deleted", server.id, server.spec.name)

    await asyncio.gather(*(writer(number) for number in range(8)))


async def obey(store: Store) -> None:
    cache = Cache(store, (Server,))
    await cache.start()
    say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        what, argument = line.split()
        if what == "get":
            try:
                say((await store.get(Server, argument)).spec.name)
            except NotFoundError:
                say("-")
        elif what == "cached":
            await cache.fresh(Server)
            found = cache.get(Server, argument)
            say(found.spec.name if found else "-")
        elif what == "create":
            say((await store.create(make_server(argument))).id)
        elif what == "raise":  # the server's progress, fifty times
            say("started")
            await raise_progress(store, argument, 50)
            say("done")
    await cache.stop()


async def raise_progress(store: Store, id: str, times: int) -> None:
    done = 0
    while done < times:
        server = await store.get(Server, id)
        server.status.progress += 1
        try:
            await store.update_status(server)
        except ConflictError:
            continue
        done += 1


async def main(url: str, what: str) -> None:
    store, journal = await open_store(store_config(url))
    await {"hammer": hammer, "obey": obey}[what](store)
    await journal.close()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
