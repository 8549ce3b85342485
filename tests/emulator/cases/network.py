"""Cases of VPCs, subnets, gateways, route tables and addresses."""

from typing import Any

from tests.emulator.cases.case import Case
from tests.emulator.cloud import Cloud


def _subnet(cloud: Cloud, cidr: str, **more: Any) -> None:
    cloud("CreateSubnet", VpcId=cloud.vpc(), CidrBlock=cidr, **more)


def _second_subnet(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    cloud.subnet(vpc, "10.0.1.0/24")
    cloud.subnet(vpc, "10.0.0.0/20")


def _delete_full_vpc(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    cloud.subnet(vpc)
    cloud("DeleteVpc", VpcId=vpc)


def _two_attributes(cloud: Cloud) -> None:
    on = {"Value": True}
    cloud("ModifyVpcAttribute", VpcId=cloud.vpc(), EnableDnsSupport=on, EnableDnsHostnames=on)


def _delete_full_subnet(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.interface(subnet)
    cloud("DeleteSubnet", SubnetId=subnet)


def _attach_twice(cloud: Cloud) -> None:
    gateway = cloud.gateway(cloud.vpc())
    cloud("AttachInternetGateway", InternetGatewayId=gateway, VpcId=cloud.vpc())


def _second_gateway(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    cloud.gateway(vpc)
    cloud.gateway(vpc)


def _detach_used(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    vpc = cloud.vpc_of(subnet)
    gateway = cloud.gateway(vpc)
    cloud(
        "AssociateAddress",
        AllocationId=cloud("AllocateAddress")["AllocationId"],
        NetworkInterfaceId=cloud.interface(subnet),
    )
    cloud("DetachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)


def _table(cloud: Cloud, vpc: str = "") -> str:
    answer = cloud("CreateRouteTable", VpcId=vpc or cloud.vpc())
    return str(answer["RouteTable"]["RouteTableId"])


def _main(cloud: Cloud) -> dict[str, Any]:
    cloud.vpc()
    found: dict[str, Any] = cloud("DescribeRouteTables")["RouteTables"][0]
    return found


def _main_association(cloud: Cloud) -> None:
    association = _main(cloud)["Associations"][0]["RouteTableAssociationId"]
    cloud("DisassociateRouteTable", AssociationId=association)


def _associate(cloud: Cloud, then: str) -> None:
    subnet = cloud.subnet()
    vpc = cloud.vpc_of(subnet)
    table = _table(cloud, cloud.vpc() if then == "other" else vpc)
    cloud("AssociateRouteTable", RouteTableId=table, SubnetId=subnet)
    if then == "delete":
        cloud("DeleteRouteTable", RouteTableId=table)
    else:
        cloud("AssociateRouteTable", RouteTableId=_table(cloud, vpc), SubnetId=subnet)


def _route(cloud: Cloud, *cidrs: str, other_vpc: bool = False) -> None:
    vpc = cloud.vpc()
    table = _table(cloud, vpc)
    gateways = [cloud.gateway(cloud.vpc() if other_vpc else vpc)]
    for cidr in cidrs:
        cloud("CreateRoute", RouteTableId=table, DestinationCidrBlock=cidr, GatewayId=gateways[0])


def _other_target(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    table = _table(cloud, vpc)
    interface = cloud.interface(cloud.subnet(vpc))
    everywhere = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    cloud("CreateRoute", **everywhere, GatewayId=cloud.gateway(vpc))
    cloud("CreateRoute", **everywhere, NetworkInterfaceId=interface)


def _foreign_interface(cloud: Cloud) -> None:
    cloud(
        "CreateRoute",
        RouteTableId=_table(cloud),
        DestinationCidrBlock="0.0.0.0/0",
        NetworkInterfaceId=cloud.interface(cloud.subnet()),
    )


def _default_subnet_gone(cloud: Cloud) -> None:
    zone = cloud.zone("use1-az2")
    filters = [{"Name": "availability-zone", "Values": [zone]}]
    subnet = cloud("DescribeSubnets", Filters=filters)["Subnets"][0]["SubnetId"]
    cloud("DeleteSubnet", SubnetId=subnet)
    cloud.launch(SubnetId=None, Placement={"AvailabilityZone": zone})


def _address(cloud: Cloud) -> str:
    return str(cloud("AllocateAddress")["AllocationId"])


def _open_subnet(cloud: Cloud) -> str:
    subnet = cloud.subnet()
    cloud.gateway(cloud.vpc_of(subnet))
    return subnet


def _associate_address(cloud: Cloud, step: str) -> None:
    subnet = _open_subnet(cloud)
    address, interface = _address(cloud), cloud.interface(subnet)
    cloud("AssociateAddress", AllocationId=address, NetworkInterfaceId=interface)
    if step == "release":
        cloud("ReleaseAddress", AllocationId=address)
    elif step == "move":
        other = cloud.interface(subnet)
        cloud("AssociateAddress", AllocationId=address, NetworkInterfaceId=other, AllowReassociation=False)
    else:
        second = _address(cloud)
        cloud("AssociateAddress", AllocationId=second, NetworkInterfaceId=interface, AllowReassociation=False)


def _pending_interface(cloud: Cloud) -> None:
    instance = cloud.instance(_open_subnet(cloud), state="pending")
    interface = cloud.show(instance)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    cloud("AssociateAddress", AllocationId=_address(cloud), NetworkInterfaceId=interface)


def _two_interfaces(cloud: Cloud) -> None:
    subnet = _open_subnet(cloud)
    nics = [{"DeviceIndex": n, "SubnetId": subnet} for n in (0, 1)]
    instance = cloud.instance(NetworkInterfaces=nics)
    cloud("AssociateAddress", AllocationId=_address(cloud), InstanceId=instance)


def _block(cloud: Cloud, *cidrs: str) -> None:
    vpc = cloud.vpc()
    for cidr in cidrs:
        cloud("AssociateVpcCidrBlock", VpcId=vpc, CidrBlock=cidr)


CASES = {
    "cidr.malformed": Case(lambda c: c.vpc("ten/16")),
    "cidr.host-bits": Case(lambda c: c.vpc("10.0.0.1/16")),
    "vpc.range": Case(lambda c: c.vpc("10.0.0.0/8")),
    "vpc.limit": Case(lambda c: [c.vpc() for _ in range(6)]),
    "vpc.block-range": Case(lambda c: _block(c, "10.1.0.0/29")),
    "vpc.block-conflict": Case(lambda c: _block(c, "10.0.128.0/24")),
    "vpc.block-restricted": Case(lambda c: _block(c, "192.168.1.0/24")),
    "vpc.block-limit": Case(lambda c: _block(c, *(f"10.{n}.0.0/24" for n in range(1, 6)))),
    "vpc.in-use": Case(_delete_full_vpc),
    "vpc.attribute": Case(_two_attributes),
    "subnet.range": Case(lambda c: _subnet(c, "10.0.0.0/29")),
    "subnet.conflict": Case(_second_subnet),
    "subnet.limit": Case(lambda c: c.subnet(), {"quotas": {"subnets_per_vpc": 0}}),
    "subnet.in-use": Case(_delete_full_subnet),
    "zone.unknown": Case(lambda c: _subnet(c, "10.0.0.0/24", AvailabilityZone="us-east-9z")),
    "zone.list": Case(lambda c: c("DescribeAvailabilityZones", ZoneNames=["us-east-9z"])),
    "region.unknown": Case(lambda c: c("DescribeRegions", RegionNames=["mars-1"])),
    "gateway.limit": Case(lambda c: [c.gateway() for _ in range(6)]),
    "gateway.attached": Case(_attach_twice),
    "gateway.vpc-has-one": Case(_second_gateway),
    "gateway.not-attached": Case(lambda c: c("DetachInternetGateway", InternetGatewayId=c.gateway(), VpcId=c.vpc())),
    "gateway.addresses": Case(_detach_used),
    "gateway.in-use": Case(lambda c: c("DeleteInternetGateway", InternetGatewayId=c.gateway(c.vpc()))),
    "route-table.limit": Case(_table, {"quotas": {"route_tables_per_vpc": 1}}),
    "route-table.main": Case(lambda c: c("DeleteRouteTable", RouteTableId=_main(c)["RouteTableId"])),
    "route-table.in-use": Case(lambda c: _associate(c, "delete")),
    "route-table.other-vpc": Case(lambda c: _associate(c, "other")),
    "route-table.associated": Case(lambda c: _associate(c, "again")),
    "route-table.main-association": Case(_main_association),
    "route.exists": Case(_other_target),
    "route.not-found": Case(lambda c: c("DeleteRoute", RouteTableId=_table(c), DestinationCidrBlock="0.0.0.0/0")),
    "route.local": Case(lambda c: _route(c, "10.0.0.0/16")),
    "route.limit": Case(lambda c: _route(c, "0.0.0.0/0", "1.0.0.0/8"), {"quotas": {"routes_per_table": 1}}),
    "route.gateway": Case(lambda c: _route(c, "0.0.0.0/0", other_vpc=True)),
    "route.other-vpc": Case(_foreign_interface),
    "vpc.no-default": Case(lambda c: c.launch(SubnetId=None)),
    "vpc.no-default-subnet": Case(_default_subnet_gone, {"default_vpc": True}),
    "address.limit": Case(lambda c: [_address(c) for _ in range(6)]),
    "address.unknown": Case(lambda c: c("ReleaseAddress", PublicIp="198.18.0.1")),
    "address.in-use": Case(lambda c: _associate_address(c, "release")),
    "address.associated": Case(lambda c: _associate_address(c, "move")),
    "address.target-has-one": Case(lambda c: _associate_address(c, "second")),
    "address.no-gateway": Case(
        lambda c: c(
            "AssociateAddress",
            AllocationId=_address(c),
            NetworkInterfaceId=c.interface(c.subnet()),
        )
    ),
    "address.interface-pending": Case(_pending_interface),
    "address.instance-state": Case(
        lambda c: c("AssociateAddress", AllocationId=_address(c), InstanceId=c.instance(state="pending"))
    ),
    "address.instance-interfaces": Case(_two_interfaces),
}
