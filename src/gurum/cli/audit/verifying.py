"""`gurum audit verify`: every event is linked, nothing is missing, and all that was anchored is there."""

from __future__ import annotations

import asyncio
import dataclasses
from argparse import ArgumentParser, Namespace

from gurum.audit.verify import Report, verify
from gurum.cli.audit.reading import Kept, chains, kept, shown
from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments
from gurum.cli.output import rows, write_json


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)


def _run(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around).audit
    directory = chains(config)
    anchored = asyncio.run(kept(config))
    reports = verify(directory, anchored.hashes, anchored.accepted)
    whole = not any(report.findings for report in reports)
    if arguments.format == "json":
        told = [dataclasses.asdict(r) | {"head": {"seq": r.head.seq, "hash": r.head.hash}} for r in reports]
        write_json({"whole": whole, "anchor": anchored.source, "chains": told}, around.out)
    else:
        _text(reports, anchored, around)
    return 0 if whole else 1


def _text(reports: list[Report], anchored: Kept, around: Surroundings) -> None:
    out = around.out
    rows(
        ("CHAIN", "EVENTS", "HEAD", "ANCHORED", "STATE"),
        [
            (
                shown(report.writer),
                report.events,
                report.head.seq,
                "-" if report.anchored is None else report.anchored,
                f"{len(report.findings)} findings" if report.findings else "whole",
            )
            for report in reports
        ],
        out,
    )
    for report in reports:
        for finding in report.findings:
            where = f" {finding.file}" if finding.file else ""
            event = f" event {finding.seq}" if finding.seq else ""
            out.write(f"{shown(report.writer)}{shown(where)}{event}: {finding.what}\n")
        out.writelines(f"{shown(report.writer)}: note: {shown(note)}\n" for note in report.notes)
    out.write(f"compared with what was anchored: {anchored.source}\n")


VERIFY = Command(
    words=("audit", "verify"),
    help="find any edit, gap, cut or replacement in the audit chains; exit status 1 if there is one",
    run=_run,
    arguments=_arguments,
)
