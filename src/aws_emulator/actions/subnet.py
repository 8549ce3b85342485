"""Subnets: one block of a VPC in one zone."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.blocks import available, block, parse_block
from aws_emulator.actions.vpc import LARGEST, SMALLEST
from aws_emulator.actions.zones import chosen_zone
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, Page, page, select
from aws_emulator.rules import refuse
from aws_emulator.state.network import Subnet
from aws_emulator.tagging import shown, tags_on_create

PAGE = Page(5, 1000, ids_exclude=False)


def create_subnet(call: Context, params: Params) -> Answer:
    """Make a subnet: /16 to /28, inside its VPC, overlapping no other subnet of it."""
    region = call.region
    tags = tags_on_create(call, params, "subnet")["subnet"]
    vpc = call.get(region.vpcs, params["VpcId"])
    if "CidrBlock" not in params:
        raise refuse("parameter.missing", name="cidrBlock")
    cidr = parse_block(params["CidrBlock"])
    zone = chosen_zone(call, params) or call.random.choice(region.zones)
    within = any(cidr.subnet_of(block(own)) for own in (vpc.cidr, *vpc.more.values()))
    if not LARGEST <= cidr.prefixlen <= SMALLEST or not within:
        raise refuse("subnet.range", cidr=cidr)
    others = region.subnets.by("vpc", vpc.id)
    if any(cidr.overlaps(block(other.cidr)) for other in others):
        raise refuse("subnet.conflict", cidr=cidr)
    if len(others) >= call.config.quotas.subnets_per_vpc:
        raise refuse("subnet.limit")
    subnet = Subnet(id=call.new_id("subnet"), vpc_id=vpc.id, cidr=str(cidr), zone=zone.name, zone_id=zone.id)
    call.create(region.subnets, subnet, tags)
    return {"Subnet": view(call, subnet)}


def describe_subnets(call: Context, params: Params) -> Answer:
    """List subnets."""
    rows = select(call, call.region.subnets, params, "SubnetIds", FILTERS)
    rows, more = page(rows, params, PAGE)
    return {"Subnets": [view(call, row) for row in rows]} | more


def delete_subnet(call: Context, params: Params) -> Answer:
    """Delete a subnet without interfaces; its route table association goes with it."""
    region = call.region
    subnet = call.get(region.subnets, params["SubnetId"])
    if region.interfaces.ids("subnet", subnet.id):
        raise refuse("subnet.in-use", id=subnet.id)
    for table in region.route_tables.by("subnet", subnet.id):
        table.associations = {key: value for key, value in table.associations.items() if value != subnet.id}
        call.save(region.route_tables, table)
    call.delete(region.subnets, subnet.id)
    return {}


def modify_subnet_attribute(call: Context, params: Params) -> Answer:
    """Set whether instances get a public address by themselves."""
    subnet = call.get(call.region.subnets, params["SubnetId"])
    if "MapPublicIpOnLaunch" not in params:
        raise refuse("parameter.one-of", names="mapPublicIpOnLaunch")
    subnet.map_public_ip = bool(params["MapPublicIpOnLaunch"].get("Value"))
    call.save(call.region.subnets, subnet)
    return {}


def view(call: Context, subnet: Subnet) -> Answer:
    """Return a subnet as EC2 lists it."""
    region = call.region
    return {
        "SubnetId": subnet.id,
        "SubnetArn": f"arn:aws:ec2:{region.name}:{region.account}:subnet/{subnet.id}",
        "State": "available",
        "OwnerId": region.account,
        "VpcId": subnet.vpc_id,
        "CidrBlock": subnet.cidr,
        "Ipv6CidrBlockAssociationSet": [],
        "AssignIpv6AddressOnCreation": False,
        "Ipv6Native": False,
        "EnableDns64": False,
        "AvailableIpAddressCount": available(call, subnet),
        "AvailabilityZone": subnet.zone,
        "AvailabilityZoneId": subnet.zone_id,
        "DefaultForAz": subnet.default_for_zone,
        "MapPublicIpOnLaunch": subnet.map_public_ip,
        "MapCustomerOwnedIpOnLaunch": False,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": "ip-name",
            "EnableResourceNameDnsARecord": False,
            "EnableResourceNameDnsAAAARecord": False,
        },
        "Tags": shown(subnet.shown_tags),
    }


FILTERS: FilterTable = {
    "subnet-id": lambda call, row: (row.id,),
    "vpc-id": lambda call, row: (row.vpc_id,),
    "cidr-block": lambda call, row: (row.cidr,),
    "cidr": lambda call, row: (row.cidr,),
    "cidrBlock": lambda call, row: (row.cidr,),
    "state": lambda call, row: ("available",),
    "availability-zone": lambda call, row: (row.zone,),
    "availability-zone-id": lambda call, row: (row.zone_id,),
    "available-ip-address-count": lambda call, row: (str(available(call, row)),),
    "default-for-az": lambda call, row: (str(row.default_for_zone).lower(),),
    "map-public-ip-on-launch": lambda call, row: (str(row.map_public_ip).lower(),),
    "owner-id": lambda call, row: (call.region.account,),
}

ACTIONS = (
    Action(
        "CreateSubnet",
        create_subnet,
        "VpcId CidrBlock AvailabilityZone AvailabilityZoneId TagSpecifications",
    ),
    Action("DescribeSubnets", describe_subnets, "SubnetIds Filters MaxResults NextToken"),
    Action("DeleteSubnet", delete_subnet, "SubnetId"),
    Action("ModifySubnetAttribute", modify_subnet_attribute, "SubnetId MapPublicIpOnLaunch"),
)
