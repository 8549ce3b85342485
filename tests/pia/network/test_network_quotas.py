"""Quotas of the network API."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pia.network.support import Client, network_kit
from tests.support.pia import PROJECTS, Kit

from gurum.model.quota import QuotaUsage, Reservation
from gurum.pia.kernel.claims import QuotaClaims
from gurum.store.quotas import Quotas

PROJECT = PROJECTS["member"]


async def limited(**limits: int) -> tuple[Kit, Client]:
    kit = await network_kit()
    answer = await Client(kit, "admin").call("PUT", f"/quotas/{PROJECT}", {"quota": limits})
    assert answer.status == 200
    assert {name: answer.json["quota"][name] for name in limits} == limits
    return kit, Client(kit)


async def test_shown_to_their_project_only() -> None:
    kit, client = await limited(network=3, router=7)
    shown = await client.get(f"/quotas/{PROJECT}")
    assert (shown["network"], shown["router"], shown["router_route"]) == (3, 7, 30)
    assert (await client.get(f"/quotas/{PROJECT}/default"))["network"] == 100
    assert (await client.get("/quotas/tenant"))["tenant_id"] == PROJECT
    other = Client(kit, "other")
    for method, path in (("GET", ""), ("GET", "/details"), ("PUT", ""), ("DELETE", "")):
        body: Any = {"quota": {"network": 1}} if method == "PUT" else None
        assert (await other.refused(method, f"/quotas/{PROJECT}{path}", body))[0] == 403
    assert (await client.refused("PUT", f"/quotas/{PROJECT}", {"quota": {"network": 1}}))[2] == (
        "rule:update_quota is disallowed by policy"
    )
    assert (await client.refused("GET", "/quotas"))[0] == 403
    [listed] = await Client(kit, "admin").get("/quotas")
    assert (listed["project_id"], listed["network"]) == (PROJECT, 3)


async def test_details_count_what_is_there() -> None:
    _, client = await limited(network=5)
    network, _ = await client.net()
    await client.make("port", network_id=network)
    details = await client.get(f"/quotas/{PROJECT}/details")
    assert {name: details[name]["used"] for name in ("network", "subnet", "port", "security_group")} == {
        "network": 1,
        "subnet": 1,
        "port": 1,
        "security_group": 1,
    }
    assert details["security_group_rule"] == {"limit": 500, "used": 4, "reserved": 0}
    assert details["floatingip"]["used"] == 0


@pytest.mark.parametrize("noun", ["network", "subnet", "port", "security_group", "security_group_rule"])
async def test_over_quota(noun: str) -> None:
    kit, client = await limited()
    network, _ = await client.net()
    await client.make("port", network_id=network)
    group = (await client.make("security_group", name="g"))["id"]
    used = (await client.get(f"/quotas/{PROJECT}/details"))[noun]["used"]
    await Client(kit, "admin").call("PUT", f"/quotas/{PROJECT}", {"quota": {noun: used}})
    attributes: dict[str, Any] = {
        "network": {},
        "subnet": {"network_id": network, "ip_version": 4, "cidr": "10.9.0.0/24"},
        "port": {"network_id": network},
        "security_group": {"name": "h"},
        "security_group_rule": {"security_group_id": group, "direction": "ingress"},
    }
    path = f"/{noun.replace('_', '-')}s"
    assert await client.refused("POST", path, {noun: attributes[noun]}) == (
        409,
        "OverQuota",
        f"Quota exceeded for resources: ['{noun}'].",
    )
    assert (await client.get(f"/quotas/{PROJECT}/details"))[noun]["used"] == used
    await Client(kit, "admin").call("PUT", f"/quotas/{PROJECT}", {"quota": {noun: -1}})
    await client.make(noun, **attributes[noun])


async def test_a_group_needs_room_for_its_rules() -> None:
    _, client = await limited(security_group_rule=5)
    refused = await client.refused("POST", "/security-groups", {"security_group": {"name": "g"}})
    assert refused[2] == "Quota exceeded for resources: ['security_group_rule']."


async def test_several_at_once_count_together() -> None:
    _, client = await limited(network=2)
    assert (await client.refused("POST", "/networks", {"networks": [{}, {}, {}]}))[1] == "OverQuota"
    assert (await client.call("POST", "/networks", {"networks": [{}, {}]})).status == 201


async def test_what_is_being_deleted_does_not_count() -> None:
    _, client = await limited(network=1)
    network = await client.make("network")
    await client.delete(f"/networks/{network['id']}")
    await client.make("network")


async def test_limits_below_what_is_used() -> None:
    kit, client = await limited()
    await client.make("network")
    admin = Client(kit, "admin")
    path = f"/quotas/{PROJECT}"
    assert await admin.refused("PUT", path, {"quota": {"network": 0}}) == (
        400,
        "HTTPBadRequest",
        "Quota limit 0 for network must be greater than or equal to already used 1",
    )
    for way in ({"force": True}, {"check_limit": False}):
        assert (await admin.call("PUT", path, {"quota": {"network": 0, **way}})).json["quota"]["network"] == 0
    answer = await admin.call("DELETE", path)
    assert (answer.status, (await client.get(path))["network"]) == (204, 100)
    assert (await admin.refused("DELETE", path))[1] == "TenantQuotaNotFound"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"network": "x"}, "Invalid input for operation: 'x' is not an integer."),
        ({"network": -2}, "Invalid input for network. Reason: '-2' is too small - must be at least '-1'."),
        ({"color": 1}, "Unrecognized attribute(s) 'color'"),
    ],
)
async def test_wrong_limits(limits: dict[str, Any], message: str) -> None:
    kit = await network_kit()
    assert (await Client(kit, "admin").refused("PUT", f"/quotas/{PROJECT}", {"quota": limits}))[2] == message


async def test_what_is_promised_is_shown_until_it_is_there() -> None:
    kit, client = await limited(network=9)
    there = await client.make("network")
    [usage] = (await kit.store.list(QuotaUsage)).items
    later = kit.clock.time() + 60
    usage.spec.reservations = [
        Reservation(id=there["id"], amounts={"network": 1}, until=later),
        Reservation(id="coming", amounts={"network": 2}, until=later),
        Reservation(id="never", amounts={"network": 4}, until=1.0),
    ]
    await kit.store.update_spec(usage)
    assert (await client.get(f"/quotas/{PROJECT}/details"))["network"] == {"limit": 9, "used": 1, "reserved": 2}


async def test_reservations_are_kept_when_limits_change() -> None:
    kit, _ = await limited(network=3)
    [usage] = (await kit.store.list(QuotaUsage)).items
    usage.spec.in_use = {"network": 1}
    await kit.store.update_spec(usage)
    await Client(kit, "admin").call("PUT", f"/quotas/{PROJECT}", {"quota": {"port": 9}})
    [usage] = (await kit.store.list(QuotaUsage)).items
    assert (usage.spec.limits, usage.spec.in_use) == ({"network": 3, "port": 9}, {"network": 1})


async def test_what_is_gone_at_once_is_no_longer_reserved_for() -> None:
    """Nobody counts in this test, as if who does had been too slow to ever see the rule."""
    kit, client = await limited(security_group=-1, security_group_rule=100)
    kit.parts.claims = QuotaClaims(Quotas(kit.store), kit.clock)
    group = await client.make("security_group", name="g")
    wish = {"security_group_id": group["id"], "direction": "ingress", "protocol": "tcp"}
    rule = await client.make("security_group_rule", **wish)
    [usage] = (await kit.store.list(QuotaUsage)).items
    assert rule["id"] in {reservation.id for reservation in usage.spec.reservations}
    answer = await client.call("DELETE", f"/security-group-rules/{rule['id']}")
    assert answer.status == 204
    [usage] = (await kit.store.list(QuotaUsage)).items
    assert rule["id"] not in {reservation.id for reservation in usage.spec.reservations}
