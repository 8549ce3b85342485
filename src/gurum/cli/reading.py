"""The store of a run, opened for a question."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TypeVar

from gurum.model.base import Resource
from gurum.ops.config import Config
from gurum.ops.urls import sqlite_path
from gurum.store.contract import Filter, Journal, Store
from gurum.store.factory import open_store

R = TypeVar("R", bound=Resource)


@contextlib.asynccontextmanager
async def opened(config: Config) -> AsyncIterator[tuple[Store, Journal]]:
    """Give the store and the journal of the configuration. Raises StoreError, also if there is none yet."""
    store, journal = await open_store(config.store, make=False)
    try:
        yield store, journal
    finally:
        await journal.close()
        await store.close()


async def everything(store: Store, kind: type[R], where: Filter) -> list[R]:
    """Return all objects of a kind that match, of one version of the list."""
    found: list[R] = []
    after: str | None = None
    while True:
        page = await store.list(kind, where, after=after)
        found += page.items
        if page.next is None:
            return found
        after = page.next


def exists(url: str) -> bool:
    """Whether there is a store. Opening one would make it."""
    path = sqlite_path(url)
    return path is None or path.exists()
