"""The two ends of a copy: a store and its journal by their second entrance, whichever backends they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from gurum.ops.config import ConfigError, StoreConfig
from gurum.ops.urls import sqlite_path, without_password
from gurum.store.contract import Journal, Store
from gurum.store.factory import open_store
from gurum.store.memory import MemoryStore
from gurum.store.memory.restoring import MemoryRestoring
from gurum.store.moving.contract import Ledger, Restorable
from gurum.store.sqlite import SqliteJournal, SqliteStore
from gurum.store.sqlite.restoring import SqliteLedger, SqliteRestoring

WRITER = "gurum-move"  # as whom a cluster knows us


class End(msgspec.Struct, frozen=True):
    """An open end. name: the URL of the store, without a password, the same from wherever it is named."""

    name: str
    store: Store
    restorable: Restorable
    ledger: Ledger


def restorable(store: Store) -> Restorable:
    """Return a store's second entrance. Raises TypeError for one that has none."""
    if isinstance(store, SqliteStore):
        return SqliteRestoring(store.database)
    if isinstance(store, MemoryStore):
        return MemoryRestoring(store)
    # Imported late: who has no such store need not load its driver.
    from gurum.store.kubernetes import KubernetesStore
    from gurum.store.kubernetes.restoring import KubernetesRestoring

    if isinstance(store, KubernetesStore):
        return KubernetesRestoring(store.client, store.heads)
    from gurum.store.postgresql import PostgresqlStore
    from gurum.store.postgresql.restoring import PostgresqlRestoring

    if isinstance(store, PostgresqlStore):
        return PostgresqlRestoring(store.database)
    raise TypeError(f"{type(store).__name__} cannot be copied")


def ledger(journal: Journal) -> Ledger:
    """Return a journal's second entrance. Raises TypeError for one that has none."""
    if isinstance(journal, SqliteJournal):
        return SqliteLedger(journal.database)
    from gurum.store.postgresql import PostgresqlJournal
    from gurum.store.postgresql.restoring import PostgresqlLedger

    if isinstance(journal, PostgresqlJournal):
        return PostgresqlLedger(journal.database)
    raise TypeError(f"{type(journal).__name__} cannot be copied")


def name_of(url: str) -> str:
    """Return a store's URL as it is told to others: no password, and no path that depends on where one stands."""
    path = sqlite_path(url)
    return without_password(url) if path is None else f"sqlite:///{Path(path).resolve()}"


@asynccontextmanager
async def opened(config: StoreConfig, *, make: bool) -> AsyncIterator[End]:
    """Open a store and its journal, whole or not; close them at the end. Raises what `open_store` raises."""
    if config.url == "memory:":
        raise ConfigError("what is in memory ends with its process: it cannot be copied")
    store, journal = await open_store(config, make=make, writer=WRITER, unfinished=True)
    try:
        yield End(name_of(config.url), store, restorable(store), ledger(journal))
    finally:
        await journal.close()
        await store.close()
