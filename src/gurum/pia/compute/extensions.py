"""The list of extensions: a legacy of Nova's second API, shown for clients that still look before they ask."""

from __future__ import annotations

from functools import cache
from typing import Any

from gurum.pia.compute import parts
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import not_found
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, json

# alias: name; what is built here, and nothing else
KNOWN = {
    "OS-DCF": "DiskConfig",
    "OS-EXT-AZ": "ExtendedAvailabilityZone",
    "OS-EXT-IPS": "ExtendedIps",
    "OS-EXT-IPS-MAC": "ExtendedIpsMac",
    "OS-EXT-SRV-ATTR": "ExtendedServerAttributes",
    "OS-EXT-STS": "ExtendedStatus",
    "OS-FLV-DISABLED": "FlavorDisabled",
    "OS-FLV-EXT-DATA": "FlavorExtraData",
    "OS-SCH-HNT": "SchedulerHints",
    "OS-SRV-USG": "ServerUsage",
    "os-attach-interfaces": "AttachInterfaces",
    "os-availability-zone": "AvailabilityZone",
    "os-config-drive": "ConfigDrive",
    "os-console-output": "ConsoleOutput",
    "os-deferred-delete": "DeferredDelete",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-flavor-rxtx": "FlavorRxtx",
    "os-flavor-swap": "FlavorSwap",
    "os-instance-actions": "InstanceActions",
    "os-keypairs": "Keypairs",
    "os-multiple-create": "MultipleCreate",
    "os-quota-sets": "Quotas",
    "os-security-groups": "SecurityGroups",
    "os-server-password": "ServerPassword",
    "os-server-start-stop": "ServerStartStop",
    "os-simple-tenant-usage": "SimpleTenantUsage",
    "os-used-limits": "UsedLimits",
    "os-user-data": "UserData",
}


@cache
def known() -> dict[str, str]:
    """Return all, those included that nouns say themselves."""
    more = {alias: name for rows in parts.found("EXTENSIONS") for alias, name in rows.items()}
    return dict(sorted((KNOWN | more).items()))


def _view(alias: str) -> dict[str, Any]:
    return {
        "alias": alias,
        "name": known()[alias],
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "description": "",
        "links": [],
        "updated": "2014-12-03T00:00:00Z",
    }


async def index(ctx: Context) -> Response:
    """List extensions."""
    return json({"extensions": [_view(alias) for alias in known()]})


async def show(ctx: Context) -> Response:
    """Show an extension."""
    alias = ctx.params["alias"]
    if alias not in known():
        raise not_found("The resource could not be found.")
    return json({"extension": _view(alias)})


ROUTES = (
    Route(
        method="GET",
        path="/extensions",
        handler=index,
        policy="compute:extensions:list",
        shape="list",
        summary="List extensions",
    ),
    Route(
        method="GET",
        path="/extensions/{alias}",
        handler=show,
        policy="compute:extensions:show",
        summary="Show an extension",
    ),
)
