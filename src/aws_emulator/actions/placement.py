"""Placement groups: made, listed, deleted, and what they forbid a launch.

CreatePlacementGroup has no token: what is made twice is told by its name.
"""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.catalogue.types import InstanceType
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, select
from aws_emulator.rules import refuse
from aws_emulator.state.compute import PlacementGroup
from aws_emulator.tagging import shown, tags_on_create

SPREAD_LIMIT = 7  # running instances of a spread group in a zone (EC2 User Guide, "Placement groups")
PARTITIONS = 7
QUOTA = 500  # placement groups in a region


def create_group(call: Context, params: Params) -> Answer:
    """Make a placement group under a name unique in the region."""
    tags = tags_on_create(call, params, "placement-group")["placement-group"]
    name, strategy = params.get("GroupName", ""), params.get("Strategy", "cluster")
    if not 0 < len(name) <= 255:
        raise refuse("placement.name", name=name)
    count = params.get("PartitionCount")
    if count is not None and (strategy != "partition" or not 1 <= count <= PARTITIONS):
        raise refuse("placement.partitions", count=count)
    if call.region.placement_groups.ids("name", name):
        raise refuse("placement.duplicate", name=name)
    if len(call.region.placement_groups) >= QUOTA:
        raise refuse("placement.limit")
    row = PlacementGroup(
        id=call.new_id("pg"), name=name, strategy=strategy,
        partitions=(count or 2) if strategy == "partition" else 0,
        spread_level="rack" if strategy == "spread" else "",
    )  # fmt: skip
    call.create(call.region.placement_groups, row, tags)
    return {"PlacementGroup": _view(call, row) | {"Tags": shown(row.tags)}}


def _view(call: Context, row: PlacementGroup) -> Answer:
    return {
        "GroupId": row.id,
        "GroupName": row.name,
        "GroupArn": f"arn:aws:ec2:{call.region.name}:{call.region.account}:placement-group/{row.name}",
        "State": "available",
        "Strategy": row.strategy,
        "PartitionCount": row.partitions or None,
        "SpreadLevel": row.spread_level or None,
        "Tags": shown(row.shown_tags),
    }


def describe_groups(call: Context, params: Params) -> Answer:
    """List placement groups."""
    rows = select(call, call.region.placement_groups, params, "GroupIds", FILTERS)
    names = params.get("GroupNames")
    for name in names or ():
        find_group(call, name)
    return {"PlacementGroups": [_view(call, row) for row in rows if not names or row.name in names]}


def find_group(call: Context, name: str) -> PlacementGroup:
    """Return the group of a name. Refusal for one that is not there, or not visible yet."""
    for row in call.region.placement_groups.by("name", name):
        if call.sees(row):
            return row
    raise refuse("placement.unknown", name=name)


def delete_group(call: Context, params: Params) -> Answer:
    """Delete a group in which there is no instance (any more)."""
    row = find_group(call, params["GroupName"])
    if any(each.state != "terminated" for each in call.region.instances.by("placement", row.name)):
        raise refuse("placement.in-use", name=row.name)
    call.delete(call.region.placement_groups, row.id)
    return {}


def check_placement(call: Context, name: str, kind: InstanceType, zone: str, count: int) -> None:
    """Raise Refusal for `count` instances that the placement group of a launch cannot have in the zone."""
    row = find_group(call, name)
    members = call.region.instances.by("placement", name)
    if row.strategy == "spread":
        if sum(1 for each in members if each.live and each.zone == zone) + count > SPREAD_LIMIT:
            raise refuse("placement.spread-limit", name=name, limit=SPREAD_LIMIT, zone=zone)
    elif row.strategy == "cluster":
        if kind.burstable:
            raise refuse("placement.cluster-type", type=kind.name)
        elsewhere = [each.zone for each in members if not each.gone and each.zone != zone]
        if elsewhere:
            raise refuse("placement.cluster-zone", name=name, zone=elsewhere[0])


FILTERS: FilterTable = {
    "group-name": lambda call, row: (row.name,),
    "state": lambda call, row: ("available",),
    "strategy": lambda call, row: (row.strategy,),
    "spread-level": lambda call, row: (row.spread_level,),
}

ACTIONS = (
    Action("CreatePlacementGroup", create_group, "GroupName Strategy PartitionCount TagSpecifications"),
    Action("DescribePlacementGroups", describe_groups, "GroupNames GroupIds Filters"),
    Action("DeletePlacementGroup", delete_group, "GroupName"),
)
