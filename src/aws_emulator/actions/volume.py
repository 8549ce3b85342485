"""EBS volumes: create, describe, delete."""

from collections.abc import Callable, Iterator, Sequence

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.volume_spec import VolumeSpec, check_spec, snapshot_size
from aws_emulator.actions.zones import chosen_zone
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, Page, page, select
from aws_emulator.rules import refuse
from aws_emulator.state.storage import Volume, VolumeAttachment
from aws_emulator.tagging import shown, tags_on_create
from aws_emulator.wire.response import timestamp

PAGE = Page(5, 1000, ids_exclude=True)


def create(call: Context, params: Params) -> Answer:
    """Make a volume of a size, or from a snapshot, in one zone."""
    tags = tags_on_create(call, params, "volume")["volume"]
    asked = params.get("AvailabilityZone") or params.get("AvailabilityZoneId")
    if not asked:
        raise refuse("volume.no-zone")
    if call.region.zone(asked) is None:
        raise refuse("volume.zone", zone=asked)
    zone = chosen_zone(call, params)
    snapshot = params.get("SnapshotId", "")
    low, encrypted = snapshot_size(call, snapshot) if snapshot else (0, False)
    size = params.get("Size", low)
    if "Size" not in params and not snapshot:
        raise refuse("volume.no-size")
    kind = params.get("VolumeType", "gp2")
    iops, throughput = check_spec(kind, size, params.get("Iops"), params.get("Throughput"))
    if size < low:
        raise refuse("volume.small", size=size, snapshot=snapshot, low=low)
    encrypted = params.get("Encrypted", False) or encrypted
    spec = VolumeSpec(size, kind, iops, throughput, snapshot, encrypted)
    row = spec.volume(call, zone.name if zone else "", zone.id if zone else "", "creating")
    row.multi_attach = params.get("MultiAttachEnabled", False)
    if row.multi_attach and kind not in ("io1", "io2"):
        raise refuse("volume.iops-type", name="multiAttachEnabled", type=kind)
    row.client_token = params.get("ClientToken", "")
    call.later(call.region.volumes, row, "available", call.config.durations.volume_creating)
    call.create(call.region.volumes, row, tags)
    return view(call, row)


def again(call: Context, ids: Sequence[str]) -> Answer:
    """Return the answer of the create call, as the volume is now."""
    row = call.region.volumes.get(ids[0])
    if row is None:
        raise refuse("volume.not-found", id=ids[0])
    return view(call, row)


def describe(call: Context, params: Params) -> Answer:
    """List volumes."""
    rows = select(call, call.region.volumes, params, "VolumeIds", FILTERS)
    rows, more = page(rows, params, PAGE, "VolumeIds")
    return {"Volumes": [view(call, row) for row in rows]} | more


def delete(call: Context, params: Params) -> Answer:
    """Begin to delete a volume that nothing holds."""
    row = call.get(call.region.volumes, params["VolumeId"])
    if row.attachments:
        raise refuse("volume.in-use", id=row.id, instance=row.attachments[0].instance_id)
    if row.state != "available":
        raise refuse("volume.not-available", id=row.id, state=row.state)
    row.state = "deleting"
    call.later(call.region.volumes, row, "deleted", call.config.durations.volume_deleting)
    call.save(call.region.volumes, row)
    return {}


def attachment_view(row: Volume, held: VolumeAttachment) -> Answer:
    """Return how a volume hangs on an instance."""
    return {
        "VolumeId": row.id,
        "InstanceId": held.instance_id,
        "Device": held.device,
        "State": held.state,
        "AttachTime": held.attached_at,
        "DeleteOnTermination": held.delete_on_termination,
    }


def view(call: Context, row: Volume) -> Answer:
    """Return a volume as EC2 lists it."""
    return {
        "VolumeId": row.id,
        "Size": row.size,
        "VolumeType": row.volume_type,
        "Iops": row.iops or None,
        "Throughput": row.throughput or None,
        "SnapshotId": row.snapshot_id,
        "AvailabilityZone": row.zone,
        "AvailabilityZoneId": row.zone_id,
        "State": row.state,
        "CreateTime": row.created_at,
        "Encrypted": row.encrypted,
        "MultiAttachEnabled": row.multi_attach,
        "Attachments": [attachment_view(row, held) for held in row.attachments],
        "Tags": shown(row.shown_tags),
    }


def _held(offer: Callable[[VolumeAttachment], str]) -> Callable[[Context, Volume], Iterator[str]]:
    return lambda call, row: (offer(held) for held in row.attachments)


FILTERS: FilterTable = {
    "volume-id": lambda call, row: (row.id,),
    "size": lambda call, row: (str(row.size),),
    "volume-type": lambda call, row: (row.volume_type,),
    "snapshot-id": lambda call, row: (row.snapshot_id,),
    "status": lambda call, row: (row.state,),
    "encrypted": lambda call, row: (str(row.encrypted).lower(),),
    "multi-attach-enabled": lambda call, row: (str(row.multi_attach).lower(),),
    "availability-zone": lambda call, row: (row.zone,),
    "availability-zone-id": lambda call, row: (row.zone_id,),
    "create-time": lambda call, row: (timestamp(row.created_at),),
    "attachment.instance-id": _held(lambda held: held.instance_id),
    "attachment.device": _held(lambda held: held.device),
    "attachment.status": _held(lambda held: held.state),
    "attachment.delete-on-termination": _held(lambda held: str(held.delete_on_termination).lower()),
}

ACTIONS = (
    Action(
        "CreateVolume",
        create,
        "AvailabilityZone AvailabilityZoneId Size SnapshotId VolumeType Iops Throughput Encrypted"
        " MultiAttachEnabled TagSpecifications ClientToken",
        again=again,
    ),
    Action("DescribeVolumes", describe, "VolumeIds Filters MaxResults NextToken"),
    Action("DeleteVolume", delete, "VolumeId"),
)
