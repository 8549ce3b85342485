"""Where a common emulator (moto) was measured to differ from EC2: here each cell is as at EC2.

One test a cell, in the order of that comparison: client tokens, states, validation, state rules,
crashes, pagination, quotas, rates, eventual consistency, credentials, console output, and what was
right there too. Cells of services that this emulator does not have are not here.
"""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from tests.emulator.cases.case import send, signature
from tests.emulator.cloud import ECDSA, ED25519, IMAGE, REGION, RSA, Cloud, refused

from aws_emulator.catalogue.images import default_image, images_of

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


# Pagination


def _make_nothing(cloud: Cloud) -> None:
    """Images and types are there already."""


PAGED: dict[str, tuple[Callable[[Cloud], Any], str]] = {
    "DescribeVpcs": (lambda c: [c.vpc() for _ in range(7)], "Vpcs"),
    "DescribeSubnets": (
        lambda c: [c.subnet(v, f"10.0.{n}.0/24") for v in [c.vpc()] for n in range(7)], "Subnets"),
    "DescribeNetworkInterfaces": (
        lambda c: [c.interface(s) for s in [c.subnet()] * 7], "NetworkInterfaces"),
    "DescribeSecurityGroups": (
        lambda c: [c.group(v, f"g{n}") for v in [c.vpc()] for n in range(7)], "SecurityGroups"),
    "DescribeSecurityGroupRules": (
        lambda c: [c.group(v, f"g{n}") for v in [c.vpc()] for n in range(7)],
        "SecurityGroupRules",
    ),
    "DescribeVolumes": (lambda c: [c.volume() for _ in range(7)], "Volumes"),
    "DescribeSnapshots": (lambda c: [c.snapshot(v) for v in [c.volume()] * 7], "Snapshots"),
    "DescribeInstances": (
        lambda c: [c.instance(s) for s in [c.subnet()] * 7], "Reservations"),
    "DescribeInstanceStatus": (
        lambda c: [c.instance(s) for s in [c.subnet()] * 7], "InstanceStatuses"),
    "DescribeInternetGateways": (lambda c: [c.gateway() for _ in range(5)] and c(
        "CreateTags", Resources=[c.gateway()], Tags=[{"Key": "k", "Value": "v"}]),
        "InternetGateways"),
    "DescribeRouteTables": (
        lambda c: [c("CreateRouteTable", VpcId=v) for v in [c.vpc()] * 7], "RouteTables"),
    "DescribeTags": (
        lambda c: c("CreateTags", Resources=[c.vpc()],
                    Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(7)]), "Tags"),
    "DescribeImages": (_make_nothing, "Images"),
    "DescribeInstanceTypes": (_make_nothing, "InstanceTypes"),
    "DescribeInstanceTypeOfferings": (_make_nothing, "InstanceTypeOfferings"),
}  # fmt: skip


@pytest.mark.parametrize("action", PAGED)
def test_pages(action: str) -> None:
    make, member = PAGED[action]
    cloud = Cloud(quotas={"vpcs": 100, "internet_gateways": 100})
    make(cloud)
    whole = cloud(action)[member]
    assert len(whole) > 5
    pages = [cloud(action, MaxResults=5)]
    while "NextToken" in pages[-1]:
        pages.append(cloud(action, MaxResults=5, NextToken=pages[-1]["NextToken"]))
    assert [row for each in pages for row in each[member]] == whole
    assert [len(each[member]) for each in pages[:-1]] == [5] * (len(pages) - 1)
    assert len(pages) == -(-len(whole) // 5)


# Quotas


QUOTAS: dict[str, tuple[Callable[[Cloud], Any], int, str]] = {
    "VPCs": (lambda c: c.vpc(), 5, "VpcLimitExceeded"),
    "addresses": (lambda c: c("AllocateAddress"), 5, "AddressLimitExceeded"),
    "vCPUs": (
        lambda c: c.launch(c("DescribeSubnets")["Subnets"][0]["SubnetId"],
                           InstanceType="m5.4xlarge"), 16, "VcpuLimitExceeded"),
}  # fmt: skip


@pytest.mark.parametrize("what", QUOTAS)
def test_quota(what: str) -> None:
    act, limit, code = QUOTAS[what]
    cloud = Cloud()
    if what == "vCPUs":
        cloud.subnet()
    for _ in range(limit):
        act(cloud)
    with refused(code):
        act(cloud)


def test_sixty_rules_in_a_group(cloud: Cloud) -> None:
    group = cloud.group(cloud.vpc())
    rules = [
        {"IpProtocol": "tcp", "FromPort": n, "ToPort": n, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]} for n in range(61)
    ]
    cloud("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=rules[:60])
    with refused("RulesPerSecurityGroupLimitExceeded"):
        cloud("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=rules[60:])


def test_fifty_tags_on_a_resource(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    tags = [{"Key": f"k{n}", "Value": "v"} for n in range(51)]
    cloud("CreateTags", Resources=[vpc], Tags=tags[:50])
    with refused("TagLimitExceeded"):
        cloud("CreateTags", Resources=[vpc], Tags=tags[50:])
    assert len(cloud("DescribeTags")["Tags"]) == 50


# Rates, eventual consistency, credentials


def test_rates_are_limited() -> None:
    cloud = Cloud(throttle={"enabled": True})
    subnet = cloud.subnet()
    for _ in range(5):
        cloud.launch(subnet)
    with refused("RequestLimitExceeded", 503):
        cloud.launch(subnet)


def test_what_was_created_is_not_seen_at_once() -> None:
    cloud = Cloud(lag={"resource": 30})
    vpc = cloud.vpc()
    with refused("InvalidVpcID.NotFound"):
        cloud("DescribeVpcs", VpcIds=[vpc])
    cloud.wait(30)
    assert cloud("DescribeVpcs", VpcIds=[vpc])["Vpcs"][0]["VpcId"] == vpc


def test_not_any_key_is_accepted(cloud: Cloud) -> None:
    assert send(cloud, signature("AKIAANYBODY"), Action="DescribeVpcs").status == 401
    assert send(cloud, "", Action="DescribeVpcs").status == 403


# Console output


def test_console_output_is_empty_at_first_and_then_says_that_it_is_simulated(cloud: Cloud) -> None:
    one, other = cloud.instance(), cloud.instance()
    assert "Output" not in cloud("GetConsoleOutput", InstanceId=one)
    cloud.wait(200)
    texts = [base64.b64decode(cloud("GetConsoleOutput", InstanceId=i)["Output"]).decode() for i in (one, other)]
    assert "SIMULATED" in texts[0]
    assert one in texts[0]
    assert texts[0] != texts[1]


# What is right there is right here


RIGHT: dict[str, tuple[Callable[[Cloud], Any], str]] = {
    "VPC of /15": (lambda c: c.vpc("10.0.0.0/15"), "InvalidVpc.Range"),
    "VPC of /29": (lambda c: c.vpc("10.0.0.0/29"), "InvalidVpc.Range"),
    "subnet that overlaps": (
        lambda c: [c.subnet(v) for v in [c.vpc()] * 2], "InvalidSubnet.Conflict"),
    "subnet outside the VPC": (lambda c: c.subnet(cidr="192.168.0.0/24"), "InvalidSubnet.Range"),
    "group rule twice": (
        lambda c: c("AuthorizeSecurityGroupEgress", GroupId=c.group(c.vpc()),
                    IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]),
        "InvalidPermission.Duplicate"),
    "group name twice": (
        lambda c: [c.group(v) for v in [c.vpc()] * 2], "InvalidGroup.Duplicate"),
    "unknown peer group": (
        lambda c: c("AuthorizeSecurityGroupIngress", GroupId=c.group(c.vpc()), IpPermissions=[
            {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-00000000000000000"}]}]),
        "InvalidGroup.NotFound"),
    "key name twice": (
        lambda c: [c("ImportKeyPair", KeyName="k", PublicKeyMaterial=RSA.encode())
                   for _ in range(2)], "InvalidKeyPair.Duplicate"),
    "ECDSA key": (
        lambda c: c("ImportKeyPair", KeyName="k", PublicKeyMaterial=ECDSA.encode()),
        "InvalidKey.Format"),
    "terminate a protected instance": (
        lambda c: c("TerminateInstances", InstanceIds=[c.instance(DisableApiTermination=True)]),
        "OperationNotPermitted"),
    "stop a protected instance": (
        lambda c: c("StopInstances", InstanceIds=[c.instance(DisableApiStop=True)]),
        "OperationNotPermitted"),
    "delete a volume in use": (
        lambda c: c("DeleteVolume", VolumeId=c.show(c.instance())["BlockDeviceMappings"][0]["Ebs"][
            "VolumeId"]), "VolumeInUse"),
}  # fmt: skip


@pytest.mark.parametrize("what", RIGHT)
def test_right(cloud: Cloud, what: str) -> None:
    act, code = RIGHT[what]
    with refused(code):
        act(cloud)


@pytest.mark.parametrize(("cidr", "ok"), [("10.0.0.0/16", True), ("10.0.0.0/28", True)])
def test_vpcs_from_16_to_28(cloud: Cloud, cidr: str, ok: bool) -> None:
    assert bool(cloud.vpc(cidr)) is ok


@pytest.mark.parametrize(("text", "kind"), [(RSA, "rsa"), (ED25519, "ed25519")])
def test_keys_that_are_accepted(cloud: Cloud, text: str, kind: str) -> None:
    cloud("ImportKeyPair", KeyName="k", PublicKeyMaterial=text.encode())
    shown = cloud("DescribeKeyPairs", IncludePublicKey=True)["KeyPairs"][0]
    assert (shown["KeyType"], shown["PublicKey"]) == (kind, text)


def test_dry_run_changes_nothing(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    with refused("DryRunOperation", 412):
        cloud.launch(subnet, DryRun=True)
    assert cloud.instances() == []


# Ids


def test_a_malformed_id_is_not_called_unknown(cloud: Cloud) -> None:
    with refused("InvalidInstanceID.Malformed"):
        cloud("DescribeInstances", InstanceIds=["server-1"])
    with refused("InvalidVpcID.Malformed"):
        cloud("DescribeVpcs", VpcIds=["vpc-xyz"])


def test_image_ids_are_long(cloud: Cloud) -> None:
    assert all(len(image) == len("ami-") + 17 for image in images_of(REGION))
    assert IMAGE in images_of(REGION)
