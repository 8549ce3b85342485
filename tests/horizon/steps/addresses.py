"""Floating IPs: from the pool to a server and back."""

from __future__ import annotations

import ipaddress

from tests.horizon.journey import Step
from tests.horizon.steps import instances
from tests.horizon.visit import Visit, cell, contains, expect

PAGE = "Floating IPs"
PATH, TABLE = "/project/floating_ips/", "floating_ips"


def allocate(visit: Visit) -> str:
    shown = visit.browser.get(f"{PATH}allocate/", script=True)
    pool = shown.form("pool").choice("pool", visit.site.external)
    visit.dialogue(f"{PATH}allocate/", {"pool": pool, "description": "from Horizon"}, said="Allocated Floating IP")
    [row] = visit.table(PATH, TABLE).rows
    address = str(ipaddress.ip_address(cell(row, "IP_Address")))
    real = (cell(row, "Pool"), cell(row, "Description"), cell(row, "Mapped_Fixed_IP_Address"), cell(row, "Status"))
    expect(real, (visit.site.external, "from Horizon", "-", "Down"), "the row")
    visit.kept["floating"], visit.kept["floating id"] = address, row.id
    return address


def associate(visit: Visit) -> str:
    """From the server's row; both lists show it then."""
    link = visit.table(instances.PATH, instances.TABLE).row(visit.kept["name"]).link("Associate Floating IP")
    form = visit.browser.get(link, script=True).form("ip_id")
    values: dict[str, str | list[str]] = {
        "ip_id": form.choice("ip_id", visit.kept["floating"]),
        "port_id": form.choice("port_id", visit.kept["address"]),
    }
    visit.dialogue(link, values, said=f"IP address {visit.kept['floating']} associated.")
    row = visit.settled(PATH, TABLE, visit.kept["floating id"], Status="Active")
    contains(cell(row, "Mapped_Fixed_IP_Address"), visit.kept["name"], visit.kept["address"])
    server = visit.table(instances.PATH, instances.TABLE).row(visit.kept["name"])
    contains(cell(server, "IP_Address"), visit.kept["address"], visit.kept["floating"])
    return cell(row, "Mapped_Fixed_IP_Address")


STEPS = (
    Step(PAGE, "allocate", allocate, ("Routers: set the gateway",)),
    Step(
        PAGE,
        "associate",
        associate,
        ("allocate", "Routers: add an interface", "Instances: become active"),
    ),
)


def disassociate(visit: Visit) -> str:
    visit.press(PATH, TABLE, visit.kept["floating id"], "disassociate", said="Successfully disassociated Floating IP")
    row = visit.settled(PATH, TABLE, visit.kept["floating id"], Status="Down")
    expect(cell(row, "Mapped_Fixed_IP_Address"), "-", "what it is mapped to")
    return "-"


def release(visit: Visit) -> str:
    visit.press(PATH, TABLE, visit.kept["floating id"], "release", said="Released Floating IP")
    expect(visit.table(PATH, TABLE).rows, [], "floating IPs")
    return visit.kept["floating"]
