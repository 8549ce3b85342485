"""The block devices of a launch: the image's root, changed and joined by the request's."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from aws_emulator.actions.action import Params
from aws_emulator.actions.volume_spec import VolumeSpec, check_device, spec_of
from aws_emulator.catalogue.images import Image
from aws_emulator.catalogue.types import InstanceType
from aws_emulator.context import Context
from aws_emulator.rules import refuse


class Disk(NamedTuple):
    """A volume to make at launch."""

    device: str
    spec: VolumeSpec
    delete_on_termination: bool


def disks_of(call: Context, params: Params, image: Image, kind: InstanceType, interfaces: int) -> list[Disk]:
    """Return the volumes of a launch, the root first. Refusal for any that cannot be."""
    asked: dict[str, Mapping[str, Any]] = {}
    for mapping in params.get("BlockDeviceMappings", ()):
        if "DeviceName" not in mapping:
            raise refuse("parameter.missing", name="deviceName")
        device = check_device(mapping["DeviceName"])
        if device in asked:
            raise refuse("device.duplicate", device=device)
        asked[device] = mapping
    root = dict(asked.pop(image.root_device, {}))
    disks = [_disk(call, image.root_device, root, "gp3", image.root_snapshot)]
    snapshots = {device: snapshot for device, snapshot, _ in image.more}
    for device in snapshots:
        asked.setdefault(device, {})
    for device, mapping in asked.items():
        if "NoDevice" not in mapping:
            snapshot = snapshots.get(device, "")
            disks.append(_disk(call, device, mapping, "gp3" if snapshot else "gp2", snapshot))
    if len(disks) + (interfaces if kind.nitro else 0) > kind.attachments:
        raise refuse("volume.attach-limit", limit=kind.attachments, type=kind.name)
    return disks


def _disk(call: Context, device: str, mapping: Mapping[str, Any], kind: str, snapshot: str) -> Disk:
    if "VirtualName" in mapping:
        raise refuse("parameter.not-emulated", name="BlockDeviceMappings.VirtualName", action=call.action)
    ebs = mapping.get("Ebs", {})
    spec = spec_of(call, ebs, kind, snapshot)
    return Disk(device, spec, ebs.get("DeleteOnTermination", True))
