"""A consistent copy of a store in one file, taken while everything works on it: the seam for backends.

Objects and journal must be of one instant: a copy whose journal knows of a server that its objects do not have would
answer `deleted=True` with a lie. SQLite keeps both in one file and copies it in one read transaction, beside which
writers go on: a row of `BACKENDS`. Every other store is copied into such a file (`gurum.store.moving.files`).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gurum.ops.config import ConfigError, StoreConfig
from gurum.ops.urls import sqlite_path, without_password
from gurum.store.contract import UnavailableError


@dataclass(frozen=True)
class Backend:
    """How a scheme's stores are copied, and where a copy belongs.

    snapshot(url, target): writes the copy, readable by its owner alone. file(url): where the store's file is, to put a
    copy in the place of.
    """

    snapshot: Callable[[str, Path], None]
    file: Callable[[str], Path]


def _sqlite_file(url: str) -> Path:
    path = sqlite_path(url)
    if path is None:
        raise ConfigError(f"{url} names no file")
    return path


def _sqlite_snapshot(url: str, target: Path) -> None:
    path = _sqlite_file(url)
    if not path.exists():
        raise UnavailableError(f"there is no store at {path}")
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        source, copy = sqlite3.connect(f"file:{path}?mode=ro", uri=True), sqlite3.connect(target)
        try:
            source.backup(copy)  # all pages in one step: one read transaction, one instant
            [(verdict,)] = copy.execute("PRAGMA quick_check").fetchall()
        finally:
            copy.close()
            source.close()
    except sqlite3.Error as error:
        raise UnavailableError(f"the store cannot be copied: {error}") from error
    if verdict != "ok":
        raise UnavailableError(f"the store {path} is damaged: {verdict}")


BACKENDS: dict[str, Backend] = {"sqlite": Backend(_sqlite_snapshot, _sqlite_file)}


def backend(config: StoreConfig) -> Backend:
    """Return how the configured store is copied as the file that it is. Raises ConfigError for one that is none."""
    if not is_file(config):
        raise ConfigError(f"the store at {without_password(config.url)} is no file that could be put aside")
    return BACKENDS[config.url.partition(":")[0]]


def is_file(config: StoreConfig) -> bool:
    """Whether the configured store is a file: one that a backup's copy can be put in the place of."""
    return config.url.partition(":")[0] in BACKENDS


async def snapshot(config: StoreConfig, target: Path) -> None:
    """Write a copy of the store, objects and journal of one instant, to a new file. Raises UnavailableError."""
    if is_file(config):
        await asyncio.to_thread(backend(config).snapshot, config.url, target)
        return
    # Imported late: it opens stores of every kind, and what opens a file needs this module first.
    from gurum.store.moving import files

    await files.take(config, target)
