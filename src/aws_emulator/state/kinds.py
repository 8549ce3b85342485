"""The kinds of resources as data: id form, table, indexes, name in tag specifications."""

from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

from aws_emulator.catalogue.types import TYPES
from aws_emulator.state.compute import Instance, KeyPair, PlacementGroup
from aws_emulator.state.network import (
    Address,
    InternetGateway,
    NetworkInterface,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from aws_emulator.state.resource import Resource
from aws_emulator.state.storage import OwnImage, Snapshot, Volume
from aws_emulator.state.table import Keys


class Kind(NamedTuple):
    """`name` is AWS's resource type of tags, `prefix` starts its ids (the key pair's too)."""

    name: str
    prefix: str
    row: type[Resource]
    indexes: Mapping[str, Keys]


def _of_vpc(row: Subnet | SecurityGroup | RouteTable | InternetGateway) -> Iterable[Hashable]:
    return (row.vpc_id,) if row.vpc_id else ()


def _interface_instance(row: NetworkInterface) -> Iterable[Hashable]:
    return (row.attachment.instance_id,) if row.attachment else ()


def _interface_addresses(row: NetworkInterface) -> Iterable[Hashable]:
    return tuple((row.subnet_id, address) for address in row.addresses)


def _vcpus(row: Instance) -> Iterable[Hashable]:
    if not row.live:
        return ()
    found = TYPES[row.instance_type]
    return ((found.quota_class, found.vcpus),)


def _places(row: Instance) -> Iterable[Hashable]:
    return ((row.zone_id, row.instance_type),) if row.live else ()


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("vpc", "vpc", Vpc, {}),
        Kind("subnet", "subnet", Subnet, {"vpc": _of_vpc}),
        Kind("network-interface", "eni", NetworkInterface, {
            "vpc": lambda row: (row.vpc_id,),
            "subnet": lambda row: (row.subnet_id,),
            "group": lambda row: row.groups,
            "instance": _interface_instance,
            "address": _interface_addresses,
            "public-ip": lambda row: (row.auto_public_ip,) if row.auto_public_ip else (),
            "attachment": lambda row: (row.attachment.id,) if row.attachment else (),
        }),
        Kind("security-group", "sg", SecurityGroup, {
            "vpc": _of_vpc,
            "name": lambda row: ((row.vpc_id, row.name),),
            "peer": lambda row: {rule.group for rule in row.rules if rule.group},
            "rule": lambda row: (rule.id for rule in row.rules),
        }),
        Kind("internet-gateway", "igw", InternetGateway, {"vpc": _of_vpc}),
        Kind("route-table", "rtb", RouteTable, {
            "vpc": _of_vpc,
            "association": lambda row: row.associations,
            "subnet": lambda row: (subnet for subnet in row.associations.values() if subnet),
        }),
        Kind("elastic-ip", "eipalloc", Address, {
            "ip": lambda row: (row.public_ip,),
            "association": lambda row: (row.association_id,) if row.association_id else (),
            "interface": lambda row: (row.interface_id,) if row.interface_id else (),
        }),
        Kind("key-pair", "key", KeyPair, {"name": lambda row: (row.name,)}),
        Kind("placement-group", "pg", PlacementGroup, {"name": lambda row: (row.name,)}),
        Kind("instance", "i", Instance, {
            "placement": lambda row: (row.placement_group,) if row.placement_group else (),
            "vcpus": _vcpus,
            "place": _places,
            "state": lambda row: (row.state,),
        }),
        Kind("volume", "vol", Volume, {
            "instance": lambda row: {held.instance_id for held in row.attachments},
        }),
        Kind("image", "ami", OwnImage, {
            "name": lambda row: (row.name,),
            "snapshot": lambda row: {device.snapshot_id for device in row.devices},
        }),
        Kind("snapshot", "snap", Snapshot, {"volume": lambda row: (row.volume_id,)}),
    )
}  # fmt: skip

BY_PREFIX: Mapping[str, Kind] = {kind.prefix: kind for kind in KINDS.values()}
