"""Volumes on instances: attach and detach."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.instance_type import find_type
from aws_emulator.actions.volume import attachment_view
from aws_emulator.actions.volume_spec import check_device
from aws_emulator.context import Context
from aws_emulator.lifecycle.volume import attach_volume
from aws_emulator.rules import refuse
from aws_emulator.state.compute import Instance
from aws_emulator.state.storage import Volume, VolumeAttachment


def attach(call: Context, params: Params) -> Answer:
    """Begin to attach an available volume at a free device of an instance of the same zone."""
    region = call.region
    row = call.get(region.volumes, params["VolumeId"])
    instance = call.get(region.instances, params["InstanceId"])
    device = check_device(params["Device"])
    if row.attachments and not (row.multi_attach and _elsewhere(row, instance)):
        raise refuse("volume.in-use", id=row.id, instance=row.attachments[0].instance_id)
    if row.state not in ("available", "in-use"):
        raise refuse("volume.not-available", id=row.id, state=row.state)
    if row.zone != instance.zone:
        raise refuse("volume.zone-mismatch", id=row.id, instance=instance.id)
    if instance.state not in ("running", "stopped"):
        raise refuse("volume.instance-state", instance=instance.id)
    _check_place(call, instance, device)
    held = attach_volume(call, row, instance, device, delete_on_termination=False)
    call.save(region.volumes, row)
    return attachment_view(row, held)


def _elsewhere(row: Volume, instance: Instance) -> bool:
    return all(held.instance_id != instance.id for held in row.attachments)


def _check_place(call: Context, instance: Instance, device: str) -> None:
    held = call.region.volumes.by("instance", instance.id)
    used = {each.device for row in held for each in row.attachments if each.instance_id == instance.id}
    if device in used:
        raise refuse("volume.device-used", device=device)
    kind = find_type(instance.instance_type)
    interfaces = len(call.region.interfaces.ids("instance", instance.id)) if kind.nitro else 0
    if len(used) + interfaces >= kind.attachments:
        raise refuse("volume.attach-limit", limit=kind.attachments, type=kind.name)


def detach(call: Context, params: Params) -> Answer:
    """Begin to detach; by volume alone, or as instance and device say. Forced: at once."""
    table = call.region.volumes
    row = call.get(table, params["VolumeId"])
    if not row.attachments:
        raise refuse("volume.not-attached", id=row.id)
    held = _named(row, params)
    instance = call.region.instances.get(held.instance_id)
    if instance and held.device == instance.root_device and instance.state not in ("stopped", "terminated"):
        raise refuse("volume.root", id=row.id, instance=instance.id)
    held.state = "detaching"
    answer = attachment_view(row, held)
    wait = 0.0 if params.get("Force") else call.config.durations.volume_detaching
    call.later(table, row, "detached", wait)
    call.save(table, row)
    return answer


def _named(row: Volume, params: Params) -> VolumeAttachment:
    for held in row.attachments:
        same_instance = params.get("InstanceId", held.instance_id) == held.instance_id
        if same_instance and params.get("Device", held.device) == held.device:
            return held
    raise refuse("volume.attached-elsewhere", id=row.id)


ACTIONS = (
    Action("AttachVolume", attach, "VolumeId InstanceId Device"),
    Action("DetachVolume", detach, "VolumeId InstanceId Device Force"),
)
