"""From the configuration to an open store: the one place that knows which backends there are."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gurum.ops import secrets
from gurum.ops.clock import Clock, SystemClock
from gurum.ops.config import ConfigError, StoreConfig
from gurum.ops.urls import sqlite_path, without_password
from gurum.store import forms
from gurum.store.contract import Journal, Store, UnavailableError
from gurum.store.memory import MemoryJournal, MemoryStore
from gurum.store.moving.transfer import refuse_unfinished
from gurum.store.sqlite import SqliteJournal, SqliteStore


async def open_store(
    config: StoreConfig,
    clock: Clock | None = None,
    *,
    base: Path | None = None,
    backup_to: Path | None = None,
    make: bool = True,
    writer: str = "gurum",
    unfinished: bool = False,
) -> tuple[Store, Journal]:
    """Open the store and its journal; close both, the store last.

    One that is being filled from another is refused (UnfinishedStoreError) unless `unfinished`.

    `sqlite:///a/b` is a path relative to `base` (default: the working directory), `sqlite:////a/b` an absolute one,
    `postgresql://user@host/database` a database, `kubernetes:` a cluster (see `kubernetes.access`), whose journal is at
    `journal_url`, and `memory:` a store that ends with the process. `writer` is who Kubernetes shows as the owner of
    what this process writes. `backup_to` is a
    directory for a copy made before this release first writes (`forms`), and for one made before a migration; a
    database server keeps the latter itself. Without `make`, a store that is not there is not made. Raises ConfigError
    for any other URL, UnavailableError, NewerStoreError, SecretError.
    """
    store, journal = await _opened(config, clock or SystemClock(), base, backup_to, make=make, writer=writer)
    if not unfinished:
        try:
            await refuse_unfinished(store)
        except BaseException:
            await journal.close()
            await store.close()
            raise
    return store, journal


async def _opened(
    config: StoreConfig, clock: Clock, base: Path | None, backup_to: Path | None, *, make: bool, writer: str
) -> tuple[Store, Journal]:
    if config.url == "memory:":
        return MemoryStore(clock=clock), MemoryJournal(clock=clock)
    if config.url.partition("://")[0] in ("postgresql", "postgres"):
        # Imported late: who has no such store need not load its driver.
        from gurum.store.postgresql import PostgresqlJournal, PostgresqlStore

        database = await PostgresqlStore.open(
            config.url,
            password=secrets.read(Path(config.password_file)) if config.password_file else "",
            clock=clock,
            remember=config.tombstones_kept,
            backup=backup_to is not None,
            make=make,
        )
        return database, PostgresqlJournal(database.database)
    if config.url.startswith("kubernetes:"):
        from gurum.store.kubernetes import opening

        return await opening.open_store(config, clock, base=base, backup_to=backup_to, writer=writer)
    named = sqlite_path(config.url)
    if named is None:
        raise ConfigError(
            f"store.url is {without_password(config.url)!r}; it must be sqlite:///relative, sqlite:////absolute,"
            " postgresql://user@host/database, kubernetes:///kubeconfig or memory:"
        )
    path = (base or Path()) / named
    if not make and not path.exists():
        raise UnavailableError(f"there is no store at {config.url} yet: `gurum up` makes it")
    if backup_to is not None:
        await asyncio.to_thread(forms.keep, path, backup_to, clock.time())
    store = await SqliteStore.open(
        path,
        clock=clock,
        poll=config.watch_interval,
        remember=config.tombstones_kept,
        backup_to=backup_to,
    )
    return store, SqliteJournal(store.database)
