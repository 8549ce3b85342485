"""`gurum audit trace ID`: from a request, a person, an object or a call to AWS to all that belongs together."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gurum.audit.event import opaque
from gurum.audit.index import Index
from gurum.audit.tree import Deed, Node, deeds, tree
from gurum.cli.audit.reading import chains, shown
from gurum.cli.audit.trails import led, records
from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments
from gurum.cli.explain.account import name_of
from gurum.cli.output import write_json
from gurum.cli.reading import everything, opened
from gurum.model.server import Server
from gurum.ops.config import Config
from gurum.store.contract import Filter
from gurum.supervisor.rows import Refusal


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "id",
        metavar="ID",
        help="of a request, a user, an object, a decision, a token (its audit id), a call (AWS's request id, an access"
        " key's id) or a thing in the cloud (an instance's id); or a server's name",
    )
    parser.add_argument("--limit", type=int, default=20, help="only so many requests, the newest (default: 20)")
    parser.add_argument(
        "--cloudtrail",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="CloudTrail's records, or a directory",
    )
    place_arguments(parser)
    format_argument(parser)


def _run(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around)
    index = Index(chains(config.audit), Path(config.audit.directory).with_name("audit-index"))
    trail = records(config, arguments.cloudtrail)
    found = deeds(index, opaque(arguments.id), arguments.limit)
    if not found:  # an answer that was lost with our process: AWS's log alone has its id, and names our call
        found = [deed for call in led(trail, arguments.id) for deed in deeds(index, call, arguments.limit)]
    if not found:
        found = _by_name(config, index, arguments.id, arguments.limit)
    nodes = tree(index, found, trail)
    if arguments.format == "json":
        write_json(msgspec.to_builtins(nodes), around.out)
    else:
        around.out.writelines(f"{line}\n" for node in nodes for line in lines(node))
    return 0


def _by_name(config: Config, index: Index, name: str, limit: int) -> list[Deed]:
    found = [deed for one in asyncio.run(_named(config, name)) for deed in deeds(index, one, limit)]
    if not found:
        raise Refusal(f"nothing about {shown(name)!r} was recorded, and no server of that name is there")
    return found


async def _named(config: Config, name: str) -> list[str]:
    async with opened(config) as (store, _):
        return [server.id for server in await everything(store, Server, Filter()) if name_of(server) == name]


def lines(node: Node, before: str = "", *, last: bool = True, top: bool = True) -> Iterator[str]:
    """Yield the lines of a tree."""
    said = "  ".join(f"{name.replace('_', ' ')}: {shown(value)}" for name, value in node.said.items())
    branch = "" if top else before + ("└─ " if last else "├─ ")
    yield f"{branch}{node.kind} {shown(node.id)}{f'  {said}' if said else ''}"
    inner = "" if top else before + ("   " if last else "│  ")
    for number, child in enumerate(node.below):
        yield from lines(child, inner, last=number == len(node.below) - 1, top=False)


TRACE = Command(
    words=("audit", "trace"),
    help="tell who did what, by which decision, and what of it reached the cloud",
    run=_run,
    arguments=_arguments,
)
