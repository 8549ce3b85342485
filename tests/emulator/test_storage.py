"""Volumes and snapshots."""

from typing import Any

import pytest
from tests.emulator.cloud import REGION, Cloud, refused

from aws_emulator.catalogue.images import default_image

PUBLIC = default_image(REGION).root_snapshot


@pytest.mark.parametrize(
    ("wish", "shown"),
    [
        ({"Size": 10}, ("gp2", 100, None)),
        ({"Size": 1000, "VolumeType": "gp2"}, ("gp2", 3000, None)),
        ({"Size": 10, "VolumeType": "gp3"}, ("gp3", 3000, 125)),
        ({"Size": 10, "VolumeType": "gp3", "Iops": 5000, "Throughput": 500}, ("gp3", 5000, 500)),
        ({"Size": 10, "VolumeType": "io1", "Iops": 500}, ("io1", 500, None)),
        ({"Size": 125, "VolumeType": "st1"}, ("st1", None, None)),
        ({"SnapshotId": PUBLIC}, ("gp2", 100, None)),
    ],
)
def test_volumes_of_every_kind(cloud: Cloud, wish: dict[str, Any], shown: tuple[Any, ...]) -> None:
    answer = cloud("CreateVolume", AvailabilityZone=cloud.zone(), **wish)
    assert (answer["VolumeType"], answer["Iops"], answer["Throughput"]) == shown
    assert answer["AvailabilityZoneId"] == "use1-az1"


def test_a_volume_goes(cloud: Cloud) -> None:
    volume = cloud.volume()
    cloud("DeleteVolume", VolumeId=volume)
    assert cloud.show_volume(volume)["State"] == "deleting"
    cloud.wait(5)
    with refused("InvalidVolume.NotFound"):
        cloud.show_volume(volume)


def test_attach_and_detach(cloud: Cloud) -> None:
    instance, volume = cloud.instance(), cloud.volume()
    cloud("AttachVolume", VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    cloud.wait(5)
    assert cloud.show_volume(volume)["State"] == "in-use"
    devices = [each["DeviceName"] for each in cloud.show(instance)["BlockDeviceMappings"]]
    assert devices == ["/dev/xvda", "/dev/sdf"]
    found = cloud("DescribeVolumes", Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])
    assert len(found["Volumes"]) == 2
    cloud("DetachVolume", VolumeId=volume, InstanceId=instance, Device="/dev/sdf", Force=True)
    assert cloud.show_volume(volume)["State"] == "available"


def test_the_root_of_a_stopped_instance_can_be_swapped(cloud: Cloud) -> None:
    instance = cloud.instance(state="stopped")
    root = cloud.show(instance)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    cloud("DetachVolume", VolumeId=root)
    cloud.wait(5)
    other = cloud.volume(SnapshotId=PUBLIC)
    cloud("AttachVolume", VolumeId=other, InstanceId=instance, Device="/dev/xvda")
    cloud.wait(5)
    assert cloud.show(instance)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"] == other


def test_a_multi_attach_volume(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    volume = cloud.volume(Size=10, VolumeType="io2", Iops=100, MultiAttachEnabled=True)
    instances = [cloud.instance(subnet) for _ in range(2)]
    for instance in instances:
        cloud("AttachVolume", VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    with refused("VolumeInUse"):
        cloud("AttachVolume", VolumeId=volume, InstanceId=instances[0], Device="/dev/sdg")
    assert len(cloud.show_volume(volume)["Attachments"]) == 2
    with refused("InvalidParameterCombination"):
        cloud.volume(MultiAttachEnabled=True)


def test_a_type_is_changed_with_its_figures(cloud: Cloud) -> None:
    volume = cloud.volume(Size=10)
    cloud("ModifyVolume", VolumeId=volume, VolumeType="gp3", Iops=4000)
    cloud.wait(10)
    shown = cloud.show_volume(volume)
    assert (shown["VolumeType"], shown["Iops"], shown["Throughput"]) == ("gp3", 4000, 125)
    cloud.wait(200)
    cloud("ModifyVolume", VolumeId=volume, Size=11)
    cloud.wait(200)
    assert cloud.show_volume(volume)["Iops"] == 4000


def test_four_modifications_a_day(cloud: Cloud) -> None:
    volume = cloud.volume()
    for size in range(9, 13):
        cloud("ModifyVolume", VolumeId=volume, Size=size)
        cloud.wait(600)
    with refused("VolumeModificationRateExceeded"):
        cloud("ModifyVolume", VolumeId=volume, Size=13)
    cloud.wait(86_400)
    cloud("ModifyVolume", VolumeId=volume, Size=13)


def test_a_volume_from_a_snapshot(cloud: Cloud) -> None:
    snapshot = cloud.snapshot(cloud.volume(Size=5))
    made = cloud.show_volume(cloud.volume(SnapshotId=snapshot, Size=6))
    assert (made["SnapshotId"], made["Size"]) == (snapshot, 6)
    with refused("InvalidParameterValue"):
        cloud.volume(SnapshotId=snapshot, Size=4)


def test_snapshots_outlive_their_volume(cloud: Cloud) -> None:
    volume = cloud.volume()
    snapshot = cloud.snapshot(volume, Description="before")
    cloud("DeleteVolume", VolumeId=volume)
    cloud.wait(5)
    (shown,) = cloud("DescribeSnapshots", OwnerIds=["self"])["Snapshots"]
    assert (shown["SnapshotId"], shown["VolumeId"], shown["Description"]) == (snapshot, volume, "before")
    cloud("DeleteSnapshot", SnapshotId=snapshot)
    assert cloud("DescribeSnapshots")["Snapshots"] == []


def test_public_snapshots_are_found_by_id_and_owner(cloud: Cloud) -> None:
    (shown,) = cloud("DescribeSnapshots", SnapshotIds=[PUBLIC])["Snapshots"]
    assert shown["OwnerAlias"] == "amazon"
    assert len(cloud("DescribeSnapshots", OwnerIds=["amazon"])["Snapshots"]) == 2
