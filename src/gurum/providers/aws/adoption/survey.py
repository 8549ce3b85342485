"""The survey put together, and the tags of what is taken over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from gurum.model.base import IMPORTED, Resource
from gurum.model.conditions import Reason
from gurum.model.network import Port
from gurum.ops.clock import Clock
from gurum.providers.aws import tags
from gurum.providers.aws.adoption import groups, instances, networks, rest, routers
from gurum.providers.aws.adoption.account import Account
from gurum.providers.aws.adoption.look import ROWS, look
from gurum.providers.aws.caller import Answer, Caller
from gurum.providers.aws.drivers.common import Context, settle
from gurum.providers.contract import Absent, Catalogue, Done, Found, Place, Refused, VerbOutcome, Wait

# The beginnings of ids -> the type, as `look.ROWS` has it.
TYPES: Mapping[str, str] = {
    "vpc": "vpc", "subnet": "subnet", "sg": "security-group", "igw": "internet-gateway", "rtb": "route-table",
    "key": "key-pair", "pg": "placement-group", "i": "instance", "eni": "network-interface", "eipalloc": "elastic-ip",
}  # fmt: skip

# What refers comes after what it refers to.
MODULES: tuple[Callable[[Account], Iterator[Found]], ...] = (
    networks.vpcs,
    networks.subnets,
    networks.gateways,
    groups.groups,
    instances.images,
    instances.placements,
    rest.keys,
    routers.tables,
    instances.instances,
    instances.interfaces,
    rest.addresses,
)


async def survey(
    context: Context, clock: Clock, place: Place, zones: Mapping[str, str], catalogue: Catalogue
) -> Sequence[Found] | Wait | Refused:
    """Return everything that is not this deployment's own. Only looks."""
    lists = await look(context.caller, clock, place, [*catalogue.flavors], [*catalogue.images])
    if not isinstance(lists, dict):
        return lists
    account = Account(
        place=place, cloud_region=context.cloud_region, partition=context.partition, owner=context.owner, zones=zones,
        now=clock.time(), lists=lists, catalogue=catalogue,
    )  # fmt: skip
    return [found for module in MODULES for found in module(account)]


def _things(obj: Resource) -> dict[str, str]:
    """Return the cloud ids of what an object was adopted from, each with its step."""
    intents = obj.status.intents.values()
    things = {i.external.id: i.step for i in intents if i.recipe == IMPORTED and i.external is not None}
    if isinstance(obj, Port) and obj.status.external is not None:
        things.setdefault(obj.status.external.id, "interface")
    return things


async def own(caller: Caller, owner: str, obj: Resource, place: Place) -> VerbOutcome:
    """Tag what the object was adopted from, one call for each thing; its own tags stay."""
    for id_, step in _things(obj).items():
        params = {"Resources": [id_], "Tags": tags.adopted(obj, step, owner)}
        # A turn for each thing: with one for all, the first would take it again and again from the second.
        answer = await caller.call(place, "CreateTags", params, who=f"{obj.id} {id_}")
        if not isinstance(answer, Answer):
            return answer if isinstance(answer, Absent | Refused) else settle(answer)
    return Done()


async def disown(caller: Caller, obj: Resource, place: Place) -> VerbOutcome:
    """Take our tags off what the object was adopted from. What is gone has none."""
    ours = [{"Key": key} for key in (tags.UID, tags.KIND, tags.PROJECT, tags.OWNER, tags.STEP, tags.ADOPTED)]
    for id_ in _things(obj):
        params = {"Resources": [id_], "Tags": ours}
        answer = await caller.call(place, "DeleteTags", params, who=f"{obj.id} {id_}")
        # The policy lets us touch only what carries our tag: done already, it is forbidden.
        forbidden = isinstance(answer, Wait) and answer.reason is Reason.UNRECOVERABLE_ERROR
        if forbidden and await _bare(caller, obj, place, id_):
            continue
        if not isinstance(answer, Answer | Absent):
            return answer if isinstance(answer, Refused) else settle(answer)
    return Done()


async def _bare(caller: Caller, obj: Resource, place: Place, id_: str) -> bool:
    """Whether AWS shows nothing with our tag of the object any more, among the things of that one's kind."""
    row = next(row for row in ROWS if row.type == TYPES[id_.partition("-")[0]])
    params = {"Filters": [{"Name": f"tag:{tags.UID}", "Values": [obj.id]}]}
    answer = await caller.call(place, row.action, params, who=f"{obj.id} {id_}")
    return isinstance(answer, Answer) and not answer.body.get(row.items)
