"""Which resources a call is authorised on: those that it makes, and those that its parameters name.

A path goes through the parameters, `[]` meaning each of a list. An action without a row supports no resource-level
permission (or none that is known here): only a statement with the resource `*` can allow it.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2". Not verified on a real
account: whether a resource that does not exist is NotFound or unauthorised (here: NotFound).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from aws_emulator.state.region import Region


class Row(NamedTuple):
    """The kinds that an action makes, and where its parameters name others: (path, kind)."""

    makes: tuple[str, ...] = ()
    uses: tuple[tuple[str, str], ...] = ()


INSTANCES = ("InstanceIds[]", "instance")
INSTANCE = ("InstanceId", "instance")
INTERFACE = ("NetworkInterfaceId", "network-interface")
GROUP = ("GroupId", "security-group")
VPC = ("VpcId", "vpc")
SUBNET = ("SubnetId", "subnet")
GATEWAY = ("InternetGatewayId", "internet-gateway")
TABLE = ("RouteTableId", "route-table")
VOLUME = ("VolumeId", "volume")
ADDRESS = ("AllocationId", "elastic-ip")

ROWS: dict[str, Row] = {
    "RunInstances": Row(
        ("instance", "volume", "network-interface"),
        (
            ("ImageId", "image"),
            ("KeyName", "key-pair"),
            SUBNET,
            ("SecurityGroupIds[]", "security-group"),
            ("NetworkInterfaces[].SubnetId", "subnet"),
            ("NetworkInterfaces[].Groups[]", "security-group"),
            ("NetworkInterfaces[].NetworkInterfaceId", "network-interface"),
        ),
    ),
    "StartInstances": Row(uses=(INSTANCES,)),
    "StopInstances": Row(uses=(INSTANCES,)),
    "RebootInstances": Row(uses=(INSTANCES,)),
    "TerminateInstances": Row(uses=(INSTANCES,)),
    "GetConsoleOutput": Row(uses=(INSTANCE,)),
    "ModifyInstanceAttribute": Row(uses=(INSTANCE, ("Groups[]", "security-group"))),
    "CreateVpc": Row(("vpc",)),
    "DeleteVpc": Row(uses=(VPC,)),
    "ModifyVpcAttribute": Row(uses=(VPC,)),
    "AssociateVpcCidrBlock": Row(uses=(VPC,)),
    "CreateSubnet": Row(("subnet",), (VPC,)),
    "DeleteSubnet": Row(uses=(SUBNET,)),
    "ModifySubnetAttribute": Row(uses=(SUBNET,)),
    "CreateSecurityGroup": Row(("security-group",), (VPC,)),
    "DeleteSecurityGroup": Row(uses=(GROUP,)),
    "AuthorizeSecurityGroupIngress": Row(uses=(GROUP,)),
    "AuthorizeSecurityGroupEgress": Row(uses=(GROUP,)),
    "RevokeSecurityGroupIngress": Row(uses=(GROUP,)),
    "RevokeSecurityGroupEgress": Row(uses=(GROUP,)),
    "CreateNetworkInterface": Row(("network-interface",), (SUBNET, ("Groups[]", "security-group"))),
    "DeleteNetworkInterface": Row(uses=(INTERFACE,)),
    "ModifyNetworkInterfaceAttribute": Row(uses=(INTERFACE, ("Groups[]", "security-group"))),
    "AttachNetworkInterface": Row(uses=(INTERFACE, INSTANCE)),
    "AssignPrivateIpAddresses": Row(uses=(INTERFACE,)),
    "UnassignPrivateIpAddresses": Row(uses=(INTERFACE,)),
    "ImportKeyPair": Row(("key-pair",)),
    "DeleteKeyPair": Row(uses=(("KeyPairId", "key-pair"), ("KeyName", "key-pair"))),
    "AllocateAddress": Row(("elastic-ip",)),
    "AssociateAddress": Row(uses=(ADDRESS, INTERFACE, INSTANCE)),
    "DisassociateAddress": Row(uses=(("AssociationId", "elastic-ip"),)),
    "ReleaseAddress": Row(uses=(ADDRESS,)),
    "CreateInternetGateway": Row(("internet-gateway",)),
    "DeleteInternetGateway": Row(uses=(GATEWAY,)),
    "AttachInternetGateway": Row(uses=(GATEWAY, VPC)),
    "DetachInternetGateway": Row(uses=(GATEWAY, VPC)),
    "CreateRouteTable": Row(("route-table",), (VPC,)),
    "DeleteRouteTable": Row(uses=(TABLE,)),
    "AssociateRouteTable": Row(uses=(TABLE, SUBNET)),
    "DisassociateRouteTable": Row(uses=(("AssociationId", "route-table"),)),
    "CreateRoute": Row(uses=(TABLE,)),
    "ReplaceRoute": Row(uses=(TABLE,)),
    "DeleteRoute": Row(uses=(TABLE,)),
    "CreateVolume": Row(("volume",), (("SnapshotId", "snapshot"),)),
    "DeleteVolume": Row(uses=(VOLUME,)),
    "AttachVolume": Row(uses=(VOLUME, INSTANCE)),
    "DetachVolume": Row(uses=(VOLUME, INSTANCE)),
    "ModifyVolume": Row(uses=(VOLUME,)),
    "CreateSnapshot": Row(("snapshot",), (VOLUME,)),
    "DeleteSnapshot": Row(uses=(("SnapshotId", "snapshot"),)),
    "CreateImage": Row(("image", "snapshot"), (INSTANCE,)),
    "DeregisterImage": Row(uses=(("ImageId", "image"),)),
    "CreateTags": Row(uses=(("Resources[]", ""),)),
    "DeleteTags": Row(uses=(("Resources[]", ""),)),
}  # fmt: skip


class Named(NamedTuple):
    """A resource that is there; `tags` empty for what has none."""

    kind: str
    id: str
    tags: Mapping[str, str]


def made(action: str, params: Mapping[str, Any]) -> Iterator[str]:
    """Yield the kinds that a call makes."""
    for kind in ROWS[action].makes:
        # A launch makes interfaces unless all of them are there already.
        given = [nic.get("NetworkInterfaceId") for nic in params.get("NetworkInterfaces", [])]
        if not (action == "RunInstances" and kind == "network-interface" and given and all(given)):
            yield kind


def named(action: str, params: Mapping[str, Any], region: Region) -> Iterator[Named]:
    """Yield the existing resources that a call names, each once; what does not exist is left to the action."""
    seen = set()
    for path, kind in ROWS[action].uses:
        for value in _values(params, path.split(".")):
            found = _find(region, kind, str(value))
            if found is not None and (found.kind, found.id) not in seen:
                seen.add((found.kind, found.id))
                yield found


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield value
        return
    name, many = path[0].removesuffix("[]"), path[0].endswith("[]")
    below = value.get(name)
    if below is None:
        return
    for one in below if many else [below]:
        yield from _values(one, path[1:])


def _find(region: Region, kind: str, value: str) -> Named | None:
    if not kind:  # any resource, told by its id
        return next((_row(table.kind, row) for table in region.tables() if (row := table.get(value))), None)
    table = region.table(kind)
    row = table.get(value)
    if row is None and kind == "key-pair":
        row = next((key for key in table if key.name == value), None)
    if row is None and kind == "elastic-ip":
        row = next((address for address in table if address.association_id == value), None)
    if row is None and kind == "route-table":
        row = next((each for each in table if value in each.associations), None)
    if row is None and kind == "image":
        return Named(kind, value, {})  # somebody else's
    return None if row is None else _row(kind, row)


def _row(kind: str, row: Any) -> Named:
    return Named(kind, row.id, row.tags)
