"""Networks, their subnets and ports."""

from __future__ import annotations

from tests.horizon.journey import Step
from tests.horizon.visit import Visit, cell, contains, expect

PAGE = "Networks"
PATH, TABLE = "/project/networks/", "networks"
FIRST, NAME = "horizon-first", "horizon"
SUBNET, CIDR, GATEWAY = "horizon-a", "10.83.1.0/24", "10.83.1.1"
SECOND, OTHER_CIDR = "horizon-b", "10.83.2.0/24"
PORT = "horizon-port"


def tab(visit: Visit, name: str) -> str:
    """Return the address of a tab of the network's page."""
    return f"{PATH}{visit.kept['network']}/detail?tab=network_tabs__{name}"


def outside(visit: Visit) -> str:
    row = visit.table(PATH, TABLE).row(visit.site.external)
    expect((cell(row, "External"), cell(row, "Status")), ("Yes", "Active"), "the external network")
    return f"{row.name}: {cell(row, 'Subnets_Associated')}"


def create(visit: Visit) -> str:
    page = visit.dialogue(
        f"{PATH}create",
        {"net_name": FIRST, "subnet_name": SUBNET, "cidr": CIDR, "gateway_ip": GATEWAY},
        said=f'Created network "{FIRST}".',
    )
    row = page.table(TABLE).row(FIRST)
    expect(cell(row, "Subnets_Associated"), f"{SUBNET} {CIDR}", "its subnets")
    expect((cell(row, "Status"), cell(row, "Shared"), cell(row, "Admin_State")), ("Active", "No", "UP"), "the row")
    visit.kept["network"] = row.id
    return f"{FIRST} with {SUBNET} {CIDR}"


def detail(visit: Visit) -> str:
    facts = visit.browser.get(tab(visit, "overview")).facts()
    real = {name: facts[name] for name in ("Name", "ID", "Project ID", "Status", "Shared", "External Network")}
    wanted = {"Name": FIRST, "ID": visit.kept["network"], "Project ID": visit.kept["project"], "Status": "Active",
              "Shared": "No", "External Network": "No"}  # fmt: skip
    expect(real, wanted, "the facts")
    return ", ".join(f"{name} {value}" for name, value in facts.items() if name in ("Status", "MTU"))


def rename(visit: Visit) -> str:
    page = visit.dialogue(
        f"{PATH}{visit.kept['network']}/update",
        {"name": NAME},
        said=f"Network {NAME} was successfully updated.",
    )
    row = page.table(TABLE).row(NAME)
    expect(row.id, visit.kept["network"], "the network's id")
    return f"{FIRST} is {NAME}"


def second(visit: Visit) -> str:
    visit.dialogue(
        f"{PATH}{visit.kept['network']}/subnets/create",
        {"subnet_name": "x", "cidr": OTHER_CIDR, "dns_nameservers": "192.0.2.53"},
        said='Created subnet "x".',
    )
    row = visit.table(tab(visit, "subnets_tab"), "subnets").row("x")
    visit.kept["second"] = row.id
    facts = visit.browser.get(f"{PATH}subnets/{row.id}/detail").facts()
    expect((facts["CIDR"], facts["DNS Name Servers"]), (OTHER_CIDR, "192.0.2.53"), "the subnet")
    return f"{OTHER_CIDR}, gateway {facts['Gateway IP']}"


def edit_subnet(visit: Visit) -> str:
    visit.dialogue(
        f"{PATH}{visit.kept['network']}/subnets/{visit.kept['second']}/update",
        {"subnet_name": SECOND},
        said=f'Updated subnet "{SECOND}".',
    )
    names = visit.table(tab(visit, "subnets_tab"), "subnets").names
    expect(sorted(names), [SUBNET, SECOND], "the subnets")
    return " ".join(sorted(names))


def delete_subnet(visit: Visit) -> str:
    path = tab(visit, "subnets_tab")
    visit.press(path, "subnets", SECOND, "delete", said=f"Deleted Subnet: {SECOND}")
    visit.gone(path, "subnets", SECOND)
    subnet = visit.table(path, "subnets").row(SUBNET)
    visit.kept["subnet"] = subnet.id
    return f"{SUBNET} is left"


def port(visit: Visit) -> str:
    """Made, edited, looked at, deleted."""
    path = tab(visit, "ports_tab")
    visit.dialogue(
        f"{PATH}{visit.kept['network']}/ports/create", {"name": "x"}, said="Port x was successfully created."
    )
    row = visit.table(path, "ports").row("x")
    visit.dialogue(
        f"{PATH}{visit.kept['network']}/ports/{row.id}/update",
        {"name": PORT},
        said=f"Port {PORT} was successfully updated.",
    )
    facts = visit.browser.get(f"{PATH}ports/{row.id}/detail").facts()
    expect((facts["Name"], facts["Network Name"]), (PORT, NAME), "the port")
    contains(facts["IP Address"], "10.83.1.")
    visit.press(path, "ports", PORT, "delete", said=f"Deleted Port: {PORT}")
    visit.gone(path, "ports", PORT)
    return cell(row, "Fixed_IPs")


STEPS = (
    Step(PAGE, "the external network", outside),
    Step(PAGE, "create, with a subnet", create),
    Step(PAGE, "details", detail, ("create, with a subnet",)),
    Step(PAGE, "edit", rename, ("create, with a subnet",)),
    Step(PAGE, "add a subnet", second, ("edit",)),
    Step(PAGE, "edit the subnet", edit_subnet, ("add a subnet",)),
    Step(PAGE, "delete the subnet", delete_subnet, ("edit the subnet",)),
    Step(PAGE, "a port: create, edit, delete", port, ("delete the subnet",)),
)
