"""The database: of the store, or of the journal beside a cluster."""

from __future__ import annotations

from pathlib import Path

from gurum.cli.doctor.findings import Finding, missing, unknown, well
from gurum.ops import secrets
from gurum.ops.config import Config
from gurum.ops.urls import sqlite_path, without_password
from gurum.store.contract import StoreError

AREA = "journal"


async def look(config: Config) -> list[Finding]:
    """Return what is found of it."""
    url = config.store.journal_url or config.store.url
    path = sqlite_path(url)
    if path is not None:
        return [_file(config, path)]
    if url.partition("://")[0] in ("postgresql", "postgres"):
        return [await _database(config, url)]
    return [unknown(AREA, "database", f"{without_password(url)} is none that lasts")]


def _file(config: Config, path: Path) -> Finding:
    if config.store.url.startswith("kubernetes:"):
        told = f"{path} is a file: only processes of one machine see it"
        return unknown(AREA, "database", told, "store.journal_url: postgresql://…, for processes on several")
    if not path.exists():
        return missing(AREA, "database", f"there is no {path} yet", "the first process that starts makes it")
    return well(AREA, "database", str(path))


async def _database(config: Config, url: str) -> Finding:
    # Imported late: who has no such database need not load its driver.
    from gurum.store.postgresql.looking import look as look_at

    name = without_password(url)
    try:
        password = secrets.read(Path(config.store.password_file)) if config.store.password_file else ""
    except secrets.SecretError as error:
        return missing(AREA, "password", str(error), "store.password_file, or the Secret mounted there")
    try:
        found = await look_at(url, password=password)
    except StoreError as error:
        return missing(AREA, "database", str(error), "is it up, does it let this user in, is it reached from here?")
    if found.missing:
        told = f"{name} lacks the migrations {', '.join(found.missing)}"
        return missing(AREA, "database", told, "the first process of this release that starts makes them")
    return well(AREA, "database", f"{name}, in the form of this release")
