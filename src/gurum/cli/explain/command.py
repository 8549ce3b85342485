"""The command: find the object that was meant, gather, show."""

from __future__ import annotations

import asyncio
import re
from argparse import ArgumentParser, Namespace
from pathlib import Path

import msgspec

from gurum.cli.command import Command, Surroundings, configuration, format_argument, place_arguments
from gurum.cli.explain import show
from gurum.cli.explain.account import account, cloud_ids, name_of
from gurum.cli.explain.answer import Account
from gurum.cli.explain.calls import calls
from gurum.cli.explain.parts import parts
from gurum.cli.output import write_json
from gurum.cli.reading import everything, opened
from gurum.model import codec
from gurum.model.base import Resource
from gurum.ops.clock import SystemClock
from gurum.ops.config import Config
from gurum.store.contract import Filter, Journal, NotFoundError, Record, Store
from gurum.supervisor.rows import Refusal

# "security-group": SecurityGroup
WORDS: dict[str, type[Resource]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower(): kind for name, kind in codec.KINDS.items()
}


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("kind", choices=sorted(WORDS), metavar="KIND", help=", ".join(sorted(WORDS)))
    parser.add_argument("object", metavar="ID|NAME|KEY")
    parser.add_argument("--region", default="", help="only in this region, if names are not unique")
    place_arguments(parser)
    format_argument(parser)


def _run(arguments: Namespace, around: Surroundings) -> int:
    config = configuration(arguments, around)
    found = asyncio.run(_explained(config, WORDS[arguments.kind], arguments.object, arguments.region))
    if arguments.format == "json":
        write_json(show.document(found), around.out)
    else:
        around.out.write(show.text(found, SystemClock().time()))
    return 0


async def _explained(config: Config, kind: type[Resource], word: str, region: str) -> Account:
    async with opened(config) as (store, journal):
        return await explain(store, journal, Path(config.log.directory or "."), kind, word, region)


async def explain(
    store: Store, journal: Journal, logs: Path, kind: type[Resource], word: str, region: str = ""
) -> Account:
    """Return the account of the object that `word` (id, key or name) means. Raises Refusal, StoreError."""
    obj, deleted = await _find(store, journal, kind, word, region)
    around = [] if deleted else await parts(store, obj)
    names: dict[str, str] = {}
    for one in (obj, *(part.obj for part in around if part.obj is not None)):
        # A verb on what exists is logged under the cloud's id of it.
        names |= dict.fromkeys((one.id, *cloud_ids(one)), f"{one.kind} {name_of(one)}")
    return await account(
        store,
        obj,
        deleted=deleted,
        history=await journal.read(kind=kind.kind, object_id=obj.id),
        calls=calls(logs, names),
    )


async def _find(
    store: Store, journal: Journal, kind: type[Resource], word: str, region: str
) -> tuple[Resource, Record | None]:
    for get in (store.get, store.get_by_key):
        try:
            return await get(kind, word), None
        except NotFoundError:
            continue
    named = [obj for obj in await everything(store, kind, Filter(region=region)) if name_of(obj) == word]
    if len(named) > 1:
        which = ", ".join(f"{obj.id} in {obj.metadata.region}" for obj in named[:5])
        raise Refusal(
            f"there are {len(named)} objects of kind {kind.kind} called {word!r}: {which}; give an id or --region"
        )
    if named:
        return named[0], None
    records = await journal.read(kind=kind.kind, object_id=word, type="deleted")
    if records:
        return _last_state(kind, records[-1]), records[-1]
    raise Refusal(
        f"there is no {kind.kind} {word!r}{f' in {region}' if region else ''}, and none of that id was deleted"
    )


def _last_state(kind: type[Resource], record: Record) -> Resource:
    document = msgspec.json.decode(record.data)
    schema = document.get("schema", kind.version) if isinstance(document, dict) else kind.version
    return codec.decode(kind.kind, record.data, schema)


COMMAND = Command(
    words=("explain",),
    help="tell why an object is as it is: steps done, calls made, what it waits for and until when",
    run=_run,
    arguments=_arguments,
)
