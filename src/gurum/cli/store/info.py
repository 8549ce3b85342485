"""`gurum store info`: what the store holds, to see at a glance whether it grows where it should not."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from typing import Any

from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments
from gurum.cli.output import write
from gurum.cli.reading import everything, opened
from gurum.model.codec import KINDS
from gurum.ops.config import Config
from gurum.ops.urls import without_password
from gurum.store.contract import EVERYTHING


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)


def _run(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around)
    counts = asyncio.run(_counts(config))
    found: dict[str, Any] = {"url": without_password(config.store.url)}
    if arguments.format == "json":
        found["objects"] = counts
    else:
        found |= {f"{kind} objects": count for kind, count in counts.items() if count}
        found["objects"] = sum(counts.values())
    write(found, arguments.format, around.out)
    return 0


async def _counts(config: Config) -> dict[str, int]:
    async with opened(config) as (store, _):
        return {name: len(await everything(store, kind, EVERYTHING)) for name, kind in KINDS.items()}


COMMAND = Command(words=("store", "info"), help="count what the store holds, by kind", run=_run, arguments=_arguments)
