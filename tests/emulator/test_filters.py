"""Every filter of every describe works on a cloud that has one of everything."""

from typing import Any

import pytest
from tests.emulator.cloud import ED25519, Cloud

from aws_emulator.actions import (
    address,
    gateway,
    group_view,
    image,
    instance_describe,
    instance_type,
    interface_view,
    key_pair,
    route_table,
    snapshot,
    subnet,
    volume,
    volume_modify,
    vpc,
    zones,
)
from aws_emulator.listing import FilterTable

TABLES: dict[str, tuple[FilterTable, str]] = {
    "DescribeVpcs": (vpc.FILTERS, "Vpcs"),
    "DescribeSubnets": (subnet.FILTERS, "Subnets"),
    "DescribeNetworkInterfaces": (interface_view.FILTERS, "NetworkInterfaces"),
    "DescribeSecurityGroups": (group_view.FILTERS, "SecurityGroups"),
    "DescribeInternetGateways": (gateway.FILTERS, "InternetGateways"),
    "DescribeRouteTables": (route_table.FILTERS, "RouteTables"),
    "DescribeAddresses": (address.FILTERS, "Addresses"),
    "DescribeKeyPairs": (key_pair.FILTERS, "KeyPairs"),
    "DescribeInstances": (instance_describe.FILTERS, "Reservations"),
    "DescribeInstanceStatus": (instance_describe.STATUS_FILTERS, "InstanceStatuses"),
    "DescribeVolumes": (volume.FILTERS, "Volumes"),
    "DescribeVolumesModifications": (volume_modify.FILTERS, "VolumesModifications"),
    "DescribeSnapshots": (snapshot.FILTERS, "Snapshots"),
    "DescribeImages": (image.FILTERS, "Images"),
    "DescribeInstanceTypes": (instance_type.FILTERS, "InstanceTypes"),
    "DescribeAvailabilityZones": (zones.ZONE_FILTERS, "AvailabilityZones"),
    "DescribeRegions": (zones.REGION_FILTERS, "Regions"),
}
# What nothing here has: a prefix list is not emulated, an IPv6 or outgoing port rule is not made.
ABSENT = {
    f"{direction}.{name}"
    for direction in ("ip-permission", "egress.ip-permission")
    for name in ("prefix-list-id", "ipv6-cidr")
} | {f"egress.ip-permission.{name}" for name in ("from-port", "to-port", "group-id", "user-id")}


@pytest.fixture(scope="module")
def full() -> Cloud:
    """A cloud with one of everything, in use."""
    cloud = Cloud()
    subnet_id = cloud.subnet()
    vpc_id = cloud.vpc_of(subnet_id)
    igw = cloud.gateway(vpc_id)
    cloud("ImportKeyPair", KeyName="k", PublicKeyMaterial=ED25519.encode())
    group = cloud.group(vpc_id)
    rules: list[dict[str, Any]] = [
        {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]},
    ]
    cloud("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=rules)
    table = cloud("CreateRouteTable", VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    cloud("AssociateRouteTable", RouteTableId=table, SubnetId=subnet_id)
    cloud("CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "k", "Value": "v"}]}]
    instance = cloud.instance(
        subnet_id,
        KeyName="k",
        ClientToken="t",
        SecurityGroupIds=[group],
        TagSpecifications=tags,
    )
    cloud.interface(subnet_id, Description="spare")
    address_id = cloud("AllocateAddress")["AllocationId"]
    cloud("AssociateAddress", AllocationId=address_id, InstanceId=instance)
    root = cloud.show(instance)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    cloud("ModifyVolume", VolumeId=root, Size=9)
    cloud("CreateImage", InstanceId=instance, Name="mine", Description="d")
    cloud.wait(200)
    cloud("StopInstances", InstanceIds=[cloud.instance(subnet_id)])
    return cloud


CASES = [(action, name) for action, (table, _) in TABLES.items() for name in table]


@pytest.mark.parametrize(("action", "name"), CASES)
def test_a_filter_finds_what_has_its_value_and_not_what_has_not(full: Cloud, action: str, name: str) -> None:
    member = TABLES[action][1]
    everything = full(action, Filters=[{"Name": name, "Values": ["?*"]}])[member]
    assert bool(everything) is (name not in ABSENT)
    assert full(action, Filters=[{"Name": name, "Values": ["no such value"]}])[member] == []
