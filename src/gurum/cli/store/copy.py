"""`gurum store copy`: everything that one store holds, into another that is empty, and the proof that it is there."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from typing import Any

import msgspec

from gurum.cli.command import Command, Surroundings, format_argument
from gurum.cli.output import rows, write_json
from gurum.cli.store.ends import end, end_arguments, run_arguments
from gurum.cli.store.progress import Shown
from gurum.ops.clock import SystemClock
from gurum.ops.config import StoreConfig


def _arguments(parser: ArgumentParser) -> None:
    end_arguments(parser, "from", "source", "the store that is copied")
    end_arguments(parser, "to", "target", "the store that is filled; empty")
    run_arguments(parser)
    format_argument(parser)


def _run(arguments: Namespace, around: Surroundings) -> int:
    source, target = end(arguments, around, "from", "source"), end(arguments, around, "to", "target")
    report = asyncio.run(_copied(source, target, Shown(arguments.format, around.err)))
    _show(report, arguments.format, around)
    return 0 if report.held else 1


async def _copied(source: StoreConfig, target: StoreConfig, progress: Shown) -> Any:
    # Imported late: this opens all kinds of stores, which no other command needs.
    from gurum.store.moving.copying import copy
    from gurum.store.moving.ends import opened

    async with opened(source, make=False) as here, opened(target, make=True) as there:
        report = await copy(here, there, SystemClock(), progress)
    progress.end()
    return report


def _show(report: Any, form: str, around: Surroundings) -> None:
    every = {**report.kinds, "journal": report.journal}
    if form == "json":
        told = msgspec.to_builtins(report)
        write_json(told | {"held": report.held, "objects": report.objects}, around.out)
    else:
        lines = [
            (name, verdict.count, verdict.different, verdict.sha256[:16])
            for name, verdict in every.items()
            if (verdict.count or verdict.different) and (report.journal_copied or name != "journal")
        ]
        rows(("Kind", "Objects", "Different", "SHA-256"), lines, around.out)
        rate = f"{report.written / report.copy_seconds:,.0f}/s" if report.copy_seconds else "-"
        around.out.write(
            f"\n{report.objects:,} objects in {report.target}"
            f"{'' if report.journal_copied else '; the journal is one and the same'}: {report.written:,} written now"
            f" ({rate}), {report.removed:,} removed, {report.lines_written:,} lines of the journal;"
            f" {report.seconds:,.1f} s, {report.copy_seconds:,.1f} of them the copy.\n"
        )
    for words in (words for verdict in every.values() for words in verdict.differences):
        around.err.write(f"different: {words}\n")
    for words in report.changed:
        around.err.write(f"the source was written to meanwhile: {words}\n")
    if report.held:
        around.err.write("Equal. Start on the new store, and never again an engine on the old one.\n")
    elif report.changed:
        around.err.write("NOT whole: stop what works on the source, and run this again; it copies what is new.\n")
    else:
        around.err.write("NOT equal: run this again; nobody may work on the new store until then.\n")


COMMAND = Command(
    words=("store", "copy"),
    help="copy a store with its history into an empty one of any kind, resumable, and prove that both are equal",
    run=_run,
    arguments=_arguments,
)
