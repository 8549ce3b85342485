"""What may differ, and why: rows (call, field, rule) of a data file, one place each, no patterns.

A row says exactly what the second cloud shows instead, so that it excuses one difference and nothing beside it. A row
that no longer matches fails the run, or the file would rot into a list of things that nobody looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

DIRECTORY = Path(__file__).with_name("rows")


class RowError(Exception):
    """A file of rows cannot be used; the sentence says why."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One place. `call`: a step's name; `field`: a path in what it shows (with all that is below).

    `rule`: in words, why it differs. `b`: what the second cloud shows there; left out: nothing.
    """

    call: str
    field: str
    rule: str
    b: Any = msgspec.UNSET


def of(region: str | None, file: Path | None) -> Path | None:
    """Return the file: the one given, else that of the second cloud's region, if there is one."""
    if file is not None:
        return file
    path = DIRECTORY / f"{region}.yaml"
    return path if region and path.exists() else None


def read(file: Path | None) -> dict[str, list[Row]]:
    """Return the rows by call. Raises RowError."""
    if file is None:
        return {}
    try:
        rows = msgspec.convert(yaml.safe_load(file.read_text()) or [], type=list[Row])
    except (OSError, yaml.YAMLError, msgspec.MsgspecError) as error:
        raise RowError(f"{file}: {error}") from error
    out: dict[str, list[Row]] = {}
    for row in rows:
        if not row.rule.strip():
            raise RowError(f"{file}: the row ({row.call}, {row.field}) has no rule")
        if any(other.field == row.field for other in out.get(row.call, [])):
            raise RowError(f"{file}: there are two rows ({row.call}, {row.field})")
        if "*" in row.field or "*" in row.call:
            raise RowError(f"{file}: the row ({row.call}, {row.field}) is a pattern; a row is one place")
        out.setdefault(row.call, []).append(row)
    return out


def count(rows: Mapping[str, list[Row]]) -> int:
    """Return how many there are."""
    return sum(map(len, rows.values()))
