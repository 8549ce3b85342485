"""`gurum upgrade list` and `undo`: one release back, with the older release installed again."""

from __future__ import annotations

import asyncio
import shutil
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

import msgspec

from gurum.cli.backup.restore import marked
from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments, places
from gurum.cli.leases import require_idle
from gurum.cli.output import rows, write_json
from gurum.cli.reading import opened
from gurum.ops import secrets
from gurum.ops.config import Config
from gurum.store import forms
from gurum.store.backup import backend
from gurum.store.contract import NewerStoreError
from gurum.supervisor.lock import locked
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)


def _directory(config: Config) -> Path:
    return Path(config.state) / "backups"


def _list(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around)
    ours = forms.present()
    found = [
        {
            "copy": one.file,
            "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.taken_at)),
            "readable by this release": "unknown" if one.form is None else str(one.form.readable_by(ours)).lower(),
        }
        for one in forms.copies(_directory(config))
    ]
    if arguments.format == "json":
        write_json(found, around.out)
    elif found:
        rows(tuple(found[0]), [tuple(one.values()) for one in found], around.out)
    else:
        around.out.write("No release has replaced another here.\n")
    return 0


def _undo(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around)
    here, directory = places(arguments), _directory(config)
    store = backend(config.store).file(config.store.url)
    with locked(here.lock):
        asyncio.run(_require_idle(config))
        ours = forms.present()
        chosen = next((one for one in forms.copies(directory) if one.form is None or one.form.readable_by(ours)), None)
        if chosen is None:
            raise Refusal(f"{directory} has no copy that this release could read")
        draft = store.with_name(f".{store.name}.undo")
        shutil.copy2(directory / chosen.file, draft)
        draft.chmod(0o600)
        doubted = asyncio.run(marked(draft, chosen.taken_at))
        aside = directory / f"{store.name}.undone-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
        for end in ("-wal", "-shm", ""):  # the file itself last: without it the others mean nothing
            part = store.with_name(store.name + end)
            if part.exists():
                shutil.move(part, aside.with_name(aside.name + end))
        draft.replace(store)
        secrets.write(directory / "form.json", msgspec.json.encode(ours))
    around.out.write(
        f"The store is as it was at {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(chosen.taken_at))};"
        f" {doubted} objects are looked at anew.\nWhat the newer release wrote is in {aside}.\n"
        "Start; then `gurum cleanup --orphans` shows what was made since.\n"
    )
    return 0


async def _require_idle(config: Config) -> None:
    try:
        async with opened(config) as (store, _):
            await require_idle(store, "an upgrade cannot be undone")
    except NewerStoreError:
        return  # this release cannot work on it, and nobody else's engine holds our lock


COMMANDS: tuple[Command, ...] = (
    Command(
        words=("upgrade", "list"),
        help="list the copies of the store that were made when one release replaced another",
        run=_list,
        arguments=_arguments,
    ),
    Command(
        words=("upgrade", "undo"),
        help="with the older release installed again: put the newest copy back that it can read",
        run=_undo,
        arguments=place_arguments,
    ),
)
