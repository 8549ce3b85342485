"""What a volume may be: sizes, IOPS and throughput by type, and the snapshot it comes from.

Limits from the EBS User Guide, "Amazon EBS volume types" (gp3 with its limits since 2025).
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from aws_emulator.catalogue.images import snapshots_of
from aws_emulator.context import Context
from aws_emulator.rules import refuse
from aws_emulator.state.storage import Volume


class VolumeType(NamedTuple):
    """Sizes in GiB; IOPS a GiB at most `ratio`; zero where nothing can be set."""

    low: int
    high: int
    iops_low: int = 0
    iops_high: int = 0
    ratio: int = 0


VOLUME_TYPES: Mapping[str, VolumeType] = {
    "gp2": VolumeType(1, 16_384),
    "gp3": VolumeType(1, 65_536, 3_000, 80_000, 500),
    "io1": VolumeType(4, 16_384, 100, 64_000, 50),
    "io2": VolumeType(4, 65_536, 100, 256_000, 1_000),
    "st1": VolumeType(125, 16_384),
    "sc1": VolumeType(125, 16_384),
    "standard": VolumeType(1, 1_024),
}
_DEVICE = re.compile(r"(/dev/)?(sd[a-z]([1-9]|1[0-5])?|xvd[a-e]?[a-z])|/dev/nvme\d+n1")


class VolumeSpec(NamedTuple):
    """A checked wish for a volume."""

    size: int
    volume_type: str
    iops: int
    throughput: int
    snapshot_id: str
    encrypted: bool

    def volume(self, call: Context, zone: str, zone_id: str, state: str) -> Volume:
        """Return a volume not yet inserted."""
        return Volume(
            id=call.new_id("vol"), size=self.size, volume_type=self.volume_type, zone=zone,
            zone_id=zone_id, state=state, iops=self.iops, throughput=self.throughput,
            snapshot_id=self.snapshot_id, encrypted=self.encrypted,
        )  # fmt: skip


def check_device(name: str) -> str:
    """Return a device name that EC2 takes, or its refusal."""
    if not _DEVICE.fullmatch(name):
        raise refuse("device.malformed", device=name)
    return name


def snapshot_size(call: Context, identity: str) -> tuple[int, bool]:
    """Return size and encryption of a completed snapshot, of the account's or of an image."""
    image = snapshots_of(call.region.name).get(identity)
    if image is not None:
        return image.root_size, False
    snapshot = call.get(call.region.snapshots, identity)
    if snapshot.state != "completed":
        raise refuse("snapshot.pending", id=identity)
    return snapshot.size, snapshot.encrypted


def check_spec(volume_type: str, size: int, iops: int | None, throughput: int | None) -> tuple[int, int]:
    """Return IOPS and throughput that a volume of the type gets, or the refusal."""
    limits = VOLUME_TYPES.get(volume_type)
    if limits is None:
        raise refuse("volume.type", type=volume_type)
    if not limits.low <= size <= limits.high:
        raise refuse("volume.size", size=size, low=limits.low, high=limits.high, type=volume_type)
    return _iops(volume_type, limits, size, iops), _throughput(volume_type, iops, throughput)


def _iops(volume_type: str, limits: VolumeType, size: int, iops: int | None) -> int:
    if not limits.iops_high:
        if iops is not None:
            raise refuse("volume.iops-type", name="iops", type=volume_type)
        return min(max(3 * size, 100), 16_000) if volume_type == "gp2" else 0
    if iops is None:
        if volume_type != "gp3":
            raise refuse("volume.iops-missing", type=volume_type)
        return limits.iops_low
    above = iops > limits.iops_low and iops > limits.ratio * size
    if not limits.iops_low <= iops <= limits.iops_high or above:
        raise refuse("volume.iops", iops=iops, type=volume_type, size=size)
    return iops


def _throughput(volume_type: str, iops: int | None, throughput: int | None) -> int:
    if volume_type != "gp3":
        if throughput is not None:
            raise refuse("volume.iops-type", name="throughput", type=volume_type)
        return 0
    if throughput is None:
        return 125
    given = iops or 3000
    if not 125 <= throughput <= 2000 or throughput > given * 0.25:
        raise refuse("volume.throughput", throughput=throughput, iops=given)
    return throughput


def spec_of(call: Context, ebs: Mapping[str, Any], default_type: str, default_snapshot: str = "") -> VolumeSpec:
    """Return the checked wish of an Ebs structure of a block device mapping."""
    snapshot = ebs.get("SnapshotId", default_snapshot)
    low, encrypted = snapshot_size(call, snapshot) if snapshot else (0, False)
    size = ebs.get("VolumeSize", ebs.get("Size", low))
    if not size:
        raise refuse("device.no-size")
    if size < low:
        raise refuse("device.small", size=size, snapshot=snapshot, low=low)
    volume_type = ebs.get("VolumeType", default_type)
    iops, throughput = check_spec(volume_type, size, ebs.get("Iops"), ebs.get("Throughput"))
    return VolumeSpec(size, volume_type, iops, throughput, snapshot, ebs.get("Encrypted", False) or encrypted)
