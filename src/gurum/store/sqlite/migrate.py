"""Numbered migrations: how a store made by an older release becomes this release's.

A migration is a file `NNNN_name.sql` in `gurum/store/migrations`. Each runs once, in order, in one transaction with
its record, under the write lock: two processes that start together migrate once, and a crash leaves either the old
form or the new one.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from gurum.store.contract import NewerStoreError
from gurum.store.shipped import Migration, newer, shipped

__all__ = ["Migration", "migrate", "shipped"]


def migrate(
    connection: sqlite3.Connection,
    migrations: list[Migration],
    *,
    path: Path,
    now: float,
    backup_to: Path | None = None,
) -> list[int]:
    """Bring the database to the last of `migrations`; return the numbers that were applied now.

    With `backup_to` (a directory), a store that has anything in it is first copied there as
    `<file name>.before-<number>`. Raises NewerStoreError, sqlite3.Error; on an error nothing is changed.
    """
    if not _missing(connection, migrations, path):
        return []
    connection.execute("BEGIN IMMEDIATE")
    try:
        missing = _missing(connection, migrations, path)  # again, now that nobody else can migrate
        if backup_to is not None and missing and missing[0].number > 1:
            _backup(path, backup_to / f"{path.name}.before-{missing[0].number:04}")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations"
            " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL NOT NULL)"
        )
        for migration in missing:
            for statement in _statements(migration.script):
                connection.execute(statement)
            connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (migration.number, migration.name, now))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return [migration.number for migration in missing]


def _missing(connection: sqlite3.Connection, migrations: list[Migration], path: Path) -> list[Migration]:
    exists = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'").fetchone()
    done = {row[0] for row in connection.execute("SELECT number FROM migrations")} if exists else set()
    newest = migrations[-1].number
    if done and max(done) > newest:
        raise NewerStoreError(newer(path, max(done), newest))
    return [migration for migration in migrations if migration.number not in done]


def _statements(script: str) -> Iterator[str]:
    """Split a script; executescript() would commit the transaction that makes a migration atomic."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if re.sub(r"--.*", "", statement).strip():
        raise ValueError(f"unfinished statement at the end of a migration: {statement!r}")


def _backup(path: Path, target: Path) -> None:
    """Copy the committed state. The write lock is held elsewhere, so that nothing changes meanwhile."""
    with sqlite3.connect(path) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    source.close()
    copy.close()
