"""Cases of volumes and snapshots."""

from typing import Any

from tests.emulator.cases.case import Case
from tests.emulator.cloud import REGION, Cloud

from aws_emulator.catalogue.images import default_image

_PUBLIC = default_image(REGION).root_snapshot


def _attach(cloud: Cloud, instance: str = "", device: str = "/dev/sdf", **volume: Any) -> str:
    identity = cloud.volume(**volume)
    instance = instance or cloud.instance()
    cloud("AttachVolume", VolumeId=identity, InstanceId=instance, Device=device)
    return identity


def _attach_twice(cloud: Cloud) -> None:
    volume = _attach(cloud)
    cloud("AttachVolume", VolumeId=volume, InstanceId=cloud.instances()[0], Device="/dev/sdg")


def _attach_creating(cloud: Cloud) -> None:
    instance = cloud.instance()
    volume = cloud("CreateVolume", Size=1, AvailabilityZone=cloud.zone())["VolumeId"]
    cloud("AttachVolume", VolumeId=volume, InstanceId=instance, Device="/dev/sdf")


def _same_device(cloud: Cloud) -> None:
    instance = cloud.instance()
    _attach(cloud, instance)
    _attach(cloud, instance)


def _attach_many(cloud: Cloud) -> None:
    instance = cloud.instance()
    for number in range(28):
        _attach(cloud, instance, f"/dev/xvdb{'abcdefghijklmnopqrstuvwxyz'[number % 26]}"
                if number < 26 else f"/dev/xvdc{'ab'[number - 26]}")  # fmt: skip


def _detach_elsewhere(cloud: Cloud) -> None:
    volume = _attach(cloud)
    cloud("DetachVolume", VolumeId=volume, Device="/dev/sdz")


def _detach_root(cloud: Cloud) -> None:
    root = cloud.show(cloud.instance())["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    cloud("DetachVolume", VolumeId=root)


def _modify(cloud: Cloud, *changes: dict[str, Any], wait: float = 0) -> None:
    volume = cloud.volume()
    for change in changes:
        cloud("ModifyVolume", VolumeId=volume, **change)
        cloud.wait(wait)


def _create(cloud: Cloud, **more: Any) -> None:
    cloud("CreateVolume", AvailabilityZone=cloud.zone(), **more)


def _modifications(cloud: Cloud) -> None:
    cloud("DescribeVolumesModifications", VolumeIds=[cloud.volume()])


def _snapshots(cloud: Cloud, count: int, wait: float) -> None:
    volume = cloud.volume()
    for _ in range(count):
        cloud("CreateSnapshot", VolumeId=volume)
        cloud.wait(wait)


def _snapshot_creating(cloud: Cloud) -> None:
    volume = cloud("CreateVolume", Size=1, AvailabilityZone=cloud.zone())["VolumeId"]
    cloud("CreateSnapshot", VolumeId=volume)


def _volume_of_pending(cloud: Cloud) -> None:
    snapshot = cloud("CreateSnapshot", VolumeId=cloud.volume())["SnapshotId"]
    _create(cloud, SnapshotId=snapshot)


def _image(cloud: Cloud, name: str = "mine", **instance: Any) -> str:
    answer = cloud("CreateImage", InstanceId=cloud.instance(**instance), Name=name)
    return str(answer["ImageId"])


def _register(cloud: Cloud, root: str) -> None:
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": _PUBLIC}}
    cloud("RegisterImage", Name="mine", RootDeviceName=root, BlockDeviceMappings=[device])


CASES = {
    "image.duplicate": Case(lambda c: [_image(c), _image(c)]),
    "image.name": Case(lambda c: _image(c, "no:colons")),
    "image.instance-state": Case(lambda c: _image(c, state="stopping")),
    "image.no-root": Case(lambda c: _register(c, "/dev/sda1")),
    "image.not-yours": Case(lambda c: c("DeregisterImage", ImageId=default_image(REGION).id)),
    "volume.no-size": Case(_create),
    "volume.no-zone": Case(lambda c: c("CreateVolume", Size=1)),
    "volume.zone": Case(lambda c: c("CreateVolume", Size=1, AvailabilityZone="us-east-9z")),
    "volume.type": Case(lambda c: _create(c, Size=1, VolumeType="gp9")),
    "volume.size": Case(lambda c: _create(c, Size=10, VolumeType="st1")),
    "volume.small": Case(lambda c: _create(c, Size=1, SnapshotId=_PUBLIC)),
    "volume.iops": Case(lambda c: _create(c, Size=10, VolumeType="io1", Iops=501)),
    "volume.iops-missing": Case(lambda c: _create(c, Size=10, VolumeType="io2")),
    "volume.iops-type": Case(lambda c: _create(c, Size=10, VolumeType="gp2", Iops=100)),
    "volume.throughput": Case(lambda c: _create(c, Size=10, VolumeType="gp3", Throughput=800)),
    "volume.in-use": Case(lambda c: c("DeleteVolume", VolumeId=_attach(c))),
    "volume.not-available": Case(_attach_creating),
    "volume.zone-mismatch": Case(lambda c: _attach(c, zone_id="use1-az2")),
    "volume.device-used": Case(_same_device),
    "volume.instance-state": Case(lambda c: _attach(c, c.instance(state="stopping"))),
    "volume.attach-limit": Case(_attach_many),
    "volume.not-attached": Case(lambda c: c("DetachVolume", VolumeId=c.volume())),
    "volume.attached-elsewhere": Case(_detach_elsewhere),
    "volume.root": Case(_detach_root),
    "volume.shrink": Case(lambda c: _modify(c, {"Size": 1})),
    "volume.no-change": Case(lambda c: _modify(c, {})),
    "volume.modifying": Case(lambda c: _modify(c, {"Size": 9}, {"Size": 10})),
    "volume.modification-rate": Case(lambda c: _modify(c, *({"Size": 9 + n} for n in range(5)), wait=600)),
    "volume.modification-none": Case(_modifications),
    "snapshot.limit": Case(lambda c: c.snapshot(), {"quotas": {"snapshots": 0}}),
    "snapshot.volume-state": Case(_snapshot_creating),
    "snapshot.concurrent": Case(lambda c: _snapshots(c, 6, 20), {"durations": {"snapshot": 10_000}}),
    "snapshot.rate": Case(lambda c: _snapshots(c, 2, 1)),
    "snapshot.in-use": Case(lambda c: c("DeleteSnapshot", SnapshotId=_PUBLIC)),
    "snapshot.pending": Case(_volume_of_pending),
}
