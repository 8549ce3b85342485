"""Zones, and the hosts that a cloud does not show: administrators get empty lists, not inventions."""

from __future__ import annotations

from typing import Any

from gurum.model.region import Region
from gurum.model.server import Server
from gurum.pia.compute import zones
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Handler, Route
from gurum.pia.kernel.wire import Response, json


async def index(ctx: Context) -> Response:
    """List zones."""
    return json({"availabilityZoneInfo": [_zone(zone.name, None) for zone in zones.of(ctx)]})


async def detail(ctx: Context) -> Response:
    """List zones with their hosts: a cloud shows none."""
    return json({"availabilityZoneInfo": [_zone(zone.name, {}) for zone in zones.of(ctx)]})


def _zone(name: str, hosts: dict[str, Any] | None) -> dict[str, Any]:
    return {"zoneName": name, "zoneState": {"available": True}, "hosts": hosts}


def _nothing(name: str) -> Handler:
    async def handler(ctx: Context) -> Response:
        return json({name: []})

    return handler


async def statistics(ctx: Context) -> Response:
    """Show sums over the hypervisors: there are none to be seen."""
    names = (
        *("count", "vcpus", "vcpus_used", "memory_mb", "memory_mb_used", "local_gb", "local_gb_used", "free_ram_mb"),
        *("free_disk_gb", "current_workload", "disk_available_least"),
    )
    running = len(ctx.mirror(Server).members(ctx.region.name))
    return json({"hypervisor_statistics": {**dict.fromkeys(names, 0), "running_vms": running}})


_EMPTY = (
    ("/os-services", "services", "services:list", "List services: a cloud shows none"),
    ("/os-hypervisors", "hypervisors", "hypervisors:list", "List hypervisors: a cloud shows none"),
    ("/os-hypervisors/detail", "hypervisors", "hypervisors:detail", "List hypervisors in full: a cloud shows none"),
    ("/os-aggregates", "aggregates", "aggregates:list", "List host aggregates: there are none"),
    ("/os-migrations", "migrations", "migrations:list", "List migrations: there are none"),
)

ROUTES = (
    Route(
        method="GET",
        path="/os-availability-zone",
        handler=index,
        policy="compute:availability_zones:list",
        reads=(Region,),
        shape="list",
        summary="List availability zones",
    ),
    Route(
        method="GET",
        path="/os-availability-zone/detail",
        handler=detail,
        policy="compute:availability_zones:detail",
        reads=(Region,),
        shape="list",
        summary="List availability zones in full",
    ),
    *(
        Route(
            method="GET", path=path, handler=_nothing(name), policy=f"compute:{action}", shape="list", summary=summary
        )
        for path, name, action, summary in _EMPTY
    ),
    Route(
        method="GET",
        path="/os-hypervisors/statistics",
        handler=statistics,
        until=87,
        policy="compute:hypervisors:statistics",
        reads=(Server,),
        summary="Show sums over hypervisors: there are none",
    ),
)
