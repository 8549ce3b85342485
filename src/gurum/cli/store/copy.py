"""`gurum store copy`: everything that one store holds, into another that is empty, and the proof that it is there."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import msgspec

from gurum.cli.command import Command, Surroundings, configuration, format_argument, places
from gurum.cli.output import rows, write_json
from gurum.cli.store.progress import Shown
from gurum.ops.clock import SystemClock
from gurum.ops.config import EMBEDDED_CLUSTER, StoreConfig, embedded_kubeconfig
from gurum.ops.urls import HIDDEN, has_password, without_password
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", required=True, metavar="URL", help="the store that is copied")
    parser.add_argument("--to", dest="target", required=True, metavar="URL", help="the store that is filled; empty")
    for end, other in (("from", "source"), ("to", "target")):
        parser.add_argument(
            f"--{end}-journal", default="", dest=f"{other}_journal", metavar="URL",
            help=f"where the journal of --{end} is, beside Kubernetes",
        )  # fmt: skip
        parser.add_argument(
            f"--{end}-password-file", default="", dest=f"{other}_password", metavar="FILE",
            help=f"PostgreSQL: the file (0600) with the password of --{end}",
        )  # fmt: skip
    parser.add_argument("--state", type=Path, metavar="DIR", help="state directory (default: var)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="whose store needs no further words (see --state)")
    format_argument(parser)


def _run(arguments: Namespace, around: Surroundings) -> int:
    source, target = _end(arguments, around, "source", "from"), _end(arguments, around, "target", "to")
    report = asyncio.run(_copied(source, target, Shown(arguments.format, around.err)))
    _show(report, arguments.format, around)
    return 0 if report.held else 1


async def _copied(source: StoreConfig, target: StoreConfig, progress: Shown) -> Any:
    # Imported late: this opens all kinds of stores, which no other command needs.
    from gurum.store.moving.copying import copy
    from gurum.store.moving.ends import opened

    async with opened(source, make=False) as here, opened(target, make=True) as there:
        return await copy(here, there, SystemClock(), progress)


def _end(arguments: Namespace, around: Surroundings, end: str, word: str) -> StoreConfig:
    """Return an end's configuration: what the arguments say, and of the run's own store what its configuration does."""
    values = vars(arguments)
    url, journal, password = values[end], values[f"{end}_journal"], values[f"{end}_password"]
    if has_password(url) or has_password(journal):
        raise Refusal(
            "a password on a command line can be read by every user of this machine: leave it out of the URLs, and put"
            f" it into a file that --{word}-password-file names, or into ~/.pgpass"
        )
    here = places(arguments)
    if url == EMBEDDED_CLUSTER:
        url = f"kubernetes://{embedded_kubeconfig(here.state)}"
        journal = journal or f"sqlite:///{here.state}/journal.sqlite"
    known = StoreConfig(url=url)
    if arguments.config is not None or here.config.exists():
        own = configuration(Namespace(**values | {"store": None}), around).store
        if url in (own.url, without_password(own.url).replace(f":{HIDDEN}@", "@")):
            known = own
    return msgspec.structs.replace(
        known, journal_url=journal or known.journal_url, password_file=password or known.password_file
    )


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
