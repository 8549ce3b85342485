"""`gurum backup FILE`: may run while everything works."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from gurum import __version__
from gurum.cli.backup import archive, parts
from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments, places
from gurum.cli.output import write
from gurum.ops.config import StoreConfig
from gurum.store import backup
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)
    parser.add_argument("file", type=Path, help="the file to write (0600); it must not exist. It holds secrets")


def _run(arguments: Namespace, around: Surroundings) -> int:
    config, here = configuration(arguments, around), places(arguments)
    target: Path = arguments.file.absolute()
    if target.exists():
        raise Refusal(f"{target} exists; a backup never replaces a file")
    taken_at = time.time()
    # Beside the target: the copy has the store's size, and /tmp may be small, or memory.
    with tempfile.TemporaryDirectory(prefix=".gurum-backup-", dir=target.parent) as name:
        store = Path(name) / "store"
        asyncio.run(backup.snapshot(config.store, store))
        found = dict(parts.files(config, here))
        keystone = here.state / parts.KEYSTONE_DATABASE
        if keystone.exists():
            found[parts.KEYSTONE_DATABASE] = Path(name) / "keystone"
            url = StoreConfig(url=f"sqlite:///{keystone}")
            asyncio.run(backup.snapshot(url, found[parts.KEYSTONE_DATABASE]))
        found[parts.STORE] = store
        objects = _count(store)
        manifest = archive.write(target, __version__, taken_at, config.engine.deployment, found)
    size = target.stat().st_size
    shown = {"file": str(target), "bytes": size, "members": len(manifest.members), "objects": objects}
    write(shown | {"seconds": round(time.time() - taken_at, 2)}, arguments.format, around.out)
    return 0


def _count(copy: Path) -> int:
    connection = sqlite3.connect(copy)
    try:
        [(count,)] = connection.execute("SELECT count(*) FROM objects").fetchall()
    finally:
        connection.close()
    return int(count)


COMMAND = Command(
    words=("backup",),
    help="copy store, journal, keys and secrets, of one instant, into one file; everything may go on meanwhile",
    run=_run,
    arguments=_arguments,
)
