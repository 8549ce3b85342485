"""The rows of a run's store, past the store's own code: to make it older or newer than a program could.

The same statements work on both SQL backends; `?` stands for a value.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.support import postgresql


class Content(Protocol):
    """An open store's rows."""

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement; return its rows."""
        ...


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def sql(self, statement: str, *values: Any) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()


class _Postgresql:
    def __init__(self, admin: postgresql.Admin) -> None:
        self._admin = admin

    def sql(self, statement: str, *values: Any) -> list[Any]:
        number = itertools.count(1)
        return [tuple(row) for row in self._admin.sql(re.sub(r"\?", lambda _: f"${next(number)}", statement), *values)]


@contextmanager
def content(url: str) -> Iterator[Content]:
    """Give the rows of the store at a URL, and commit in the end."""
    if url.startswith("sqlite:"):
        with sqlite3.connect(_path(url)) as connection:
            yield _Sqlite(connection)
        connection.close()
        return
    with postgresql.administered(url) as admin:
        yield _Postgresql(admin)


def copied(url: str, name: str, scratch: Path) -> str:
    """Return the URL of a copy of a store, of that name."""
    if url.startswith("sqlite:"):
        copy = scratch / f"{name}.sqlite"
        # Not a copy of the file: a killed process leaves its last commits in the log beside it.
        with sqlite3.connect(_path(url)) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        return f"sqlite:///{copy}"
    base, _, schema = url.rpartition("search_path=")
    into = f"{schema}_{name.replace('-', '_')}"
    with postgresql.administered(url) as admin:
        admin.run(f"CREATE SCHEMA {into}")
        for (table,) in admin.sql("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema):
            admin.run(f"CREATE TABLE {into}.{table} (LIKE {schema}.{table} INCLUDING ALL)")
            admin.run(f"INSERT INTO {into}.{table} SELECT * FROM {schema}.{table}")
    return f"{base}search_path={into}"


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
