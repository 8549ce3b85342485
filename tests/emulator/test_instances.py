"""Launches and the life of instances."""

import base64
from typing import Any

import pytest
from tests.emulator.cloud import Cloud, refused


def test_new_interfaces_go_with_the_instance_and_existing_ones_stay(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    kept = cloud.interface(subnet)
    nics: list[dict[str, Any]] = [
        {"DeviceIndex": 0, "NetworkInterfaceId": kept},
        {"DeviceIndex": 1, "SubnetId": subnet, "PrivateIpAddress": "10.0.1.77"},
    ]
    instance = cloud.instance(NetworkInterfaces=nics)
    shown = cloud.show(instance)["NetworkInterfaces"]
    assert [each["Attachment"]["DeviceIndex"] for each in shown] == [0, 1]
    assert [each["Attachment"]["DeleteOnTermination"] for each in shown] == [False, True]
    assert shown[1]["PrivateIpAddress"] == "10.0.1.77"
    cloud("TerminateInstances", InstanceIds=[instance])
    cloud.wait(60)
    left = cloud("DescribeNetworkInterfaces")["NetworkInterfaces"]
    assert [(each["NetworkInterfaceId"], each["Status"]) for each in left] == [(kept, "available")]
    assert cloud.show(instance)["NetworkInterfaces"] == []


def test_a_new_interface_may_stay(cloud: Cloud) -> None:
    nics = [{"DeviceIndex": 0, "SubnetId": cloud.subnet(), "DeleteOnTermination": False}]
    cloud.instance(NetworkInterfaces=nics, state="terminated")
    assert len(cloud("DescribeNetworkInterfaces")["NetworkInterfaces"]) == 1


def test_volumes_go_or_stay_as_told(cloud: Cloud) -> None:
    extra = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 3, "DeleteOnTermination": False}}
    root = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20}}
    instance = cloud.instance(BlockDeviceMappings=[extra, root])
    sizes = {v["Attachments"][0]["Device"]: v["Size"] for v in cloud("DescribeVolumes")["Volumes"]}
    assert sizes == {"/dev/xvda": 20, "/dev/sdf": 3}
    cloud("TerminateInstances", InstanceIds=[instance])
    cloud.wait(60)
    (left,) = cloud("DescribeVolumes")["Volumes"]
    assert (left["Size"], left["State"]) == (3, "available")


def test_tags_on_create_reach_all_three_kinds(cloud: Cloud) -> None:
    kinds = ("instance", "volume", "network-interface")
    tags = [{"ResourceType": k, "Tags": [{"Key": "for", "Value": k}]} for k in kinds]
    cloud.launch(TagSpecifications=tags)
    shown = {(t["ResourceType"], t["Value"]) for t in cloud("DescribeTags")["Tags"]}
    assert shown == {(kind, kind) for kind in kinds}


def test_a_refused_launch_leaves_nothing(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    nics = [{"DeviceIndex": 0, "SubnetId": subnet}]
    bad = [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 99_999}}]
    with refused("InvalidParameterValue"):
        cloud.launch(NetworkInterfaces=nics, BlockDeviceMappings=bad)
    assert cloud("DescribeNetworkInterfaces")["NetworkInterfaces"] == []
    assert cloud("DescribeVolumes")["Volumes"] == []


def test_as_many_as_fit_between_min_and_max(cloud: Cloud) -> None:
    cloud.emulator.configure({"capacity": [{"zone_id": "use1-az1", "instance_type": "t3.*", "limit": 3}]})
    subnet = cloud.subnet()
    assert len(cloud.launch(subnet, MaxCount=5)["Instances"]) == 3
    with refused("InsufficientInstanceCapacity", 500):
        cloud.launch(subnet)
    other = cloud.subnet(cloud.vpc_of(subnet), "10.0.2.0/24", "use1-az2")
    assert cloud.instance(other)


def test_terminated_instances_give_capacity_back(cloud: Cloud) -> None:
    cloud.emulator.configure({"capacity": [{"limit": 1}]})
    subnet = cloud.subnet()
    cloud.instance(subnet, state="terminated")
    assert cloud.instance(subnet)


def test_launch_indexes_and_one_reservation(cloud: Cloud) -> None:
    answer = cloud.launch(MinCount=3, MaxCount=3)
    assert [each["AmiLaunchIndex"] for each in answer["Instances"]] == [0, 1, 2]
    (reservation,) = cloud("DescribeInstances")["Reservations"]
    assert len(reservation["Instances"]) == 3
    assert len({each["PrivateIpAddress"] for each in answer["Instances"]}) == 3


def test_stop_and_start_keep_addresses_and_lose_a_public_one(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud("ModifySubnetAttribute", SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    instance = cloud.instance(subnet)
    before = cloud.show(instance)
    assert before["PublicIpAddress"].startswith("198.1")
    cloud("StopInstances", InstanceIds=[instance])
    cloud.wait(60)
    assert cloud.show(instance).get("PublicIpAddress") is None
    changes = cloud("StartInstances", InstanceIds=[instance])["StartingInstances"]
    assert changes[0]["PreviousState"]["Name"] == "stopped"
    cloud.wait(10)
    after = cloud.show(instance)
    assert after["State"]["Name"] == "running"
    assert after["PrivateIpAddress"] == before["PrivateIpAddress"]
    assert after["PublicIpAddress"] != before["PublicIpAddress"]
    assert after["LaunchTime"] > before["LaunchTime"]


def test_starting_what_runs_and_stopping_what_is_stopped_change_nothing(cloud: Cloud) -> None:
    instance = cloud.instance()
    answer = cloud("StartInstances", InstanceIds=[instance])["StartingInstances"][0]
    assert answer["CurrentState"]["Name"] == answer["PreviousState"]["Name"] == "running"
    cloud("StopInstances", InstanceIds=[instance])
    cloud.wait(60)
    answer = cloud("StopInstances", InstanceIds=[instance])["StoppingInstances"][0]
    assert answer["CurrentState"]["Name"] == answer["PreviousState"]["Name"] == "stopped"


def test_terminate_is_idempotent_until_the_instance_is_forgotten(cloud: Cloud) -> None:
    instance = cloud.instance(state="terminated")
    answer = cloud("TerminateInstances", InstanceIds=[instance])["TerminatingInstances"][0]
    assert answer["PreviousState"]["Name"] == answer["CurrentState"]["Name"] == "terminated"
    cloud.wait(3600)
    with refused("InvalidInstanceID.NotFound"):
        cloud("TerminateInstances", InstanceIds=[instance])


def test_one_unknown_id_stops_the_whole_call(cloud: Cloud) -> None:
    instance = cloud.instance()
    with refused("InvalidInstanceID.NotFound"):
        cloud("StopInstances", InstanceIds=[instance, "i-00000000000000000"])
    assert cloud.state(instance) == "running"


def test_protection_counts_per_zone(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    here, there = cloud.subnet(vpc), cloud.subnet(vpc, "10.0.2.0/24", "use1-az2")
    barred = cloud.instance(here, DisableApiTermination=True)
    beside, elsewhere = cloud.instance(here), cloud.instance(there)
    with refused("OperationNotPermitted"):
        cloud("TerminateInstances", InstanceIds=[barred, beside, elsewhere])
    states = [cloud.state(each) for each in (barred, beside, elsewhere)]
    assert states == ["running", "running", "shutting-down"]


def test_reboot_keeps_the_state_and_restarts_the_checks(cloud: Cloud) -> None:
    instance = cloud.instance()
    cloud.wait(200)

    def check() -> str:
        (status,) = cloud("DescribeInstanceStatus", InstanceIds=[instance])["InstanceStatuses"]
        return str(status["InstanceStatus"]["Status"])

    assert check() == "ok"
    cloud("RebootInstances", InstanceIds=[instance])
    assert cloud.state(instance) == "running"
    assert check() == "initializing"


def test_status_lists_running_instances_unless_all_are_asked_for(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    running, stopped = cloud.instance(subnet), cloud.instance(subnet, state="stopped")
    listed = cloud("DescribeInstanceStatus")["InstanceStatuses"]
    assert [each["InstanceId"] for each in listed] == [running]
    listed = cloud("DescribeInstanceStatus", IncludeAllInstances=True)["InstanceStatuses"]
    assert {each["InstanceId"] for each in listed} == {running, stopped}


ATTRIBUTES: dict[str, tuple[dict[str, Any], str, Any]] = {
    "type": ({"InstanceType": {"Value": "t3.small"}}, "instanceType", "t3.small"),
    "protection": ({"DisableApiTermination": {"Value": True}}, "disableApiTermination", True),
    "stop": ({"DisableApiStop": {"Value": True}}, "disableApiStop", True),
    "old spelling": (
        {"Attribute": "disableApiTermination", "Value": "true"}, "disableApiTermination", True),
    "behavior": (
        {"InstanceInitiatedShutdownBehavior": {"Value": "terminate"}},
        "instanceInitiatedShutdownBehavior", "terminate"),
    "source check": ({"SourceDestCheck": {"Value": False}}, "sourceDestCheck", False),
    "user data": (
        {"UserData": {"Value": b"hello"}}, "userData", base64.b64encode(b"hello").decode()),
    "old user data": (
        {"Attribute": "userData", "Value": base64.b64encode(b"hi").decode()},
        "userData", base64.b64encode(b"hi").decode()),
    "ebs": ({"EbsOptimized": {"Value": True}}, "ebsOptimized", True),
}  # fmt: skip


@pytest.mark.parametrize("what", ATTRIBUTES)
def test_attributes_of_a_stopped_instance(cloud: Cloud, what: str) -> None:
    change, name, value = ATTRIBUTES[what]
    instance = cloud.instance(state="stopped")
    cloud("ModifyInstanceAttribute", InstanceId=instance, **change)
    answer = cloud("DescribeInstanceAttribute", InstanceId=instance, Attribute=name)
    shown = answer[name[:1].upper() + name[1:]]["Value"]
    assert shown == value


def test_groups_of_a_running_instance(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    instance, group = cloud.instance(subnet), cloud.group(cloud.vpc_of(subnet))
    cloud("ModifyInstanceAttribute", InstanceId=instance, Groups=[group])
    assert cloud.show(instance)["SecurityGroups"] == [{"GroupId": group, "GroupName": "web"}]
    answer = cloud("DescribeInstanceAttribute", InstanceId=instance, Attribute="groupSet")
    assert answer["Groups"] == [{"GroupId": group}]


def test_delete_on_termination_can_be_changed(cloud: Cloud) -> None:
    instance = cloud.instance()
    mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": False}}]
    cloud("ModifyInstanceAttribute", InstanceId=instance, BlockDeviceMappings=mapping)
    (device,) = cloud("DescribeInstanceAttribute", InstanceId=instance, Attribute="blockDeviceMapping")[
        "BlockDeviceMappings"
    ]
    assert device["Ebs"]["DeleteOnTermination"] is False
    cloud("TerminateInstances", InstanceIds=[instance])
    cloud.wait(60)
    assert len(cloud("DescribeVolumes")["Volumes"]) == 1


def test_a_default_vpc_when_configured() -> None:
    cloud = Cloud(default_vpc=True)
    shown = cloud.launch(SubnetId=None)["Instances"][0]
    assert shown["PrivateIpAddress"].startswith("172.31.")
    assert shown["PublicIpAddress"]
    assert shown["Placement"]["AvailabilityZoneId"] != "use1-az3"
    assert len(cloud("DescribeVpcs")["Vpcs"]) == 1


def test_an_image_of_an_instance_launches_with_its_disks(cloud: Cloud) -> None:
    extra = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 3}}
    source = cloud.instance(BlockDeviceMappings=[extra])
    image = cloud("CreateImage", InstanceId=source, Name="with data", NoReboot=True)["ImageId"]
    root_only = cloud(
        "CreateImage",
        InstanceId=source,
        Name="root only",
        BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "NoDevice": ""}],
    )["ImageId"]
    cloud.wait(100)
    assert [i["Name"] for i in cloud("DescribeImages", Owners=["self"])["Images"]] == ["with data", "root only"]
    for chosen, devices in ((image, ["/dev/xvda", "/dev/sdf"]), (root_only, ["/dev/xvda"])):
        instance = cloud.instance(ImageId=chosen)
        shown = cloud.show(instance)["BlockDeviceMappings"]
        assert [each["DeviceName"] for each in shown] == devices
    cloud("DeregisterImage", ImageId=image)
    with refused("InvalidAMIID.NotFound"):
        cloud.launch(ImageId=image)


def test_a_registered_image_can_be_launched(cloud: Cloud) -> None:
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": cloud.snapshot()}}
    image = cloud(
        "RegisterImage",
        Name="uploaded",
        Architecture="x86_64",
        RootDeviceName="/dev/xvda",
        VirtualizationType="hvm",
        BlockDeviceMappings=[device],
    )["ImageId"]
    cloud.wait(100)
    assert cloud.instance(ImageId=image)
