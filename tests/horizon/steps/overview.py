"""The project's overview and its API access: quotas, usage, endpoints, and the files that a person takes home."""

from __future__ import annotations

import csv
import io
import re

import yaml
from tests.horizon.journey import Step
from tests.horizon.visit import UnexpectedError, Visit, contains, expect

PAGE, ACCESS = "Overview", "API access"
OVERVIEW = "/project/"
ENDPOINTS = {"Compute": "/compute/v2.1", "Image": "/image", "Network": "/network"}
QUOTAS = (
    "Instances",
    "vCPUs",
    "RAM",
    "Floating IPs",
    "Security Groups",
    "Security Group Rules",
    "Networks",
    "Ports",
    "Routers",
)


def used(text: str) -> dict[str, str]:
    """Read the charts: what is used of each quota. Raises UnexpectedError if one is not there or has no limit."""
    found = {}
    for name in QUOTAS:
        match = re.search(rf"{name} (?:Used|Allocated) (\S+) of (\S+)", text)
        if match is None:
            raise UnexpectedError(f"no limit of {name!r} in {text[:800]!r}")
        found[name] = match[1]
    return found


def empty(visit: Visit) -> str:
    page = visit.browser.get(OVERVIEW)
    expect(page.table("project_usage").names, [], "instances in the usage table")
    charts = used(page.text)
    expect((charts["Instances"], charts["Routers"], charts["Floating IPs"]), ("0", "0", "0"), "what is used")
    contains(page.text, "Active Instances: 0")
    return ", ".join(f"{count} {name}" for name, count in charts.items())


def taken(visit: Visit) -> str:
    """With a server and all that it has."""
    page = visit.browser.get(OVERVIEW)
    row = page.table("project_usage").row(visit.kept["server"])
    expect(row.cells["Instance Name"], visit.kept["name"], "the server's name in the usage table")
    expect((row.cells["vCPUs"], row.cells["RAM"]), ("2", "512MB"), "the server's row in the usage table")
    charts = used(page.text)
    real = {name: charts[name] for name in ("Instances", "vCPUs", "RAM", "Floating IPs", "Networks", "Routers")}
    wanted = {"Instances": "1", "vCPUs": "2", "RAM": "512MB", "Floating IPs": "1", "Networks": "1", "Routers": "1"}
    expect(real, wanted, "what is used")
    contains(page.text, "Active Instances: 1", "Active RAM: 512MB")
    return ", ".join(f"{count} {name}" for name, count in charts.items())


def summary(visit: Visit) -> str:
    """The usage as a file."""
    address = visit.browser.get(OVERVIEW).links()["Download CSV Summary"]
    text = visit.browser.send("GET", OVERVIEW + address).text
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    contains(text, "Instance Name", visit.kept["name"])
    return f"{len(rows)} lines"


def endpoints(visit: Visit) -> str:
    rows = {row.cells["Service"]: row.cells["Service Endpoint"] for row in
            visit.table("/project/api_access/", "endpoints").rows}  # fmt: skip
    wanted = {name: visit.site.api + path for name, path in ENDPOINTS.items()} | {"Identity": visit.site.keystone}
    expect(rows, wanted, "the endpoints")
    return ", ".join(sorted(rows))


def credentials(visit: Visit) -> str:
    """The openrc file and the clouds.yaml lead to this region's services."""
    openrc = visit.browser.send("GET", "/project/api_access/openrc/").text
    contains(openrc, f'OS_AUTH_URL="{visit.site.keystone}"', f'OS_REGION_NAME="{visit.site.region}"')
    clouds = yaml.safe_load(visit.browser.send("GET", "/project/api_access/clouds.yaml/").text)
    cloud = clouds["clouds"]["openstack"]
    expect(cloud["region_name"], visit.site.region, "region_name in clouds.yaml")
    expect(cloud["auth"]["project_name"], visit.site.project, "project_name in clouds.yaml")
    return "openrc.sh, clouds.yaml"


EMPTY = (
    Step(PAGE, "limits and usage of an empty project", empty),
    Step(ACCESS, "the region's endpoints", endpoints),
    Step(ACCESS, "openrc and clouds.yaml", credentials),
)
SERVER = "Instances: rename"
USED = (
    Step(PAGE, "limits and usage with a server", taken, (SERVER,)),
    Step(PAGE, "usage as a file", summary, (SERVER,)),
)
