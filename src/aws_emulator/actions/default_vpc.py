"""The default VPC that AWS makes in accounts; absent unless the configuration asks for it."""

from aws_emulator.actions.vpc import default_vpc, make_vpc
from aws_emulator.context import Context
from aws_emulator.state.network import InternetGateway, Route, Subnet


def make_default_vpc(call: Context) -> None:
    """Make 172.31.0.0/16 with a /20 and public addresses in each zone, behind a gateway."""
    if default_vpc(call):
        return
    region = call.region
    vpc = make_vpc(call, "172.31.0.0/16", "default", {}, is_default=True)
    for number, zone in enumerate(region.zones):
        subnet = Subnet(
            id=call.new_id("subnet"), vpc_id=vpc.id, cidr=f"172.31.{number * 16}.0/20",
            zone=zone.name, zone_id=zone.id, default_for_zone=True, map_public_ip=True,
        )  # fmt: skip
        call.create(region.subnets, subnet)
    gateway = InternetGateway(id=call.new_id("igw"), vpc_id=vpc.id)
    call.create(region.gateways, gateway)
    for table in region.route_tables.by("vpc", vpc.id):
        table.routes.append(Route(cidr="0.0.0.0/0", gateway_id=gateway.id))
        call.save(region.route_tables, table)
