"""Network interfaces: create, describe, delete."""

from collections.abc import Iterable, Sequence
from typing import Any

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.blocks import free_addresses, holder, parse_address
from aws_emulator.actions.interface_view import FILTERS, view
from aws_emulator.context import Context
from aws_emulator.lifecycle.interface import remove_interface
from aws_emulator.listing import Page, page, select
from aws_emulator.rules import refuse
from aws_emulator.state.network import NetworkInterface, SecurityGroup, Subnet
from aws_emulator.tagging import tags_on_create

PAGE = Page(5, 1000, ids_exclude=True)


def create_interface(call: Context, params: Params) -> Answer:
    """Make an interface with chosen or free addresses; without Groups the VPC's default one."""
    tags = tags_on_create(call, params, "network-interface")["network-interface"]
    subnet = call.get(call.region.subnets, params["SubnetId"])
    groups = groups_for(call, params.get("Groups"), subnet)
    check_quota(call, 1)
    addresses = wanted_addresses(call, params, subnet)
    row = new_interface(call, subnet, addresses, groups, params.get("Description", ""))
    row.client_token = params.get("ClientToken", "")
    call.create(call.region.interfaces, row, tags)
    return again(call, [row.id])


def again(call: Context, ids: Sequence[str]) -> Answer:
    """Return the answer of the create call, as the interface is now."""
    row = call.region.interfaces.get(ids[0])
    if row is None:
        raise refuse("network-interface.not-found", id=ids[0])
    return {"NetworkInterface": view(call, row), "ClientToken": row.client_token}


def new_interface(
    call: Context,
    subnet: Subnet,
    addresses: list[str],
    groups: Iterable[SecurityGroup],
    description: str,
) -> NetworkInterface:
    """Return an interface not yet inserted; its MAC is locally administered as EC2's are."""
    tail = call.random.getrandbits(40)
    return NetworkInterface(
        id=call.new_id("eni"),
        vpc_id=subnet.vpc_id,
        subnet_id=subnet.id,
        zone=subnet.zone,
        mac="0e:" + ":".join(f"{tail >> shift & 255:02x}" for shift in (32, 24, 16, 8, 0)),
        addresses=addresses,
        groups=[group.id for group in groups],
        description=description,
    )


def check_quota(call: Context, more: int) -> None:
    """Raise Refusal when `more` interfaces would pass the quota."""
    if len(call.region.interfaces) + more > call.config.quotas.network_interfaces:
        raise refuse("interface.limit")


def groups_for(call: Context, ids: Sequence[str] | None, subnet: Subnet) -> list[SecurityGroup]:
    """Return the groups of an interface in a subnet; the VPC's default one without ids.

    Refusal for unknown ones, those of another VPC, and more than the quota.
    """
    if not ids:
        return call.region.groups.by("name", (subnet.vpc_id, "default"))
    groups = call.many(call.region.groups, ids)
    if len(groups) > call.config.quotas.groups_per_interface:
        raise refuse("interface.groups-limit")
    for group in groups:
        if group.vpc_id != subnet.vpc_id:
            raise refuse("interface.groups-vpc", group=group.id, subnet=subnet.id)
    return groups


def wanted_addresses(
    call: Context,
    params: Params,
    subnet: Subnet,
    taken: frozenset[str] = frozenset(),
) -> list[str]:
    """Return the addresses that a specification asks for, the primary one first.

    PrivateIpAddress, PrivateIpAddresses and SecondaryPrivateIpAddressCount as EC2 has them; what
    is not named is a free address. `taken` are addresses promised within the same call.
    """
    named: list[str] = []
    primary = params.get("PrivateIpAddress")
    for each in params.get("PrivateIpAddresses", ()):
        address = each.get("PrivateIpAddress", "")
        if each.get("Primary"):
            if primary not in (None, address):
                raise refuse("ip.two-primary")
            primary = address
        else:
            named.append(address)
    wanted = [parse_address(a, subnet) for a in ([primary] if primary else []) + named]
    for address in wanted:
        if address in taken or wanted.count(address) > 1 or holder(call, subnet, address):
            raise refuse("ip.in-use", ip=address)
    more = params.get("SecondaryPrivateIpAddressCount", 0) + (0 if primary else 1)
    found = free_addresses(call, subnet, more, taken | set(wanted)) if more else []
    return wanted + found if primary else found[:1] + wanted + found[1:]


def describe_interfaces(call: Context, params: Params) -> Answer:
    """List interfaces."""
    rows = select(call, call.region.interfaces, params, "NetworkInterfaceIds", FILTERS)
    rows, more = page(rows, params, PAGE, "NetworkInterfaceIds")
    return {"NetworkInterfaces": [view(call, row) for row in rows]} | more


def delete_interface(call: Context, params: Params) -> Answer:
    """Delete an interface that is not attached; its Elastic IP address is freed."""
    row = call.get(call.region.interfaces, params["NetworkInterfaceId"])
    if row.attachment:
        raise refuse("interface.in-use", id=row.id)
    remove_interface(call, row)
    return {}


def attached(call: Context, instance_id: str) -> list[NetworkInterface]:
    """Return the interfaces of an instance by device index."""
    rows = call.region.interfaces.by("instance", instance_id)

    def index(row: NetworkInterface) -> Any:
        return row.attachment.device_index if row.attachment else 0

    return sorted(rows, key=index)


ACTIONS = (
    Action(
        "CreateNetworkInterface",
        create_interface,
        "SubnetId Description PrivateIpAddress PrivateIpAddresses Groups ClientToken"
        " SecondaryPrivateIpAddressCount TagSpecifications",
        again=again,
    ),
    Action(
        "DescribeNetworkInterfaces",
        describe_interfaces,
        "NetworkInterfaceIds Filters MaxResults NextToken",
    ),
    Action("DeleteNetworkInterface", delete_interface, "NetworkInterfaceId"),
)
