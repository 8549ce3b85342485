"""The network topology: a drawing whose data the page's script fetches."""

from __future__ import annotations

import json

from tests.horizon.journey import Step
from tests.horizon.steps import networks, routers
from tests.horizon.visit import Visit, expect

PAGE = "Network topology"
PATH = "/project/network_topology/"


def drawn(visit: Visit) -> str:
    """Networks, the router between them, and the server with its port."""
    page = visit.browser.get(PATH)
    expect(page.title, "Network Topology - OpenStack Dashboard", "the title")
    data = json.loads(visit.browser.send("GET", f"{PATH}json").text)
    expect({row["name"] for row in data["networks"]}, {visit.site.external, networks.NAME}, "the networks")
    expect([(row["name"], row["status"]) for row in data["routers"]], [(routers.NAME, "Active")], "the routers")
    servers = [(row["name"], row["status"]) for row in data["servers"]]
    expect(servers, [(visit.kept["name"], "Active")], "the servers")
    held = {row["device_id"] for row in data["ports"]}
    expect(held >= {visit.kept["router"], visit.kept["server"]}, True, "whether router and server have ports")
    return f"{len(data['networks'])} networks, {len(data['ports'])} ports"


STEPS = (Step(PAGE, "the drawing", drawn, ("Routers: add an interface", "Instances: rename")),)
