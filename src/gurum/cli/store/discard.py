"""`gurum store discard`: the end of a copy that is not gone on with."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace

from gurum.cli.command import Command, Surroundings, format_argument
from gurum.cli.output import write
from gurum.cli.store.ends import end, end_arguments, run_arguments
from gurum.ops.clock import SystemClock
from gurum.ops.config import StoreConfig
from gurum.ops.urls import without_password


def _arguments(parser: ArgumentParser) -> None:
    end_arguments(parser, "to", "target", "the store that was being filled")
    run_arguments(parser)
    format_argument(parser)


def _run(arguments: Namespace, around: Surroundings) -> int:
    target = end(arguments, around, "to", "target")
    removed = asyncio.run(_discarded(target))
    write({"url": without_password(target.url), "objects removed": removed}, arguments.format, around.out)
    return 0


async def _discarded(target: StoreConfig) -> int:
    # Imported late: this opens all kinds of stores, which no other command needs.
    from gurum.store.moving.ends import opened
    from gurum.store.moving.giving_up import discard

    async with opened(target, make=False) as there:
        return await discard(there, SystemClock())


COMMAND = Command(
    words=("store", "discard"),
    help="empty a store that a copy or a restore broke off in; one that is whole is refused",
    run=_run,
    arguments=_arguments,
)
