"""Attributes of an instance: exactly one a call, many of them only while it is stopped."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.instance_view import devices
from aws_emulator.actions.interface import attached, groups_for
from aws_emulator.actions.interface_change import subnet_of
from aws_emulator.actions.launch import check_user_data
from aws_emulator.catalogue.types import TYPES
from aws_emulator.context import Context
from aws_emulator.rules import refuse
from aws_emulator.state.compute import Instance

_Set = Callable[[Context, Instance, Any], None]
# `Attribute` + `Value` is the older way to say the same as one of these members.
_OLD = {
    "userData": "UserData",
    "disableApiTermination": "DisableApiTermination",
    "instanceInitiatedShutdownBehavior": "InstanceInitiatedShutdownBehavior",
}


def modify(call: Context, params: Params) -> Answer:
    """Set exactly one attribute."""
    row = call.get(call.region.instances, params["InstanceId"])
    given = {name: params[name] for name in _SETTERS if name in params}
    if "Attribute" in params:
        name = _OLD.get(params["Attribute"])
        if name is None:
            raise refuse("parameter.value", name="attribute", value=params["Attribute"])
        given[name] = {"Value": _old_value(name, params.get("Value", ""))}
    if len(given) != 1:
        raise refuse("instance.attribute", names=sorted(given))
    ((name, value),) = given.items()
    plain = value.get("Value") if isinstance(value, Mapping) else value
    _SETTERS[name](call, row, plain)
    call.save(call.region.instances, row)
    return {}


def _old_value(name: str, text: str) -> Any:
    if name == "UserData":
        check_user_data(text)
        return base64.b64decode(text)
    return text if name == "InstanceInitiatedShutdownBehavior" else text.lower() == "true"


def _stopped(row: Instance) -> None:
    if row.state != "stopped":
        raise refuse("instance.state-modify", id=row.id)


def _set_type(call: Context, row: Instance, value: Any) -> None:
    if value not in TYPES:
        raise refuse("instance.type-unknown", type=value)
    kind = TYPES[value]
    _stopped(row)
    if kind.architecture != row.architecture:
        raise refuse("run.architecture", type_arch=kind.architecture, image_arch=row.architecture)
    count = len(call.region.interfaces.ids("instance", row.id))
    if count > kind.interfaces:
        raise refuse("interface.type-limit", count=count, type=kind.name)
    row.instance_type = kind.name


def _set_user_data(call: Context, row: Instance, value: Any) -> None:
    raw = value if isinstance(value, bytes) else b""
    # The model's blob is decoded once on the wire; what is left is the data itself.
    text = base64.b64encode(raw).decode()
    check_user_data(text)
    _stopped(row)
    row.user_data = text


def _set_groups(call: Context, row: Instance, value: Any) -> None:
    if row.gone:
        raise refuse("instance.state-groups", id=row.id)
    held = attached(call, row.id)
    if len(held) > 1:
        raise refuse("instance.groups-interfaces", id=row.id)
    interface = held[0]
    interface.groups = [group.id for group in groups_for(call, value, subnet_of(call, interface))]
    call.save(call.region.interfaces, interface)


def _set_source_check(call: Context, row: Instance, value: Any) -> None:
    held = attached(call, row.id)
    if len(held) > 1:
        raise refuse("instance.groups-interfaces", id=row.id)
    for interface in held:
        interface.source_dest_check = bool(value)
        call.save(call.region.interfaces, interface)


def _set_devices(call: Context, row: Instance, value: Any) -> None:
    held = {
        each.device: (volume, each)
        for volume in call.region.volumes.by("instance", row.id)
        for each in volume.attachments
        if each.instance_id == row.id
    }
    for mapping in value:
        if mapping.get("DeviceName") not in held:
            raise refuse("parameter.value", name="deviceName", value=mapping.get("DeviceName"))
    for mapping in value:
        volume, each = held[mapping["DeviceName"]]
        each.delete_on_termination = mapping.get("Ebs", {}).get("DeleteOnTermination", each.delete_on_termination)
        call.save(call.region.volumes, volume)


def _set_termination(call: Context, row: Instance, value: Any) -> None:
    row.api_termination_disabled = bool(value)


def _set_stop(call: Context, row: Instance, value: Any) -> None:
    row.api_stop_disabled = bool(value)


def _set_ebs_optimized(call: Context, row: Instance, value: Any) -> None:
    _stopped(row)
    row.ebs_optimized = bool(value)


def _set_behavior(call: Context, row: Instance, value: Any) -> None:
    if value not in ("stop", "terminate"):
        raise refuse(
            "parameter.choice", name="instanceInitiatedShutdownBehavior", value=value,
            allowed=["stop", "terminate"],
        )  # fmt: skip
    row.shutdown_behavior = value


_SETTERS: Mapping[str, _Set] = {
    "InstanceType": _set_type,
    "UserData": _set_user_data,
    "Groups": _set_groups,
    "SourceDestCheck": _set_source_check,
    "BlockDeviceMappings": _set_devices,
    "DisableApiTermination": _set_termination,
    "DisableApiStop": _set_stop,
    "EbsOptimized": _set_ebs_optimized,
    "InstanceInitiatedShutdownBehavior": _set_behavior,
}


def describe(call: Context, params: Params) -> Answer:
    """Tell one attribute."""
    row = call.get(call.region.instances, params["InstanceId"])
    offer = _OFFERS.get(params["Attribute"])
    if offer is None:
        raise refuse("parameter.value", name="attribute", value=params["Attribute"])
    return {"InstanceId": row.id} | offer(call, row)


def _source_check(call: Context, row: Instance) -> Answer:
    held = attached(call, row.id)
    return {"SourceDestCheck": {"Value": bool(held) and held[0].source_dest_check}}


def _groups(call: Context, row: Instance) -> Answer:
    held = attached(call, row.id)
    return {"Groups": [{"GroupId": group} for group in (held[0].groups if held else ())]}


_OFFERS: Mapping[str, Callable[[Context, Instance], Answer]] = {
    "instanceType": lambda call, row: {"InstanceType": {"Value": row.instance_type}},
    "userData": lambda call, row: {"UserData": {"Value": row.user_data or None}},
    "disableApiTermination": lambda call, row: {"DisableApiTermination": {"Value": row.api_termination_disabled}},
    "disableApiStop": lambda call, row: {"DisableApiStop": {"Value": row.api_stop_disabled}},
    "instanceInitiatedShutdownBehavior": lambda call, row: {
        "InstanceInitiatedShutdownBehavior": {"Value": row.shutdown_behavior}
    },
    "rootDeviceName": lambda call, row: {"RootDeviceName": {"Value": row.root_device}},
    "blockDeviceMapping": lambda call, row: {"BlockDeviceMappings": devices(call, row.id)},
    "ebsOptimized": lambda call, row: {"EbsOptimized": {"Value": row.ebs_optimized}},
    "enaSupport": lambda call, row: {"EnaSupport": {"Value": True}},
    "groupSet": _groups,
    "sourceDestCheck": _source_check,
}

ACTIONS = (
    Action(
        "ModifyInstanceAttribute",
        modify,
        "InstanceId Attribute Value " + " ".join(_SETTERS),
    ),
    Action("DescribeInstanceAttribute", describe, "InstanceId Attribute"),
)
