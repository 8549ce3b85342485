"""Further IPv4 blocks of a VPC: the first cannot be changed, four can be added (VPC User Guide, "VPC CIDR blocks")."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.blocks import block, parse_block
from aws_emulator.actions.vpc import LARGEST, SMALLEST
from aws_emulator.context import Context
from aws_emulator.rules import refuse

# What may not be added to a VPC whose first block lies in the key (VPC User Guide, "IPv4 CIDR block association
# restrictions").
RESTRICTED = {
    "10.0.0.0/8": ("192.168.0.0/16", "172.16.0.0/12", "198.19.0.0/16"),
    "172.16.0.0/12": ("10.0.0.0/8", "192.168.0.0/16", "198.19.0.0/16"),
    "192.168.0.0/16": ("10.0.0.0/8", "172.16.0.0/12", "198.19.0.0/16"),
}


def associate_vpc_cidr_block(call: Context, params: Params) -> Answer:
    """Add a block that overlaps none of the VPC's and lies in no restricted range."""
    vpc = call.get(call.region.vpcs, params["VpcId"])
    if "CidrBlock" not in params:
        raise refuse("parameter.missing", name="cidrBlock")
    cidr = parse_block(params["CidrBlock"])
    if not LARGEST <= cidr.prefixlen <= SMALLEST:
        raise refuse("vpc.block-range", cidr=cidr)
    if any(cidr.overlaps(block(own)) for own in (vpc.cidr, *vpc.more.values())):
        raise refuse("vpc.block-conflict", cidr=cidr)
    for first, ranges in RESTRICTED.items():
        if block(vpc.cidr).subnet_of(block(first)) and any(cidr.subnet_of(block(other)) for other in ranges):
            raise refuse("vpc.block-restricted", cidr=cidr)
    if 1 + len(vpc.more) >= call.config.quotas.blocks_per_vpc:
        raise refuse("vpc.block-limit", id=vpc.id, limit=call.config.quotas.blocks_per_vpc)
    association = call.new_id("vpc-cidr-assoc")
    vpc.more[association] = str(cidr)
    call.save(call.region.vpcs, vpc)
    state = {"AssociationId": association, "CidrBlock": str(cidr), "CidrBlockState": {"State": "associating"}}
    return {"CidrBlockAssociation": state, "VpcId": vpc.id}


ACTIONS = (Action("AssociateVpcCidrBlock", associate_vpc_cidr_block, "VpcId CidrBlock"),)
