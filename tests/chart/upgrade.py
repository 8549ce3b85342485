"""What operators do to the installation: another catalogue, things of it removed by hand, engines that are down."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

from tests.chart.site import Site

from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client, checked

Document = dict[str, Any]

# Versions by which the cluster goes back. Were they few, its own start would have passed them before anybody looks, and
# nobody could tell that it went back at all.
LOST = 1000


def changed(values: Document, number: int) -> Document:
    """Return the chart's values with something more of everything that is seeded, and something otherwise."""
    new = copy.deepcopy(values)
    regions = new["config"]["regions"]
    for region in regions:
        region["flavors"] = [*region["flavors"], _more(region["flavors"][3], f"deed-{number}")]
        region["flavors"][-2] = {**region["flavors"][-2], "ram": region["flavors"][-2]["ram"] + 1024}
        region["images"] = [*region["images"], _more(region["images"][0], f"deed-{number}")]
        region["images"][-2] = {**region["images"][-2], "min_ram": number}
    [simulated] = [region for region in regions if "aws" not in region]
    simulated["zones"] = [*simulated["zones"], {"name": f"deed-{number}", "id": f"deed-{number}"}]
    outside = {"name": f"deed-{number}", "subnet_name": f"deed-{number}", "cidr": f"198.51.{100 + number}.0/24"}
    simulated["external_networks"] = [*simulated["external_networks"], outside]
    return new


def serving(values: Document, *projects: str) -> Document:
    """Return the values with the AWS account serving these projects alone."""
    new = copy.deepcopy(values)
    for region in new["config"]["regions"]:
        for account in region.get("aws", {}).get("accounts", ()):
            account["projects"] = list(projects)
    return new


def _more(one: Document, name: str) -> Document:
    return {key: value for key, value in one.items() if key not in ("id", "name", "cloud_id")} | {"name": name}


def forget_places(site: Site) -> None:
    """Remove the AWS region and its account by hand: an engine that starts makes them anew."""
    for resource in ("regions.gurum.cloud", "accounts.gurum.cloud"):
        listed = json.loads(site.kubectl("get", resource, "-o", "json"))["items"]
        for one in listed:
            if resource.startswith("accounts") or one["spec"]["provider"] == "aws":
                site.kubectl("delete", resource, one["metadata"]["name"])


def seeded(site: Site) -> bool:
    """Whether they are there."""
    kinds = "regions.gurum.cloud,accounts.gurum.cloud"
    return len(json.loads(site.kubectl("get", kinds, "-o", "json"))["items"]) == len(site.config.regions) + 1


def rewound(site: Site) -> None:
    """Put the cluster back to a moment ago, by hand; return when the engines have recorded that."""
    restorations = ("restorations.gurum.cloud", "-n", "gurum-system")
    site.kubectl("delete", *restorations, "--all")

    def recorded() -> bool:
        return bool(json.loads(site.kubectl("get", *restorations, "-o", "json"))["items"])

    site.rewind(lambda: asyncio.run(_written(site, LOST)), recorded)


async def _written(site: Site, times: int) -> None:
    """Write something of nobody's so often: what is lost of the cluster must show in its versions when it is back."""
    client = Client(access(f"kubernetes://{site.plane.kubeconfig}", "busy"), manager="busy")
    where, meta = "/api/v1/namespaces/default/configmaps", {"name": "busy", "namespace": "default"}
    document: Document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}
    await client.create(where, document)
    for number in range(times):
        checked(await client.replace(f"{where}/busy", {**document, "data": {"number": str(number)}}))
    await client.close()
