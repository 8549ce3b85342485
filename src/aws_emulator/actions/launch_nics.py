"""The network side of a launch: which interfaces, in which subnet, with which addresses."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from aws_emulator.actions.action import Params
from aws_emulator.actions.instance_type import offered
from aws_emulator.actions.interface import groups_for
from aws_emulator.actions.vpc import default_vpc
from aws_emulator.actions.zones import chosen_zone
from aws_emulator.context import Context
from aws_emulator.rules import refuse
from aws_emulator.state.network import NetworkInterface, SecurityGroup, Subnet

_NEW_ONLY = ("SubnetId", "PrivateIpAddress", "PrivateIpAddresses", "Groups", "Description",
             "SecondaryPrivateIpAddressCount", "AssociatePublicIpAddress")  # fmt: skip
_INSTANCE_LEVEL = {
    "SubnetId": "subnet ID",
    "SecurityGroupIds": "security groups",
    "SecurityGroups": "security groups",
    "PrivateIpAddress": "private address",
}


class Nic(NamedTuple):
    """An interface of an instance to be: an existing one, or the wish for a new one."""

    device: int
    existing: NetworkInterface | None
    subnet: Subnet
    groups: list[SecurityGroup]
    wish: Mapping[str, Any]
    delete_on_termination: bool
    public_ip: bool


def nics_of(call: Context, params: Params, kind: str, most: int) -> list[Nic]:
    """Return the interfaces of each instance by device index, at least the primary one.

    `kind` is the instance type (a zone that offers it is preferred when none is asked for),
    `most` the number of instances.
    """
    asked = params.get("NetworkInterfaces")
    if not asked:
        return [_from_instance_level(call, params, kind, most)]
    for name, words in _INSTANCE_LEVEL.items():
        if params.get(name):
            raise refuse("run.interfaces-and-subnet", name=words)
    nics = sorted((_from_spec(call, spec, most) for spec in asked), key=lambda nic: nic.device)
    indexes = [nic.device for nic in nics]
    for index in indexes:
        if indexes.count(index) > 1:
            raise refuse("interface.device-index", instance="(new)", index=index)
    if indexes[0] != 0:
        raise refuse("run.interface-no-primary")
    if len(nics) > 1 and any(spec.get("AssociatePublicIpAddress") for spec in asked):
        raise refuse("run.public-ip")
    if len({nic.subnet.zone for nic in nics}) > 1:
        raise refuse("run.interface-zones")
    _check_zone(call, params, nics[0].subnet)
    return nics


def _from_spec(call: Context, spec: Mapping[str, Any], most: int) -> Nic:
    index = spec.get("DeviceIndex")
    identity = spec.get("NetworkInterfaceId")
    if index is None:
        raise refuse("run.interface-index")
    if identity:
        for name in _NEW_ONLY:
            if spec.get(name):
                raise refuse("run.interface-fields", name=name[:1].lower() + name[1:])
        if spec.get("DeleteOnTermination"):
            raise refuse("run.interface-fields", name="deleteOnTermination")
        if most > 1:
            raise refuse("run.interface-count", name="networkInterfaceId")
        row = call.get(call.region.interfaces, identity)
        if row.attachment:
            raise refuse("interface.attached", id=row.id)
        subnet = call.region.subnets.get(row.subnet_id)
        if subnet is None:
            raise refuse("subnet.not-found", id=row.subnet_id)
        return Nic(index, row, subnet, [], {}, False, False)
    if "SubnetId" not in spec:
        raise refuse("run.interface-subnet")
    subnet = call.get(call.region.subnets, spec["SubnetId"])
    if most > 1 and (spec.get("PrivateIpAddress") or spec.get("PrivateIpAddresses")):
        raise refuse("run.interface-count", name="privateIpAddress")
    groups = groups_for(call, spec.get("Groups"), subnet)
    public = spec.get("AssociatePublicIpAddress", subnet.map_public_ip and index == 0)
    return Nic(index, None, subnet, groups, spec, spec.get("DeleteOnTermination", True), public)


def _from_instance_level(call: Context, params: Params, kind: str, most: int) -> Nic:
    if "SubnetId" in params:
        subnet = call.get(call.region.subnets, params["SubnetId"])
    else:
        subnet = _default_subnet(call, params, kind)
    _check_zone(call, params, subnet)
    if most > 1 and params.get("PrivateIpAddress"):
        raise refuse("run.interface-count", name="privateIpAddress")
    if params.get("SecurityGroups"):
        vpc = default_vpc(call)
        if vpc is None or vpc.id != subnet.vpc_id:
            raise refuse("run.group-name")
        found = [call.region.groups.by("name", (vpc.id, n)) for n in params["SecurityGroups"]]
        for name, rows in zip(params["SecurityGroups"], found, strict=True):
            if not rows:
                raise refuse("security-group.not-found", id=name)
        groups = [rows[0] for rows in found]
    else:
        groups = groups_for(call, params.get("SecurityGroupIds"), subnet)
    wish = {name: params[name] for name in ("PrivateIpAddress", "SecondaryPrivateIpAddressCount") if name in params}
    return Nic(0, None, subnet, groups, wish, True, subnet.map_public_ip)


def _default_subnet(call: Context, params: Params, kind: str) -> Subnet:
    vpc = default_vpc(call)
    if vpc is None:
        raise refuse("vpc.no-default")
    zone = chosen_zone(call, params.get("Placement", {}))
    subnets = [row for row in call.region.subnets.by("vpc", vpc.id) if row.default_for_zone]
    if zone is not None:
        subnets = [row for row in subnets if row.zone == zone.name]
    else:
        places = {each.name for each in call.region.zones if offered(call, kind, each)}
        subnets = [row for row in subnets if row.zone in places] or subnets
    if not subnets:
        raise refuse("vpc.no-default-subnet", zone=zone.name if zone else call.region.name)
    return call.random.choice(subnets)


def _check_zone(call: Context, params: Params, subnet: Subnet) -> None:
    zone = chosen_zone(call, params.get("Placement", {}))
    if zone is not None and zone.name != subnet.zone:
        raise refuse("run.zone-subnet", zone=zone.name, subnet=subnet.id, actual=subnet.zone)


def token_zone(call: Context, params: Params) -> str | None:
    """Return the zone id that makes the token of a launch zonal, "" for a regional one.

    None when the zone follows from a subnet or interface that does not exist (any more).
    """
    placement = params.get("Placement", {})
    asked = placement.get("AvailabilityZone") or placement.get("AvailabilityZoneId")
    subnet_ids = [params["SubnetId"]] if "SubnetId" in params else []
    for spec in params.get("NetworkInterfaces", ()):
        if spec.get("NetworkInterfaceId"):
            row = call.region.interfaces.get(spec["NetworkInterfaceId"])
            subnet_ids.append(row.subnet_id if row else "")
        elif spec.get("SubnetId"):
            subnet_ids.append(spec["SubnetId"])
    if subnet_ids:
        subnet = call.region.subnets.get(subnet_ids[0])
        return subnet.zone_id if subnet else None
    if asked:
        zone = call.region.zone(asked)
        return zone.id if zone else None
    return ""
