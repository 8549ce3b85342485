"""The numbered migrations of this release, as files: `gurum/store/migrations` for SQLite, a directory below for others.

The same number is the same form of the store on every SQL backend, so that "its form is 7" means one thing.
"""

from __future__ import annotations

import re
from importlib import resources

import msgspec


class Migration(msgspec.Struct, frozen=True):
    """A step: its number, its name and its SQL script."""

    number: int
    name: str
    script: str


def shipped(directory: str = "") -> list[Migration]:
    """Return this release's migrations, ascending. Raises ValueError when their numbers are not 1, 2, 3, ..."""
    files = resources.files("gurum.store").joinpath("migrations", directory).iterdir()
    named = [(re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name), file) for file in files]
    found = sorted(
        (Migration(int(match[1]), match[2], file.read_text()) for match, file in named if match),
        key=lambda migration: migration.number,
    )
    if [m.number for m in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are not numbered without gaps: {[m.number for m in found]}")
    return found


def newer(place: object, form: int, known: int) -> str:
    """Return what to say of a store that a newer release wrote."""
    return (
        f"The store {place} was written by a newer release (its form is {form}, this release knows {known}):"
        " start that release, or restore the backup made before the upgrade."
    )
