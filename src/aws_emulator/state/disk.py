"""Write-through to SQLite: a killed emulator comes back with all it had acknowledged.

Why: the tests kill processes at any point, the emulator among them, and a cloud that forgets is
no cloud. One commit a call; WAL without fsync, so that it survives the death of the process (the
system keeps the pages) but not a power cut, and a commit costs microseconds.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_SCHEMA = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
PRAGMA wal_autocheckpoint = 10000;
CREATE TABLE IF NOT EXISTS resource (
    account TEXT, region TEXT, kind TEXT, id TEXT, body BLOB NOT NULL,
    PRIMARY KEY (account, region, kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (
    account TEXT, region TEXT, action TEXT, scope TEXT, token TEXT, body BLOB NOT NULL,
    PRIMARY KEY (account, region, action, scope, token)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS session (access_key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
"""
# table -> (primary key columns, statement to put, statement to remove)
_KEYS = {
    "resource": ("account", "region", "kind", "id"),
    "token": ("account", "region", "action", "scope", "token"),
    "ledger": ("seq",),
    "session": ("access_key",),
    "meta": ("name",),
}


class Change(NamedTuple):
    """One row to write, or to delete when `body` is None."""

    table: str
    key: tuple[str | int, ...]
    body: bytes | None


class Disk:
    """The file `emulator.sqlite` in a directory, which is made when absent.

    One process owns it: a second one gets RuntimeError, not half of the state.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(directory / "emulator.sqlite", isolation_level=None, timeout=0.2)
        try:
            self._db.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            raise RuntimeError(f"the state in {directory} cannot be opened (is it in use?): {error}") from error

    def write(self, changes: Iterable[Change]) -> None:
        """Write all changes in one commit, or none of them."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for table, key, body in changes:
                if body is None:
                    self._db.execute(_REMOVE[table], key)
                else:
                    self._db.execute(_PUT[table], (*key, body))
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def read(self, table: str) -> Iterator[tuple[tuple[str, ...], bytes]]:
        """Return (key, body) of all rows of a table, in key order."""
        for row in self._db.execute(_READ[table]):
            yield row[:-1], row[-1]

    def forget_ledger(self, up_to: int) -> None:
        """Delete the ledger's entries up to and with a number."""
        self._db.execute("DELETE FROM ledger WHERE seq <= ?", (up_to,))

    def clear(self) -> None:
        """Delete everything."""
        for table in _KEYS:
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608  # our own table names

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _statements() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    put, remove, read = {}, {}, {}
    for table, keys in _KEYS.items():
        columns = ", ".join(keys)
        marks = ", ".join("?" * (len(keys) + 1))
        where = " AND ".join(f"{key} = ?" for key in keys)
        put[table] = f"INSERT OR REPLACE INTO {table} ({columns}, body) VALUES ({marks})"  # noqa: S608
        remove[table] = f"DELETE FROM {table} WHERE {where}"  # noqa: S608  # our own names
        read[table] = f"SELECT {columns}, body FROM {table} ORDER BY {columns}"  # noqa: S608
    return put, remove, read


_PUT, _REMOVE, _READ = _statements()
