"""Volumes, snapshots and images: made, attached, modified, deleted."""

from aws_emulator.context import Context
from aws_emulator.state.compute import Instance
from aws_emulator.state.storage import OwnImage, Snapshot, Volume, VolumeAttachment


def attach_volume(
    call: Context, row: Volume, instance: Instance, device: str, delete_on_termination: bool
) -> VolumeAttachment:
    """Begin to attach; the caller checks first and saves (or creates) after."""
    held = VolumeAttachment(
        instance_id=instance.id,
        device=device,
        state="attaching",
        attached_at=call.now,
        delete_on_termination=delete_on_termination,
    )
    row.attachments.append(held)
    row.state = "in-use"
    call.later(call.region.volumes, row, "attached", call.config.durations.volume_attaching)
    return held


def free_volume(call: Context, row: Volume, instance_id: str) -> None:
    """The instance is gone: drop its attachment, and the volume when it was to go with it."""
    gone = [held for held in row.attachments if held.instance_id == instance_id]
    row.attachments = [held for held in row.attachments if held.instance_id != instance_id]
    if any(held.delete_on_termination for held in gone) and not row.attachments:
        call.delete(call.region.volumes, row.id)
        return
    if not row.attachments:
        row.state = "available"
    call.save(call.region.volumes, row)


def available(call: Context, row: Volume) -> None:
    """Creating becomes available."""
    row.state = "available"
    call.save(call.region.volumes, row)


def attached(call: Context, row: Volume) -> None:
    """Attaching becomes attached."""
    for held in row.attachments:
        if held.state == "attaching":
            held.state = "attached"
    call.save(call.region.volumes, row)


def detached(call: Context, row: Volume) -> None:
    """Detaching becomes free."""
    row.attachments = [held for held in row.attachments if held.state != "detaching"]
    if not row.attachments:
        row.state = "available"
    call.save(call.region.volumes, row)


def deleted(call: Context, row: Volume) -> None:
    """Deleting becomes gone."""
    call.delete(call.region.volumes, row.id)


def optimizing(call: Context, row: Volume) -> None:
    """A modification takes effect: the new size is there, the rest still moves."""
    change = row.modification
    if change is None:
        return
    change.state = "optimizing"
    row.size, row.volume_type = change.size[1], change.volume_type[1]
    row.iops, row.throughput = change.iops[1], change.throughput[1]
    call.later(call.region.volumes, row, "optimized", call.config.durations.volume_optimizing)
    call.save(call.region.volumes, row)


def optimized(call: Context, row: Volume) -> None:
    """A modification is completed."""
    if row.modification:
        row.modification.state = "completed"
        row.modification.ended_at = call.now
        call.save(call.region.volumes, row)


def completed(call: Context, row: Snapshot) -> None:
    """Pending becomes completed."""
    row.state = "completed"
    row.completed_at = call.now
    call.save(call.region.snapshots, row)


TIMERS = {
    "available": available,
    "attached": attached,
    "detached": detached,
    "deleted": deleted,
    "optimizing": optimizing,
    "optimized": optimized,
}


def image_available(call: Context, row: OwnImage) -> None:
    """Pending becomes available."""
    row.state = "available"
    call.save(call.region.images, row)


IMAGE_TIMERS = {"available": image_available}
SNAPSHOT_TIMERS = {"completed": completed}
