"""Routers: the way out for servers, and the way in for floating IPs."""

from __future__ import annotations

from tests.horizon.journey import Step
from tests.horizon.steps import networks
from tests.horizon.visit import Visit, cell, contains, expect

PAGE = "Routers"
PATH, TABLE = "/project/routers/", "routers"
NAME = "horizon-router"


def path(visit: Visit) -> str:
    """Return the address of the router's page."""
    return f"{PATH}{visit.kept['router']}/"


def create(visit: Visit) -> str:
    page = visit.dialogue(f"{PATH}create/", {"name": "x"}, said="Router x was successfully created.")
    row = page.table(TABLE).row("x")
    expect((cell(row, "Status"), cell(row, "External_Network")), ("Active", "-"), "the router")
    visit.kept["router"] = row.id
    visit.dialogue(f"{path(visit)}update", {"name": NAME}, said=f"Router {NAME} was successfully updated.")
    return NAME


def gateway(visit: Visit) -> str:
    shown = visit.browser.get(f"{path(visit)}setgateway", script=True)
    network = shown.form("network_id").choice("network_id", visit.site.external)
    visit.dialogue(f"{path(visit)}setgateway", {"network_id": network}, said="Gateway interface is added")
    row = visit.table(PATH, TABLE).row(NAME)
    expect(cell(row, "External_Network"), visit.site.external, "the external network")
    facts = visit.browser.get(path(visit)).facts()
    expect((facts["Network Name"], facts["SNAT"]), (visit.site.external, "Enabled"), "the gateway")
    return facts["External Fixed IPs"]


def interface(visit: Visit) -> str:
    shown = visit.browser.get(f"{path(visit)}addinterface", script=True)
    subnet = shown.form("subnet_id").choice("subnet_id", networks.CIDR)
    expect(subnet, visit.kept["subnet"], "the subnet that is offered")
    visit.dialogue(f"{path(visit)}addinterface", {"subnet_id": subnet}, said="Interface added")
    [row] = visit.table(f"{path(visit)}?tab=router_details__interfaces", "interfaces").rows
    expect((cell(row, "Type"), cell(row, "Fixed_IPs")), ("Internal Interface", networks.GATEWAY), "the interface")
    visit.kept["interface"] = row.id
    return f"{cell(row, 'Fixed_IPs')} {cell(row, 'Status')}"


def route(visit: Visit) -> str:
    """A static route: added, shown, deleted."""
    tab = f"{path(visit)}?tab=router_details__extraroutes"
    values: dict[str, str | list[str]] = {"destination": "10.99.0.0/16", "nexthop": "10.83.1.200"}
    visit.dialogue(f"{path(visit)}addrouterroute", values, said="Static route added")
    [row] = visit.table(tab, "extra_routes").rows
    contains(" ".join(row.cells.values()), "10.99.0.0/16", "10.83.1.200")
    visit.press(tab, "extra_routes", row.id, "delete", said="Deleted Static Route")
    expect(visit.table(tab, "extra_routes").rows, [], "static routes")
    return "10.99.0.0/16 by 10.83.1.200"


STEPS = (
    Step(PAGE, "create and edit", create),
    Step(PAGE, "set the gateway", gateway, ("create and edit",)),
    Step(PAGE, "add an interface", interface, ("create and edit", "Networks: a port: create, edit, delete")),
    Step(PAGE, "a static route", route, ("add an interface",)),
)
