"""The launch dialogue: what its script fetches before anything can be chosen, then the one request that it sends."""

from __future__ import annotations

import urllib.parse
from typing import Any

from tests.horizon.journey import Step
from tests.horizon.steps import images, key_pairs, networks, security_groups
from tests.horizon.visit import UnexpectedError, Visit, contains, expect

PAGE = "Launch dialogue"
FLAVOR = "m1.tiny"
SERVER = "horizon-server"


def get(visit: Visit, path: str, **query: str) -> Any:
    """Fetch what the dialogue fetches."""
    return visit.browser.rest("GET", path + (f"?{urllib.parse.urlencode(query)}" if query else ""))


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


def opened(visit: Visit) -> str:
    """The instances' page offers it, and the catalogue says which steps it has."""
    page = visit.browser.get("/project/instances/")
    contains(page.text, "Launch Instance")
    catalogue = {service["type"] for service in get(visit, "/api/keystone/svc-catalog/")}
    if not {"compute", "network", "image"} <= catalogue:
        raise UnexpectedError(f"the catalogue has only {sorted(catalogue)}")
    defaults = get(visit, "/api/settings/")["LAUNCH_INSTANCE_DEFAULTS"]
    expect(defaults["enable_net_ports"], True, "whether ports can be chosen")
    return ", ".join(sorted(catalogue))


def details(visit: Visit) -> str:
    zones = get(visit, "/api/nova/availzones/")["items"]
    expect(names(zones), visit.site.zones, "the zones")
    expect({zone["state"]["available"] for zone in zones}, {True}, "whether they are available")
    limits = get(visit, "/api/nova/limits/", reserved="true")
    expect((limits["totalInstancesUsed"], limits["totalCoresUsed"]), (0, 0), "what is used")
    return f"{len(zones)} zones, {limits['maxTotalInstances']} instances allowed"


def flavors(visit: Visit) -> str:
    items = get(visit, "/api/nova/flavors/", is_public="true", get_extras="false")["items"]
    expect(sorted(names(items)), sorted(visit.site.flavors), "the flavors")
    chosen = next(item for item in items if item["name"] == FLAVOR)
    expect((chosen["vcpus"], chosen["ram"]), (2, 512), f"{FLAVOR}'s figures")
    visit.kept["flavor"] = chosen["id"]
    extra = get(visit, f"/api/nova/flavors/{chosen['id']}/extra-specs/")
    expect(extra, {}, f"{FLAVOR}'s extra specs")
    return ", ".join(names(items))


def attached(visit: Visit) -> str:
    """Networks with subnets, and the ports that nothing uses."""
    items = get(visit, "/api/neutron/networks/")["items"]
    expect(names(items), [networks.NAME], "the networks")
    expect([subnet["cidr"] for subnet in items[0]["subnets"]], [networks.CIDR], "the network's subnets")
    ports = get(visit, "/api/neutron/ports/", network_id=items[0]["id"])["items"]
    free = [port["id"] for port in ports if port["device_owner"] == ""]
    expect(free, [], "ports that nothing uses")
    aliases = {item["alias"] for item in get(visit, "/api/neutron/extensions/")["items"]}
    expect("trunk" in aliases, False, "whether trunks are offered")
    return f"{networks.NAME}, {len(aliases)} extensions"


def rest(visit: Visit) -> str:
    """Groups, keys, server groups, and the definitions of metadata and hints."""
    groups = get(visit, "/api/network/securitygroups/")["items"]
    expect(sorted(names(groups)), ["default", security_groups.NAME], "the security groups")
    pairs = get(visit, "/api/nova/keypairs/")["items"]
    expect(sorted(names(pairs)), sorted([key_pairs.MADE, key_pairs.IMPORTED]), "the key pairs")
    server_groups = get(visit, "/api/nova/servergroups/")["items"]
    for kind, target in (("OS::Nova::Flavor", ""), ("OS::Nova::Server", "metadata"),
                         ("OS::Nova::Server", "scheduler_hints")):  # fmt: skip
        images.definitions(visit, kind, target)
    return f"{len(groups)} security groups, {len(pairs)} key pairs, {len(server_groups)} server groups"


def launch(visit: Visit) -> str:
    """Send what the dialogue sends."""
    wish = {
        "availability_zone": "",
        "config_drive": False,
        "user_data": "#!/bin/sh\necho hello\n",
        "disk_config": "AUTO",
        "instance_count": 1,
        "name": SERVER,
        "description": "launched in Horizon",
        "scheduler_hints": {},
        "security_groups": [visit.kept["group"]],
        "create_volume_default": True,
        "hide_create_volume": False,
        "source_id": visit.kept["image"],
        "flavor_id": visit.kept["flavor"],
        "nics": [{"net-id": visit.kept["network"], "v4-fixed-ip": ""}],
        "key_name": key_pairs.IMPORTED,
        "meta": {"purpose": "horizon"},
    }
    made = visit.browser.rest("POST", "/api/nova/servers/", wish)
    visit.kept["server"], visit.kept["name"] = made["id"], SERVER
    found = get(visit, "/api/nova/servers/")["items"]
    expect([server["id"] for server in found], [made["id"]], "the servers")
    return f"{SERVER} {found[0]['status']}"


STEPS = (
    Step(PAGE, "open", opened),
    Step(PAGE, "details: zones and limits", details),
    Step(PAGE, "flavors", flavors),
    Step(PAGE, "networks and ports", attached, ("Networks: a port: create, edit, delete",)),
    Step(PAGE, "groups, keys, definitions", rest, ("Key pairs: import", "Security groups: edit"), images.EMPTY),
    Step(
        PAGE,
        "launch",
        launch,
        (
            "flavors",
            "Images: the list",
            "Networks: create, with a subnet",
            "Security groups: edit",
            "Key pairs: import",
        ),
    ),
)
