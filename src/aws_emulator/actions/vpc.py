"""VPCs. Each comes with a default security group and a main route table, and goes with them."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.blocks import parse_block
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, Page, page, select
from aws_emulator.rules import refuse
from aws_emulator.state.network import GroupRule, RouteTable, SecurityGroup, Vpc
from aws_emulator.tagging import shown, tags_on_create

PAGE = Page(5, 1000, ids_exclude=False)
LARGEST, SMALLEST = 16, 28


def create_vpc(call: Context, params: Params) -> Answer:
    """Make a VPC of one /16 to /28 block, with its default group and main route table."""
    tags = tags_on_create(call, params, "vpc")["vpc"]
    if "CidrBlock" not in params:
        raise refuse("parameter.missing", name="cidrBlock")
    cidr = parse_block(params["CidrBlock"])
    if not LARGEST <= cidr.prefixlen <= SMALLEST:
        raise refuse("vpc.range", cidr=cidr)
    if len(call.region.vpcs) >= call.config.quotas.vpcs:
        raise refuse("vpc.limit")
    vpc = make_vpc(call, str(cidr), params.get("InstanceTenancy", "default"), tags)
    return {"Vpc": view(call, vpc) | {"State": "pending"}}


def make_vpc(call: Context, cidr: str, tenancy: str, tags: dict[str, str], *, is_default: bool = False) -> Vpc:
    """Insert a VPC, its default security group and its main route table."""
    vpc = Vpc(
        id=call.new_id("vpc"), cidr=cidr, tenancy=tenancy, is_default=is_default,
        dns_hostnames=is_default,
    )  # fmt: skip
    call.create(call.region.vpcs, vpc, tags)
    group = SecurityGroup(
        id=call.new_id("sg"),
        vpc_id=vpc.id,
        name="default",
        description="default VPC security group",
    )
    group.rules = [
        GroupRule(id=call.new_id("sgr"), egress=False, protocol="-1", from_port=None, to_port=None,
                  group=group.id, group_owner=call.region.account),
        GroupRule(id=call.new_id("sgr"), egress=True, protocol="-1", from_port=None, to_port=None,
                  cidr4="0.0.0.0/0"),
    ]  # fmt: skip
    call.create(call.region.groups, group)
    table = RouteTable(id=call.new_id("rtb"), vpc_id=vpc.id)
    table.associations[call.new_id("rtbassoc")] = ""
    call.create(call.region.route_tables, table)
    return vpc


def default_vpc(call: Context) -> Vpc | None:
    """Return the account's default VPC, or None."""
    return next((vpc for vpc in call.region.vpcs if vpc.is_default), None)


def describe_vpcs(call: Context, params: Params) -> Answer:
    """List VPCs."""
    rows = select(call, call.region.vpcs, params, "VpcIds", FILTERS)
    rows, more = page(rows, params, PAGE)
    return {"Vpcs": [view(call, row) for row in rows]} | more


def delete_vpc(call: Context, params: Params) -> Answer:
    """Delete a VPC that has nothing left but its default group and main route table."""
    region = call.region
    vpc = call.get(region.vpcs, params["VpcId"])
    groups = region.groups.by("vpc", vpc.id)
    tables = region.route_tables.by("vpc", vpc.id)
    left = (
        region.subnets.ids("vpc", vpc.id)
        or region.gateways.ids("vpc", vpc.id)
        or region.interfaces.ids("vpc", vpc.id)
        or any(group.name != "default" for group in groups)
        or any(not table.main for table in tables)
    )
    if left:
        raise refuse("vpc.in-use", id=vpc.id)
    for group in groups:
        call.delete(region.groups, group.id)
    for table in tables:
        call.delete(region.route_tables, table.id)
    call.delete(region.vpcs, vpc.id)
    return {}


# parameter of ModifyVpcAttribute -> (attribute of DescribeVpcAttribute, field of the row)
_ATTRIBUTES = {
    "EnableDnsSupport": ("enableDnsSupport", "dns_support"),
    "EnableDnsHostnames": ("enableDnsHostnames", "dns_hostnames"),
    "EnableNetworkAddressUsageMetrics": ("enableNetworkAddressUsageMetrics", "usage_metrics"),
}


def modify_vpc_attribute(call: Context, params: Params) -> Answer:
    """Set exactly one attribute."""
    vpc = call.get(call.region.vpcs, params["VpcId"])
    given = [name for name in _ATTRIBUTES if name in params]
    if len(given) != 1:
        raise refuse("vpc.attribute", names=given)
    setattr(vpc, _ATTRIBUTES[given[0]][1], bool(params[given[0]].get("Value")))
    call.save(call.region.vpcs, vpc)
    return {}


def describe_vpc_attribute(call: Context, params: Params) -> Answer:
    """Tell one attribute."""
    vpc = call.get(call.region.vpcs, params["VpcId"])
    for member, (attribute, field) in _ATTRIBUTES.items():
        if params["Attribute"] == attribute:
            return {"VpcId": vpc.id, member: {"Value": getattr(vpc, field)}}
    raise refuse("parameter.value", name="attribute", value=params["Attribute"])


def view(call: Context, vpc: Vpc) -> Answer:
    """Return a VPC as EC2 lists it."""
    return {
        "VpcId": vpc.id,
        "OwnerId": call.region.account,
        "State": "available",
        "CidrBlock": vpc.cidr,
        "CidrBlockAssociationSet": [
            {"AssociationId": association, "CidrBlock": cidr, "CidrBlockState": {"State": "associated"}}
            for association, cidr in ((f"vpc-cidr-assoc-{vpc.id.removeprefix('vpc-')}", vpc.cidr), *vpc.more.items())
        ],
        "DhcpOptionsId": "default",
        "InstanceTenancy": vpc.tenancy,
        "IsDefault": vpc.is_default,
        "Tags": shown(vpc.shown_tags),
    }


FILTERS: FilterTable = {
    "vpc-id": lambda call, row: (row.id,),
    "cidr": lambda call, row: (row.cidr,),
    "cidr-block-association.cidr-block": lambda call, row: (row.cidr, *row.more.values()),
    "state": lambda call, row: ("available",),
    "is-default": lambda call, row: (str(row.is_default).lower(),),
    "owner-id": lambda call, row: (call.region.account,),
    "dhcp-options-id": lambda call, row: ("default",),
}

ACTIONS = (
    Action("CreateVpc", create_vpc, "CidrBlock InstanceTenancy TagSpecifications"),
    Action("DescribeVpcs", describe_vpcs, "VpcIds Filters MaxResults NextToken"),
    Action("DeleteVpc", delete_vpc, "VpcId"),
    Action("ModifyVpcAttribute", modify_vpc_attribute, "VpcId " + " ".join(_ATTRIBUTES)),
    Action("DescribeVpcAttribute", describe_vpc_attribute, "VpcId Attribute"),
)
