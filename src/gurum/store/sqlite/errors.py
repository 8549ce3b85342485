"""SQLite's errors as sentences an operator can act on.

Without this, "database is locked" and "disk I/O error" would reach people who know neither the file nor what to do.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gurum.store.contract import UnavailableError

# by SQLite's primary result code
_SENTENCES = {
    sqlite3.SQLITE_BUSY: "another process holds the store's write lock",
    sqlite3.SQLITE_LOCKED: "another process holds the store's write lock",
    sqlite3.SQLITE_FULL: "the disk under the store is full; make room",
    sqlite3.SQLITE_IOERR: "the disk under the store refuses to read or write",
    sqlite3.SQLITE_READONLY: "the store's file or directory is read-only",
    sqlite3.SQLITE_CANTOPEN: "the store's file cannot be opened; check that the directory exists and may be written",
    sqlite3.SQLITE_PERM: "the store's file may not be accessed",
    sqlite3.SQLITE_CORRUPT: "the store's file is damaged; restore a backup",
    sqlite3.SQLITE_NOTADB: "the store's file is not a database; restore a backup or name another file",
    sqlite3.SQLITE_NOMEM: "memory is exhausted",
}


def is_busy(error: sqlite3.Error) -> bool:
    """Whether the statement would succeed later, unchanged."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def explain(error: sqlite3.Error, path: Path) -> UnavailableError:
    """Return what to raise instead of SQLite's error: what is wrong, with which file, and SQLite's own words."""
    sentence = _SENTENCES.get(_code(error), "the store cannot answer")
    return UnavailableError(f"{sentence} ({path}: {error})")


def _code(error: sqlite3.Error) -> int:
    extended = getattr(error, "sqlite_errorcode", None)  # absent on errors that the Python module raises itself
    return extended & 0xFF if isinstance(extended, int) else 0
