"""The command: its words, and the survey behind it."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from gurum.cli.accounts import accounts, serving
from gurum.cli.adopt import deeds
from gurum.cli.adopt.show import show
from gurum.cli.command import Command, Surroundings, aws_region, configuration, format_argument, place_arguments
from gurum.cli.reading import everything, opened
from gurum.model.base import DELETE, DETACH
from gurum.model.codec import KINDS
from gurum.model.compute import Flavor
from gurum.model.image import Image
from gurum.model.network import Network
from gurum.model.region import NOBODY
from gurum.ops.clock import SystemClock
from gurum.ops.config import Config, RegionConfig
from gurum.store.contract import Filter, Store
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)
    parser.add_argument("--region", default="", metavar="NAME", help="region (default: the only one on AWS)")
    parser.add_argument("--account", default="", metavar="NUMBER", help="AWS account (default: the project's)")
    parser.add_argument(
        "--project", default="", metavar="ID", help="whose it becomes (default: the account's only one)"
    )
    parser.add_argument("--user", default="", metavar="ID", help="whom servers and key pairs are put down to")
    parser.add_argument("--id", action="append", default=[], metavar="ID", help="this only, and what it refers to")
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="tag:KEY=VALUE",
        help="what has this tag, and what it refers to",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--dry-run", action="store_true", help="show what would be adopted, and what stands in its way")
    what.add_argument(
        "--manage", action="store_true", help="take over what was adopted: from then on it can be changed"
    )
    what.add_argument("--detach", action="store_true", help="let go of what was adopted: it stays as it is at AWS")
    parser.add_argument(
        "--on-delete", choices=(DETACH, DELETE), default=DETACH,
        help="with --manage: what deleting it in OpenStack does to it at AWS (default: detach)",
    )  # fmt: skip


def _run(arguments: Namespace, around: Surroundings) -> int:
    return asyncio.run(_adopt(arguments, configuration(arguments, around), around))


async def _adopt(arguments: Namespace, config: Config, around: Surroundings) -> int:
    # Imported late: what reads an account, and what knows how it becomes ours.
    from gurum.engine.adoption.plan import adoptable, chosen, planned

    region, filters = aws_region(config, arguments.region), _filters(arguments.filter)
    async with opened(config) as (store, _):
        project, number = await _whose(store, region, arguments.project, arguments.account)
        narrowed = bool(arguments.id or filters)
        found: Sequence[Any] = ()
        if narrowed or not (arguments.manage or arguments.detach):
            found = await _survey(config, region, store, number, arguments.user)
            found = chosen(found, arguments.id, filters)
            missing = set(arguments.id) - {one.id for one in found}
            if missing:
                raise Refusal(f"account {number} has no {', '.join(sorted(missing))}")
        if arguments.manage or arguments.detach:
            ids = {one.id for one in found} if narrowed else None
            adopted = await deeds.adopted(store, region.name, number, project, ids)
            if arguments.manage:
                return await deeds.manage(store, adopted, arguments.on_delete, around)
            return await deeds.detach(store, adopted, around)
        present = [obj for kind in KINDS.values() for obj in await everything(store, kind, Filter(region=region.name))]
        lines = planned(found, present, project)
        show(lines, arguments.format, around)
        if arguments.dry_run:
            around.err.write("Nothing was written.\n")
            return 0
        return await deeds.adopt(store, adoptable(lines, found), project, around)


def _filters(given: Sequence[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name.startswith("tag:") or not equals:
            raise Refusal(f"{text!r} is not tag:KEY=VALUE")
        out[name.removeprefix("tag:")] = value
    return out


async def _whose(store: Store, region: RegionConfig, project: str, number: str) -> tuple[str, str]:
    """Return the project and the account. Raises Refusal where they do not follow from what is given."""
    there = await accounts(store, region.name)
    if number and number not in {account.spec.number for account in there}:
        names = ", ".join(account.spec.number for account in there)
        raise Refusal(f"region {region.name} has no account {number}; it has {names}")
    if not project:
        mapped = [p for a in there if number in ("", a.spec.number) for p in a.spec.projects if p != NOBODY]
        if len(mapped) != 1:
            several = f"several projects ({', '.join(mapped)})" if mapped else "every project of the region"
            raise Refusal(f"the account serves {several}: name the one that this becomes with --project")
        project = mapped[0]
    serves = serving(project, there)
    if not serves or serves != (number or serves):
        uses = f"uses account {serves}" if serves else "has no account"
        raise Refusal(f"the project {project} {uses}: map it with `gurum accounts map`, or name another")
    return project, serves


async def _survey(config: Config, region: RegionConfig, store: Store, number: str, user: str) -> Sequence[Any]:
    """Return what the account has. Raises Refusal when AWS does not show it."""
    from gurum.engine.adoption.follow import catalogue
    from gurum.engine.entrance import aws_transport
    from gurum.providers.aws.provider import AwsProvider
    from gurum.providers.contract import Place

    if region.aws is None:
        raise Refusal(f"region {region.name} is not on AWS")
    where = Filter(region=region.name)
    outside = [network for network in await everything(store, Network, where) if network.spec.external]
    images = [image for image in await everything(store, Image, where) if not image.spec.os_hidden]
    flavors = await everything(store, Flavor, where)
    names = catalogue(iter(flavors), iter(images), outside[0].id if outside else "", user)
    clock = SystemClock()
    provider = AwsProvider(region, aws_transport(region, config, clock), clock, config.engine.deployment)
    try:
        answer = await provider.survey(Place(region.name, number), names)
    finally:
        await provider.close()
    if not isinstance(answer, Sequence):
        raise Refusal(f"account {number} is not shown: {answer.message}")
    return answer


COMMAND = Command(
    words=("adopt",),
    help="show in OpenStack what an AWS account has already; take it over, or let go of it",
    run=_run,
    arguments=_arguments,
)
