"""Everything is deleted again, in the order in which one thing frees the next; at the end no list shows any of it."""

from __future__ import annotations

from tests.horizon.journey import Step
from tests.horizon.steps import (
    addresses,
    instances,
    key_pairs,
    networks,
    overview,
    routers,
    security_groups,
    server_groups,
    session,
)
from tests.horizon.visit import Visit, expect

PAGE = "Deleting"
# While the row of a server that is being deleted is asked for anew, the server ends, and the row goes with a 404.
ENDED = (r"GET /v2\.1/servers/[-0-9a-f]+ 404$", r"django\.request: Not Found: /project/instances/$")


def server(visit: Visit) -> str:
    name = visit.kept["name"]
    visit.press(
        instances.PATH, instances.TABLE, name, "delete", said=f"Scheduled deletion of Instance: {name}", level="info"
    )
    visit.gone(instances.PATH, instances.TABLE, name)
    return name


def gateway(visit: Visit) -> str:
    visit.press(routers.PATH, routers.TABLE, routers.NAME, "clear", said=f"Cleared Gateway: {routers.NAME}")
    row = visit.table(routers.PATH, routers.TABLE).row(routers.NAME)
    expect(row.cells["External Network"], "-", "the external network")
    return routers.NAME


def interface(visit: Visit) -> str:
    tab = f"{routers.path(visit)}?tab=router_details__interfaces"
    visit.press(tab, "interfaces", visit.kept["interface"], "delete", said="Deleted Interface")
    expect(visit.table(tab, "interfaces").rows, [], "interfaces")
    return networks.GATEWAY


def router(visit: Visit) -> str:
    visit.press(routers.PATH, routers.TABLE, routers.NAME, "delete", said=f"Deleted Router: {routers.NAME}")
    visit.gone(routers.PATH, routers.TABLE, routers.NAME)
    return routers.NAME


def network(visit: Visit) -> str:
    name = networks.NAME
    visit.press(networks.PATH, networks.TABLE, name, "delete", said=f"Deleted Network: {name}")
    visit.gone(networks.PATH, networks.TABLE, name)
    return name


def group(visit: Visit) -> str:
    name = security_groups.NAME
    path, table = security_groups.PATH, security_groups.TABLE
    visit.press(path, table, name, "delete", said=f"Deleted Security Group: {name}")
    expect(visit.table(path, table).names, ["default"], "security groups")
    return name


def server_group(visit: Visit) -> str:
    visit.browser.rest("DELETE", f"{server_groups.PATH}{visit.kept['server group']}/")
    expect(visit.browser.rest("GET", server_groups.PATH)["items"], [], "server groups")
    return server_groups.NAME


def pairs(visit: Visit) -> str:
    for name in (key_pairs.MADE, key_pairs.IMPORTED):
        visit.press(key_pairs.PATH, "keypairs", name, "delete", said=f"Deleted Key Pair: {name}")
    return key_pairs.empty(visit)


STEPS = (
    Step(PAGE, "disassociate the floating IP", addresses.disassociate, ("Floating IPs: associate",)),
    Step(PAGE, "release the floating IP", addresses.release, ("Floating IPs: allocate",)),
    Step(PAGE, "delete the instance", server, (instances.LAUNCHED,), ENDED),
    Step(PAGE, "clear the gateway", gateway, ("Routers: set the gateway",)),
    Step(PAGE, "remove the interface", interface, ("Routers: add an interface",)),
    Step(PAGE, "delete the router", router, ("Routers: create and edit",)),
    Step(PAGE, "delete the network", network, ("Networks: edit",)),
    Step(PAGE, "delete the security group", group, ("Security groups: edit",)),
    Step(PAGE, "delete the server group", server_group, ("Server groups: create",)),
    Step(PAGE, "delete the key pairs", pairs, ("Key pairs: import",)),
    Step(PAGE, "nothing is left", overview.empty),
    Step(PAGE, "the other region has seen none of it", session.other),
)
