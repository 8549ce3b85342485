"""Stores in a real cluster for tests: each test finds it empty and leaves it so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from gurum.ops.clock import Clock
from gurum.store.kubernetes import KubernetesStore, sealed, shape
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.beside import BESIDE
from gurum.store.kubernetes.client import Client, checked
from gurum.store.kubernetes.heads import SqliteHeads
from gurum.store.kubernetes.install import INSTALLER, install
from gurum.store.kubernetes.kinds import PLACES, Place
from gurum.store.kubernetes.lists import list_all
from gurum.store.sqlite import SqliteJournal

Open = Callable[[Clock], Awaitable[KubernetesStore]]


def prepared(kubeconfig: Path) -> str:
    """Give a cluster what a store needs; return the store's URL. It blocks, whatever loop the caller is on."""
    url = f"kubernetes://{kubeconfig}"

    async def prepare() -> None:
        client = Client(access(url, "administrator"), manager=INSTALLER)
        try:
            await install(client)
        finally:
            await client.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, prepare()).result()
    return url


@asynccontextmanager
async def cluster(url: str, directory: Path) -> AsyncIterator[Open]:
    """Give a function that opens another store on the cluster at `url`, as a process would.

    In the end all are closed and everything that they may have made is removed.
    """
    async with AsyncExitStack() as ends:
        cleaner = Client(access(url, "test"), manager="test")
        ends.push_async_callback(cleaner.close)
        ends.push_async_callback(empty, cleaner)

        async def opened(clock: Clock) -> KubernetesStore:
            journal = await SqliteJournal.open(directory / "journal.db")
            ends.push_async_callback(journal.close)
            store = KubernetesStore(
                Client(access(url, "gurum-test"), manager="gurum-test"), SqliteHeads(journal.database), clock=clock
            )
            ends.push_async_callback(store.close)
            return store

        yield opened


async def empty(client: Client) -> None:
    """Remove every object of every kind, whatever holds it, and all user data."""
    for place in (*PLACES.values(), *(row.place for row in BESIDE.values())):
        for document in (await list_all(client, shape.collection(place))).documents:
            await _remove(client, place, document)
    for secret in (await list_all(client, sealed.COLLECTION)).documents:
        meta = secret["metadata"]
        checked(await client.delete(f"{sealed.COLLECTION}/{meta['name']}", meta["uid"], meta["resourceVersion"]))


async def _remove(client: Client, place: Place, document: dict[str, object]) -> None:
    address = shape.address_in(document)
    meta: dict[str, str] = document["metadata"]  # type: ignore[assignment] # Kubernetes' own
    if meta.pop("finalizers", None):
        whole = {"apiVersion": place.api_version, **document}
        places = PLACES | {kind: row.place for kind, row in BESIDE.items()}
        whole.setdefault("kind", next(kind for kind, one in places.items() if one is place))
        answer = await client.replace(address.path(place), whole)
        if answer.status == 404 or "deletionTimestamp" in meta:
            return
        meta = checked(answer).json()["metadata"]
    answer = await client.delete(address.path(place), meta["uid"], meta["resourceVersion"])
    if answer.status != 404:
        checked(answer)
