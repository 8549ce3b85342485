"""Two SQLite stores compared as what they are: rows. Nothing of the copy's own comparison is used here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gurum.model import codec

_OBJECTS = "SELECT kind, id, key, region, account, project, schema, data FROM objects WHERE kind <> 'Transfer'"
_JOURNAL = (
    "SELECT position, at, type, kind, object_id, region, project, request_id, once, data FROM journal ORDER BY position"
)
_LATEST = "SELECT seq FROM sqlite_sequence WHERE name = 'journal'"


def differences(first: Path, last: Path) -> Iterator[str]:
    """Yield in words what of the two differs, the stores' own version numbers aside."""
    one, other = _objects(first), _objects(last)
    for name in sorted(one.keys() | other.keys()):
        if name not in one or name not in other:
            yield f"{name} is only in {'the last' if name in other else 'the first'}"
        elif one[name] != other[name]:
            yield f"{name} differs"
    before, after = _asked(first, _JOURNAL), _asked(last, _JOURNAL)
    if before != after:
        yield f"the journals differ: {len(before)} and {len(after)} lines"
    if _asked(first, _LATEST) != _asked(last, _LATEST):
        yield "the next line would have another position"


def objects(file: Path) -> int:
    """Return how many objects the store in a file has."""
    return len(_objects(file))


def lines(file: Path) -> int:
    """Return how many lines the journal in a file has."""
    return len(_asked(file, _JOURNAL))


def _objects(file: Path) -> dict[tuple[str, str], tuple[Any, ...]]:
    found = {}
    for kind, uid, key, region, account, project, schema, data in _asked(file, _OBJECTS):
        obj = codec.decode(kind, data, schema)
        obj.metadata.resource_version = 0
        found[kind, uid] = (key, region, account, project, obj)
    return found


def _asked(file: Path, question: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()
