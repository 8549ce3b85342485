"""The command: a configuration in, findings out; the exit status says whether anything is missing."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable

from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments
from gurum.cli.doctor.findings import MISSING, Finding, write
from gurum.ops.config import Config

PROCESSES = ("pia", "engine")


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)
    parser.add_argument(
        "--process", choices=PROCESSES, action="append", default=[],
        help="only what this process needs, as seen from its pod (may be repeated; default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--accounts", default="", metavar="NAMESPACE/RELEASE",
        help="whose rights to ask about: the service accounts of a release of the chart (default: whoever we are)",
    )  # fmt: skip


def _run(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around)
    processes = tuple(arguments.process) or PROCESSES
    findings = asyncio.run(look(config, processes, arguments.accounts))
    write(findings, arguments.format, around.out)
    return 1 if any(one.state == MISSING for one in findings) else 0


async def look(config: Config, processes: Iterable[str] = PROCESSES, accounts: str = "") -> list[Finding]:
    """Return what is found of everything that these processes need. Changes nothing. Raises ConfigError."""
    # Imported late: each is a client that no other command needs.
    from gurum.cli.doctor import clocks, clouds, cluster, identity, journal, policy

    chosen, found = tuple(processes), list[Finding]()
    if config.store.url.startswith("kubernetes:"):
        found += await cluster.look(config, chosen, accounts)
    found += await journal.look(config)
    if "pia" in chosen:
        found += await identity.look(config)
        found += policy.look(config)
    if "engine" in chosen:
        found += await clouds.look(config)
    return [*found, *await clocks.look(config, chosen)]


COMMAND = Command(
    words=("doctor",),
    help="look at cluster, rights, journal, Keystone, policy, clouds, clocks; say what is missing, and what mends it",
    run=_run,
    arguments=_arguments,
)
