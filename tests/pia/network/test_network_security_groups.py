"""Security groups and their rules."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.pia.network.support import Client, network_kit
from tests.support.pia import PROJECTS, REGION

from gurum.model.network import SecurityGroup, SecurityGroupRule
from gurum.pia.network.default_group import INCOMPLETE, key

UNKNOWN = "11111111-2222-4333-8444-555555555555"


def said(rule: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(rule[k] for k in ("direction", "ethertype", "protocol", "remote_group_id"))


async def test_a_project_has_its_default_group() -> None:
    client = Client(await network_kit())
    [group] = await client.get("/security-groups")
    assert (group["name"], group["description"]) == ("default", "Default security group")
    assert (group["revision_number"], group["stateful"], group["shared"]) == (1, True, False)
    assert sorted(map(said, group["security_group_rules"])) == [
        ("egress", "IPv4", None, None),
        ("egress", "IPv6", None, None),
        ("ingress", "IPv4", None, group["id"]),
        ("ingress", "IPv6", None, group["id"]),
    ]
    rule = group["security_group_rules"][0]
    assert (rule["description"], rule["belongs_to_default_sg"], rule["tags"]) == (None, None, [])
    assert isinstance(rule["standard_attr_id"], int)
    shown = await client.get(f"/security-groups/{group['id']}")
    assert {r["belongs_to_default_sg"] for r in shown["security_group_rules"]} == {True}


async def test_it_is_made_once_however_many_ask() -> None:
    kit = await network_kit()
    found = await asyncio.gather(*(Client(kit, who).get("/security-groups") for who in ("member", "reader") * 5))
    assert len({groups[0]["id"] for groups in found}) == 1
    assert len((await kit.store.list(SecurityGroup)).items) == 1
    assert len((await kit.store.list(SecurityGroupRule)).items) == 4


async def test_one_that_was_left_half_made_is_completed() -> None:
    kit = await network_kit()
    client = Client(kit)
    await client.get("/security-groups")
    group = await kit.store.get_by_key(SecurityGroup, key(REGION, PROJECTS["member"]))
    group.metadata.labels[INCOMPLETE] = ""
    await kit.store.update_spec(group)
    for rule in (await kit.store.list(SecurityGroupRule)).items[:3]:
        await kit.store.delete(SecurityGroupRule, rule.id)
    [shown] = await client.get("/security-groups")
    assert len(shown["security_group_rules"]) == 4
    assert INCOMPLETE not in (await kit.store.get(SecurityGroup, group.id)).metadata.labels


async def test_life_of_a_group() -> None:
    kit = await network_kit()
    client = Client(kit)
    made = await client.make("security_group", name="web", description="d", stateful=False, tags=["x"])
    assert (made["name"], made["stateful"], made["tags"]) == ("web", False, ["x"])
    assert sorted(map(said, made["security_group_rules"])) == [
        ("egress", "IPv4", None, None),
        ("egress", "IPv6", None, None),
    ]
    assert {r["belongs_to_default_sg"] for r in made["security_group_rules"]} == {False}
    changed = await client.put("security_group", made["id"], name="web2")
    assert (changed["name"], changed["revision_number"]) == ("web2", 2)
    await client.delete(f"/security-groups/{made['id']}")
    assert (await kit.store.get(SecurityGroup, made["id"])).deleting
    assert await client.refused("GET", f"/security-groups/{made['id']}") == (
        404,
        "SecurityGroupNotFound",
        f"Security group {made['id']} does not exist",
    )
    assert len(await client.get("/security-group-rules")) == 4


async def test_the_default_group_stays() -> None:
    kit = await network_kit()
    client = Client(kit)
    [default] = await client.get("/security-groups")
    path = f"/security-groups/{default['id']}"
    for who in ("member", "admin"):
        assert (await Client(kit, who).refused("DELETE", path))[1] == "SecurityGroupCannotRemoveDefault"
    assert (await client.refused("PUT", path, {"security_group": {"name": "x"}}))[1] == (
        "SecurityGroupCannotUpdateDefault"
    )
    assert (await client.put("security_group", default["id"], description="mine"))["description"] == "mine"
    for name in ("default", "Default"):
        refused = await client.refused("POST", "/security-groups", {"security_group": {"name": name}})
        assert refused[1] == "SecurityGroupDefaultAlreadyExists"


async def test_groups_in_use() -> None:
    client = Client(await network_kit())
    network, _ = await client.net()
    group = (await client.make("security_group", name="g"))["id"]
    port = await client.make("port", network_id=network, security_groups=[group])
    assert await client.refused("DELETE", f"/security-groups/{group}") == (
        409,
        "SecurityGroupInUse",
        f"Security Group {group} in use.",
    )
    refused = await client.refused("PUT", f"/security-groups/{group}", {"security_group": {"stateful": False}})
    assert refused[1] == "SecurityGroupInUse"
    await client.put("port", port["id"], security_groups=[])
    await client.delete(f"/security-groups/{group}")


async def test_rules_that_name_a_deleted_group_go_with_it() -> None:
    client = Client(await network_kit())
    one, two = [(await client.make("security_group", name=name))["id"] for name in "ab"]
    rule = await client.make("security_group_rule", security_group_id=one, direction="ingress", remote_group_id=two)
    await client.delete(f"/security-groups/{two}")
    assert (await client.refused("GET", f"/security-group-rules/{rule['id']}"))[1] == "SecurityGroupRuleNotFound"


async def test_life_of_a_rule() -> None:
    client = Client(await network_kit())
    group = (await client.make("security_group", name="g"))["id"]
    made = await client.make(
        "security_group_rule",
        security_group_id=group,
        direction="ingress",
        protocol="TCP",
        port_range_min="22",
        port_range_max=22,
        remote_ip_prefix="10.0.0.7/8",
        ethertype="ipv4",
    )
    assert (made["protocol"], made["port_range_min"], made["ethertype"]) == ("tcp", 22, "IPv4")
    assert (made["remote_ip_prefix"], made["normalized_cidr"]) == ("10.0.0.7/8", "10.0.0.0/8")
    assert (made["description"], made["revision_number"], made["belongs_to_default_sg"]) == ("", 0, False)
    assert await client.get(f"/security-group-rules/{made['id']}") == made
    assert (await client.get(f"/security-groups/{group}"))["revision_number"] == 2
    assert len(await client.get(f"/security-group-rules?security_group_id={group}&direction=egress")) == 2
    assert (await client.refused("PUT", f"/security-group-rules/{made['id']}", {"security_group_rule": {}}))[0] == 404
    await client.delete(f"/security-group-rules/{made['id']}")
    assert (await client.get(f"/security-groups/{group}"))["revision_number"] == 3


@pytest.mark.parametrize(
    ("protocol", "stored"),
    [
        (47, "47"),
        ("112", "112"),
        ("SCTP", "sctp"),
        ("any", None),
        (None, None),
        ("icmpv6", "ipv6-icmp"),
        ("icmp", "ipv6-icmp"),
    ],
)
async def test_protocols(protocol: Any, stored: str | None) -> None:
    client = Client(await network_kit())
    group = (await client.make("security_group", name="g"))["id"]
    rule = await client.make(
        "security_group_rule", security_group_id=group, direction="ingress", protocol=protocol, ethertype="IPv6"
    )
    assert rule["protocol"] == stored


@pytest.mark.parametrize(
    ("attributes", "type_"),
    [
        ({"direction": "in"}, "HTTPBadRequest"),
        ({"ethertype": "IPv5"}, "HTTPBadRequest"),
        ({"port_range_min": 22, "port_range_max": 22}, "SecurityGroupProtocolRequiredWithPorts"),
        ({"protocol": "tcp", "port_range_min": 30, "port_range_max": 20}, "SecurityGroupInvalidPortRange"),
        ({"protocol": "tcp", "port_range_max": 20}, "SecurityGroupInvalidPortRange"),
        ({"protocol": "tcp", "port_range_min": 1, "port_range_max": 70000}, "SecurityGroupInvalidPortValue"),
        ({"protocol": "tcp", "port_range_min": True, "port_range_max": 5}, "SecurityGroupInvalidPortValue"),
        ({"protocol": "icmp", "port_range_min": 256}, "SecurityGroupInvalidIcmpValue"),
        ({"protocol": "icmp", "port_range_max": 5}, "SecurityGroupMissingIcmpType"),
        ({"protocol": 256}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": True}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": "gre", "port_range_min": 1, "port_range_max": 2}, "SecurityGroupInvalidProtocolForPort"),
        ({"protocol": "ipv6-icmp"}, "SecurityGroupEthertypeConflictWithProtocol"),
        ({"remote_ip_prefix": "x"}, "InvalidCIDR"),
        ({"remote_ip_prefix": "fd00::/8"}, "SecurityGroupRuleParameterConflict"),
        ({"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": "{group}"}, "SecurityGroupMultipleRemoteEntites"),
        ({"remote_group_id": "x"}, "SecurityGroupNotFound"),
        ({"remote_address_group_id": UNKNOWN}, "AddressGroupNotFound"),
        ({"security_group_id": UNKNOWN}, "SecurityGroupNotFound"),
        ({"direction": "egress"}, "SecurityGroupRuleExists"),
    ],
)
async def test_wrong_rules(attributes: dict[str, Any], type_: str) -> None:
    client = Client(await network_kit())
    group = (await client.make("security_group", name="g"))["id"]
    rule = {"security_group_id": group, "direction": "ingress"}
    rule |= {key: group if value == "{group}" else value for key, value in attributes.items()}
    assert (await client.refused("POST", "/security-group-rules", {"security_group_rule": rule}))[1] == type_
    assert len(await client.get(f"/security-group-rules?security_group_id={group}")) == 2


async def test_duplicates_name_the_rule_that_is_there() -> None:
    client = Client(await network_kit())
    group = (await client.make("security_group", name="g"))["id"]
    rule = {"security_group_id": group, "direction": "ingress", "protocol": "tcp"}
    posts = [client.call("POST", "/security-group-rules", {"security_group_rule": rule}) for _ in range(5)]
    answers = await asyncio.gather(*posts)
    [made] = [answer.json["security_group_rule"] for answer in answers if answer.status == 201]
    assert {answer.json["NeutronError"]["message"] for answer in answers if answer.status == 409} == {
        f"Security group rule already exists. Rule id is {made['id']}."
    }


async def test_several_rules_are_one_change() -> None:
    client = Client(await network_kit())
    group = (await client.make("security_group", name="g"))["id"]
    [default] = await client.get("/security-groups?name=default")
    rule = {"security_group_id": group, "direction": "ingress"}
    body = {"security_group_rules": [rule | {"protocol": "tcp"}, rule | {"protocol": "udp"}]}
    assert (await client.call("POST", "/security-group-rules", body)).status == 201
    assert (await client.get(f"/security-groups/{group}"))["revision_number"] == 2
    twice = {"security_group_rules": [rule, rule]}
    assert (await client.refused("POST", "/security-group-rules", twice))[1] == "DuplicateSecurityGroupRuleInPost"
    mixed = {"security_group_rules": [rule, rule | {"security_group_id": default["id"]}]}
    assert (await client.refused("POST", "/security-group-rules", mixed))[1] == "SecurityGroupNotSingleGroupRules"


async def test_protocols_of_more_digits_than_python_converts() -> None:
    client = Client(await network_kit())
    [group] = await client.get("/security-groups")
    rule = {"security_group_id": group["id"], "direction": "ingress", "protocol": "1" * 5000}
    refused = await client.refused("POST", "/security-group-rules", {"security_group_rule": rule})
    assert refused[:2] == (400, "SecurityGroupRuleInvalidProtocol")


async def test_groups_of_others() -> None:
    kit = await network_kit()
    client, other = Client(kit), Client(kit, "other")
    group = await client.make("security_group", name="g")
    rule = group["security_group_rules"][0]["id"]
    assert [g["name"] for g in await other.get("/security-groups")] == ["default"]
    assert (await other.refused("GET", f"/security-groups/{group['id']}"))[1] == "SecurityGroupNotFound"
    for method in ("GET", "DELETE"):
        for uid in (rule, "11111111-2222-4333-8444-555555555555"):
            assert await other.refused(method, f"/security-group-rules/{uid}") == (
                404,
                "SecurityGroupRuleNotFound",
                f"Security group rule {uid} does not exist",
            )
    body = {"security_group_rule": {"security_group_id": group["id"], "direction": "ingress"}}
    assert (await other.refused("POST", "/security-group-rules", body))[1] == "SecurityGroupNotFound"
    assert await other.get(f"/security-group-rules?security_group_id={group['id']}") == []
    reader = Client(kit, "reader")
    assert (await reader.get(f"/security-groups/{group['id']}"))["name"] == "g"
    assert (await reader.refused("POST", "/security-group-rules", body))[0] == 403
