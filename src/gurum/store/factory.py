"""From the configuration to an open store: the one place that knows which backends there are."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gurum.ops.clock import Clock, SystemClock
from gurum.ops.config import ConfigError, StoreConfig
from gurum.store import forms
from gurum.store.contract import Journal, Store
from gurum.store.memory import MemoryJournal, MemoryStore
from gurum.store.sqlite import SqliteJournal, SqliteStore


async def open_store(
    config: StoreConfig, clock: Clock | None = None, *, base: Path | None = None, backup_to: Path | None = None
) -> tuple[Store, Journal]:
    """Open the store and its journal; close both, the store last.

    `sqlite:///a/b` is a path relative to `base` (default: the working directory), `sqlite:////a/b` an absolute one,
    `memory:` a store that ends with the process. `backup_to` is a directory for a copy made before this
    release first writes (`forms`), and for one made before a migration.
    Raises ConfigError for any other URL, UnavailableError, NewerStoreError.
    """
    clock = clock or SystemClock()
    if config.url == "memory:":
        return MemoryStore(clock=clock), MemoryJournal(clock=clock)
    scheme, _, path = config.url.partition(":///")
    if scheme != "sqlite" or not path:
        raise ConfigError(f"store.url is {config.url!r}; it must be sqlite:///relative, sqlite:////absolute or memory:")
    file = (base or Path()) / path
    if backup_to is not None:
        await asyncio.to_thread(forms.keep, file, backup_to, clock.time())
    store = await SqliteStore.open(
        file,
        clock=clock,
        poll=config.watch_interval,
        remember=config.tombstones_kept,
        backup_to=backup_to,
    )
    return store, SqliteJournal(store.database)
