"""Snapshots. CreateSnapshot has no token: only its tags tell a second one from the first."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.catalogue.images import Image, snapshots_of
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, Page, page, select
from aws_emulator.rules import refuse
from aws_emulator.state.storage import Snapshot
from aws_emulator.tagging import shown, tags_on_create
from aws_emulator.wire.response import timestamp

PAGE = Page(5, 1000, ids_exclude=True)


def create(call: Context, params: Params) -> Answer:
    """Begin a snapshot of a volume that is available or in use."""
    tags = tags_on_create(call, params, "snapshot")["snapshot"]
    volume = call.get(call.region.volumes, params["VolumeId"])
    if volume.state not in ("available", "in-use"):
        raise refuse("snapshot.volume-state", id=volume.id, state=volume.state)
    _check_rate(call, volume.id)
    row = Snapshot(
        id=call.new_id("snap"), volume_id=volume.id, size=volume.size, state="pending",
        description=params.get("Description", ""), encrypted=volume.encrypted,
    )  # fmt: skip
    call.later(call.region.snapshots, row, "completed", call.config.durations.snapshot)
    call.create(call.region.snapshots, row, tags)
    return view(call, row)


def _check_rate(call: Context, volume_id: str) -> None:
    quotas = call.config.quotas
    if len(call.region.snapshots) >= quotas.snapshots:
        raise refuse("snapshot.limit")
    others = call.region.snapshots.by("volume", volume_id)
    if sum(row.state == "pending" for row in others) >= quotas.pending_snapshots_per_volume:
        raise refuse("snapshot.concurrent")
    pause = quotas.snapshot_interval * call.config.time_factor
    if any(call.now < row.created_at + pause for row in others):
        raise refuse("snapshot.rate")


def describe(call: Context, params: Params) -> Answer:
    """List the account's snapshots, and those of public images when asked by id or owner."""
    table = call.region.snapshots
    public = snapshots_of(call.region.name)
    asked = params.get("SnapshotIds", ())
    named = [public[each] for each in asked if each in public]
    own = [each for each in asked if each not in public]
    rows = [] if named and not own else select(
        call, table, {**params, "SnapshotIds": own}, "SnapshotIds", FILTERS)  # fmt: skip
    owners = params.get("OwnerIds")
    if owners:
        if not {"self", call.region.account} & set(owners):
            rows = []
        if not asked:
            named = [image for image in public.values() if {image.owner, image.owner_alias} & set(owners)]
    rows, more = page(rows, params, PAGE, "SnapshotIds")
    shown_rows = [view(call, row) for row in rows] + [_public(image) for image in named]
    return {"Snapshots": shown_rows} | more


def delete(call: Context, params: Params) -> Answer:
    """Delete a snapshot that no image is made of."""
    image = snapshots_of(call.region.name).get(params["SnapshotId"])
    if image is not None:
        raise refuse("snapshot.in-use", id=params["SnapshotId"], image=image.id)
    row = call.get(call.region.snapshots, params["SnapshotId"])
    for own in call.region.images.by("snapshot", row.id):
        raise refuse("snapshot.in-use", id=row.id, image=own.id)
    call.delete(call.region.snapshots, row.id)
    return {}


def progress(call: Context, row: Snapshot) -> str:
    """Return how far a snapshot is, from its timer."""
    due = row.timers.get("completed")
    if row.state == "completed" or due is None:
        return "100%"
    whole = max(due - row.created_at, 1e-9)
    return f"{min(99, int(100 * (call.now - row.created_at) / whole))}%"


def view(call: Context, row: Snapshot) -> Answer:
    """Return a snapshot as EC2 lists it."""
    return {
        "SnapshotId": row.id,
        "VolumeId": row.volume_id,
        "VolumeSize": row.size,
        "State": row.state,
        "Progress": progress(call, row),
        "StartTime": row.created_at,
        "CompletionTime": row.completed_at,
        "OwnerId": call.region.account,
        "Description": row.description,
        "Encrypted": row.encrypted,
        "StorageTier": "standard",
        "Tags": shown(row.shown_tags),
    }


def _public(image: Image) -> Answer:
    return {
        "SnapshotId": image.root_snapshot,
        "VolumeId": "vol-ffffffff",
        "VolumeSize": image.root_size,
        "State": "completed",
        "Progress": "100%",
        "OwnerId": image.owner,
        "OwnerAlias": image.owner_alias or None,
        "Description": f"root of {image.id} (simulated)",
        "Encrypted": False,
        "StorageTier": "standard",
        "Tags": [],
    }


FILTERS: FilterTable = {
    "snapshot-id": lambda call, row: (row.id,),
    "volume-id": lambda call, row: (row.volume_id,),
    "volume-size": lambda call, row: (str(row.size),),
    "status": lambda call, row: (row.state,),
    "description": lambda call, row: (row.description,),
    "encrypted": lambda call, row: (str(row.encrypted).lower(),),
    "owner-id": lambda call, row: (call.region.account,),
    "progress": lambda call, row: (progress(call, row),),
    "start-time": lambda call, row: (timestamp(row.created_at),),
    "storage-tier": lambda call, row: ("standard",),
}

ACTIONS = (
    Action("CreateSnapshot", create, "VolumeId Description TagSpecifications"),
    Action("DescribeSnapshots", describe, "SnapshotIds OwnerIds Filters MaxResults NextToken"),
    Action("DeleteSnapshot", delete, "SnapshotId"),
)
