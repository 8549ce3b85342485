"""What carries our tag in an account, kind by kind: how it is listed, what holds it, how it is removed.

One table for the sweep (what belongs to nobody) and for the end of a deployment (everything), so that a new kind is a
row and neither can forget it.
"""

from __future__ import annotations

from collections.abc import Sequence

from gurum.providers.aws.drivers import found
from gurum.providers.aws.removal import Call, Item, Kind


def _association(item: Item) -> Sequence[Call]:
    """An address that leads to an interface."""
    mapped = item.get("AssociationId")
    return (("DisassociateAddress", {"AssociationId": mapped}),) if mapped else ()


def _attachments(item: Item) -> Sequence[Call]:
    """A gateway of a VPC."""
    return tuple(
        ("DetachInternetGateway", {"InternetGatewayId": item["InternetGatewayId"], "VpcId": each["VpcId"]})
        for each in item.get("Attachments", [])
    )


def _associations(item: Item) -> Sequence[Call]:
    """A table that subnets have."""
    return tuple(
        ("DisassociateRouteTable", {"AssociationId": each["RouteTableAssociationId"]})
        for each in item.get("Associations", [])
        if not each.get("Main")
    )


def _pointing(item: Item) -> Sequence[Call]:
    """Rules that point at groups: two groups that point at each other could never be deleted."""
    calls: list[Call] = []
    for key, action in (
        ("IpPermissions", "RevokeSecurityGroupIngress"),
        ("IpPermissionsEgress", "RevokeSecurityGroupEgress"),
    ):
        rules = [rule for rule in item.get(key, []) if rule.get("UserIdGroupPairs")]
        if rules:
            calls.append((action, {"GroupId": item["GroupId"], "IpPermissions": rules}))
    return calls


# In the order in which they can go: what is further up keeps what is further down.
_ROWS: tuple[Kind, ...] = (
    Kind("instance", "DescribeInstances", "Reservations", "InstanceId", "TerminateInstances", "InstanceIds"),
    Kind(
        "network-interface",
        "DescribeNetworkInterfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        "DeleteNetworkInterface",
        "NetworkInterfaceId",
    ),
    Kind(
        "elastic-ip",
        "DescribeAddresses",
        "Addresses",
        "AllocationId",
        "ReleaseAddress",
        "AllocationId",
        page=0,
        before=_association,
    ),
    Kind("key-pair", "DescribeKeyPairs", "KeyPairs", "KeyPairId", "DeleteKeyPair", "KeyPairId", page=0),
    Kind(
        "security-group",
        "DescribeSecurityGroups",
        "SecurityGroups",
        "GroupId",
        "DeleteSecurityGroup",
        "GroupId",
        before=_pointing,
    ),
    Kind(
        "route-table",
        "DescribeRouteTables",
        "RouteTables",
        "RouteTableId",
        "DeleteRouteTable",
        "RouteTableId",
        page=100,
        before=_associations,
    ),
    Kind("subnet", "DescribeSubnets", "Subnets", "SubnetId", "DeleteSubnet", "SubnetId"),
    Kind(
        "internet-gateway",
        "DescribeInternetGateways",
        "InternetGateways",
        "InternetGatewayId",
        "DeleteInternetGateway",
        "InternetGatewayId",
        before=_attachments,
    ),
    Kind("vpc", "DescribeVpcs", "Vpcs", "VpcId", "DeleteVpc", "VpcId"),
)

# A driver's module adds what it makes as `LEFTOVERS`.
KINDS: Sequence[Kind] = (*_ROWS, *(row for rows in found("LEFTOVERS") for row in rows))
