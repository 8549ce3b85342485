"""Zones and regions, and the choice of a zone by name or id."""

from collections.abc import Mapping
from typing import Any

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.catalogue.zones import REGIONS, Zone
from aws_emulator.context import Context
from aws_emulator.listing import FilterTable, choose
from aws_emulator.rules import refuse


def chosen_zone(call: Context, params: Mapping[str, Any]) -> Zone | None:
    """Return the zone that AvailabilityZone or AvailabilityZoneId names, or None.

    Refusal for an unknown zone, and for a name and an id that disagree.
    """
    name, identity = params.get("AvailabilityZone"), params.get("AvailabilityZoneId")
    if name and identity:
        raise refuse("parameter.combination", one="availabilityZone", other="availabilityZoneId")
    asked = name or identity
    if not asked:
        return None
    field = "name" if name else "id"
    for zone in call.region.zones:
        if getattr(zone, field) == asked:
            return zone
    names = ", ".join(getattr(zone, field) for zone in call.region.zones)
    raise refuse("zone.unknown", zone=asked, zones=names)


def describe_zones(call: Context, params: Params) -> Answer:
    """List the region's zones with the ids this account's names stand for."""
    zones = list(call.region.zones)
    for member, field in (("ZoneNames", "name"), ("ZoneIds", "id")):
        known = {getattr(zone, field) for zone in call.region.zones}
        for asked in params.get(member, ()):
            if asked not in known:
                raise refuse("zone.list", zone=asked)
        if params.get(member):
            zones = [zone for zone in zones if getattr(zone, field) in params[member]]
    zones = choose(call, zones, params, ZONE_FILTERS)
    return {
        "AvailabilityZones": [
            {
                "ZoneName": zone.name,
                "ZoneId": zone.id,
                "RegionName": call.region.name,
                "GroupName": f"{call.region.name}-zg-1",
                "NetworkBorderGroup": call.region.name,
                "ZoneType": "availability-zone",
                "OptInStatus": "opt-in-not-required",
                "State": "available",
                "Messages": [],
            }
            for zone in zones
        ]
    }


ZONE_FILTERS: FilterTable = {
    "zone-name": lambda call, zone: (zone.name,),
    "zone-id": lambda call, zone: (zone.id,),
    "state": lambda call, zone: ("available",),
    "region-name": lambda call, zone: (call.region.name,),
    "zone-type": lambda call, zone: ("availability-zone",),
    "opt-in-status": lambda call, zone: ("opt-in-not-required",),
    "group-name": lambda call, zone: (f"{call.region.name}-zg-1",),
}


def describe_regions(call: Context, params: Params) -> Answer:
    """List the regions that the emulator has."""
    for asked in params.get("RegionNames", ()):
        if asked not in REGIONS:
            raise refuse("region.unknown", region=asked)
    names = choose(call, params.get("RegionNames") or REGIONS, params, REGION_FILTERS)
    return {
        "Regions": [
            {
                "RegionName": name,
                "Endpoint": f"ec2.{name}.amazonaws.com",
                "OptInStatus": "opt-in-not-required",
            }
            for name in names
        ]
    }


REGION_FILTERS: FilterTable = {
    "region-name": lambda call, name: (name,),
    "endpoint": lambda call, name: (f"ec2.{name}.amazonaws.com",),
    "opt-in-status": lambda call, name: ("opt-in-not-required",),
}


def describe_account_attributes(call: Context, params: Params) -> Answer:
    """Tell the account's attributes; limits that AWS counts in vCPUs stay as EC2 reports them."""
    default = next((vpc.id for vpc in call.region.vpcs if vpc.is_default), "none")
    known = {
        "supported-platforms": "VPC",
        "default-vpc": default,
        "max-instances": "20",
        "vpc-max-security-groups-per-interface": str(call.config.quotas.groups_per_interface),
        "max-elastic-ips": str(call.config.quotas.addresses),
        "vpc-max-elastic-ips": str(call.config.quotas.addresses),
    }
    asked = params.get("AttributeNames") or list(known)
    return {
        "AccountAttributes": [
            {"AttributeName": name, "AttributeValues": [{"AttributeValue": known[name]}]} for name in asked
        ]
    }


ACTIONS = (
    Action("DescribeAvailabilityZones", describe_zones, "ZoneNames ZoneIds Filters AllAvailabilityZones"),
    Action("DescribeRegions", describe_regions, "RegionNames Filters AllRegions"),
    Action("DescribeAccountAttributes", describe_account_attributes, "AttributeNames"),
)
