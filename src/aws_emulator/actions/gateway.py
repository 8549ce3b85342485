"""Internet gateways: what a VPC needs before a public address can work in it."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, Page, page, select
from aws_emulator.rules import refuse
from aws_emulator.state.network import InternetGateway
from aws_emulator.tagging import shown, tags_on_create

PAGE = Page(5, 1000, ids_exclude=False)


def create(call: Context, params: Params) -> Answer:
    """Make a gateway attached to nothing."""
    tags = tags_on_create(call, params, "internet-gateway")["internet-gateway"]
    if len(call.region.gateways) >= call.config.quotas.internet_gateways:
        raise refuse("gateway.limit")
    row = InternetGateway(id=call.new_id("igw"))
    call.create(call.region.gateways, row, tags)
    return {"InternetGateway": view(call, row)}


def describe(call: Context, params: Params) -> Answer:
    """List gateways."""
    rows = select(call, call.region.gateways, params, "InternetGatewayIds", FILTERS)
    rows, more = page(rows, params, PAGE)
    return {"InternetGateways": [view(call, row) for row in rows]} | more


def attach(call: Context, params: Params) -> Answer:
    """Attach a free gateway to a VPC without one."""
    region = call.region
    row = call.get(region.gateways, params["InternetGatewayId"])
    vpc = call.get(region.vpcs, params["VpcId"])
    if row.vpc_id:
        raise refuse("gateway.attached", id=row.id, vpc=row.vpc_id)
    if region.gateways.ids("vpc", vpc.id):
        raise refuse("gateway.vpc-has-one", vpc=vpc.id)
    row.vpc_id = vpc.id
    call.save(region.gateways, row)
    return {}


def detach(call: Context, params: Params) -> Answer:
    """Detach a gateway from its VPC, unless public addresses there depend on it."""
    region = call.region
    row = call.get(region.gateways, params["InternetGatewayId"])
    vpc = call.get(region.vpcs, params["VpcId"])
    if row.vpc_id != vpc.id:
        raise refuse("gateway.not-attached", id=row.id, vpc=vpc.id)
    for interface in region.interfaces.by("vpc", vpc.id):
        if interface.auto_public_ip or region.addresses.ids("interface", interface.id):
            raise refuse("gateway.addresses", vpc=vpc.id)
    row.vpc_id = ""
    call.save(region.gateways, row)
    return {}


def delete(call: Context, params: Params) -> Answer:
    """Delete a gateway that is attached to nothing."""
    row = call.get(call.region.gateways, params["InternetGatewayId"])
    if row.vpc_id:
        raise refuse("gateway.in-use", id=row.id)
    call.delete(call.region.gateways, row.id)
    return {}


def view(call: Context, row: InternetGateway) -> Answer:
    """Return a gateway as EC2 lists it."""
    attachments = [{"VpcId": row.vpc_id, "State": "available"}] if row.vpc_id else []
    return {
        "InternetGatewayId": row.id,
        "OwnerId": call.region.account,
        "Attachments": attachments,
        "Tags": shown(row.shown_tags),
    }


FILTERS: FilterTable = {
    "internet-gateway-id": lambda call, row: (row.id,),
    "attachment.vpc-id": lambda call, row: (row.vpc_id,) if row.vpc_id else (),
    "attachment.state": lambda call, row: ("available",) if row.vpc_id else (),
    "owner-id": lambda call, row: (call.region.account,),
}

ACTIONS = (
    Action("CreateInternetGateway", create, "TagSpecifications"),
    Action("DescribeInternetGateways", describe, "InternetGatewayIds Filters MaxResults NextToken"),
    Action("AttachInternetGateway", attach, "InternetGatewayId VpcId"),
    Action("DetachInternetGateway", detach, "InternetGatewayId VpcId"),
    Action("DeleteInternetGateway", delete, "InternetGatewayId"),
)
