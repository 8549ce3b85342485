"""DescribeInstances, DescribeInstanceStatus and GetConsoleOutput."""

import base64
from collections.abc import Iterator
from typing import Any

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.instance_view import (
    devices,
    offer_primary,
    primary_interface,
    reservations,
    state,
)
from aws_emulator.actions.interface import attached
from aws_emulator.actions.interface_view import association, private_dns, public_dns
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, Page, page, select
from aws_emulator.state.compute import STATE_CODES, Instance
from aws_emulator.state.network import NetworkInterface
from aws_emulator.wire.response import timestamp

PAGE = Page(5, 1000, ids_exclude=True)


def describe_instances(call: Context, params: Params) -> Answer:
    """List instances by reservation; MaxResults counts instances."""
    rows = select(call, call.region.instances, params, "InstanceIds", FILTERS)
    rows, more = page(rows, params, PAGE, "InstanceIds")
    return {"Reservations": reservations(call, rows)} | more


def describe_status(call: Context, params: Params) -> Answer:
    """List the checks of running instances, of all with IncludeAllInstances."""
    rows = select(call, call.region.instances, params, "InstanceIds", STATUS_FILTERS)
    if not params.get("IncludeAllInstances"):
        rows = [row for row in rows if row.state == "running"]
    rows, more = page(rows, params, PAGE, "InstanceIds")
    return {"InstanceStatuses": [_status(call, row) for row in rows]} | more


def _check(call: Context, row: Instance) -> str:
    if row.state != "running":
        return "not-applicable"
    needed = call.config.durations.instance_status_checks * call.config.time_factor
    return "ok" if call.now >= row.booted_at + needed else "initializing"


def _status(call: Context, row: Instance) -> Answer:
    word = _check(call, row)
    inner = {"ok": "passed", "initializing": "initializing"}.get(word)
    details = [{"Name": "reachability", "Status": inner}] if inner else []
    summary = {"Status": word, "Details": details}
    return {
        "InstanceId": row.id,
        "AvailabilityZone": row.zone,
        "AvailabilityZoneId": row.zone_id,
        "InstanceState": state(row.state),
        "InstanceStatus": summary,
        "SystemStatus": summary,
        "Events": [],
    }


def console_output(call: Context, params: Params) -> Answer:
    """Return the console: absent for the first minutes, then a text that says it is simulated."""
    row = call.get(call.region.instances, params["InstanceId"])
    answer: Answer = {"InstanceId": row.id, "Timestamp": call.now}
    ready = row.booted_at + call.config.durations.console_output * call.config.time_factor
    if row.state != "pending" and call.now >= ready:
        text = (
            f"[    0.000000] SIMULATED CONSOLE: no machine runs behind {row.id}\n"
            f"[    0.000000] image {row.image_id}, type {row.instance_type}, zone {row.zone}\n"
            f"[    0.000000] booted at {timestamp(row.booted_at)} by the EC2 emulator\n"
            f"\nsimulated login: "
        )
        answer["Output"] = base64.b64encode(text.encode()).decode()
    return answer


def _interfaces(offer: Any) -> Any:
    def offered(call: Context, row: Instance) -> Iterator[str]:
        for each in attached(call, row.id):
            yield from offer(call, each)

    return offered


def _devices(name: str) -> Any:
    def offered(call: Context, row: Instance) -> Iterator[str]:
        for each in devices(call, row.id):
            yield str(each.get(name) or each["Ebs"].get(name))

    return offered


def _public_ips(call: Context, row: NetworkInterface) -> Iterator[str]:
    for address in row.addresses:
        found = association(call, row, address)
        if found:
            yield found["PublicIp"]


def _group_names(call: Context, row: Instance) -> Iterator[str]:
    primary = primary_interface(call, row)
    for identity in primary.groups if primary else ():
        group = call.region.groups.get(identity)
        if group:
            yield group.name


def _dns(call: Context, row: Instance) -> tuple[str, ...]:
    primary = primary_interface(call, row)
    return (private_dns(call.region.name, primary.addresses[0]),) if primary else ()


def _public_dns(call: Context, row: Instance) -> list[str]:
    primary = primary_interface(call, row)
    ips = _public_ips(call, primary) if primary else ()
    return [public_dns(call.region.name, ip) for ip in ips]


FILTERS: FilterTable = {
    "instance-id": lambda call, row: (row.id,),
    "instance-state-name": lambda call, row: (row.state,),
    "instance-state-code": lambda call, row: (str(STATE_CODES[row.state]),),
    "instance-type": lambda call, row: (row.instance_type,),
    "image-id": lambda call, row: (row.image_id,),
    "vpc-id": offer_primary("vpc_id"),
    "subnet-id": offer_primary("subnet_id"),
    "availability-zone": lambda call, row: (row.zone,),
    "availability-zone-id": lambda call, row: (row.zone_id,),
    "client-token": lambda call, row: (row.client_token,),
    "reservation-id": lambda call, row: (row.reservation_id,),
    "owner-id": lambda call, row: (call.region.account,),
    "architecture": lambda call, row: (row.architecture,),
    "key-name": lambda call, row: (row.key_name,),
    "tenancy": lambda call, row: (row.tenancy,),
    "launch-time": lambda call, row: (timestamp(row.launched_at),),
    "launch-index": lambda call, row: (str(row.launch_index),),
    "root-device-type": lambda call, row: ("ebs",),
    "root-device-name": lambda call, row: (row.root_device,),
    "virtualization-type": lambda call, row: ("hvm",),
    "monitoring-state": lambda call, row: ("enabled" if row.monitoring else "disabled",),
    "state-reason-code": lambda call, row: (row.reason_code,),
    "dns-name": _public_dns,
    "private-dns-name": _dns,
    "private-ip-address": lambda call, row: offer_primary("addresses")(call, row)[:1],
    "ip-address": _interfaces(_public_ips),
    "instance.group-id": offer_primary("groups"),
    "group-id": offer_primary("groups"),
    "instance.group-name": _group_names,
    "group-name": _group_names,
    "network-interface.network-interface-id": _interfaces(lambda call, row: (row.id,)),
    "network-interface.subnet-id": _interfaces(lambda call, row: (row.subnet_id,)),
    "network-interface.vpc-id": _interfaces(lambda call, row: (row.vpc_id,)),
    "network-interface.group-id": _interfaces(lambda call, row: row.groups),
    "network-interface.mac-address": _interfaces(lambda call, row: (row.mac,)),
    "network-interface.private-dns-name": _interfaces(
        lambda call, row: (private_dns(call.region.name, row.addresses[0]),)
    ),
    "network-interface.addresses.private-ip-address": _interfaces(lambda call, row: row.addresses),
    "network-interface.addresses.association.public-ip": _interfaces(_public_ips),
    "network-interface.association.public-ip": _interfaces(_public_ips),
    "network-interface.attachment.status": _interfaces(lambda call, row: (row.attachment.status,)),
    "block-device-mapping.volume-id": _devices("VolumeId"),
    "block-device-mapping.device-name": _devices("DeviceName"),
    "block-device-mapping.status": _devices("Status"),
}

STATUS_FILTERS: FilterTable = {
    "availability-zone": FILTERS["availability-zone"],
    "availability-zone-id": FILTERS["availability-zone-id"],
    "instance-state-name": FILTERS["instance-state-name"],
    "instance-state-code": FILTERS["instance-state-code"],
    "instance-status.status": lambda call, row: (_check(call, row),),
    "system-status.status": lambda call, row: (_check(call, row),),
}

ACTIONS = (
    Action("DescribeInstances", describe_instances, "InstanceIds Filters MaxResults NextToken"),
    Action(
        "DescribeInstanceStatus",
        describe_status,
        "InstanceIds Filters MaxResults NextToken IncludeAllInstances",
    ),
    Action("GetConsoleOutput", console_output, "InstanceId Latest"),
)
