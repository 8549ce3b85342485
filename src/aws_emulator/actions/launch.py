"""RunInstances: everything is checked and planned first, then made in one go.

EC2 makes all of a launch or nothing (between MinCount and MaxCount as many as fit), so a refusal
may not leave an interface or a volume behind.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, NamedTuple

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.actions.image import find_image
from aws_emulator.actions.instance_type import find_type, offered
from aws_emulator.actions.instance_view import reservations
from aws_emulator.actions.interface import check_quota, new_interface, wanted_addresses
from aws_emulator.actions.launch_disks import Disk, disks_of
from aws_emulator.actions.launch_nics import Nic, nics_of, token_zone
from aws_emulator.actions.placement import check_placement
from aws_emulator.actions.room import room_for
from aws_emulator.catalogue.images import Image
from aws_emulator.catalogue.types import InstanceType
from aws_emulator.context import Context
from aws_emulator.lifecycle.interface import attach_interface, settle_public_ip
from aws_emulator.lifecycle.volume import attach_volume
from aws_emulator.rules import refuse
from aws_emulator.state.compute import Instance
from aws_emulator.state.network import Subnet
from aws_emulator.tagging import tags_on_create

USER_DATA_LIMIT = 16_384
_METADATA: dict[str, str | int] = {
    "HttpTokens": "optional",
    "HttpPutResponseHopLimit": 1,
    "HttpEndpoint": "enabled",
    "HttpProtocolIpv6": "disabled",
    "InstanceMetadataTags": "disabled",
}


class Plan(NamedTuple):
    """A checked launch: `addresses` has, for each instance, those of each new interface."""

    image: Image
    kind: InstanceType
    subnet: Subnet
    nics: list[Nic]
    disks: list[Disk]
    addresses: list[list[list[str]]]
    tags: dict[str, dict[str, str]]


def run_instances(call: Context, params: Params) -> Answer:
    """Launch between MinCount and MaxCount instances of one image, type and zone."""
    plan = _plan(call, params)
    reservation = call.new_id("r")
    ids = [_launch(call, params, plan, reservation, number) for number in range(len(plan.addresses))]
    return again(call, ids)


def again(call: Context, ids: Sequence[str]) -> Answer:
    """Return the answer of a launch with its instances as they are now, terminated ones too."""
    rows = [row for identity in ids if (row := call.region.instances.get(identity)) is not None]
    if call.config.replay_of_terminated == "refuses" and all(row.state == "terminated" for row in rows):
        raise refuse("token.terminated")
    return reservations(call, rows)[0]


def _plan(call: Context, params: Params) -> Plan:
    tags = tags_on_create(call, params, "instance", "volume", "network-interface")
    least, most = _counts(call, params)
    if "ImageId" not in params:
        raise refuse("run.no-image")
    image = find_image(call, params["ImageId"])
    if image.state != "available":
        raise refuse("run.image-unavailable", id=image.id)
    kind = find_type(params.get("InstanceType", "m1.small"))
    if image.architecture != kind.architecture:
        raise refuse("run.architecture", type_arch=kind.architecture, image_arch=image.architecture)
    if "KeyName" in params:
        keys = call.region.key_pairs.by("name", params["KeyName"])
        if not any(call.sees(key) for key in keys):
            raise refuse("key.unknown", name=params["KeyName"])
    check_user_data(params.get("UserData", ""))
    hops = params.get("MetadataOptions", {}).get("HttpPutResponseHopLimit", 1)
    if not 1 <= hops <= 64:
        raise refuse("parameter.range", name="httpPutResponseHopLimit", value=hops, low=1, high=64)
    nics = nics_of(call, params, kind.name, most)
    subnet = nics[0].subnet
    _check_offer(call, kind, subnet)
    _check_nics(call, kind, nics)
    disks = disks_of(call, params, image, kind, len(nics))
    group = params.get("Placement", {}).get("GroupName")
    if group:
        check_placement(call, group, kind, subnet.zone, least)
    count = room_for(call, kind, subnet.zone, subnet.zone_id, least, most)
    return Plan(image, kind, subnet, nics, disks, _addresses(call, nics, count, kind), tags)


def _counts(call: Context, params: Params) -> tuple[int, int]:
    least, most = params["MinCount"], params["MaxCount"]
    if least < 1:
        raise refuse("run.count", name="minCount", value=least, low=1)
    if most < least:
        raise refuse("run.count", name="maxCount", value=most, low=least)
    limit = call.config.quotas.instances_per_request
    if least > limit:
        raise refuse("run.count-limit", value=least, limit=limit)
    return least, min(most, limit)


def check_user_data(text: str) -> None:
    """Raise Refusal unless user data is base64 of at most 16 KB."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refuse("parameter.base64", name="userData") from None
    if len(raw) > USER_DATA_LIMIT:
        raise refuse("run.user-data")


def _check_offer(call: Context, kind: InstanceType, subnet: Subnet) -> None:
    zone = call.region.zone(subnet.zone_id)
    if zone is None or not offered(call, kind.name, zone):
        others = [each.name for each in call.region.zones if offered(call, kind.name, each)]
        raise refuse("run.type-zone", type=kind.name, zone=subnet.zone, others=", ".join(others))


def _check_nics(call: Context, kind: InstanceType, nics: list[Nic]) -> None:
    if len(nics) > kind.interfaces:
        raise refuse("interface.type-limit", count=len(nics), type=kind.name)
    for nic in nics:
        if nic.existing and len(nic.existing.addresses) > kind.addresses:
            raise refuse("run.ip-limit", limit=kind.addresses, type=kind.name)


def _addresses(call: Context, nics: list[Nic], count: int, kind: InstanceType) -> list[list[list[str]]]:
    fresh = [nic for nic in nics if nic.existing is None]
    check_quota(call, len(fresh) * count)
    taken: set[str] = set()
    planned = []
    for _ in range(count):
        mine = []
        for nic in fresh:
            found = wanted_addresses(call, nic.wish, nic.subnet, frozenset(taken))
            if len(found) > kind.addresses:
                raise refuse("run.ip-limit", limit=kind.addresses, type=kind.name)
            taken.update(found)
            mine.append(found)
        planned.append(mine)
    return planned


def _launch(call: Context, params: Params, plan: Plan, reservation: str, number: int) -> str:
    region = call.region
    row = Instance(
        id=call.new_id("i"),
        state="pending",
        image_id=plan.image.id,
        instance_type=plan.kind.name,
        architecture=plan.kind.architecture,
        vpc_id=plan.subnet.vpc_id,
        subnet_id=plan.subnet.id,
        zone=plan.subnet.zone,
        zone_id=plan.subnet.zone_id,
        reservation_id=reservation,
        launch_index=number,
        launched_at=call.now,
        booted_at=call.now,
        root_device=plan.image.root_device,
        key_name=params.get("KeyName", ""),
        client_token=params.get("ClientToken", ""),
        user_data=params.get("UserData", ""),
        metadata_options=_METADATA | params.get("MetadataOptions", {}),
        tenancy=params.get("Placement", {}).get("Tenancy", "default"),
        placement_group=params.get("Placement", {}).get("GroupName", ""),
        monitoring=params.get("Monitoring", {}).get("Enabled", False),
        ebs_optimized=params.get("EbsOptimized", False),
        hibernation=params.get("HibernationOptions", {}).get("Configured", False),
        api_termination_disabled=params.get("DisableApiTermination", False),
        api_stop_disabled=params.get("DisableApiStop", False),
        shutdown_behavior=params.get("InstanceInitiatedShutdownBehavior", "stop"),
        launch_fails=call.fault_launch(plan.subnet.zone_id, plan.kind.name),
    )
    call.later(region.instances, row, "started", call.config.durations.instance_pending)
    call.create(region.instances, row, plan.tags["instance"])
    addresses = iter(plan.addresses[number])
    for nic in plan.nics:
        _interface(call, plan, row, nic, addresses)
    for disk in plan.disks:
        volume = disk.spec.volume(call, row.zone, row.zone_id, "in-use")
        attach_volume(call, volume, row, disk.device, disk.delete_on_termination)
        call.create(region.volumes, volume, plan.tags["volume"])
    return row.id


def _interface(call: Context, plan: Plan, row: Instance, nic: Nic, addresses: Any) -> None:
    table = call.region.interfaces
    if nic.existing is not None:
        attach_interface(call, nic.existing, row, nic.device, delete_on_termination=False)
        settle_public_ip(call, nic.existing)
        call.save(table, nic.existing)
        return
    description = nic.wish.get("Description", "")
    fresh = new_interface(call, nic.subnet, next(addresses), nic.groups, description)
    fresh.public = nic.public_ip
    attach_interface(call, fresh, row, nic.device, delete_on_termination=nic.delete_on_termination)
    settle_public_ip(call, fresh)
    call.create(table, fresh, plan.tags["network-interface"])


ACTIONS = (
    Action(
        "RunInstances",
        run_instances,
        "ImageId InstanceType MinCount MaxCount KeyName SecurityGroupIds SecurityGroups SubnetId"
        " PrivateIpAddress UserData ClientToken TagSpecifications BlockDeviceMappings"
        " MetadataOptions Monitoring EbsOptimized DisableApiTermination DisableApiStop"
        " InstanceInitiatedShutdownBehavior HibernationOptions Placement.AvailabilityZone"
        " Placement.AvailabilityZoneId Placement.Tenancy Placement.GroupName NetworkInterfaces.DeviceIndex"
        " NetworkInterfaces.NetworkInterfaceId NetworkInterfaces.SubnetId"
        " NetworkInterfaces.PrivateIpAddress NetworkInterfaces.PrivateIpAddresses"
        " NetworkInterfaces.SecondaryPrivateIpAddressCount NetworkInterfaces.Groups"
        " NetworkInterfaces.Description NetworkInterfaces.DeleteOnTermination"
        " NetworkInterfaces.AssociatePublicIpAddress",
        again=again,
        zone=token_zone,
        cost=lambda params: int(params["MaxCount"]),
    ),
)
