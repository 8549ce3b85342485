"""A cloud of our own to play against: the embedded run, with the things that scenarios take for granted.

The shipped configuration has no `golden.*` flavors and should not; here they are added, and AWS's default of five
VPCs is raised, because every scenario has projects of its own.
"""

from __future__ import annotations

import json
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.stack import Stack, running

ADMIN = "gurum-admin"
FLAVORS: tuple[dict[str, str | int], ...] = (
    # As in the recorded cloud: 1 vCPU and 512 MB where AWS has nothing so small; only the names count.
    {"name": "golden.small", "vcpus": 1, "ram": 512, "disk": 1},
    {"name": "golden.medium", "vcpus": 2, "ram": 1024, "disk": 2},
    {"name": "golden.zero", "vcpus": 1, "ram": 512, "disk": 0},
)
INSTANCE_TYPES = ("t3.xlarge", "t3.micro", "t3.nano")  # the first one with as many interfaces as are attached
IMAGE = "golden-image"


@contextmanager
def started() -> Iterator[str]:
    """Start it in a directory of its own; gives what `--cloud` takes. Both are gone in the end."""
    with tempfile.TemporaryDirectory(prefix="golden-") as directory, running(Path(directory), change=prepared) as stack:
        for region in stack.config.regions:
            _external_network(stack, region.name)
        yield f"{stack.places.clouds}#{ADMIN}"


def _external_network(stack: Stack, region: str) -> None:
    """Make the external network that every real cloud's administrator has made before anybody comes."""
    token = stack.token(ADMIN)

    def post(noun: str, wish: dict[str, Any]) -> str:
        request = urllib.request.Request(
            f"{stack.url(region)}/network/v2.0/{noun}s",
            data=json.dumps({noun: wish}).encode(),
            headers={"X-Auth-Token": token, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(json.load(answer)[noun]["id"])

    network = post("network", {"name": "public", "router:external": True})
    subnet = {"network_id": network, "name": "public4", "ip_version": 4, "cidr": "203.0.113.0/24", "enable_dhcp": False}
    post("subnet", subnet)


def prepared(document: dict[str, Any]) -> None:
    """Put what the scenarios need into a configuration."""
    for region in document["regions"]:
        real = region["provider"] == "aws"
        types = [{"instance_type": kind} if real else {} for kind in INSTANCE_TYPES]
        region["flavors"] = [{**flavor, **kind} for flavor, kind in zip(FLAVORS, types, strict=True)]
        # The recorded cloud has one public image, which fits on a disk of 1 GB. No AMI does: so no size is named, and
        # without its root device the root disk keeps the AMI's own.
        image = {k: v for k, v in region["images"][0].items() if k not in ("min_disk", "root_device")}
        image["name"] = IMAGE
        region["images"] = [image]
        region.pop("external_networks", None)  # the recorded cloud's is its administrator's: `_external_network`
        if real:
            region["aws"] |= {"observe_interval": 0.5, "idle_interval": 5.0}  # nobody's rate is spent here
    # Three users a scenario: with the hash that passwords deserve, making them takes longer than playing.
    document["embedded"].setdefault("keystone_settings", {})["bcrypt_rounds"] = 4
    settings = document["embedded"]["aws_emulator_settings"]
    settings["time_factor"] = 0.02
    settings.setdefault("quotas", {}).update(vpcs=200, vcpus=4096)
    # Scenarios name addresses for interfaces of servers whose zone nobody named. In AWS an address lies in a zone, so
    # all servers of the flavor are where those addresses are: in the second quarter of a subnet.
    settings["capacity"] = [
        {"zone_id": zone, "instance_type": INSTANCE_TYPES[0], "limit": 0}
        for zone in ("use1-az1", "use1-az4", "use1-az6")
    ]
