"""What each call to EC2 needs from IAM: the table from which the least-privilege policy is written.

A row an action. `makes`: the types of what it makes, tagged in the same call with our deployment's owner tag; `uses`:
the types of existing things it touches, which must carry that tag; `foreign`: types that belong to others (an image).
A row without any of them is an action that EC2 cannot restrict to resources: it only looks. A driver that calls
something new needs a row here, or the tests fail; nothing else has to be changed for it.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Permission:
    """How EC2 authorises one action. The types are those of ARNs and of TagSpecifications."""

    makes: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()


LOOKS = Permission()

PERMISSIONS: dict[str, Permission] = {
    "AllocateAddress": Permission(makes=("elastic-ip",)),
    "AssociateAddress": Permission(uses=("elastic-ip", "network-interface")),
    "AssociateRouteTable": Permission(uses=("route-table", "subnet")),
    "AssociateVpcCidrBlock": Permission(uses=("vpc",)),
    "AttachInternetGateway": Permission(uses=("internet-gateway", "vpc")),
    "AttachNetworkInterface": Permission(uses=("instance", "network-interface")),
    "AuthorizeSecurityGroupEgress": Permission(uses=("security-group",)),
    "AuthorizeSecurityGroupIngress": Permission(uses=("security-group",)),
    "CreateInternetGateway": Permission(makes=("internet-gateway",)),
    "CreateNetworkInterface": Permission(makes=("network-interface",), uses=("subnet", "security-group")),
    "CreatePlacementGroup": Permission(makes=("placement-group",)),
    "CreateRoute": Permission(uses=("route-table",)),
    "CreateRouteTable": Permission(makes=("route-table",), uses=("vpc",)),
    "CreateSecurityGroup": Permission(makes=("security-group",), uses=("vpc",)),
    "CreateSubnet": Permission(makes=("subnet",), uses=("vpc",)),
    "CreateVpc": Permission(makes=("vpc",)),
    "DeleteInternetGateway": Permission(uses=("internet-gateway",)),
    "DeleteKeyPair": Permission(uses=("key-pair",)),
    "DeleteNetworkInterface": Permission(uses=("network-interface",)),
    "DeletePlacementGroup": Permission(uses=("placement-group",)),
    "DeleteRoute": Permission(uses=("route-table",)),
    "DeleteRouteTable": Permission(uses=("route-table",)),
    "DeleteSecurityGroup": Permission(uses=("security-group",)),
    "DeleteSubnet": Permission(uses=("subnet",)),
    "DeleteVpc": Permission(uses=("vpc",)),
    "DescribeAddresses": LOOKS,
    "DescribeInstances": LOOKS,
    "DescribeInternetGateways": LOOKS,
    "DescribeKeyPairs": LOOKS,
    "DescribeNetworkInterfaces": LOOKS,
    "DescribePlacementGroups": LOOKS,
    "DescribeRouteTables": LOOKS,
    "DescribeSecurityGroupRules": LOOKS,
    "DescribeSecurityGroups": LOOKS,
    "DescribeSubnets": LOOKS,
    "DescribeVpcs": LOOKS,
    "DetachInternetGateway": Permission(uses=("internet-gateway", "vpc")),
    "DetachNetworkInterface": Permission(uses=("instance", "network-interface")),
    "DisassociateAddress": Permission(uses=("elastic-ip", "network-interface")),
    "DisassociateRouteTable": Permission(uses=("route-table", "subnet")),
    "GetConsoleOutput": Permission(uses=("instance",)),
    "ImportKeyPair": Permission(makes=("key-pair",)),
    "ModifyNetworkInterfaceAttribute": Permission(uses=("network-interface", "security-group")),
    "RebootInstances": Permission(uses=("instance",)),
    "ReleaseAddress": Permission(uses=("elastic-ip",)),
    "ReplaceRoute": Permission(uses=("route-table",)),
    "RevokeSecurityGroupEgress": Permission(uses=("security-group",)),
    "RevokeSecurityGroupIngress": Permission(uses=("security-group",)),
    "RunInstances": Permission(
        makes=("instance", "network-interface", "volume"),
        uses=("key-pair", "network-interface", "placement-group", "security-group", "subnet"),
        foreign=("image",),
    ),
    "StartInstances": Permission(uses=("instance",)),
    "StopInstances": Permission(uses=("instance",)),
    "TerminateInstances": Permission(uses=("instance",)),
}

# Types of what can be adopted.
ADOPTED: tuple[str, ...] = (
    "elastic-ip", "instance", "internet-gateway", "key-pair", "network-interface", "placement-group", "route-table",
    "security-group", "subnet", "vpc",
)  # fmt: skip
# What adoption calls beside: only a deployment that adopts needs it. Looking needs no more than the first two; tags are
# written when something is taken over (CreateTags, see `policy.document`) and taken off when it is let go of.
ADOPTION: dict[str, Permission] = {
    "DescribeImages": LOOKS,
    "DescribeInstanceTypes": LOOKS,
    "DeleteTags": Permission(uses=ADOPTED),
}
