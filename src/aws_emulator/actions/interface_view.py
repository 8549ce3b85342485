"""How EC2 shows an interface: by itself, and inside an instance."""

from collections.abc import Iterator
from typing import Any

from aws_emulator.actions.action import Answer
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable
from aws_emulator.state.network import Address, NetworkInterface
from aws_emulator.tagging import shown


def private_dns(region: str, address: str) -> str:
    """Return the name that the VPC's resolver gives an address."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"


def public_dns(region: str, address: str) -> str:
    """Return the public name of an address."""
    domain = "compute-1" if region == "us-east-1" else f"{region}.compute"
    return f"ec2-{address.replace('.', '-')}.{domain}.amazonaws.com"


def group_refs(call: Context, row: NetworkInterface) -> list[Answer]:
    """Return the groups of an interface with their names."""
    table = call.region.groups
    found = ((group, table.get(group)) for group in row.groups)
    return [{"GroupId": group, "GroupName": each.name if each else ""} for group, each in found]


def status(row: NetworkInterface) -> str:
    """Return the interface's status word."""
    return "in-use" if row.attachment else "available"


def association(call: Context, row: NetworkInterface, address: str) -> Answer | None:
    """Return the public side of one private address, or None."""
    table = call.region.addresses
    if table.ids("interface", row.id):
        for elastic in table.by("interface", row.id):
            if elastic.private_ip == address:
                return _elastic(call, elastic)
    if row.auto_public_ip and address == row.addresses[0]:
        return {
            "PublicIp": row.auto_public_ip,
            "IpOwnerId": "amazon",
            "PublicDnsName": public_dns(call.region.name, row.auto_public_ip),
        }
    return None


def _elastic(call: Context, elastic: Address) -> Answer:
    return {
        "PublicIp": elastic.public_ip,
        "IpOwnerId": call.region.account,
        "PublicDnsName": public_dns(call.region.name, elastic.public_ip),
        "AllocationId": elastic.id,
        "AssociationId": elastic.association_id,
    }


def addresses(call: Context, row: NetworkInterface) -> list[Answer]:
    """Return the private addresses with their public sides."""
    region = call.region.name
    shown_addresses = []
    for number, address in enumerate(row.addresses):
        each: Answer = {
            "PrivateIpAddress": address,
            "PrivateDnsName": private_dns(region, address),
            "Primary": number == 0,
        }
        public = association(call, row, address)
        if public:
            each["Association"] = public
        shown_addresses.append(each)
    return shown_addresses


def view(call: Context, row: NetworkInterface) -> Answer:
    """Return an interface as DescribeNetworkInterfaces lists it."""
    held = row.attachment
    answer = _common(call, row) | {
        "AvailabilityZone": row.zone,
        "RequesterManaged": False,
        "TagSet": shown(row.shown_tags),
    }
    del answer["Attachment"]
    if held:
        answer["Attachment"] = {
            "AttachmentId": held.id,
            "InstanceId": held.instance_id,
            "InstanceOwnerId": call.region.account,
            "DeviceIndex": held.device_index,
            "NetworkCardIndex": 0,
            "Status": held.status,
            "AttachTime": held.attached_at,
            "DeleteOnTermination": held.delete_on_termination,
        }
    return answer


_SHORT = ("PublicIp", "IpOwnerId", "PublicDnsName")


def in_instance(call: Context, row: NetworkInterface) -> Answer:
    """Return an interface as DescribeInstances shows it inside its instance: with shorter associations."""
    answer = _common(call, row)
    for each in (answer, *answer["PrivateIpAddresses"]):
        if each.get("Association"):
            each["Association"] = {name: each["Association"][name] for name in _SHORT}
    return answer


def _common(call: Context, row: NetworkInterface) -> Answer:
    held = row.attachment
    private = addresses(call, row)
    answer: Answer = {
        "NetworkInterfaceId": row.id,
        "SubnetId": row.subnet_id,
        "VpcId": row.vpc_id,
        "Description": row.description,
        "OwnerId": call.region.account,
        "Status": status(row),
        "MacAddress": row.mac,
        "PrivateIpAddress": row.addresses[0],
        "PrivateDnsName": private[0]["PrivateDnsName"],
        "SourceDestCheck": row.source_dest_check,
        "Groups": group_refs(call, row),
        "InterfaceType": "interface",
        "Ipv6Addresses": [],
        "PrivateIpAddresses": private,
        "Association": private[0].get("Association"),
        "Attachment": held
        and {
            "AttachmentId": held.id,
            "DeviceIndex": held.device_index,
            "NetworkCardIndex": 0,
            "Status": held.status,
            "AttachTime": held.attached_at,
            "DeleteOnTermination": held.delete_on_termination,
        },
    }
    return answer


def _held(name: str) -> Any:
    def offer(call: Context, row: NetworkInterface) -> Iterator[str]:
        if row.attachment:
            value = getattr(row.attachment, name)
            yield str(value).lower() if isinstance(value, bool) else str(value)

    return offer


def _public(name: str) -> Any:
    def offer(call: Context, row: NetworkInterface) -> Iterator[str]:
        for address in row.addresses:
            found = (association(call, row, address) or {}).get(name)
            if found:
                yield found

    return offer


FILTERS: FilterTable = {
    "network-interface-id": lambda call, row: (row.id,),
    "vpc-id": lambda call, row: (row.vpc_id,),
    "subnet-id": lambda call, row: (row.subnet_id,),
    "availability-zone": lambda call, row: (row.zone,),
    "description": lambda call, row: (row.description,),
    "group-id": lambda call, row: row.groups,
    "group-name": lambda call, row: (each["GroupName"] for each in group_refs(call, row)),
    "mac-address": lambda call, row: (row.mac,),
    "owner-id": lambda call, row: (call.region.account,),
    "private-ip-address": lambda call, row: (row.addresses[0],),
    "private-dns-name": lambda call, row: (private_dns(call.region.name, row.addresses[0]),),
    "addresses.private-ip-address": lambda call, row: row.addresses,
    "addresses.primary": lambda call, row: ("true",) if len(row.addresses) == 1 else
    ("true", "false"),
    "addresses.association.public-ip": _public("PublicIp"),
    "association.public-ip": _public("PublicIp"),
    "association.allocation-id": _public("AllocationId"),
    "association.association-id": _public("AssociationId"),
    "attachment.attachment-id": _held("id"),
    "attachment.instance-id": _held("instance_id"),
    "attachment.device-index": _held("device_index"),
    "attachment.status": _held("status"),
    "attachment.delete-on-termination": _held("delete_on_termination"),
    "attachment.instance-owner-id": lambda call, row: (call.region.account,)
    if row.attachment else (),
    "interface-type": lambda call, row: ("interface",),
    "requester-managed": lambda call, row: ("false",),
    "source-dest-check": lambda call, row: (str(row.source_dest_check).lower(),),
    "status": lambda call, row: (status(row),),
}  # fmt: skip
