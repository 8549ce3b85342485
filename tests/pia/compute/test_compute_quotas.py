"""Quota sets, limits and usage, by version."""

from __future__ import annotations

import pytest
from tests.pia.compute.support import V, create, fault, running
from tests.support.pia import PROJECTS, Kit
from tests.support.pretender import Pretender

Q = f"{V}/os-quota-sets"
MEMBER = PROJECTS["member"]
LATEST = {"cores", "instances", "key_pairs", "metadata_items", "ram", "server_group_members", "server_groups"}
FILES = {"injected_file_content_bytes", "injected_file_path_bytes", "injected_files"}
NETWORKS = {"fixed_ips", "floating_ips", "security_group_rules", "security_groups"}


@pytest.mark.parametrize(
    ("version", "keys"), [("2.1", LATEST | FILES | NETWORKS), ("2.36", LATEST | FILES), ("2.57", LATEST)]
)
async def test_keys_by_version(kit: Kit, version: str, keys: set[str]) -> None:
    shown = (await kit.call("GET", f"{Q}/{MEMBER}", version=version)).json["quota_set"]
    assert set(shown) == keys | {"id"}
    assert (shown["id"], shown["instances"]) == (MEMBER, 100)
    default = (await kit.call("GET", f"{Q}/{MEMBER}/defaults", version=version)).json["quota_set"]
    assert default == shown
    changed = await kit.call("PUT", f"{Q}/{MEMBER}", {"quota_set": {"cores": 7}}, version=version, token="admin")
    assert set(changed.json["quota_set"]) == keys
    assert (await kit.call("GET", f"{Q}/{MEMBER}", version=version)).json["quota_set"]["cores"] == 7
    assert (await kit.call("DELETE", f"{Q}/{MEMBER}", token="admin")).status == 202
    assert (await kit.call("GET", f"{Q}/{MEMBER}")).json["quota_set"]["cores"] == 200


async def test_detail_counts_servers(kit: Kit) -> None:
    await create(kit, networks="none", flavorRef="2")
    shown = (await kit.call("GET", f"{Q}/{MEMBER}/detail", version="2.57")).json["quota_set"]
    assert shown["cores"] == {"limit": 200, "in_use": 2, "reserved": 0}
    assert shown["ram"] == {"limit": 512000, "in_use": 1024, "reserved": 0}


async def test_limits_below_use_need_force(kit: Kit) -> None:
    await create(kit, networks="none")
    path = f"{Q}/{MEMBER}"
    answer = await kit.call("PUT", path, {"quota_set": {"instances": 0}}, token="admin")
    assert fault(answer) == (
        400,
        "Quota limit 0 for instances must be greater than or equal to already used and reserved 1.",
    )
    forced = await kit.call("PUT", path, {"quota_set": {"instances": 0, "force": "True"}}, token="admin")
    assert forced.json["quota_set"]["instances"] == 0
    assert (await kit.call("PUT", path, {"quota_set": {"instances": -1}}, token="admin")).status == 200
    assert fault(await create(kit, networks="none", min_count=3000000))[0] == 403


@pytest.mark.parametrize(
    "body", [{"instances": "x"}, {"instances": -2}, {"color": 1}, {"instances": "9" * 5000}, {"cores": None}]
)
async def test_bad_limits(kit: Kit, body: object) -> None:
    assert fault(await kit.call("PUT", f"{Q}/{MEMBER}", {"quota_set": body}, token="admin"))[0] == 400


async def test_quotas_are_their_projects(kit: Kit) -> None:
    assert fault(await kit.call("GET", f"{Q}/{MEMBER}", token="other")) == (
        403,
        "Policy doesn't allow os_compute_api:os-quota-sets:show to be performed.",
    )
    assert fault(await kit.call("PUT", f"{Q}/{MEMBER}", {"quota_set": {}}))[0] == 403


async def test_limits(kit: Kit) -> None:
    await create(kit, networks="none")
    old = (await kit.call("GET", f"{V}/limits")).json["limits"]
    assert old["rate"] == []
    absolute = old["absolute"]
    assert (absolute["totalInstancesUsed"], absolute["totalRAMUsed"], absolute["maxTotalInstances"]) == (1, 512, 100)
    assert len(absolute) == 19
    new = (await kit.call("GET", f"{V}/limits", version="2.57")).json["limits"]["absolute"]
    gone = {
        *("maxImageMeta", "maxPersonality", "maxPersonalitySize", "maxTotalFloatingIps", "maxSecurityGroups"),
        *("maxSecurityGroupRules", "totalFloatingIpsUsed", "totalSecurityGroupsUsed"),
    }
    assert set(absolute) - set(new) == gone
    assert fault(await kit.call("GET", f"{V}/limits?tenant_id={MEMBER}", token="other"))[0] == 403
    other = await kit.call("GET", f"{V}/limits?tenant_id={MEMBER}", token="admin")
    assert other.json["limits"]["absolute"]["totalInstancesUsed"] == 1


async def test_usage_counts_living_and_deleted_servers(kit: Kit) -> None:
    path = f"{V}/os-simple-tenant-usage/{MEMBER}"
    assert (await kit.call("GET", path)).json == {"tenant_usage": {}}
    first = await running(kit, networks="none", flavorRef="2")
    await running(kit, networks="none")
    kit.clock.ahead(3600)
    await kit.call("DELETE", f"{V}/servers/{first}")
    await Pretender(kit).work()
    kit.clock.ahead(3600)
    usage = (await kit.call("GET", path)).json["tenant_usage"]
    assert round(usage["total_hours"], 3) == 3
    assert round(usage["total_vcpus_usage"], 3) == 4
    states = {row["instance_id"]: row["state"] for row in usage["server_usages"]}
    assert (states[first], sorted(states.values())) == ("terminated", ["active", "terminated"])
    everything = (await kit.call("GET", f"{V}/os-simple-tenant-usage?detailed=1", token="admin")).json["tenant_usages"]
    assert [row["tenant_id"] for row in everything] == [MEMBER]
    assert fault(await kit.call("GET", f"{V}/os-simple-tenant-usage"))[0] == 403
    assert fault(await kit.call("GET", path, token="other"))[0] == 403
    bad = await kit.call("GET", f"{path}?start=2030-01-01T00:00:00&end=2029-01-01T00:00:00")
    assert fault(bad) == (400, "Invalid start time. The start time cannot occur after the end time.")


async def test_usage_comes_in_pages_that_end(kit: Kit) -> None:
    """Horizon and novaclient ask with the last server's id until nothing comes, at 2.40 and above."""
    path = f"{V}/os-simple-tenant-usage/{MEMBER}"
    made = sorted([await running(kit, networks="none") for _ in range(3)])
    kit.clock.ahead(3600)
    found, query = [], "limit=2"
    for shown in (2, 1, 0):
        answer = (await kit.call("GET", f"{path}?{query}", version="2.40")).json
        rows = answer["tenant_usage"].get("server_usages", [])
        assert (len(rows), round(answer["tenant_usage"].get("total_hours", 0), 3)) == (shown, shown)
        assert ("tenant_usage_links" in answer) == (shown == 2)
        if shown == 2:
            [link] = answer["tenant_usage_links"]
            assert link["href"].endswith(f"/os-simple-tenant-usage/{MEMBER}?limit=2&marker={rows[-1]['instance_id']}")
        found += [row["instance_id"] for row in rows]
        query = f"marker={found[-1]}"
    assert found == made
    everything = f"{V}/os-simple-tenant-usage"
    page = (await kit.call("GET", f"{everything}?limit=2", token="admin", version="2.40")).json
    assert (round(page["tenant_usages"][0]["total_hours"], 3), page["tenant_usages_links"][0]["rel"]) == (2, "next")
    unknown = await kit.call("GET", f"{path}?marker={MEMBER}", version="2.40")
    assert fault(unknown) == (400, f"Marker {MEMBER} could not be found.")
    below = (await kit.call("GET", f"{path}?limit=1&marker=x", version="2.39")).json
    assert len(below["tenant_usage"]["server_usages"]) == 3
