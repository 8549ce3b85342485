"""`gurum restore FILE`: into a state that has no store, while nothing runs on it.

The store is put in its place last, with one rename; a store that is no file is filled, and marked as not whole until
it is. A restore that was cut off is simply run again.
"""

from __future__ import annotations

import asyncio
import filecmp
import shutil
import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from gurum.cli.backup import archive, parts
from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments, places
from gurum.cli.output import write
from gurum.cli.store.progress import Shown
from gurum.ops import secrets
from gurum.ops.config import StoreConfig
from gurum.supervisor.lock import locked
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)
    parser.add_argument("file", type=Path, help="what `gurum backup` wrote")


def _run(arguments: Namespace, around: Surroundings) -> int:
    here = places(arguments)
    source: Path = arguments.file.absolute()
    secrets.directory(here.state)
    with locked(here.lock), tempfile.TemporaryDirectory(prefix=".restore-", dir=here.state) as name:
        unpacked = Path(name)
        manifest = archive.unpack(source, unpacked)
        if arguments.config is None and not here.config.exists():
            if parts.CONFIG not in manifest.members:
                raise Refusal(f"the backup has no configuration, and there is no {here.config}: name one with --config")
            (unpacked / parts.CONFIG).rename(here.config)
        config = configuration(arguments, around)
        present = [member for member in manifest.members if (unpacked / member).exists()]
        wanted = {member: path for member in present if (path := parts.target(member, config, here)) is not None}
        if arguments.config is not None or parts.CONFIG in wanted:
            wanted.pop(parts.CONFIG, None)  # the configuration that is there is the operator's
        _refuse_differing(wanted, unpacked)
        doubted = asyncio.run(marked(unpacked / parts.STORE, manifest.taken_at))
        for member, path in sorted(wanted.items(), key=lambda pair: pair[0] == parts.STORE):
            _put(unpacked / member, path)
        if parts.STORE not in wanted:
            asyncio.run(_fill(config.store, unpacked / parts.STORE, manifest, Shown(arguments.format, around.err)))
    shown = {
        "taken": _moment(manifest.taken_at),
        "by release": manifest.release,
        "members": len(manifest.members),
        "objects put in doubt": doubted,
        "next": "start; then `gurum cleanup --orphans` shows what was made since",
    }
    write(shown, arguments.format, around.out)
    return 0


def _refuse_differing(wanted: dict[str, Path], unpacked: Path) -> None:
    """Refuse a state that is not empty: a store at all, or anything else that differs from the backup's."""
    if (store := wanted.get(parts.STORE)) is not None:
        for path in (store, store.with_name(f"{store.name}-wal")):
            if path.exists():
                raise Refusal(f"{path} exists: restore into an empty state, or move it away first")
    for member, path in wanted.items():
        if path.exists() and not filecmp.cmp(path, unpacked / member, shallow=False):
            raise Refusal(f"{path} exists and differs from the backup's: move it away first")


async def marked(copy: Path, taken_at: float) -> int:
    """Bring the copy to this release's form, and have engines know that it is one. Raises StoreError."""
    # Imported late: half a second that no other command needs.
    from gurum.engine import restoration
    from gurum.store.factory import open_store

    store, journal = await open_store(StoreConfig(url=f"sqlite:///{copy}"))
    try:
        return await restoration.mark(store, taken_at, time.time())
    finally:
        await journal.close()
        await store.close()


async def _fill(config: StoreConfig, copy: Path, manifest: archive.Manifest, progress: Shown) -> None:
    """Put the copy into a store that is no file. Raises StoreError, also for one that is not empty."""
    from gurum.store.moving import files

    name = f"the backup of {_moment(manifest.taken_at)} (store {manifest.members[parts.STORE].sha256[:16]})"
    await files.put_back(copy, config, name, progress)


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _put(source: Path, target: Path) -> None:
    if target.exists():
        return  # the same content: checked before
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.restored")  # on the target's own filesystem, for the rename
    shutil.copy2(source, draft)
    draft.chmod(0o600)
    draft.replace(target)


COMMAND = Command(
    words=("restore",),
    help="put a backup back into an empty state; nothing may run on it",
    run=_run,
    arguments=_arguments,
)
