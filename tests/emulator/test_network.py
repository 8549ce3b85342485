"""VPCs, subnets, interfaces, gateways, routes, addresses."""

from typing import Any

import pytest
from tests.emulator.cloud import ACCOUNT, OTHER_ACCOUNT, REGION, Cloud, refused

from aws_emulator.catalogue.zones import REGIONS, zones_of


def _interface(cloud: Cloud, identity: str) -> dict[str, Any]:
    shown = cloud("DescribeNetworkInterfaces", NetworkInterfaceIds=[identity])
    found: dict[str, Any] = shown["NetworkInterfaces"][0]
    return found


def test_zone_names_mean_other_zones_in_other_accounts(cloud: Cloud) -> None:
    own = {zone.name: zone.id for zone in zones_of(ACCOUNT, REGION)}
    other = {zone.name: zone.id for zone in zones_of(OTHER_ACCOUNT, REGION)}
    assert list(own) == [f"us-east-1{letter}" for letter in "abcdef"]
    assert sorted(own.values()) == sorted(other.values()) == [f"use1-az{n}" for n in range(1, 7)]
    assert own != other
    assert zones_of(ACCOUNT, REGION) == zones_of(ACCOUNT, REGION)
    shown = cloud("DescribeAvailabilityZones")["AvailabilityZones"]
    assert {each["ZoneName"]: each["ZoneId"] for each in shown} == own
    assert {each["RegionName"] for each in cloud("DescribeRegions")["Regions"]} == set(REGIONS)


def test_a_vpc_comes_and_goes_with_its_default_group_and_main_table(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    (group,) = cloud("DescribeSecurityGroups")["SecurityGroups"]
    assert group["GroupName"] == "default"
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0", "Description": None}]
    (table,) = cloud("DescribeRouteTables")["RouteTables"]
    assert table["Associations"][0]["Main"] is True
    assert [route["GatewayId"] for route in table["Routes"]] == ["local"]
    cloud("DeleteVpc", VpcId=vpc)
    assert cloud("DescribeSecurityGroups")["SecurityGroups"] == []
    assert cloud("DescribeRouteTables")["RouteTables"] == []


def test_attributes_of_a_vpc(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    cloud("ModifyVpcAttribute", VpcId=vpc, EnableDnsHostnames={"Value": True})
    for name, value in (("enableDnsHostnames", True), ("enableDnsSupport", True)):
        answer = cloud("DescribeVpcAttribute", VpcId=vpc, Attribute=name)
        assert answer[name[:1].upper() + name[1:]] == {"Value": value}


@pytest.mark.parametrize("what", ["subnet", "gateway", "group", "table"])
def test_what_keeps_a_vpc(cloud: Cloud, what: str) -> None:
    vpc = cloud.vpc()
    make: dict[str, Any] = {
        "subnet": lambda: cloud.subnet(vpc),
        "gateway": lambda: cloud.gateway(vpc),
        "group": lambda: cloud.group(vpc),
        "table": lambda: cloud("CreateRouteTable", VpcId=vpc),
    }
    make[what]()
    with refused("DependencyViolation"):
        cloud("DeleteVpc", VpcId=vpc)


def test_a_subnet_counts_its_free_addresses(cloud: Cloud) -> None:
    subnet = cloud.subnet(cidr="10.0.1.0/28")

    def free() -> int:
        return int(cloud("DescribeSubnets", SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"])

    assert free() == 11
    interface = cloud.interface(subnet, SecondaryPrivateIpAddressCount=2)
    assert free() == 8
    cloud("DeleteNetworkInterface", NetworkInterfaceId=interface)
    assert free() == 11


def test_every_free_address_is_found_and_none_of_the_reserved(cloud: Cloud) -> None:
    subnet = cloud.subnet(cidr="10.0.1.16/28")
    got = [_interface(cloud, cloud.interface(subnet))["PrivateIpAddress"] for _ in range(11)]
    assert sorted(got) == sorted(f"10.0.1.{n}" for n in range(20, 31))
    with refused("InsufficientFreeAddressesInSubnet"):
        cloud.interface(subnet)


def test_the_same_block_in_two_vpcs(cloud: Cloud) -> None:
    subnets = [cloud.subnet(), cloud.subnet()]
    for subnet in subnets:
        cloud.interface(subnet, PrivateIpAddress="10.0.1.10")


def test_secondary_addresses(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    one = cloud.interface(
        subnet,
        PrivateIpAddresses=[
            {"PrivateIpAddress": "10.0.1.11", "Primary": False},
            {"PrivateIpAddress": "10.0.1.10", "Primary": True},
        ],
    )
    shown = _interface(cloud, one)["PrivateIpAddresses"]
    assert [(a["PrivateIpAddress"], a["Primary"]) for a in shown] == [("10.0.1.10", True), ("10.0.1.11", False)]
    other = cloud.interface(subnet, PrivateIpAddress="10.0.1.20")
    wish = {"NetworkInterfaceId": other, "PrivateIpAddresses": ["10.0.1.11"]}
    with refused("InvalidIPAddress.InUse"):
        cloud("AssignPrivateIpAddresses", **wish)
    cloud("AssignPrivateIpAddresses", **wish, AllowReassignment=True)
    assert len(_interface(cloud, one)["PrivateIpAddresses"]) == 1
    cloud("UnassignPrivateIpAddresses", **wish)
    assert len(_interface(cloud, other)["PrivateIpAddresses"]) == 1
    added = cloud("AssignPrivateIpAddresses", NetworkInterfaceId=other, SecondaryPrivateIpAddressCount=3)
    assert len(added["AssignedPrivateIpAddresses"]) == 3


def test_a_primary_address_cannot_be_taken_from_another(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.interface(subnet, PrivateIpAddress="10.0.1.10")
    with refused("InvalidIPAddress.InUse"):
        cloud(
            "AssignPrivateIpAddresses",
            NetworkInterfaceId=cloud.interface(subnet),
            PrivateIpAddresses=["10.0.1.10"],
            AllowReassignment=True,
        )


def test_attributes_of_an_interface(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    interface, group = cloud.interface(subnet), cloud.group(cloud.vpc_of(subnet))
    changes: list[tuple[dict[str, Any], str, str, Any]] = [
        ({"Description": {"Value": "mine"}}, "description", "Description", {"Value": "mine"}),
        ({"SourceDestCheck": {"Value": False}}, "sourceDestCheck", "SourceDestCheck", {"Value": False}),
        ({"Groups": [group]}, "groupSet", "Groups", [{"GroupId": group}]),
    ]
    for change, name, member, value in changes:
        cloud("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, **change)
        answer = cloud("DescribeNetworkInterfaceAttribute", NetworkInterfaceId=interface, Attribute=name)
        assert answer[member] == value
    cloud("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, AssociatePublicIpAddress=True)
    assert _interface(cloud, interface)["Association"] is None, "it is the primary interface of nothing"
    cloud.instance(NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}])
    assert _interface(cloud, interface)["Association"]["PublicIp"].startswith("198.1")


def _public(cloud: Cloud, instance: str) -> str:
    return str(cloud.show(instance).get("PublicIpAddress") or "")


def _open_instance(cloud: Cloud, **more: Any) -> tuple[str, str]:
    subnet = cloud.subnet()
    cloud.gateway(cloud.vpc_of(subnet))
    nic = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}
    instance = cloud.instance(NetworkInterfaces=[nic], **more)
    return instance, str(cloud.show(instance)["NetworkInterfaces"][0]["NetworkInterfaceId"])


def test_a_public_address_that_comes_by_itself_goes_with_a_stop(cloud: Cloud) -> None:
    instance, interface = _open_instance(cloud)
    first = _public(cloud, instance)
    assert first
    cloud("StopInstances", InstanceIds=[instance])
    cloud.wait(60)
    assert _public(cloud, instance) == ""
    cloud("StartInstances", InstanceIds=[instance])
    second = _public(cloud, instance)
    assert second not in ("", first)
    cloud.wait(10)
    cloud("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, AssociatePublicIpAddress=False)
    assert _public(cloud, instance) == ""


@pytest.mark.parametrize("interfaces", [1, 2])
def test_an_elastic_address_takes_the_place_of_the_one_that_came_by_itself(cloud: Cloud, interfaces: int) -> None:
    instance, interface = _open_instance(cloud)
    first = _public(cloud, instance)
    if interfaces == 2:
        more = cloud.interface(cloud.show(instance)["SubnetId"])
        cloud("AttachNetworkInterface", InstanceId=instance, NetworkInterfaceId=more, DeviceIndex=1)
    address = cloud("AllocateAddress")
    wish = {"AllocationId": address["AllocationId"], "NetworkInterfaceId": interface}
    association = cloud("AssociateAddress", **wish)["AssociationId"]
    assert _public(cloud, instance) == address["PublicIp"]
    cloud("DisassociateAddress", AssociationId=association)
    again = _public(cloud, instance)
    assert (again not in ("", first)) if interfaces == 1 else again == ""


def test_a_gateway_stays_while_an_interface_has_a_public_address(cloud: Cloud) -> None:
    instance, interface = _open_instance(cloud)
    vpc = cloud.show(instance)["VpcId"]
    gateway = cloud("DescribeInternetGateways")["InternetGateways"][0]["InternetGatewayId"]
    with refused("DependencyViolation"):
        cloud("DetachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)
    cloud("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, AssociatePublicIpAddress=False)
    cloud("DetachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)


def test_an_address_of_an_instance_that_is_gone_is_free(cloud: Cloud) -> None:
    instance, interface = _open_instance(cloud)
    address = cloud("AllocateAddress")
    cloud("AssociateAddress", AllocationId=address["AllocationId"], NetworkInterfaceId=interface)
    cloud("TerminateInstances", InstanceIds=[instance])
    with refused("InvalidIPAddress.InUse"):
        cloud("ReleaseAddress", AllocationId=address["AllocationId"])
    cloud.wait(60)
    assert "AssociationId" not in cloud("DescribeAddresses")["Addresses"][0]
    cloud("ReleaseAddress", AllocationId=address["AllocationId"])


def test_the_quota_of_addresses_is_the_account_s(cloud: Cloud) -> None:
    for _ in range(5):
        cloud("AllocateAddress")
    with refused("AddressLimitExceeded"):
        cloud("AllocateAddress")
    cloud.emulator.configure({"quotas": {"addresses": 6}})
    cloud("AllocateAddress")


def test_addresses_gateways_and_tables_are_seen_late() -> None:
    late = Cloud(lag={"resource": 30.0, "tags": 30.0})
    vpc = late.vpc()
    late.wait(30)
    made = (
        late("AllocateAddress")["AllocationId"],
        late("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"],
        late("CreateRouteTable", VpcId=vpc)["RouteTable"]["RouteTableId"],
    )
    for wait, seen in ((0, False), (30, True)):
        late.wait(wait)
        shown = (
            {each["AllocationId"] for each in late("DescribeAddresses")["Addresses"]}
            | {each["InternetGatewayId"] for each in late("DescribeInternetGateways")["InternetGateways"]}
            | {each["RouteTableId"] for each in late("DescribeRouteTables")["RouteTables"]}
        )
        assert all((identity in shown) is seen for identity in made)


def test_an_attachment_can_learn_to_go_with_the_instance(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    interface = cloud.interface(subnet)
    instance = cloud.instance(NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}])
    held = cloud("DescribeNetworkInterfaceAttribute", NetworkInterfaceId=interface, Attribute="attachment")
    cloud(
        "ModifyNetworkInterfaceAttribute",
        NetworkInterfaceId=interface,
        Attachment={"AttachmentId": held["Attachment"]["AttachmentId"], "DeleteOnTermination": True},
    )
    cloud("TerminateInstances", InstanceIds=[instance])
    cloud.wait(60)
    assert cloud("DescribeNetworkInterfaces")["NetworkInterfaces"] == []


def test_interfaces_are_found_by_their_attachment_and_addresses(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.interface(subnet)
    instance = cloud.instance(subnet)
    address = cloud.show(instance)["PrivateIpAddress"]
    for name, value in (
        ("attachment.instance-id", instance),
        ("attachment.device-index", "0"),
        ("attachment.status", "att*"),
        ("private-ip-address", address),
        ("addresses.private-ip-address", address),
        ("status", "in-use"),
        ("private-dns-name", f"ip-{address.replace('.', '-')}.ec2.internal"),
    ):
        filters = [{"Name": name, "Values": [value]}]
        found = cloud("DescribeNetworkInterfaces", Filters=filters)["NetworkInterfaces"]
        assert [each["Attachment"]["InstanceId"] for each in found] == [instance], name


def test_routes(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    vpc = cloud.vpc_of(subnet)
    gateway = cloud.gateway(vpc)
    table = cloud("CreateRouteTable", VpcId=vpc)["RouteTable"]["RouteTableId"]
    wish = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}

    def route() -> dict[str, Any]:
        shown: dict[str, Any] = cloud("DescribeRouteTables", RouteTableIds=[table])["RouteTables"][0]
        return dict(shown["Routes"][1])

    for _ in range(2):
        assert cloud("CreateRoute", **wish, GatewayId=gateway) == {"Return": True}
    assert (route()["GatewayId"], route()["State"]) == (gateway, "active")
    cloud("DetachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)
    assert route()["State"] == "blackhole"
    interface = cloud.interface(subnet)
    cloud("ReplaceRoute", **wish, NetworkInterfaceId=interface)
    assert (route()["NetworkInterfaceId"], route()["State"]) == (interface, "blackhole")
    cloud.instance(NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}])
    assert route()["State"] == "active"
    cloud("DeleteRoute", **wish)
    with refused("InvalidRoute.NotFound"):
        cloud("ReplaceRoute", **wish, NetworkInterfaceId=interface)


def test_a_subnet_has_one_table(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    table = cloud("CreateRouteTable", VpcId=cloud.vpc_of(subnet))["RouteTable"]["RouteTableId"]
    wish = {"RouteTableId": table, "SubnetId": subnet}
    association = cloud("AssociateRouteTable", **wish)["AssociationId"]
    assert cloud("AssociateRouteTable", **wish)["AssociationId"] == association
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (found,) = cloud("DescribeRouteTables", Filters=filters)["RouteTables"]
    assert found["RouteTableId"] == table
    cloud("DeleteSubnet", SubnetId=subnet)
    cloud("DeleteRouteTable", RouteTableId=table)


def test_an_address_follows_its_interface(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.gateway(cloud.vpc_of(subnet))
    address = cloud("AllocateAddress")
    interface = cloud.interface(subnet)
    wish = {"AllocationId": address["AllocationId"], "NetworkInterfaceId": interface}
    association = cloud("AssociateAddress", **wish)["AssociationId"]
    assert cloud("AssociateAddress", **wish)["AssociationId"] == association
    instance = cloud.instance(NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}])
    (shown,) = cloud("DescribeAddresses", PublicIps=[address["PublicIp"]])["Addresses"]
    assert (shown["InstanceId"], shown["NetworkInterfaceId"]) == (instance, interface)
    assert cloud.show(instance)["PublicIpAddress"] == address["PublicIp"]
    found = cloud("DescribeInstances", Filters=[{"Name": "ip-address", "Values": [address["PublicIp"]]}])
    assert found["Reservations"][0]["Instances"][0]["InstanceId"] == instance
    cloud("TerminateInstances", InstanceIds=[instance])
    cloud.wait(60)
    cloud("DeleteNetworkInterface", NetworkInterfaceId=interface)
    (shown,) = cloud("DescribeAddresses")["Addresses"]
    assert "AssociationId" not in shown
    cloud("ReleaseAddress", AllocationId=address["AllocationId"])


def test_an_address_moves_when_told(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.gateway(cloud.vpc_of(subnet))
    address = cloud("AllocateAddress")["AllocationId"]
    first = cloud.interface(subnet)
    cloud("AssociateAddress", AllocationId=address, NetworkInterfaceId=first)
    second = cloud.instance(subnet)
    answer = cloud("AssociateAddress", AllocationId=address, InstanceId=second, AllowReassociation=True)
    assert "Association" not in {k for k, v in _interface(cloud, first).items() if v is not None}
    cloud("DisassociateAddress", AssociationId=answer["AssociationId"])
    with refused("InvalidAssociationID.NotFound"):
        cloud("DisassociateAddress", AssociationId=answer["AssociationId"])


def test_account_attributes(cloud: Cloud) -> None:
    shown = {
        each["AttributeName"]: each["AttributeValues"][0]["AttributeValue"]
        for each in cloud("DescribeAccountAttributes")["AccountAttributes"]
    }
    assert (shown["default-vpc"], shown["max-elastic-ips"]) == ("none", "5")
