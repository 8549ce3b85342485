"""Whether AWS would run one more instance: capacity of a zone, and the account's vCPU quota."""

from fnmatch import fnmatchcase

from aws_emulator.catalogue.types import TYPES, InstanceType
from aws_emulator.context import Context
from aws_emulator.rules import refuse


def room_for(call: Context, kind: InstanceType, zone: str, zone_id: str, least: int, most: int) -> int:
    """Return how many of `least` to `most` instances can run, or the refusal.

    Capacity comes from the configuration and from injected faults, in our instances of the type;
    vCPUs are counted over all pending and running instances of the type's class.
    """
    places = _places(call, kind, zone_id)
    if call.fault_capacity(zone_id, kind.name) or places < least:
        raise refuse("run.capacity", type=kind.name, zone=zone)
    limit = call.config.quotas.vcpus
    table = call.region.instances
    classes = {(each.quota_class, each.vcpus) for each in TYPES.values()}
    used = sum(
        vcpus * len(table.ids("vcpus", (kind.quota_class, vcpus)))
        for quota_class, vcpus in classes
        if quota_class == kind.quota_class
    )
    by_quota = (limit - used) // kind.vcpus
    if by_quota < least:
        raise refuse("run.vcpu-limit", limit=limit)
    return min(most, places, by_quota)


def _places(call: Context, kind: InstanceType, zone_id: str) -> int:
    left = 1_000_000
    for rule in call.config.capacity:
        if fnmatchcase(zone_id, rule.zone_id) and fnmatchcase(kind.name, rule.instance_type):
            running = len(call.region.instances.ids("place", (zone_id, kind.name)))
            left = min(left, rule.limit - running)
    return left
