"""`gurum cleanup`: what a deployment has in its AWS accounts, and its removal.

The list is by the deployment's owner tag and asks AWS, not the store: it also finds what the store no longer knows.
"""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from typing import Any

from gurum.audit.contract import Audit
from gurum.audit.errors import AuditUnavailableError
from gurum.audit.opening import auditing
from gurum.cli.command import Command, Surroundings, aws_region, configuration, format_argument, place_arguments
from gurum.cli.leases import require_idle
from gurum.cli.output import rows, write_json
from gurum.cli.reading import everything, exists, opened
from gurum.model.base import Resource, may_have
from gurum.model.codec import KINDS
from gurum.ops.clock import Clock, SystemClock
from gurum.ops.config import Config, RegionConfig
from gurum.store.contract import EVERYTHING
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)
    parser.add_argument("--region", default="", metavar="NAME", help="region (default: the only one on AWS)")
    parser.add_argument("--account", action="append", default=[], metavar="NUMBER", help="this account only")
    parser.add_argument("--orphans", action="store_true", help="only what belongs to no object of the store")
    parser.add_argument("-y", "--yes", action="store_true", help="remove what is listed, without asking")
    parser.add_argument("--force", action="store_true", help="also while an engine works")


def _run(arguments: Namespace, around: Surroundings) -> int:
    return asyncio.run(_cleanup(arguments, configuration(arguments, around), around))


async def _cleanup(arguments: Namespace, config: Config, around: Surroundings) -> int:
    """Raises Refusal, also where it cannot be recorded what is removed."""
    clock = SystemClock()
    try:
        async with auditing(config.audit, "cleanup", clock) as audit:
            return await _cleaned(arguments, config, around, clock, audit)
    except (AuditUnavailableError, OSError) as error:
        raise Refusal(f"it cannot be recorded what is removed: {error}") from error


async def _cleaned(
    arguments: Namespace, config: Config, around: Surroundings, clock: Clock, audit: Audit | None
) -> int:
    # Imported late: botocore.
    from gurum.engine.entrance import aws_transport, operators
    from gurum.providers.aws import cleanup
    from gurum.providers.aws.caller import Caller
    from gurum.providers.contract import Place

    region, owner = aws_region(config, arguments.region), config.engine.deployment
    known = await _known(config, arguments)
    recorder = operators(region, audit)
    transport = aws_transport(region, config, clock, recorder)
    caller = Caller(transport, _aws(region), clock, recorder=recorder)
    left = 0

    def tell(words: str) -> None:
        around.err.write(f"{words}\n")

    try:
        places = [Place(region.name, number) for number in _accounts(region, arguments.account)]
        found = {}
        for place in places:
            seen = await cleanup.inventory(caller, clock, place, owner)
            found[place] = [one for one in seen if not arguments.orphans or not _is_known(known, one)]
        lines = [_line(place.account, one, _is_known(known, one)) for place in places for one in found[place]]
        _show(lines, arguments, around)
        if not lines and arguments.orphans and arguments.yes:
            await _settle(config)
        if not lines or not _agreed(arguments, owner, len(lines), around):
            return 0
        for place in places:
            ids = {one.id for one in found[place]}
            rest = await cleanup.remove(caller, clock, place, owner, ids, tell)
            for one, why in rest:
                tell(f"left: {one.kind.type} {one.id}: {why}")
            left += len(rest)
    except cleanup.UnfinishedError as error:
        raise Refusal(str(error)) from error
    finally:
        await transport.close()
    around.err.write(f"{len(lines) - left} removed, {left} left.\n")
    if arguments.orphans and not left:
        await _settle(config)
    return 1 if left else 0


def _aws(region: RegionConfig) -> Any:
    if region.aws is None:
        raise Refusal(f"region {region.name} is not on AWS")
    return region.aws


def _accounts(region: RegionConfig, wanted: Iterable[str]) -> list[str]:
    there = [account.number for account in _aws(region).accounts]
    for number in wanted:
        if number not in there:
            raise Refusal(f"region {region.name} has no account {number}; it has {', '.join(there) or 'none'}")
    return [number for number in there if not wanted or number in wanted]


async def _known(config: Config, arguments: Namespace) -> dict[str, Resource]:
    """Return the store's objects by id. Raises Refusal while an engine works and something is to be removed."""
    if not exists(config.store.url):
        if arguments.orphans:
            raise Refusal(f"there is no store at {config.store.url}: without it nobody can say what is an orphan")
        return {}
    async with opened(config) as (store, _):
        if not arguments.force and (arguments.yes or sys.stdin.isatty()):
            await require_idle(store, "nothing can be removed")
        return {obj.id: obj for kind in KINDS.values() for obj in await everything(store, kind, EVERYTHING)}


async def _settle(config: Config) -> None:
    """Let the sweep remove again what it does not know, after a restore."""
    from gurum.engine import restoration

    async with opened(config) as (store, _):
        await restoration.settle(store)


def _is_known(known: dict[str, Resource], found: Any) -> bool:
    """Whether it is an object's; an interface that is attached goes with what it is attached to."""
    return found.uid in known and (found.attached or may_have(known[found.uid], found.id))


def _line(account: str, found: Any, known: bool) -> dict[str, str]:
    return {
        "account": account,
        "type": found.kind.type,
        "id": found.id,
        "of": f"{found.of} {found.uid}".strip(),
        "project": found.project,
        "in store": "yes" if known else "no",
    }


def _show(lines: list[dict[str, str]], arguments: Namespace, around: Surroundings) -> None:
    if arguments.format == "json":
        write_json(lines, around.out)
    elif lines:
        rows(tuple(lines[0]), [tuple(line.values()) for line in lines], around.out)
    else:
        around.out.write("Nothing is there.\n")


def _agreed(arguments: Namespace, owner: str, count: int, around: Surroundings) -> bool:
    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        return False
    around.err.write(f"To remove these {count}, type the name of the deployment ({owner}): ")
    around.err.flush()
    return sys.stdin.readline().strip() == owner


COMMAND = Command(
    words=("cleanup",),
    help="list everything tagged with this deployment in its AWS accounts, then remove it",
    run=_run,
    arguments=_arguments,
)
