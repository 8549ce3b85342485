"""Network interfaces that change: attributes, attachment, more and fewer addresses."""

from collections.abc import Sequence
from typing import Any

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.blocks import free_addresses, holder, parse_address
from aws_emulator.actions.instance_type import find_type
from aws_emulator.actions.interface import attached, groups_for
from aws_emulator.context import Context
from aws_emulator.lifecycle.interface import attach_interface, free, settle_public_ip
from aws_emulator.rules import refuse
from aws_emulator.state.compute import Instance
from aws_emulator.state.network import NetworkInterface, Subnet

_ATTRIBUTES = ("Attachment", "Description", "Groups", "SourceDestCheck", "AssociatePublicIpAddress")


def subnet_of(call: Context, row: NetworkInterface) -> Subnet:
    """Return the subnet of an interface; it cannot be gone while the interface is there."""
    subnet = call.region.subnets.get(row.subnet_id)
    if subnet is None:
        raise refuse("subnet.not-found", id=row.subnet_id)
    return subnet


def modify_attribute(call: Context, params: Params) -> Answer:
    """Set exactly one attribute of an interface."""
    table = call.region.interfaces
    row = call.get(table, params["NetworkInterfaceId"])
    given = [name for name in _ATTRIBUTES if name in params]
    if len(given) != 1:
        raise refuse("interface.attribute", names=given)
    value = params[given[0]]
    if given[0] == "Groups":
        row.groups = [group.id for group in groups_for(call, value, subnet_of(call, row))]
    elif given[0] == "Description":
        row.description = value.get("Value", "")
    elif given[0] == "SourceDestCheck":
        row.source_dest_check = value.get("Value", True)
    elif given[0] == "AssociatePublicIpAddress":
        row.public = value
        settle_public_ip(call, row)
    else:
        _modify_attachment(row, value)
    call.save(table, row)
    return {}


def _modify_attachment(row: NetworkInterface, value: Params) -> None:
    identity = value.get("AttachmentId", "")
    if row.attachment is None or row.attachment.id != identity:
        raise refuse("interface.not-attached", attachment=identity, id=row.id)
    if "DeleteOnTermination" in value:
        row.attachment.delete_on_termination = value["DeleteOnTermination"]


def describe_attribute(call: Context, params: Params) -> Answer:
    """Tell one attribute of an interface."""
    row = call.get(call.region.interfaces, params["NetworkInterfaceId"])
    answer: Answer = {"NetworkInterfaceId": row.id}
    asked = params.get("Attribute", "")
    if asked == "description":
        answer["Description"] = {"Value": row.description}
    elif asked == "sourceDestCheck":
        answer["SourceDestCheck"] = {"Value": row.source_dest_check}
    elif asked == "groupSet":
        answer["Groups"] = [{"GroupId": group} for group in row.groups]
    elif asked == "attachment":
        held = row.attachment
        if held:
            answer["Attachment"] = {
                "AttachmentId": held.id,
                "InstanceId": held.instance_id,
                "DeviceIndex": held.device_index,
                "Status": held.status,
                "DeleteOnTermination": held.delete_on_termination,
            }
    else:
        raise refuse("parameter.value", name="attribute", value=asked)
    return answer


def _ready(call: Context, instance: Instance) -> None:
    if instance.state not in ("running", "stopped"):
        raise refuse("interface.instance-state", instance=instance.id, state=instance.state)


def attach(call: Context, params: Params) -> Answer:
    """Attach a free interface at a free device index of an instance of the same zone."""
    table = call.region.interfaces
    row = call.get(table, params["NetworkInterfaceId"])
    instance = call.get(call.region.instances, params["InstanceId"])
    index = params["DeviceIndex"]
    if row.attachment:
        raise refuse("interface.attached", id=row.id)
    _ready(call, instance)
    if row.zone != instance.zone:
        raise refuse("interface.zone")
    held = attached(call, instance.id)
    if any(each.attachment and each.attachment.device_index == index for each in held):
        raise refuse("interface.device-index", instance=instance.id, index=index)
    kind = find_type(instance.instance_type)
    if len(held) >= kind.interfaces:
        raise refuse("interface.type-limit", count=len(held) + 1, type=kind.name)
    if len(row.addresses) > kind.addresses:
        raise refuse("ip.limit", limit=kind.addresses, type=kind.name)
    attachment = attach_interface(call, row, instance, index, delete_on_termination=False)
    call.save(table, row)
    return {"AttachmentId": attachment.id, "NetworkCardIndex": 0}


def detach(call: Context, params: Params) -> Answer:
    """Begin to detach an interface; device index 0 stays as long as its instance."""
    table = call.region.interfaces
    identity = params["AttachmentId"]
    if not identity.startswith("eni-attach-"):
        raise refuse("attachment.malformed", id=identity)
    found = table.by("attachment", identity)
    if not found or found[0].attachment is None:
        raise refuse("attachment.not-found", id=identity)
    row, held = found[0], found[0].attachment
    if held.device_index == 0:
        raise refuse("interface.primary")
    if held.status == "detaching" and not params.get("Force"):
        return {}
    instance = call.region.instances.get(held.instance_id)
    if instance is not None:
        _ready(call, instance)
    if params.get("Force"):
        free(call, row)
        return {}
    held.status = "detaching"
    row.timers.pop("attached", None)
    call.later(table, row, "detached", call.config.durations.interface_detaching)
    call.save(table, row)
    return {}


def _most(call: Context, row: NetworkInterface) -> tuple[int, str]:
    """Return how many addresses the interface may have, and the type that says so."""
    instance = call.region.instances.get(row.attachment.instance_id) if row.attachment else None
    if instance is None:
        return 50, "interface"
    kind = find_type(instance.instance_type)
    return kind.addresses, kind.name


def assign(call: Context, params: Params) -> Answer:
    """Add named or free addresses; AllowReassignment takes them from another interface."""
    table = call.region.interfaces
    row = call.get(table, params["NetworkInterfaceId"])
    subnet = subnet_of(call, row)
    named: Sequence[str] = params.get("PrivateIpAddresses", ())
    count = params.get("SecondaryPrivateIpAddressCount", 0)
    if bool(named) == bool(count):
        raise refuse("parameter.one-of", names="privateIpAddress or secondaryPrivateIpAddressCount")
    wanted = [parse_address(address, subnet) for address in named]
    limit, kind = _most(call, row)
    if len(set(row.addresses) | set(wanted)) + count > limit:
        raise refuse("ip.limit", limit=limit, type=kind)
    taken_from = []
    for address in wanted:
        other = holder(call, subnet, address)
        if other is None or other.id == row.id:
            continue
        if not params.get("AllowReassignment") or other.addresses[0] == address:
            raise refuse("ip.in-use", ip=address)
        taken_from.append((other, address))
    wanted = wanted or free_addresses(call, subnet, count)
    for other, address in taken_from:
        other.addresses = [each for each in other.addresses if each != address]
        call.save(table, other)
    row.addresses += [address for address in wanted if address not in row.addresses]
    call.save(table, row)
    return {
        "NetworkInterfaceId": row.id,
        "AssignedPrivateIpAddresses": [{"PrivateIpAddress": address} for address in wanted],
    }


def unassign(call: Context, params: Params) -> Answer:
    """Take secondary addresses away; an Elastic IP on one of them is free again."""
    table = call.region.interfaces
    row = call.get(table, params["NetworkInterfaceId"])
    gone: list[Any] = params.get("PrivateIpAddresses", [])
    if not gone:
        raise refuse("parameter.missing", name="privateIpAddress")
    for address in gone:
        if address not in row.addresses:
            raise refuse("ip.not-on-interface", id=row.id, ip=address)
        if address == row.addresses[0]:
            raise refuse("ip.primary", id=row.id, ip=address)
    for elastic in call.region.addresses.by("interface", row.id):
        if elastic.private_ip in gone:
            elastic.association_id = elastic.interface_id = elastic.private_ip = ""
            call.save(call.region.addresses, elastic)
    row.addresses = [address for address in row.addresses if address not in gone]
    call.save(table, row)
    return {}


ACTIONS = (
    Action(
        "ModifyNetworkInterfaceAttribute",
        modify_attribute,
        "NetworkInterfaceId " + " ".join(_ATTRIBUTES),
    ),
    Action("DescribeNetworkInterfaceAttribute", describe_attribute, "NetworkInterfaceId Attribute"),
    Action("AttachNetworkInterface", attach, "NetworkInterfaceId InstanceId DeviceIndex"),
    Action("DetachNetworkInterface", detach, "AttachmentId Force"),
    Action(
        "AssignPrivateIpAddresses",
        assign,
        "NetworkInterfaceId PrivateIpAddresses SecondaryPrivateIpAddressCount AllowReassignment",
    ),
    Action("UnassignPrivateIpAddresses", unassign, "NetworkInterfaceId PrivateIpAddresses"),
)
