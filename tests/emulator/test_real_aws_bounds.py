"""The rest of where a common emulator (moto) was measured to differ from EC2: here each cell is as at EC2.

One test a cell: pagination, quotas, rates, eventual consistency, credentials, console output, and what was
right there too.
"""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from tests.emulator.cases.case import send, signature
from tests.emulator.cloud import ECDSA, ED25519, IMAGE, REGION, RSA, Cloud, refused

from aws_emulator.catalogue.images import images_of

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
