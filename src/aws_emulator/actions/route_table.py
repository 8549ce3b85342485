"""Route tables and routes."""

from collections.abc import Sequence

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.blocks import parse_block
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, Page, page, select
from aws_emulator.rules import refuse
from aws_emulator.state.network import Route, RouteTable
from aws_emulator.tagging import shown, tags_on_create

PAGE = Page(5, 100, ids_exclude=False)


def create(call: Context, params: Params) -> Answer:
    """Make a table with the local route only."""
    tags = tags_on_create(call, params, "route-table")["route-table"]
    vpc = call.get(call.region.vpcs, params["VpcId"])
    table = call.region.route_tables
    if len(table.ids("vpc", vpc.id)) >= call.config.quotas.route_tables_per_vpc:
        raise refuse("route-table.limit")
    row = RouteTable(id=call.new_id("rtb"), vpc_id=vpc.id)
    call.create(table, row, tags)
    return again(call, [row.id])


def again(call: Context, ids: Sequence[str]) -> Answer:
    """Return the answer of the create call, as the table is now."""
    row = call.region.route_tables.get(ids[0])
    if row is None:
        raise refuse("route-table.not-found", id=ids[0])
    return {"RouteTable": view(call, row)}


def describe(call: Context, params: Params) -> Answer:
    """List route tables."""
    rows = select(call, call.region.route_tables, params, "RouteTableIds", FILTERS)
    rows, more = page(rows, params, PAGE)
    return {"RouteTables": [view(call, row) for row in rows]} | more


def delete(call: Context, params: Params) -> Answer:
    """Delete a table that is neither the main one nor associated."""
    row = call.get(call.region.route_tables, params["RouteTableId"])
    if row.main:
        raise refuse("route-table.main", id=row.id)
    if row.associations:
        raise refuse("route-table.in-use", id=row.id)
    call.delete(call.region.route_tables, row.id)
    return {}


def associate(call: Context, params: Params) -> Answer:
    """Associate a subnet without an association of its own with a table of its VPC."""
    region = call.region
    row = call.get(region.route_tables, params["RouteTableId"])
    if "SubnetId" not in params:
        raise refuse("parameter.missing", name="subnetId")
    subnet = call.get(region.subnets, params["SubnetId"])
    if subnet.vpc_id != row.vpc_id:
        raise refuse("route-table.other-vpc", id=row.id, subnet=subnet.id)
    for other in region.route_tables.by("subnet", subnet.id):
        if other.id != row.id:
            raise refuse("route-table.associated", id=row.id)
        known = next(key for key, value in row.associations.items() if value == subnet.id)
        return {"AssociationId": known, "AssociationState": {"State": "associated"}}
    identity = call.new_id("rtbassoc")
    row.associations[identity] = subnet.id
    call.save(region.route_tables, row)
    call.made.append(identity)
    return {"AssociationId": identity, "AssociationState": {"State": "associated"}}


def disassociate(call: Context, params: Params) -> Answer:
    """End an association; the subnet falls back to the main table."""
    identity = params["AssociationId"]
    found = call.region.route_tables.by("association", identity)
    if not found:
        raise refuse("association.not-found", id=identity)
    row = found[0]
    if not row.associations[identity]:
        raise refuse("route-table.main-association", id=identity)
    del row.associations[identity]
    call.changed.append(identity)
    call.save(call.region.route_tables, row)
    return {}


def create_route(call: Context, params: Params) -> Answer:
    """Add a route to an attached internet gateway or to an interface of the VPC."""
    region = call.region
    row = call.get(region.route_tables, params["RouteTableId"])
    route = _route(call, row, params)
    if route.cidr in {each.cidr for each in row.routes}:
        if route in row.routes:
            return {"Return": True}
        raise refuse("route.exists", cidr=route.cidr)
    if len(row.routes) >= call.config.quotas.routes_per_table:
        raise refuse("route.limit")
    row.routes.append(route)
    call.save(region.route_tables, row)
    return {"Return": True}


def _route(call: Context, row: RouteTable, params: Params) -> Route:
    if "DestinationCidrBlock" not in params:
        raise refuse("parameter.missing", name="destinationCidrBlock")
    cidr = str(parse_block(params["DestinationCidrBlock"]))
    vpc = call.region.vpcs.get(row.vpc_id)
    if vpc is not None and cidr == vpc.cidr:
        raise refuse("route.local", cidr=cidr, id=row.id)
    targets = [name for name in ("GatewayId", "NetworkInterfaceId") if name in params]
    if len(targets) != 1:
        raise refuse("parameter.one-of", names="gatewayId or networkInterfaceId")
    if targets[0] == "GatewayId":
        gateway = call.get(call.region.gateways, params["GatewayId"])
        if gateway.vpc_id != row.vpc_id:
            raise refuse("route.gateway", id=row.id, gateway=gateway.id)
        return Route(cidr=cidr, gateway_id=gateway.id)
    interface = call.get(call.region.interfaces, params["NetworkInterfaceId"])
    if interface.vpc_id != row.vpc_id:
        raise refuse("route.other-vpc", id=row.id, interface=interface.id)
    return Route(cidr=cidr, interface_id=interface.id)


def replace_route(call: Context, params: Params) -> Answer:
    """Point an existing route to another target."""
    row = call.get(call.region.route_tables, params["RouteTableId"])
    route = _route(call, row, params)
    if route.cidr not in {each.cidr for each in row.routes}:
        raise refuse("route.not-found", cidr=route.cidr, id=row.id)
    row.routes = [route if each.cidr == route.cidr else each for each in row.routes]
    call.save(call.region.route_tables, row)
    return {}


def delete_route(call: Context, params: Params) -> Answer:
    """Remove a route that somebody made."""
    row = call.get(call.region.route_tables, params["RouteTableId"])
    if "DestinationCidrBlock" not in params:
        raise refuse("parameter.missing", name="destinationCidrBlock")
    cidr = params["DestinationCidrBlock"]
    vpc = call.region.vpcs.get(row.vpc_id)
    if vpc is not None and cidr == vpc.cidr:
        raise refuse("route.local", cidr=cidr, id=row.id)
    kept = [route for route in row.routes if route.cidr != cidr]
    if len(kept) == len(row.routes):
        raise refuse("route.not-found", cidr=cidr, id=row.id)
    row.routes = kept
    call.save(call.region.route_tables, row)
    return {}


def view(call: Context, row: RouteTable) -> Answer:
    """Return a table as EC2 lists it; a route to what is gone or detached is a blackhole."""
    vpc = call.region.vpcs.get(row.vpc_id)
    local = {
        "DestinationCidrBlock": vpc.cidr if vpc else "",
        "GatewayId": "local",
        "Origin": "CreateRouteTable",
        "State": "active",
    }
    return {
        "RouteTableId": row.id,
        "VpcId": row.vpc_id,
        "OwnerId": call.region.account,
        "PropagatingVgws": [],
        "Routes": [local, *(_route_view(call, row, route) for route in row.routes)],
        "Associations": [
            {
                "RouteTableAssociationId": identity,
                "RouteTableId": row.id,
                "Main": not subnet,
                "SubnetId": subnet or None,
                "AssociationState": {"State": "associated"},
            }
            for identity, subnet in row.associations.items()
        ],
        "Tags": shown(row.shown_tags),
    }


def _route_view(call: Context, row: RouteTable, route: Route) -> Answer:
    answer: Answer = {"DestinationCidrBlock": route.cidr, "Origin": "CreateRoute"}
    if route.gateway_id:
        gateway = call.region.gateways.get(route.gateway_id)
        active = gateway is not None and gateway.vpc_id == row.vpc_id
        answer["GatewayId"] = route.gateway_id
    else:
        interface = call.region.interfaces.get(route.interface_id)
        active = interface is not None and interface.attachment is not None
        answer["NetworkInterfaceId"] = route.interface_id
        if interface is not None and interface.attachment is not None:
            answer["InstanceId"] = interface.attachment.instance_id
            answer["InstanceOwnerId"] = call.region.account
    answer["State"] = "active" if active else "blackhole"
    return answer


FILTERS: FilterTable = {
    "route-table-id": lambda call, row: (row.id,),
    "vpc-id": lambda call, row: (row.vpc_id,),
    "owner-id": lambda call, row: (call.region.account,),
    "association.main": lambda call, row: {str(not s).lower() for s in row.associations.values()},
    "association.subnet-id": lambda call, row: (s for s in row.associations.values() if s),
    "association.route-table-association-id": lambda call, row: row.associations,
    "association.route-table-id": lambda call, row: (row.id,) if row.associations else (),
    "route.destination-cidr-block": lambda call, row: (
        each["DestinationCidrBlock"] for each in view(call, row)["Routes"]
    ),
    "route.gateway-id": lambda call, row: (each.get("GatewayId", "") for each in view(call, row)["Routes"]),
    "route.state": lambda call, row: (each["State"] for each in view(call, row)["Routes"]),
}

_ROUTE = "RouteTableId DestinationCidrBlock GatewayId NetworkInterfaceId"
ACTIONS = (
    Action("CreateRouteTable", create, "VpcId ClientToken TagSpecifications", again=again),
    Action("DescribeRouteTables", describe, "RouteTableIds Filters MaxResults NextToken"),
    Action("DeleteRouteTable", delete, "RouteTableId"),
    Action("AssociateRouteTable", associate, "RouteTableId SubnetId"),
    Action("DisassociateRouteTable", disassociate, "AssociationId"),
    Action("CreateRoute", create_route, _ROUTE),
    Action("ReplaceRoute", replace_route, _ROUTE),
    Action("DeleteRoute", delete_route, "RouteTableId DestinationCidrBlock"),
)
