"""How EC2 shows instances. This is the emulator's hottest code: a describe renders hundreds."""

from collections.abc import Iterable
from typing import Any

from aws_emulator.actions.action import Answer
from aws_emulator.actions.interface import attached
from aws_emulator.actions.interface_view import group_refs, in_instance, private_dns, public_dns
from aws_emulator.catalogue.types import TYPES
from aws_emulator.context import Context
from aws_emulator.state.compute import STATE_CODES, Instance
from aws_emulator.state.network import NetworkInterface
from aws_emulator.tagging import shown


def state(name: str) -> Answer:
    """Return an instance state with its code."""
    return {"Code": STATE_CODES[name], "Name": name}


def reservations(call: Context, rows: Iterable[Instance]) -> list[Answer]:
    """Return instances grouped as they were launched."""
    found: dict[str, Answer] = {}
    for row in rows:
        held = found.get(row.reservation_id)
        if held is None:
            held = found[row.reservation_id] = {
                "ReservationId": row.reservation_id,
                "OwnerId": call.region.account,
                "Groups": [],
                "Instances": [],
            }
        held["Instances"].append(view(call, row))
    return list(found.values())


def view(call: Context, row: Instance) -> Answer:
    """Return an instance as DescribeInstances lists it."""
    kind = TYPES[row.instance_type]
    answer: Answer = {
        "InstanceId": row.id,
        "ImageId": row.image_id,
        "State": state(row.state),
        "PrivateDnsName": "",
        "PublicDnsName": "",
        "StateTransitionReason": row.transition_reason,
        "KeyName": row.key_name or None,
        "AmiLaunchIndex": row.launch_index,
        "ProductCodes": [],
        "InstanceType": row.instance_type,
        "LaunchTime": row.launched_at,
        "Placement": {
            "AvailabilityZone": row.zone,
            "AvailabilityZoneId": row.zone_id,
            "GroupName": row.placement_group,
            "Tenancy": row.tenancy,
        },
        "Monitoring": {"State": "enabled" if row.monitoring else "disabled"},
        "Architecture": row.architecture,
        "RootDeviceType": "ebs",
        "RootDeviceName": row.root_device,
        "VirtualizationType": "hvm",
        "Hypervisor": "xen",
        "ClientToken": row.client_token,
        "EbsOptimized": row.ebs_optimized,
        "EnaSupport": True,
        "CpuOptions": {
            "CoreCount": kind.vcpus // kind.threads,
            "ThreadsPerCore": kind.threads,
        },
        "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
        "HibernationOptions": {"Configured": row.hibernation},
        "MetadataOptions": {"State": "applied", **row.metadata_options},
        "EnclaveOptions": {"Enabled": False},
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "UsageOperationUpdateTime": row.created_at,
        "MaintenanceOptions": {"AutoRecovery": "default"},
        "BlockDeviceMappings": [] if row.state == "pending" else devices(call, row.id),
        "NetworkInterfaces": [],
        "SecurityGroups": [],
        "Tags": shown(row.shown_tags),
    }
    if row.reason_code:
        answer["StateReason"] = {"Code": row.reason_code, "Message": row.reason_text}
    if row.state != "terminated":
        answer |= _network(call, row)
    return answer


def _network(call: Context, row: Instance) -> Answer:
    held = attached(call, row.id)
    if not held:
        return {"SubnetId": row.subnet_id, "VpcId": row.vpc_id}
    primary = held[0]
    rendered = [in_instance(call, each) for each in held]
    public = (rendered[0]["Association"] or {}).get("PublicIp")
    region = call.region.name
    return {
        "SubnetId": primary.subnet_id,
        "VpcId": primary.vpc_id,
        "PrivateIpAddress": primary.addresses[0],
        "PrivateDnsName": private_dns(region, primary.addresses[0]),
        "PublicIpAddress": public,
        "PublicDnsName": public_dns(region, public) if public else "",
        "SourceDestCheck": primary.source_dest_check,
        "SecurityGroups": group_refs(call, primary),
        "NetworkInterfaces": rendered,
    }


def devices(call: Context, instance_id: str) -> list[Answer]:
    """Return the block devices of an instance."""
    return [
        {
            "DeviceName": held.device,
            "Ebs": {
                "VolumeId": volume.id,
                "Status": held.state,
                "AttachTime": held.attached_at,
                "DeleteOnTermination": held.delete_on_termination,
            },
        }
        for volume in call.region.volumes.by("instance", instance_id)
        for held in volume.attachments
        if held.instance_id == instance_id
    ]


def primary_interface(call: Context, row: Instance) -> NetworkInterface | None:
    """Return the interface at device index 0, or None when the instance is terminated."""
    held = attached(call, row.id)
    return held[0] if held else None


def offer_primary(name: str) -> Any:
    """Return a filter getter for a field of the primary interface."""

    def offer(call: Context, row: Instance) -> list[str]:
        primary = primary_interface(call, row)
        value = getattr(primary, name) if primary else []
        return value if isinstance(value, list) else [str(value)]

    return offer
