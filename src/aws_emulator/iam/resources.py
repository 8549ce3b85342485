"""Which resources a call is authorised on: those that it makes, and those that its parameters name.

A path goes through the parameters, `[]` meaning each of a list. What is named by an id that is not its own (an
association, an attachment) is authorised on all that hang on it. An action without a row supports no resource-level
permission (or none that is known here): only a statement with the resource `*` can allow it.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2". Not verified on a real
account: whether a resource that does not exist is NotFound or unauthorised (here: NotFound).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from aws_emulator.state.compute import Instance
from aws_emulator.state.network import NetworkInterface, Subnet
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
PLACEMENT = ("GroupName", "placement-group")

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
            ("Placement.GroupName", "placement-group"),
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
    "DetachNetworkInterface": Row(uses=(("AttachmentId", "network-interface"), ("AttachmentId", "instance"))),
    "AssignPrivateIpAddresses": Row(uses=(INTERFACE,)),
    "UnassignPrivateIpAddresses": Row(uses=(INTERFACE,)),
    "ImportKeyPair": Row(("key-pair",)),
    "DeleteKeyPair": Row(uses=(("KeyPairId", "key-pair"), ("KeyName", "key-pair"))),
    "AllocateAddress": Row(("elastic-ip",)),
    "AssociateAddress": Row(uses=(ADDRESS, INTERFACE, INSTANCE)),
    "DisassociateAddress": Row(uses=(("AssociationId", "elastic-ip"), ("AssociationId", "network-interface"))),
    "ReleaseAddress": Row(uses=(ADDRESS,)),
    "CreateInternetGateway": Row(("internet-gateway",)),
    "DeleteInternetGateway": Row(uses=(GATEWAY,)),
    "AttachInternetGateway": Row(uses=(GATEWAY, VPC)),
    "DetachInternetGateway": Row(uses=(GATEWAY, VPC)),
    "CreateRouteTable": Row(("route-table",), (VPC,)),
    "DeleteRouteTable": Row(uses=(TABLE,)),
    "AssociateRouteTable": Row(uses=(TABLE, SUBNET)),
    "DisassociateRouteTable": Row(uses=(("AssociationId", "route-table"), ("AssociationId", "subnet"))),
    "CreateRoute": Row(uses=(TABLE,)),
    "ReplaceRoute": Row(uses=(TABLE,)),
    "DeleteRoute": Row(uses=(TABLE,)),
    "CreatePlacementGroup": Row(("placement-group",)),
    "DeletePlacementGroup": Row(uses=(PLACEMENT,)),
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
    """A resource that is there, `id` as its ARN has it; `tags` empty for what has none."""

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
    row = region.table(kind).get(value)
    if row is None and kind == "image":
        return Named(kind, value, {})  # somebody else's
    if row is None and kind in _OTHERWISE:
        row = next((each for each in _OTHERWISE[kind](region, value) if each is not None), None)
    return None if row is None else _row(kind, row)


def _interfaces(region: Region, value: str) -> Iterator[NetworkInterface | None]:
    """Yield the interface of an attachment, or the one that an address's association leads to."""
    yield from region.interfaces.by("attachment", value)
    yield from (region.interfaces.get(each.interface_id) for each in region.addresses.by("association", value))


def _instances(region: Region, value: str) -> Iterator[Instance | None]:
    """Yield the instance of an interface's attachment."""
    for each in region.interfaces.by("attachment", value):
        yield region.instances.get(each.attachment.instance_id) if each.attachment else None


def _subnets(region: Region, value: str) -> Iterator[Subnet | None]:
    """Yield the subnet of a route table's association; that of a main table has none."""
    return (region.subnets.get(each.associations[value]) for each in region.route_tables.by("association", value))


# How a kind is named otherwise than by its id.
_OTHERWISE: dict[str, Callable[[Region, str], Iterable[Any]]] = {
    "key-pair": lambda region, value: region.key_pairs.by("name", value),
    "placement-group": lambda region, value: region.placement_groups.by("name", value),
    "elastic-ip": lambda region, value: region.addresses.by("association", value),
    "route-table": lambda region, value: region.route_tables.by("association", value),
    "network-interface": _interfaces,
    "instance": _instances,
    "subnet": _subnets,
}


def _row(kind: str, row: Any) -> Named:
    return Named(kind, row.name if kind in ("key-pair", "placement-group") else row.id, row.tags)
