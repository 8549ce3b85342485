"""`gurum accounts …`: which project works in which AWS account.

The mapping is data in the store, read by the engine when an object is first acted upon and never again for that one. So
a project that has something in one account and is then mapped to another would be in both, with networks that cannot
reach each other: that is refused here.
"""

from __future__ import annotations

import asyncio
import re
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from gurum.cli.command import Command, Surroundings, aws_region, configuration, format_argument, place_arguments
from gurum.cli.output import rows, write_json
from gurum.cli.reading import everything, opened
from gurum.model.base import Resource
from gurum.model.codec import KINDS
from gurum.model.region import NOBODY, Account
from gurum.ops.config import RegionConfig
from gurum.store.contract import ConflictError, Filter, Store
from gurum.supervisor.rows import Refusal

PROJECT = re.compile(r"[0-9a-f]{32}\Z")


async def accounts(store: Store, region: str) -> list[Account]:
    """Return the region's accounts. Raises Refusal when the store has none."""
    found = await everything(store, Account, Filter(region=region))
    if not found:
        raise Refusal(f"the store has no account of {region}: an engine puts there what the configuration names")
    return sorted(found, key=lambda account: account.spec.number)


async def holdings(store: Store, region: str, project: str) -> dict[str, Counter[str]]:
    """Return what the project has, by the account that it was made in: account -> kind -> how many."""
    found: dict[str, Counter[str]] = {}
    for kind in KINDS.values():
        for obj in await everything(store, kind, Filter(region=region, project=project)):
            if _in_a_cloud(obj):
                found.setdefault(obj.metadata.account, Counter())[obj.kind] += 1
    return found


def _in_a_cloud(obj: Resource) -> bool:
    """Whether something of the object is, or may be, in an account."""
    return bool(obj.metadata.account) and any(
        intent.state not in ("gone", "failed") for intent in obj.status.intents.values()
    )


def serving(project: str, among: list[Account]) -> str:
    """Return the number of the account that the project's new objects go to; empty: none."""
    for account in among:
        if project in account.spec.projects:
            return account.spec.number
    return next((account.spec.number for account in among if not account.spec.projects), "")


async def move(store: Store, region: str, project: str, number: str) -> str:
    """Map a project to an account (empty: to the default); return in words what is so now. Raises Refusal."""
    there = await accounts(store, region)
    numbers = [account.spec.number for account in there]
    if not PROJECT.match(project):
        raise Refusal(f"{project!r} is not the id of a project (`openstack project show -f value -c id NAME`)")
    default = next((account.spec.number for account in there if not account.spec.projects), "")
    if number and number not in numbers:
        raise Refusal(f"region {region} has no account {number}; it has {', '.join(numbers)}")
    if not number and not default:
        raise Refusal(f"region {region} has no default account: without a mapping the project could make nothing")
    wanted = number or default
    for holder, counts in (await holdings(store, region, project)).items():
        if holder != wanted:
            things = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
            raise Refusal(
                f"the project has {things} in account {holder}; delete them first, for they would stay there and not"
                f" reach what is made in {wanted}"
            )
    for account in there:
        projects = [each for each in account.spec.projects if each != project]
        if account.spec.number == wanted and wanted != default:
            projects = [*(each for each in projects if each != NOBODY), project]
        elif not projects and account.spec.projects:
            projects = [NOBODY]  # none at all would mean: the default of all projects
        if projects != account.spec.projects:
            account.spec.projects = projects
            await store.update_spec(account)
    return f"{project} uses account {wanted}" + (" (the default)" if wanted == default else "")


def _on_store(arguments: Namespace, around: Surroundings, work: Callable[[Store, RegionConfig], Awaitable[Any]]) -> Any:
    config = configuration(arguments, around)
    region = aws_region(config, arguments.region)

    async def run() -> Any:
        async with opened(config) as (store, _):
            return await work(store, region)

    try:
        return asyncio.run(run())
    except ConflictError as error:
        raise Refusal("somebody else changed the account meanwhile: look again") from error


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    parser.add_argument("--region", default="", metavar="NAME", help="region (default: the only one on AWS)")


def _list_arguments(parser: ArgumentParser) -> None:
    _arguments(parser)
    format_argument(parser)


def _list(arguments: Namespace, around: Surroundings) -> int:
    async def work(store: Store, region: RegionConfig) -> list[dict[str, Any]]:
        objects: Counter[str] = Counter()
        for kind in KINDS.values():
            objects.update(
                obj.metadata.account
                for obj in await everything(store, kind, Filter(region=region.name))
                if obj.kind != "Lease" and _in_a_cloud(obj)
            )
        return [
            {
                "account": account.spec.number,
                "region": region.name,
                "default": not account.spec.projects,
                "projects": [each for each in account.spec.projects if each != NOBODY],
                "objects": objects[account.spec.number],
            }
            for account in await accounts(store, region.name)
        ]

    found = _on_store(arguments, around, work)
    if arguments.format == "json":
        write_json(found, around.out)
        return 0
    rows(
        ("account", "region", "projects", "objects"),
        [
            (one["account"], one["region"], "all others" if one["default"] else ", ".join(one["projects"]) or "none",
             one["objects"])
            for one in found
        ],
        around.out,
    )  # fmt: skip
    return 0


def _map_arguments(parser: ArgumentParser) -> None:
    _arguments(parser)
    parser.add_argument("project", help="id of the project")
    parser.add_argument("account", help="number of the AWS account")


def _map(arguments: Namespace, around: Surroundings) -> int:
    said = _on_store(
        arguments, around, lambda store, region: move(store, region.name, arguments.project, arguments.account)
    )
    around.out.write(f"{said}\n")
    return 0


def _unmap_arguments(parser: ArgumentParser) -> None:
    _arguments(parser)
    parser.add_argument("project", help="id of the project")


def _unmap(arguments: Namespace, around: Surroundings) -> int:
    said = _on_store(arguments, around, lambda store, region: move(store, region.name, arguments.project, ""))
    around.out.write(f"{said}\n")
    return 0


COMMANDS: tuple[Command, ...] = (
    Command(
        words=("accounts", "list"),
        help="list the AWS accounts, who uses them, and how much is there",
        run=_list,
        arguments=_list_arguments,
    ),
    Command(
        words=("accounts", "map"),
        help="have a project work in an AWS account; refused while it has something in another",
        run=_map,
        arguments=_map_arguments,
    ),
    Command(
        words=("accounts", "unmap"),
        help="have a project work in the default account again",
        run=_unmap,
        arguments=_unmap_arguments,
    ),
)
