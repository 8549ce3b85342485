"""`gurum audit export --from --to`: evidence of a time, for an auditor."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path

from gurum.audit.event import moment
from gurum.audit.export import export
from gurum.audit.verify import verify
from gurum.cli.audit.reading import chains, kept
from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments
from gurum.cli.output import write, write_json
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--from", dest="since", required=True, metavar="TIME", help="ISO 8601; without a zone, UTC")
    parser.add_argument("--to", dest="until", required=True, metavar="TIME", help="the first moment that is left out")
    parser.add_argument("--into", type=Path, required=True, metavar="DIR", help="a directory that is not there yet")
    place_arguments(parser)
    format_argument(parser)


def _run(arguments: Namespace, around: Surroundings) -> int:
    since, until = _moment(arguments.since), _moment(arguments.until)
    if until <= since:
        raise Refusal("--to must be after --from")
    config = configuration(arguments, around).audit
    directory = chains(config)
    if arguments.into.exists():
        raise Refusal(f"{arguments.into} is there already")
    anchored = asyncio.run(kept(config))
    reports = verify(directory, anchored.hashes, anchored.accepted)
    manifest = export(directory, since, until, arguments.into, reports, anchored.hashes)
    if arguments.format == "json":
        write_json(manifest, around.out)
    else:
        counts = {name: str(count) for name, count in manifest["events"].items()}
        write({"bundle": str(arguments.into), "whole": str(manifest["whole"]), **counts}, "table", around.out)
    return 0 if manifest["whole"] else 1


def _moment(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(f"{text!r} is no time: {error}") from error
    return moment((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp())


EXPORT = Command(
    words=("audit", "export"),
    help="write the events of a time, with access reviews, privileged actions, policy versions and off-boardings",
    run=_run,
    arguments=_arguments,
)
