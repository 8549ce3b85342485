"""Where a common emulator (moto) was measured to differ from EC2: here each cell is as at EC2.

One test a cell, in the order of that comparison: client tokens, states, validation, state rules,
crashes. What follows there (pagination, quotas, and so on) is in `test_real_aws_bounds.py`.
Cells of services that this emulator does not have are not here.
"""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from tests.emulator.cloud import REGION, Cloud, refused

from aws_emulator.catalogue.images import default_image

PUBLIC_SNAPSHOT = default_image(REGION).root_snapshot


# Client tokens


def test_token_of_run_instances_makes_one_instance(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    first = cloud.launch(subnet, ClientToken="t")
    again = cloud.launch(subnet, ClientToken="t")
    assert again["Instances"][0]["InstanceId"] == first["Instances"][0]["InstanceId"]
    assert again["ReservationId"] == first["ReservationId"]
    assert len(cloud.instances()) == 1
    assert len(cloud("DescribeVolumes")["Volumes"]) == 1
    assert len(cloud("DescribeNetworkInterfaces")["NetworkInterfaces"]) == 1


def test_token_of_create_volume_makes_one_volume(cloud: Cloud) -> None:
    assert cloud.volume(ClientToken="t") == cloud.volume(ClientToken="t")
    assert len(cloud("DescribeVolumes")["Volumes"]) == 1


def test_token_of_create_network_interface_makes_one_interface(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    assert cloud.interface(subnet, ClientToken="t") == cloud.interface(subnet, ClientToken="t")
    assert len(cloud("DescribeNetworkInterfaces")["NetworkInterfaces"]) == 1


def test_token_with_other_parameters_is_a_mismatch(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.launch(subnet, ClientToken="t")
    with refused("IdempotentParameterMismatch"):
        cloud.launch(subnet, ClientToken="t", InstanceType="t3.small")
    cloud.volume(ClientToken="t")
    with refused("IdempotentParameterMismatch"):
        cloud.volume(ClientToken="t", Size=9)


# States


def test_an_instance_takes_its_time(cloud: Cloud) -> None:
    instance = cloud.instance(state="pending")
    cloud.wait(1)
    assert cloud.state(instance) == "pending"
    cloud.wait(10)
    assert cloud.state(instance) == "running"
    cloud("StopInstances", InstanceIds=[instance])
    assert cloud.state(instance) == "stopping"
    cloud.wait(60)
    assert cloud.state(instance) == "stopped"
    cloud("TerminateInstances", InstanceIds=[instance])
    assert cloud.state(instance) == "shutting-down"
    cloud.wait(60)
    assert cloud.state(instance) == "terminated"


def test_a_volume_takes_its_time(cloud: Cloud) -> None:
    answer = cloud("CreateVolume", Size=1, AvailabilityZone=cloud.zone())
    assert answer["State"] == "creating"
    assert cloud.show_volume(answer["VolumeId"])["State"] == "creating"
    cloud.wait(5)
    assert cloud.show_volume(answer["VolumeId"])["State"] == "available"


def test_a_snapshot_takes_its_time(cloud: Cloud) -> None:
    snapshot = cloud("CreateSnapshot", VolumeId=cloud.volume())
    assert (snapshot["State"], snapshot["Progress"]) == ("pending", "0%")
    cloud.wait(30)
    shown = cloud("DescribeSnapshots", SnapshotIds=[snapshot["SnapshotId"]])["Snapshots"][0]
    assert (shown["State"], shown["Progress"]) == ("pending", "50%")
    cloud.wait(31)
    shown = cloud("DescribeSnapshots", SnapshotIds=[snapshot["SnapshotId"]])["Snapshots"][0]
    assert (shown["State"], shown["Progress"]) == ("completed", "100%")


def test_an_image_takes_its_time(cloud: Cloud) -> None:
    image = cloud("CreateImage", InstanceId=cloud.instance(), Name="mine")["ImageId"]
    assert cloud("DescribeImages", ImageIds=[image])["Images"][0]["State"] == "pending"
    with refused("InvalidAMIID.Unavailable"):
        cloud.launch(ImageId=image)
    cloud.wait(100)
    assert cloud("DescribeImages", ImageIds=[image])["Images"][0]["State"] == "available"
    assert cloud.launch(ImageId=image)["Instances"][0]["ImageId"] == image


def test_modify_volume_takes_its_time(cloud: Cloud) -> None:
    volume = cloud.volume()
    change = cloud("ModifyVolume", VolumeId=volume, Size=20)["VolumeModification"]
    assert (change["ModificationState"], change["Progress"]) == ("modifying", 0)
    assert cloud.show_volume(volume)["Size"] == 8
    cloud.wait(10)
    shown = cloud("DescribeVolumesModifications", VolumeIds=[volume])["VolumesModifications"][0]
    assert shown["ModificationState"] == "optimizing"
    assert cloud.show_volume(volume)["Size"] == 20
    cloud.wait(200)
    shown = cloud("DescribeVolumesModifications", VolumeIds=[volume])["VolumesModifications"][0]
    assert (shown["ModificationState"], shown["Progress"]) == ("completed", 100)


def test_an_attachment_takes_its_time(cloud: Cloud) -> None:
    instance, volume = cloud.instance(), cloud.volume()
    cloud("AttachVolume", VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    assert cloud.show_volume(volume)["Attachments"][0]["State"] == "attaching"
    cloud.wait(5)
    assert cloud.show_volume(volume)["Attachments"][0]["State"] == "attached"
    cloud("DetachVolume", VolumeId=volume)
    assert cloud.show_volume(volume)["Attachments"][0]["State"] == "detaching"
    cloud.wait(5)
    assert cloud.show_volume(volume)["State"] == "available"


# Validation


def _zone_volume(cloud: Cloud, **more: Any) -> None:
    cloud("CreateVolume", **({"AvailabilityZone": cloud.zone()} | more))


VALIDATION: dict[str, tuple[Callable[[Cloud], Any], str]] = {
    "unknown image": (
        lambda c: c.launch(ImageId="ami-00000000000000000"), "InvalidAMIID.NotFound"),
    "unknown instance type": (lambda c: c.launch(InstanceType="z1.tiny"), "InvalidParameterValue"),
    "unknown key name": (lambda c: c.launch(KeyName="k"), "InvalidKeyPair.NotFound"),
    "user data of 20 KB": (
        lambda c: c.launch(UserData=base64.b64encode(b"x" * 20_000).decode()),
        "InvalidParameterValue",
    ),
    "volume of 0 GiB": (lambda c: _zone_volume(c, Size=0), "InvalidParameterValue"),
    "volume of 99,999 GiB": (lambda c: _zone_volume(c, Size=99_999), "InvalidParameterValue"),
    "st1 of 10 GiB": (
        lambda c: _zone_volume(c, Size=10, VolumeType="st1"), "InvalidParameterValue"),
    "zone us-east-9z": (
        lambda c: _zone_volume(c, Size=1, AvailabilityZone="us-east-9z"), "InvalidZone.NotFound"),
    "interface at .1": (
        lambda c: c.interface(c.subnet(), PrivateIpAddress="10.0.1.1"), "InvalidParameterValue"),
    "interface at the last address": (
        lambda c: c.interface(c.subnet(), PrivateIpAddress="10.0.1.255"), "InvalidParameterValue"),
    "interface outside the subnet": (
        lambda c: c.interface(c.subnet(), PrivateIpAddress="10.0.9.9"), "InvalidParameterValue"),
    "interface at a used address": (
        lambda c: [c.interface(s, PrivateIpAddress="10.0.1.9") for s in [c.subnet()] * 2],
        "InvalidIPAddress.InUse",
    ),
    "subnet of /29": (lambda c: c.subnet(cidr="10.0.1.0/29"), "InvalidSubnet.Range"),
    "subnet with host bits": (lambda c: c.subnet(cidr="10.0.1.1/24"), "InvalidParameterValue"),
    "tag aws:": (
        lambda c: c("CreateTags", Resources=[c.vpc()], Tags=[{"Key": "aws:x", "Value": "v"}]),
        "InvalidParameterValue",
    ),
    "tag key of 129": (
        lambda c: c("CreateTags", Resources=[c.vpc()], Tags=[{"Key": "k" * 129, "Value": "v"}]),
        "InvalidParameterValue",
    ),
    "image name twice": (
        lambda c: [c("CreateImage", InstanceId=i, Name="same") for i in [c.instance()] * 2],
        "InvalidAMIName.Duplicate",
    ),
    "volume that shrinks": (
        lambda c: c("ModifyVolume", VolumeId=c.volume(), Size=7), "InvalidParameterValue"),
}  # fmt: skip


@pytest.mark.parametrize("what", VALIDATION)
def test_validation(cloud: Cloud, what: str) -> None:
    act, code = VALIDATION[what]
    with refused(code):
        act(cloud)


# State rules


def _resize(cloud: Cloud, state: str, name: str) -> None:
    instance = cloud.instance(state=state)
    cloud("ModifyInstanceAttribute", InstanceId=instance, InstanceType={"Value": name})


def _attach(cloud: Cloud, *devices: str, volumes: int = 1, zone_id: str = "use1-az1") -> None:
    instance = cloud.instance()
    made = [cloud.volume(zone_id) for _ in range(volumes)]
    for number, device in enumerate(devices):
        volume = made[number % volumes]
        cloud("AttachVolume", VolumeId=volume, InstanceId=instance, Device=device)


def _seven_groups(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    vpc = cloud.vpc_of(subnet)
    cloud.interface(subnet, Groups=[cloud.group(vpc, f"g{n}") for n in range(7)])


def _delete_used(cloud: Cloud, what: str) -> None:
    subnet = cloud.subnet()
    group = cloud.group(cloud.vpc_of(subnet))
    instance = cloud.instance(subnet, SecurityGroupIds=[group])
    interface = cloud.show(instance)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    calls = {
        "group": lambda: cloud("DeleteSecurityGroup", GroupId=group),
        "interface": lambda: cloud("DeleteNetworkInterface", NetworkInterfaceId=interface),
        "subnet": lambda: cloud("DeleteSubnet", SubnetId=subnet),
    }
    calls[what]()


def _associated(cloud: Cloud, *, gateway: bool = True) -> tuple[str, str, str]:
    subnet = cloud.subnet()
    vpc = cloud.vpc_of(subnet)
    igw = cloud.gateway(vpc) if gateway else ""
    address = cloud("AllocateAddress")["AllocationId"]
    cloud("AssociateAddress", AllocationId=address, NetworkInterfaceId=cloud.interface(subnet))
    return igw, vpc, address


def _detach_gateway(cloud: Cloud) -> None:
    igw, vpc, _ = _associated(cloud)
    cloud("DetachInternetGateway", InternetGatewayId=igw, VpcId=vpc)


def _delete_image_snapshot(cloud: Cloud) -> None:
    image = cloud("CreateImage", InstanceId=cloud.instance(), Name="mine")["ImageId"]
    shown = cloud("DescribeImages", ImageIds=[image])["Images"][0]
    snapshot = shown["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    cloud("DeleteSnapshot", SnapshotId=snapshot)


STATE_RULES: dict[str, tuple[Callable[[Cloud], Any], str]] = {
    "resize while running": (
        lambda c: _resize(c, "running", "t3.small"), "IncorrectInstanceState"),
    "resize to a bogus type": (
        lambda c: _resize(c, "stopped", "z1.tiny"), "InvalidInstanceAttributeValue"),
    "hibernate unconfigured": (
        lambda c: c("StopInstances", InstanceIds=[c.instance()], Hibernate=True),
        "UnsupportedHibernationConfiguration",
    ),
    "reboot stopped": (
        lambda c: c("RebootInstances", InstanceIds=[c.instance(state="stopped")]),
        "IncorrectInstanceState",
    ),
    "attach the same volume twice": (
        lambda c: _attach(c, "/dev/sdf", "/dev/sdg"), "VolumeInUse"),
    "same device": (
        lambda c: _attach(c, "/dev/sdf", "/dev/sdf", volumes=2), "InvalidParameterValue"),
    "attach across zones": (
        lambda c: _attach(c, "/dev/sdf", zone_id="use1-az2"), "InvalidVolume.ZoneMismatch"),
    "seven groups on one interface": (_seven_groups, "SecurityGroupsPerInterfaceLimitExceeded"),
    "delete a group in use": (lambda c: _delete_used(c, "group"), "DependencyViolation"),
    "delete an interface in use": (lambda c: _delete_used(c, "interface"), "InvalidParameterValue"),
    "delete a subnet in use": (lambda c: _delete_used(c, "subnet"), "DependencyViolation"),
    "address without a gateway": (
        lambda c: _associated(c, gateway=False), "Gateway.NotAttached"),
    "two gateways on one VPC": (
        lambda c: [c.gateway(v) for v in [c.vpc()] * 2], "InvalidParameterValue"),
    "detach a gateway with addresses": (_detach_gateway, "DependencyViolation"),
    "release an associated address": (
        lambda c: c("ReleaseAddress", AllocationId=_associated(c)[2]), "InvalidIPAddress.InUse"),
    "snapshot under an image": (_delete_image_snapshot, "InvalidSnapshot.InUse"),
    "snapshot under a public image": (
        lambda c: c("DeleteSnapshot", SnapshotId=PUBLIC_SNAPSHOT), "InvalidSnapshot.InUse"),
}  # fmt: skip


@pytest.mark.parametrize("what", STATE_RULES)
def test_state_rule(cloud: Cloud, what: str) -> None:
    act, code = STATE_RULES[what]
    with refused(code):
        act(cloud)


# Crashes


def test_detach_volume_by_volume_alone(cloud: Cloud) -> None:
    volume = cloud.volume()
    cloud("AttachVolume", VolumeId=volume, InstanceId=cloud.instance(), Device="/dev/sdf")
    assert cloud("DetachVolume", VolumeId=volume)["State"] == "detaching"


def test_refused_second_attachment_leaves_termination_working(cloud: Cloud) -> None:
    instance, volume = cloud.instance(), cloud.volume()
    cloud("AttachVolume", VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    with refused("VolumeInUse"):
        cloud("AttachVolume", VolumeId=volume, InstanceId=instance, Device="/dev/sdg")
    cloud("TerminateInstances", InstanceIds=[instance])
    cloud.wait(60)
    assert cloud.show_volume(volume)["State"] == "available"
