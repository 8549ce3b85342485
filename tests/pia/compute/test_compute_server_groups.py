"""Server groups: their shapes by version, what is refused, their servers, and how many there may be."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pia.compute.support import NOBODY, V, create, fault, running, show
from tests.support.pia import PROJECTS, USERS, Answer, Kit

from gurum.model.compute import ServerGroup
from gurum.model.server import Server

G = f"{V}/os-server-groups"
INVALID = "Invalid input for field/attribute"


async def grouped(kit: Kit, *, version: str = "2.1", token: str = "member", **fields: Any) -> Answer:
    """Ask for a server group."""
    return await kit.call("POST", G, {"server_group": fields}, version=version, token=token)


async def made(kit: Kit, name: str = "g", policy: str = "anti-affinity", **more: Any) -> str:
    """Return the id of a new group."""
    answer = await grouped(kit, name=name, policies=[policy], version="2.15", **more)
    assert answer.status == 200, answer.body
    uid: str = answer.json["server_group"]["id"]
    return uid


@pytest.mark.parametrize(
    ("version", "asked", "keys"),
    [
        ("2.1", {"policies": ["affinity"]}, {"id", "name", "members", "policies", "metadata"}),
        ("2.13", {"policies": ["affinity"]},
         {"id", "name", "members", "policies", "metadata", "project_id", "user_id"}),
        ("2.64", {"policy": "anti-affinity", "rules": {"max_server_per_host": "2"}},
         {"id", "name", "members", "policy", "rules", "project_id", "user_id"}),
    ],
)  # fmt: skip
async def test_shapes(kit: Kit, version: str, asked: dict[str, Any], keys: set[str]) -> None:
    group = (await grouped(kit, name="g", version=version, **asked)).json["server_group"]
    assert set(group) == keys
    if version == "2.64":
        assert (group["rules"], group["user_id"]) == ({"max_server_per_host": 2}, USERS["member"])
    assert (await kit.call("GET", f"{G}/{group['id']}", version=version)).json == {"server_group": group}
    assert (await kit.call("GET", G, version=version)).json == {"server_groups": [group]}


@pytest.mark.parametrize(
    ("version", "asked", "text"),
    [
        ("2.1", {"policies": ["affinity"]},
         f"{INVALID} server_group. Value: {{'policies': ['affinity']}}. 'name' is a required property"),
        ("2.1", {"name": "g"}, f"{INVALID} server_group. Value: {{'name': 'g'}}. 'policies' is a required property"),
        ("2.1", {"name": "g", "policies": ["soft-affinity"]},
         f"{INVALID} 0. Value: soft-affinity. 'soft-affinity' is not one of ['anti-affinity', 'affinity']"),
        ("2.64", {"name": "g", "policy": "affinity", "rules": {"max_server_per_host": 2}},
         "Only anti-affinity policy supports rules."),
        ("2.64", {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 0}},
         f"{INVALID} max_server_per_host. Value: 0. 0 is less than the minimum of 1"),
    ],
)  # fmt: skip
async def test_wrong_groups(kit: Kit, version: str, asked: dict[str, Any], text: str) -> None:
    answer = await kit.call("POST", G, {"server_group": asked}, version=version)
    assert fault(answer) == (400, text)


async def test_pages_and_projects(kit: Kit) -> None:
    mine = [await made(kit, f"g{n}") for n in range(3)]
    theirs = await made(kit, token="other")
    rows = (await kit.call("GET", f"{G}?limit=1&offset=1")).json["server_groups"]
    assert [row["id"] for row in rows] == [mine[1]]
    assert fault(await kit.call("GET", f"{G}?limit=x"))[0] == 400
    everybodys = (await kit.call("GET", f"{G}?all_projects=1", token="admin")).json["server_groups"]
    assert {row["id"] for row in everybodys} == {*mine, theirs}
    assert {r["id"] for r in (await kit.call("GET", f"{G}?all_projects=1")).json["server_groups"]} == set(mine)
    text = f"Instance group {theirs} could not be found."
    assert fault(await kit.call("GET", f"{G}/{theirs}")) == (404, text)
    assert fault(await kit.call("DELETE", f"{G}/{theirs}")) == (404, text)


async def server_in(kit: Kit, group: Any, **fields: Any) -> Answer:
    """Ask for a server in a group."""
    body = {
        "server": {"name": "s", "imageRef": "30000000-0000-4000-8000-000000000000", "flavorRef": "1",
                   "networks": "none", **fields},
        "os:scheduler_hints": {"group": group},
    }  # fmt: skip
    return await kit.call("POST", f"{V}/servers", body, version="2.37")


async def test_members(kit: Kit) -> None:
    group = await made(kit)
    uid = (await server_in(kit, group)).json["server"]["id"]
    await running(kit)
    assert (await kit.store.get(Server, uid)).spec.group == group
    assert (await kit.call("GET", f"{G}/{group}")).json["server_group"]["members"] == [uid]
    assert (await show(kit, uid, "2.71"))["server_groups"] == [group]
    assert (await kit.call("DELETE", f"{G}/{group}")).status == 204
    assert (await show(kit, uid, "2.71"))["server_groups"] == []
    assert (await kit.store.get(ServerGroup, group)).deleting
    for method in ("GET", "DELETE"):
        gone = await kit.call(method, f"{G}/{group}")
        assert fault(gone) == (404, f"Instance group {group} could not be found.")
    assert fault(await server_in(kit, group)) == (400, f"Instance group {group} could not be found.")


async def test_hints_that_name_no_group(kit: Kit) -> None:
    theirs = await made(kit, token="other")
    for uid in (NOBODY, theirs):
        assert fault(await server_in(kit, uid)) == (400, f"Instance group {uid} could not be found.")


async def test_quotas(kit: Kit) -> None:
    kit.parts.config.quotas["compute"] |= {"server_groups": 1, "server_group_members": 2}
    group = await made(kit)
    answer = await grouped(kit, name="h", policies=["affinity"])
    assert fault(answer) == (403, "Quota exceeded, too many server groups.")
    detail = (await kit.call("GET", f"{V}/os-quota-sets/{PROJECTS['member']}/detail")).json["quota_set"]
    assert detail["server_groups"]["in_use"] == 1
    absolute = (await kit.call("GET", f"{V}/limits")).json["limits"]["absolute"]
    assert (absolute["totalServerGroupsUsed"], absolute["maxServerGroups"]) == (1, 1)
    assert (await server_in(kit, group, min_count=2, max_count=2)).status == 202
    assert fault(await server_in(kit, group)) == (403, "Quota exceeded, too many servers in group")
    assert (await create(kit)).status == 202
