"""From the configuration to an open store in Kubernetes, with its journal in SQL beside it."""

from __future__ import annotations

from pathlib import Path

from gurum.ops import secrets
from gurum.ops.clock import Clock
from gurum.ops.config import ConfigError, StoreConfig
from gurum.ops.urls import sqlite_path, without_password
from gurum.store.contract import Journal
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client
from gurum.store.kubernetes.heads import heads_in
from gurum.store.kubernetes.store import KubernetesStore
from gurum.store.sqlite import SqliteJournal


async def open_store(
    config: StoreConfig, clock: Clock, *, base: Path | None, backup_to: Path | None, writer: str
) -> tuple[KubernetesStore, Journal]:
    """Open the store and its journal; see `gurum.store.factory.open_store`."""
    client = Client(access(config.url, writer), manager=writer)
    journal = await _journal(config, base, backup_to)
    return KubernetesStore(client, heads_in(journal), clock=clock), journal


async def _journal(config: StoreConfig, base: Path | None, backup_to: Path | None) -> Journal:
    path = sqlite_path(config.journal_url)
    if path is not None:
        return await SqliteJournal.open((base or Path()) / path, backup_to=backup_to)
    if config.journal_url.partition("://")[0] in ("postgresql", "postgres"):
        # Imported late: who has no such database need not load its driver.
        from gurum.store.postgresql import PostgresqlJournal

        password = secrets.read(Path(config.password_file)) if config.password_file else ""
        return await PostgresqlJournal.open(config.journal_url, password=password, backup=backup_to is not None)
    raise ConfigError(
        f"store.journal_url is {without_password(config.journal_url)!r}; beside Kubernetes the journal is at"
        " sqlite:///file or postgresql://user@host/database"
    )
