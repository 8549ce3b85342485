"""Elastic IP addresses. AllocateAddress has no token: a lost answer is a lost address."""

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.interface import attached
from aws_emulator.context import Context
from aws_emulator.lifecycle.interface import settle_public_ip
from aws_emulator.listing import FilterTable, select
from aws_emulator.rules import refuse
from aws_emulator.state.network import Address, NetworkInterface
from aws_emulator.tagging import shown, tags_on_create


def allocate(call: Context, params: Params) -> Answer:
    """Take a public address."""
    tags = tags_on_create(call, params, "elastic-ip")["elastic-ip"]
    if params.get("Domain", "vpc") != "vpc":
        raise refuse("parameter.choice", name="domain", value=params["Domain"], allowed=["vpc"])
    if len(call.region.addresses) >= call.config.quotas.addresses:
        raise refuse("address.limit")
    row = Address(id=call.new_id("eipalloc"), public_ip=call.next_public_ip())
    call.create(call.region.addresses, row, tags)
    return {
        "AllocationId": row.id,
        "PublicIp": row.public_ip,
        "Domain": "vpc",
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": call.region.name,
    }


def describe(call: Context, params: Params) -> Answer:
    """List addresses; EC2 does not page them."""
    rows = select(call, call.region.addresses, params, "AllocationIds", FILTERS)
    for ip in params.get("PublicIps", ()):
        if not any(row.public_ip == ip and call.sees(row) for row in call.region.addresses):
            raise refuse("address.unknown", ip=ip)
    if params.get("PublicIps"):
        rows = [row for row in rows if row.public_ip in params["PublicIps"]]
    return {"Addresses": [view(call, row) for row in rows]}


def _chosen(call: Context, params: Params) -> Address:
    if "AllocationId" in params:
        return call.get(call.region.addresses, params["AllocationId"])
    if "PublicIp" not in params:
        raise refuse("parameter.one-of", names="publicIp or allocationId")
    found = call.region.addresses.by("ip", params["PublicIp"])
    if not found or not call.sees(found[0]):
        raise refuse("address.unknown", ip=params["PublicIp"])
    return found[0]


def associate(call: Context, params: Params) -> Answer:
    """Map an address to a private one; the same mapping again answers the same association.

    An address that came to the interface by itself is lost. Mappings in the way are ended, unless AllowReassociation
    is false.
    """
    region = call.region
    row = _chosen(call, params)
    interface = _target(call, params)
    private = params.get("PrivateIpAddress", interface.addresses[0])
    if private not in interface.addresses:
        raise refuse("ip.not-on-interface", id=interface.id, ip=private)
    if not region.gateways.ids("vpc", interface.vpc_id):
        raise refuse("address.no-gateway", vpc=interface.vpc_id)
    if row.interface_id == interface.id and row.private_ip == private:
        return {"AssociationId": row.association_id}
    moving = params.get("AllowReassociation", True)
    if row.association_id and not moving:
        raise refuse("address.associated", id=row.id, association=row.association_id)
    for other in region.addresses.by("interface", interface.id):
        if other.private_ip == private and other.id != row.id:
            if not moving:
                raise refuse("address.target-has-one", id=interface.id, association=other.association_id)
            _free(call, other)
    if row.association_id:
        _free(call, row)
    row.association_id = call.new_id("eipassoc")
    row.interface_id, row.private_ip = interface.id, private
    call.save(region.addresses, row)
    settle_public_ip(call, interface)
    call.save(region.interfaces, interface)
    call.made.append(row.association_id)
    return {"AssociationId": row.association_id}


def _target(call: Context, params: Params) -> NetworkInterface:
    region = call.region
    if "NetworkInterfaceId" in params:
        row = call.get(region.interfaces, params["NetworkInterfaceId"])
        holder = region.instances.get(row.attachment.instance_id) if row.attachment else None
        if holder is not None and holder.state == "pending":
            raise refuse("address.interface-pending", id=row.id)
        return row
    if "InstanceId" not in params:
        raise refuse("parameter.one-of", names="instanceId or networkInterfaceId")
    instance = call.get(region.instances, params["InstanceId"])
    if instance.state not in ("running", "stopped", "stopping"):
        raise refuse("address.instance-state", id=instance.id)
    held = attached(call, instance.id)
    if len(held) > 1:
        raise refuse("address.instance-interfaces", id=instance.id)
    return held[0]


def disassociate(call: Context, params: Params) -> Answer:
    """End a mapping; ending one that is over is no error by address, and one by association."""
    if "AssociationId" in params:
        identity = params["AssociationId"]
        found = call.region.addresses.by("association", identity)
        if not found:
            raise refuse("association.not-found", id=identity)
        _free(call, found[0])
        return {}
    row = _chosen(call, params)
    if row.association_id:
        _free(call, row)
    return {}


def _free(call: Context, row: Address) -> None:
    interface = call.region.interfaces.get(row.interface_id)
    row.association_id = row.interface_id = row.private_ip = ""
    call.save(call.region.addresses, row)
    if interface is not None:
        settle_public_ip(call, interface, anew=True)
        call.save(call.region.interfaces, interface)


def release(call: Context, params: Params) -> Answer:
    """Give an address back, unless it is mapped; in a default VPC it is unmapped by that."""
    row = _chosen(call, params)
    interface = call.region.interfaces.get(row.interface_id) if row.association_id else None
    vpc = call.region.vpcs.get(interface.vpc_id) if interface is not None else None
    if vpc is not None and vpc.is_default:
        _free(call, row)
    if row.association_id:
        raise refuse("address.in-use", ip=row.public_ip)
    call.delete(call.region.addresses, row.id)
    return {}


def instance_of(call: Context, row: Address) -> str:
    """Return the instance that the address leads to, or ""."""
    interface = call.region.interfaces.get(row.interface_id) if row.interface_id else None
    return interface.attachment.instance_id if interface and interface.attachment else ""


def view(call: Context, row: Address) -> Answer:
    """Return an address as EC2 lists it."""
    answer: Answer = {
        "AllocationId": row.id,
        "PublicIp": row.public_ip,
        "Domain": "vpc",
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": call.region.name,
        "Tags": shown(row.shown_tags),
    }
    if row.association_id:
        answer |= {
            "AssociationId": row.association_id,
            "NetworkInterfaceId": row.interface_id,
            "NetworkInterfaceOwnerId": call.region.account,
            "PrivateIpAddress": row.private_ip,
            "InstanceId": instance_of(call, row) or None,
        }
    return answer


FILTERS: FilterTable = {
    "allocation-id": lambda call, row: (row.id,),
    "association-id": lambda call, row: (row.association_id,),
    "public-ip": lambda call, row: (row.public_ip,),
    "private-ip-address": lambda call, row: (row.private_ip,),
    "network-interface-id": lambda call, row: (row.interface_id,),
    "network-interface-owner-id": lambda call, row: (call.region.account,) if row.association_id else (),
    "instance-id": lambda call, row: (instance_of(call, row),),
    "domain": lambda call, row: ("vpc",),
    "network-border-group": lambda call, row: (call.region.name,),
}

ACTIONS = (
    Action("AllocateAddress", allocate, "Domain TagSpecifications"),
    Action("DescribeAddresses", describe, "AllocationIds PublicIps Filters"),
    Action(
        "AssociateAddress",
        associate,
        "AllocationId PublicIp InstanceId NetworkInterfaceId PrivateIpAddress AllowReassociation",
    ),
    Action("DisassociateAddress", disassociate, "AssociationId PublicIp"),
    Action("ReleaseAddress", release, "AllocationId PublicIp NetworkBorderGroup"),
)
