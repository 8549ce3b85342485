"""From a URL to a store and its journal: the one place that knows which backends there are."""

from __future__ import annotations

from gurum.ops.clock import Clock
from gurum.ops.config import ConfigError, StoreConfig
from gurum.store.contract import Journal, Store
from gurum.store.memory import MemoryJournal, MemoryStore
from gurum.store.sqlite import SqliteJournal, SqliteStore

_SQLITE = "sqlite:///"


async def open_store(config: StoreConfig, clock: Clock) -> tuple[Store, Journal]:
    """Open the store of the configuration. Raises ConfigError, UnavailableError, NewerStoreError."""
    if config.url.startswith(_SQLITE):
        store = await SqliteStore.open(
            config.url.removeprefix(_SQLITE), clock=clock, poll=config.watch_interval, remember=config.tombstones_kept
        )
        return store, SqliteJournal(store.database)
    if config.url == "memory:":
        return MemoryStore(clock=clock), MemoryJournal()
    raise ConfigError(f"store.url {config.url!r} is neither sqlite:///<path> nor memory:")
