"""Security groups in Nova's words, below 2.36: the same groups as the network API's, with Nova's statuses."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pia.compute.support import NOBODY, V, act, fault, running
from tests.support.pia import Answer, Kit

GROUPS, RULES = f"{V}/os-security-groups", f"{V}/os-security-group-rules"
NETWORK = "/network/v2.0"


async def make(kit: Kit, name: str = "web", **more: Any) -> dict[str, Any]:
    body = {"security_group": {"name": name, "description": "of the test"} | more}
    answer = await kit.call("POST", GROUPS, body)
    assert answer.status == 200, answer.body
    group: dict[str, Any] = answer.json["security_group"]
    return group


async def rule(kit: Kit, group: str, **more: Any) -> Answer:
    wish = {"parent_group_id": group, "ip_protocol": "tcp", "from_port": 22, "to_port": 22} | more
    return await kit.call("POST", RULES, {"security_group_rule": wish})


async def test_a_group_made_here_is_the_network_apis(kit: Kit) -> None:
    group = await make(kit, " web ")
    assert set(group) == {"id", "name", "description", "tenant_id", "rules"}
    assert (group["name"], group["rules"]) == (" web ", [])
    assert (await kit.call("GET", f"{GROUPS}/{group['id']}")).json["security_group"] == group
    seen = (await kit.call("GET", f"{NETWORK}/security-groups/{group['id']}")).json["security_group"]
    assert (seen["name"], seen["description"], len(seen["security_group_rules"])) == (" web ", "of the test", 2)


async def test_a_group_is_changed_and_deleted(kit: Kit) -> None:
    path = f"{GROUPS}/{(await make(kit))['id']}"
    body = {"security_group": {"name": "db", "description": "other"}}
    changed = (await kit.call("PUT", path, body)).json["security_group"]
    assert (changed["name"], changed["description"]) == ("db", "other")
    gone = await kit.call("DELETE", path)
    assert (gone.status, gone.body) == (202, b"")
    for method in ("GET", "PUT", "DELETE"):
        status, text = fault(await kit.call(method, path, body if method == "PUT" else None))
        assert (status, text) == (404, f"Security group {path.rpartition('/')[2]} not found.")


async def test_what_there_is_not_and_what_is_anothers(kit: Kit) -> None:
    group = await make(kit)
    body = {"security_group": {"name": "mine", "description": ""}}
    for uid, token in ((NOBODY, "member"), (group["id"], "other")):
        assert fault(await kit.call("PUT", f"{GROUPS}/{uid}", body, token=token))[0] == 404
        assert fault(await kit.call("DELETE", f"{GROUPS}/{uid}", token=token))[0] == 404
    assert fault(await kit.call("DELETE", f"{RULES}/{NOBODY}"))[0] == 404
    assert fault(await kit.call("POST", GROUPS, body, token="reader"))[0] == 403


async def test_the_default_group_stays_as_it_is(kit: Kit) -> None:
    (group,) = (await kit.call("GET", GROUPS)).json["security_groups"]
    body = {"security_group": {"name": "mine", "description": ""}}
    answer = await kit.call("PUT", f"{GROUPS}/{group['id']}", body)
    assert fault(answer) == (400, "Unable to update system group 'default'")
    assert fault(await kit.call("DELETE", f"{GROUPS}/{group['id']}"))[0] == 400


async def test_a_group_in_use_is_not_deleted(kit: Kit) -> None:
    group, server = await make(kit), await running(kit)
    assert (await act(kit, server, {"addSecurityGroup": {"name": "web"}})).status == 202
    status, text = fault(await kit.call("DELETE", f"{GROUPS}/{group['id']}"))
    assert (status, text) == (400, f"Security Group {group['id']} in use.")


async def test_rules(kit: Kit) -> None:
    group = (await make(kit))["id"]
    made = (await rule(kit, group)).json["security_group_rule"]
    assert made == {
        "id": made["id"],
        "parent_group_id": group,
        "from_port": 22,
        "to_port": 22,
        "ip_protocol": "tcp",
        "ip_range": {"cidr": "0.0.0.0/0"},
        "group": {},
    }
    assert (await kit.call("GET", f"{GROUPS}/{group}")).json["security_group"]["rules"] == [made]
    again = fault(await rule(kit, group))
    assert again[0] == 400
    assert "already exists" in again[1]
    from_group = (await rule(kit, group, group_id=group, cidr=None)).json["security_group_rule"]
    assert (from_group["group"]["name"], from_group["ip_range"]) == ("web", {})
    ping = (await rule(kit, group, ip_protocol="ICMP", from_port=-1, to_port="-1")).json["security_group_rule"]
    assert (ping["ip_protocol"], ping["from_port"]) == ("icmp", -1)
    assert (await kit.call("DELETE", f"{RULES}/{made['id']}")).status == 202
    assert fault(await kit.call("DELETE", f"{RULES}/{made['id']}"))[0] == 404


@pytest.mark.parametrize(
    "wish",
    [
        {"ip_protocol": "gre"},
        {"cidr": "everywhere"},
        {"ip_protocol": None},
        {"from_port": None},
        {"from_port": 80, "to_port": 79},
        {"to_port": 65536},
        {"parent_group_id": "web"},
        {"colour": "blue"},
    ],
)
async def test_rules_that_are_none(kit: Kit, wish: dict[str, Any]) -> None:
    assert fault(await rule(kit, (await make(kit))["id"], **wish))[0] == 400


async def test_a_rule_of_a_group_that_is_not_there(kit: Kit) -> None:
    assert fault(await rule(kit, NOBODY))[0] == 404
    group = await make(kit)
    wish = {"parent_group_id": group["id"], "ip_protocol": "tcp", "from_port": 1, "to_port": 2}
    assert fault(await kit.call("POST", RULES, {"security_group_rule": wish}, token="other"))[0] == 404


@pytest.mark.parametrize("name", ["", "n" * 256, None])
async def test_names_that_are_none(kit: Kit, name: str | None) -> None:
    body = {"security_group": {"name": name, "description": ""}}
    assert fault(await kit.call("POST", GROUPS, body))[0] == 400


async def test_over_quota(kit: Kit) -> None:
    limits = {"quota": {"security_group": 1}}
    (group,) = (await kit.call("GET", GROUPS)).json["security_groups"]
    assert (await kit.call("PUT", f"{NETWORK}/quotas/{group['tenant_id']}", limits, token="admin")).status == 200
    answer = await kit.call("POST", GROUPS, {"security_group": {"name": "one too many", "description": ""}})
    assert fault(answer)[0] == 403


async def test_not_above_2_35(kit: Kit) -> None:
    group = (await make(kit))["id"]
    for method, path in (
        ("POST", GROUPS),
        ("PUT", f"{GROUPS}/{group}"),
        ("DELETE", f"{GROUPS}/{group}"),
        ("POST", RULES),
    ):
        answer = await kit.call(method, path, {} if method != "DELETE" else None, version="2.36")
        assert fault(answer) == (404, "The resource could not be found.")
