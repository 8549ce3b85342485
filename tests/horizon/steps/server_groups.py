"""Server groups: a page whose content is fetched by its script."""

from __future__ import annotations

from tests.horizon.journey import Step
from tests.horizon.visit import Visit, expect

PAGE = "Server groups"
NAME = "horizon-apart"
PATH = "/api/nova/servergroups/"


def create(visit: Visit) -> str:
    page = visit.browser.get("/project/server_groups/")
    expect(page.title, "Server Groups - OpenStack Dashboard", "the title")
    expect(visit.browser.rest("GET", PATH)["items"], [], "server groups")
    soft = visit.browser.rest("GET", "/api/nova/features/servergroup_soft_policies/")
    expect(soft, True, "whether soft policies are offered")
    visit.browser.rest("POST", PATH, {"name": NAME, "policies": ["anti-affinity"]})
    items = visit.browser.rest("GET", PATH)["items"]
    expect([(item["name"], item["policies"]) for item in items], [(NAME, ["anti-affinity"])], "server groups")
    visit.kept["server group"] = items[0]["id"]
    return NAME


def detail(visit: Visit) -> str:
    found = visit.browser.rest("GET", f"{PATH}{visit.kept['server group']}/")
    expect((found["name"], found["members"]), (NAME, []), "the server group")
    return NAME


STEPS = (
    Step(PAGE, "create", create),
    Step(PAGE, "details", detail, ("create",)),
)
