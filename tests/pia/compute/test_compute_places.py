"""Zones, administrators' lists, extensions, and the proxies of the past."""

from __future__ import annotations

import pytest
from tests.pia.compute.conftest import IMAGE
from tests.pia.compute.support import NOBODY, V, fault
from tests.support.pia import ROOT, Kit


async def test_zones(kit: Kit) -> None:
    zones = (await kit.call("GET", f"{V}/os-availability-zone")).json["availabilityZoneInfo"]
    assert zones == [
        {"zoneName": name, "zoneState": {"available": True}, "hosts": None} for name in ("us-east-1a", "us-east-1b")
    ]
    path = f"{V}/os-availability-zone/detail"
    assert fault(await kit.call("GET", path)) == (
        403,
        "Policy doesn't allow os_compute_api:os-availability-zone:detail to be performed.",
    )
    assert (await kit.call("GET", path, token="admin")).json["availabilityZoneInfo"][0]["hosts"] == {}


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("os-services", "services"),
        ("os-hypervisors", "hypervisors"),
        ("os-hypervisors/detail", "hypervisors"),
        ("os-aggregates", "aggregates"),
        ("os-migrations", "migrations"),
    ],
)
async def test_a_cloud_shows_no_hosts(kit: Kit, path: str, key: str) -> None:
    assert (await kit.call("GET", f"{V}/{path}", token="admin")).json == {key: []}
    assert fault(await kit.call("GET", f"{V}/{path}"))[0] == 403


async def test_statistics(kit: Kit) -> None:
    shown = (await kit.call("GET", f"{V}/os-hypervisors/statistics", token="admin")).json["hypervisor_statistics"]
    assert (shown["count"], shown["running_vms"]) == (0, 0)


async def test_extensions(kit: Kit) -> None:
    listed = (await kit.call("GET", f"{V}/extensions")).json["extensions"]
    assert "os-keypairs" in {row["alias"] for row in listed}
    assert (await kit.call("GET", f"{V}/extensions/os-keypairs")).json["extension"]["name"] == "Keypairs"
    assert fault(await kit.call("GET", f"{V}/extensions/os-dance"))[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "images",
        "images/detail",
        "os-security-groups",
        "os-floating-ips",
        "os-floating-ip-pools",
        "os-volumes",
        "os-snapshots",
    ],
)
async def test_proxies_end_at_2_36(kit: Kit, path: str) -> None:
    assert (await kit.call("GET", f"{V}/{path}", version="2.35")).status == 200
    assert fault(await kit.call("GET", f"{V}/{path}", version="2.36")) == (404, "The resource could not be found.")


async def test_the_image_proxy(kit: Kit) -> None:
    (listed,) = (await kit.call("GET", f"{V}/images")).json["images"]
    assert [link["rel"] for link in listed["links"]] == ["self", "bookmark", "alternate"]
    assert listed["links"][2]["href"] == f"{ROOT}/image/images/{IMAGE}"
    assert (await kit.call("GET", f"{V}/images/{IMAGE}")).json["image"]["status"] == "ACTIVE"
    assert fault(await kit.call("GET", f"{V}/images/{NOBODY}"))[0] == 404


async def test_the_security_group_proxy_makes_the_default_group(kit: Kit) -> None:
    (group,) = (await kit.call("GET", f"{V}/os-security-groups")).json["security_groups"]
    assert (group["name"], group["description"], len(group["rules"])) == ("default", "Default security group", 2)
    assert (await kit.call("GET", f"{V}/os-security-groups/{group['id']}")).json["security_group"] == group
    assert fault(await kit.call("GET", f"{V}/os-security-groups/{group['id']}", token="other"))[0] == 404


@pytest.mark.parametrize("path", ["os-cells", "os-cells/info", "os-certificates/root", "os-agents", "os-fping"])
@pytest.mark.parametrize("version", ["2.1", "2.44"])
async def test_what_was_removed_is_gone(kit: Kit, path: str, version: str) -> None:
    answer = await kit.call("GET", f"{V}/{path}", version=version)
    assert fault(answer) == (410, "This resource is no longer available. No forwarding address is given.")
    assert list(answer.json) == ["computeFault"]
