"""Images that a customer makes: from an instance, from a snapshot; and how they go.

None of these has a token: the name, unique in account and region, is what makes them idempotent.
"""

import re
from collections.abc import Mapping
from typing import Any

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.image import find_image
from aws_emulator.actions.volume_spec import check_device, snapshot_size
from aws_emulator.catalogue.images import images_of
from aws_emulator.context import Context
from aws_emulator.rules import refuse
from aws_emulator.state.compute import Instance
from aws_emulator.state.storage import ImageDevice, OwnImage, Snapshot
from aws_emulator.tagging import tags_on_create

_NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")


def _check_name(call: Context, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise refuse("image.name")
    for other in call.region.images.by("name", name):
        raise refuse("image.duplicate", name=name, id=other.id)


def _insert(call: Context, row: OwnImage, tags: dict[str, str]) -> Answer:
    call.later(call.region.images, row, "available", call.config.durations.image)
    call.create(call.region.images, row, tags)
    return {"ImageId": row.id}


def create(call: Context, params: Params) -> Answer:
    """Snapshot the volumes of an instance (all but those with NoDevice) and make an image of them.

    Without NoReboot a running instance is rebooted.
    """
    tags = tags_on_create(call, params, "image", "snapshot")
    instance = call.get(call.region.instances, params["InstanceId"])
    _check_name(call, params["Name"])
    if instance.state not in ("running", "stopped"):
        raise refuse("image.instance-state", id=instance.id)
    devices = _snapshots(call, instance, params, tags["snapshot"])
    if instance.state == "running" and not params.get("NoReboot"):
        instance.booted_at = call.now
        call.save(call.region.instances, instance)
    source = find_image(call, instance.image_id) if _known(call, instance.image_id) else None
    row = OwnImage(
        id=call.new_id("ami"), name=params["Name"], description=params.get("Description", ""),
        architecture=instance.architecture, state="pending", devices=devices,
        source_instance_id=instance.id, boot_mode=source.boot_mode if source else "",
    )  # fmt: skip
    return _insert(call, row, tags["image"])


def _known(call: Context, identity: str) -> bool:
    return identity in images_of(call.region.name) or call.region.images.get(identity) is not None


def _snapshots(call: Context, instance: Instance, params: Params, tags: dict[str, str]) -> list[ImageDevice]:
    skipped = {each.get("DeviceName") for each in params.get("BlockDeviceMappings", ()) if "NoDevice" in each}
    held = [
        (each.device, volume)
        for volume in call.region.volumes.by("instance", instance.id)
        for each in volume.attachments
        if each.instance_id == instance.id and each.device not in skipped
    ]
    held.sort(key=lambda pair: pair[0] != instance.root_device)
    devices = []
    for device, volume in held:
        snapshot = Snapshot(
            id=call.new_id("snap"), volume_id=volume.id, size=volume.size, state="pending",
            description=f"Created by CreateImage({instance.id})", encrypted=volume.encrypted,
        )  # fmt: skip
        call.later(call.region.snapshots, snapshot, "completed", call.config.durations.snapshot)
        call.create(call.region.snapshots, snapshot, tags)
        device_of_image = ImageDevice(
            device=device, snapshot_id=snapshot.id, size=volume.size, volume_type=volume.volume_type,
            encrypted=volume.encrypted,
        )  # fmt: skip
        devices.append(device_of_image)
    return devices


def register(call: Context, params: Params) -> Answer:
    """Make an image of completed snapshots; one of them is the root device."""
    tags = tags_on_create(call, params, "image")["image"]
    _check_name(call, params["Name"])
    root = params.get("RootDeviceName", "")
    devices = [_device(call, each) for each in params.get("BlockDeviceMappings", ())]
    devices.sort(key=lambda each: each.device != root)
    if not devices or devices[0].device != root:
        raise refuse("image.no-root", device=root)
    row = OwnImage(
        id=call.new_id("ami"), name=params["Name"], description=params.get("Description", ""),
        architecture=params.get("Architecture", "i386"), state="pending", devices=devices,
        boot_mode=params.get("BootMode", ""),
    )  # fmt: skip
    return _insert(call, row, tags)


def _device(call: Context, mapping: Mapping[str, Any]) -> ImageDevice:
    ebs = mapping.get("Ebs", {})
    if "SnapshotId" not in ebs or "DeviceName" not in mapping:
        raise refuse("parameter.missing", name="blockDeviceMapping.snapshotId")
    low, encrypted = snapshot_size(call, ebs["SnapshotId"])
    size = ebs.get("VolumeSize", low)
    if size < low:
        raise refuse("device.small", size=size, snapshot=ebs["SnapshotId"], low=low)
    return ImageDevice(
        device=check_device(mapping["DeviceName"]),
        snapshot_id=ebs["SnapshotId"],
        size=size,
        volume_type=ebs.get("VolumeType", "gp3"),
        delete_on_termination=ebs.get("DeleteOnTermination", True),
        encrypted=encrypted,
    )


def deregister(call: Context, params: Params) -> Answer:
    """Remove an image of the account; its snapshots stay and can be deleted then."""
    identity = params["ImageId"]
    if identity in images_of(call.region.name):
        raise refuse("image.not-yours", id=identity)
    row = call.get(call.region.images, identity)
    call.delete(call.region.images, row.id)
    return {"Return": True, "DeleteSnapshotResults": []}


ACTIONS = (
    Action("CreateImage", create, "InstanceId Name Description NoReboot BlockDeviceMappings TagSpecifications"),
    Action(
        "RegisterImage",
        register,
        "Name Description Architecture RootDeviceName VirtualizationType EnaSupport BootMode"
        " BlockDeviceMappings TagSpecifications",
    ),
    Action("DeregisterImage", deregister, "ImageId"),
)
