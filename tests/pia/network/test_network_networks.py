"""Networks."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pia.network.support import Client, network_kit
from tests.support.pia import PROJECTS

from gurum.model.network import Network

SHOWN = {
    "admin_state_up", "availability_zone_hints", "availability_zones", "created_at", "description", "id",
    "ipv4_address_scope", "ipv6_address_scope", "l2_adjacency", "mtu", "name", "port_security_enabled", "project_id",
    "qinq", "qos_policy_id", "revision_number", "router:external", "shared", "status", "subnets", "tags", "tenant_id",
    "updated_at", "vlan_transparent",
}  # fmt: skip


async def test_life_of_a_network() -> None:
    kit = await network_kit(limits={"network.mtu": 9001})
    client = Client(kit)
    made = await client.make("network", name="구름", description="d", admin_state_up="false", tags=["t"])
    assert set(made) == SHOWN | {"is_default"}
    assert (made["name"], made["admin_state_up"], made["mtu"], made["tags"]) == ("구름", False, 9001, ["t"])
    assert made["project_id"] == made["tenant_id"] == PROJECTS["member"]
    assert made["revision_number"] == 1
    shown = await client.get(f"/networks/{made['id']}")
    assert set(shown) == SHOWN
    changed = await client.put("network", made["id"], name="b", mtu=1)
    assert (changed["name"], changed["mtu"], changed["revision_number"]) == ("b", 1, 2)
    assert (await client.put("network", made["id"]))["revision_number"] == 2
    stored = await kit.store.get(Network, made["id"])
    assert stored.metadata.finalizers == ["engine"]
    assert stored.metadata.cause.request_id.startswith("req-")
    await client.delete(f"/networks/{made['id']}")
    assert (await kit.store.get(Network, made["id"])).deleting
    assert await client.get("/networks") == []
    assert (await client.refused("GET", f"/networks/{made['id']}"))[0] == 404
    assert (await client.refused("DELETE", f"/networks/{made['id']}"))[1] == "NetworkNotFound"


async def test_several_at_once() -> None:
    client = Client(await network_kit())
    answer = await client.call("POST", "/networks", {"networks": [{"name": "a"}, {"network": {"name": "b"}}]})
    assert (answer.status, [n["name"] for n in answer.json["networks"]]) == (201, ["a", "b"])


async def test_other_projects_see_nothing() -> None:
    kit = await network_kit()
    network = await Client(kit).make("network")
    other = Client(kit, "other")
    path, message = f"/networks/{network['id']}", f"Network {network['id']} could not be found."
    assert await other.get("/networks") == []
    assert await other.get(f"/networks?id={network['id']}") == []
    assert await other.get(f"/networks?project_id={PROJECTS['member']}") == []
    assert await other.refused("GET", path) == (404, "NetworkNotFound", message)
    assert await other.refused("PUT", path, {"network": {"name": "x"}}) == (404, "NetworkNotFound", message)
    assert await other.refused("DELETE", path) == (404, "NetworkNotFound", message)


async def test_tags_of_what_others_have_are_those_of_nothing() -> None:
    kit = await network_kit()
    network = await Client(kit).make("network", tags=["t"])
    other, reader = Client(kit, "other"), Client(kit, "reader")
    unknown = "11111111-2222-4333-8444-555555555555"
    body = {"tags": ["x"]}
    for method, part in (("GET", ""), ("GET", "/t"), ("PUT", ""), ("POST", ""), ("PUT", "/t"), ("DELETE", "/t")):
        for uid in (network["id"], unknown):
            assert await other.refused(method, f"/networks/{uid}/tags{part}", body) == (
                404,
                "TagResourceNotFound",
                f"Resource networks {uid} could not be found.",
            )
    # Who may see it, but not write it, is told so.
    refused = await reader.refused("PUT", f"/networks/{network['id']}/tags", body)
    assert refused == (403, "PolicyNotAuthorized", "rule:update_network:tags is disallowed by policy")


async def test_readers_read() -> None:
    kit = await network_kit()
    network = await Client(kit).make("network")
    reader = Client(kit, "reader")
    assert len(await reader.get("/networks")) == 1
    assert await reader.refused("DELETE", f"/networks/{network['id']}") == (
        403,
        "PolicyNotAuthorized",
        "rule:delete_network is disallowed by policy",
    )
    assert (await reader.refused("POST", "/networks", {"network": {}}))[0] == 403


async def test_shared_and_external_networks_are_seen_by_all() -> None:
    kit = await network_kit()
    admin, other = Client(kit, "admin"), Client(kit, "other")
    shared = await admin.make("network", name="s", shared=True)
    external = await admin.make("network", name="e", **{"router:external": True})
    private = await admin.make("network", name="p")
    assert {n["name"] for n in await other.get("/networks")} == {"s", "e"}
    assert "is_default" in await other.get(f"/networks/{external['id']}")
    assert (await other.refused("GET", f"/networks/{private['id']}"))[0] == 404
    assert (await other.refused("PUT", f"/networks/{shared['id']}", {"network": {"name": "x"}}))[0] == 403
    assert {n["name"] for n in await other.get("/networks?router:external=True")} == {"e"}
    await admin.make("subnet", network_id=shared["id"], ip_version=4, cidr="10.9.0.0/24")
    assert len(await other.get("/subnets")) == 1
    await other.make("port", network_id=shared["id"])
    assert (await admin.refused("PUT", f"/networks/{shared['id']}", {"network": {"shared": False}}))[1] == (
        "InvalidSharedSetting"
    )


async def test_administrators_see_what_policy_reveals() -> None:
    kit = await network_kit()
    network = await Client(kit).make("network")
    admin = Client(kit, "admin")
    hidden = {"provider:network_type", "provider:physical_network", "provider:segmentation_id"}
    assert set(await admin.get(f"/networks/{network['id']}")) == SHOWN | hidden
    [listed] = await admin.get(f"/networks?project_id={PROJECTS['member']}")
    assert set(listed) == SHOWN | hidden
    assert set((await Client(kit).get("/networks"))[0]) == SHOWN


@pytest.mark.parametrize(
    ("attributes", "refusal"),
    [
        ({"name": None}, "Invalid input for name. Reason: 'None' is not a valid string."),
        ({"admin_state_up": 2}, "Invalid input for operation: '2' cannot be converted to boolean."),
        ({"color": "red", "size": 1}, "Unrecognized attribute(s) 'color, size'"),
        ({"status": "DOWN"}, "Attribute 'status' not allowed in POST"),
        ({"qos_policy_id": "x"}, "Invalid input for qos_policy_id. Reason: 'x' is not a valid UUID."),
        ({"project_id": "a", "tenant_id": "b"}, "'project_id' and 'tenant_id' do not match"),
        ({"mtu": -1}, "Invalid input for mtu. Reason: '-1' is too small - must be at least '0'."),
        ({"tags": ["a", "a"]}, "Invalid input for tags. Reason: Duplicate items in the list: 'a'."),
        (
            {"tenant_id": PROJECTS["other"]},
            (
                "Specifying 'project_id' other than the authenticated project in request is not allowed for the "
                "current user."
            ),
        ),
    ],
)
async def test_wrong_attributes(attributes: dict[str, Any], refusal: str) -> None:
    status, _, message = await Client(await network_kit()).refused("POST", "/networks", {"network": attributes})
    assert (status, message) == (400, refusal)


@pytest.mark.parametrize("attribute", ["router:external", "shared", "provider:segmentation_id"])
async def test_administrators_attributes(attribute: str) -> None:
    client = Client(await network_kit())
    value: Any = 5 if attribute.startswith("provider") else True
    for method, path, verb in (("POST", "/networks", "create"), ("PUT", "/networks/{}", "update")):
        uid = (await client.make("network"))["id"]
        assert await client.refused(method, path.format(uid), {"network": {attribute: value}}) == (
            403,
            "PolicyNotAuthorized",
            f"(rule:{verb}_network and rule:{verb}_network:{attribute}) is disallowed by policy",
        )


async def test_what_is_so_by_default_is_nothing_to_ask_an_administrator_for() -> None:
    """Horizon sends `shared: false` with every network that a member makes; Neutron compares with the default."""
    client = Client(await network_kit())
    for value in (False, "False", 0):
        made = await client.make("network", **{"shared": value, "router:external": False, "is_default": False})
        assert (made["shared"], made["router:external"], made["is_default"]) == (False, False, False)
    change = {"network": {"shared": False}}  # a change is asked for, whatever it says
    assert (await client.refused("PUT", f"/networks/{made['id']}", change))[0] == 403


async def test_what_no_cloud_of_ours_has() -> None:
    kit = await network_kit()
    admin = Client(kit, "admin")
    assert (await admin.refused("POST", "/networks", {"network": {"provider:network_type": "vlan"}}))[0] == 400
    uid = "11111111-2222-4333-8444-555555555555"
    assert (await admin.refused("POST", "/networks", {"network": {"qos_policy_id": uid}}))[1] == "QosPolicyNotFound"
    assert (await admin.refused("POST", "/networks", {"network": {"availability_zone_hints": ["x"]}}))[1] == (
        "AvailabilityZoneNotFound"
    )
    made = await admin.make("network", availability_zone_hints=["zone-a"], vlan_transparent=True)
    assert (made["availability_zone_hints"], made["vlan_transparent"]) == (["zone-a"], True)


async def test_administrators_create_for_others() -> None:
    kit = await network_kit()
    made = await Client(kit, "admin").make("network", project_id=PROJECTS["other"])
    assert [n["id"] for n in await Client(kit, "other").get("/networks")] == [made["id"]]


async def test_if_match() -> None:
    client = Client(await network_kit())
    network = await client.make("network")
    path = f"/networks/{network['id']}"

    def body(name: str) -> dict[str, Any]:
        return {"network": {"name": name}}

    refused = await client.refused("PUT", path, body("x"), headers={"If-Match": "revision_number=7"})
    assert refused == (412, "RevisionNumberConstraintFailed", "Constrained to 7, but current revision is 1")
    assert (await client.call("PUT", path, body("x"), headers={"If-Match": "revision_number=1"})).status == 200
    assert (await client.call("PUT", path, body("y"), headers={"If-Match": "something"})).status == 200
    assert (await client.refused("DELETE", path, headers={"If-Match": "revision_number=1"}))[0] == 412
    assert (await client.call("DELETE", path, headers={"If-Match": "revision_number=3"})).status == 204


async def test_a_refused_deletion_leaves_the_subnets() -> None:
    client = Client(await network_kit())
    network, subnet = await client.net()
    assert (await client.refused("DELETE", f"/networks/{network}", headers={"If-Match": "revision_number=9"}))[0] == 412
    assert [s["id"] for s in await client.get("/subnets")] == [subnet]


async def test_subnets_count_as_changes() -> None:
    client = Client(await network_kit())
    network, subnet = await client.net()
    shown = await client.get(f"/networks/{network}")
    assert (shown["subnets"], shown["revision_number"]) == ([subnet], 2)
    await client.put("subnet", subnet, name="x")
    await client.delete(f"/subnets/{subnet}")
    shown = await client.get(f"/networks/{network}")
    assert (shown["subnets"], shown["revision_number"]) == ([], 4)


async def test_deletion_needs_it_empty_but_for_automatic_ports() -> None:
    client = Client(await network_kit())
    network, _ = await client.net()
    port = await client.make("port", network_id=network)
    await client.make("port", network_id=network, device_owner="network:dhcp")
    assert await client.refused("DELETE", f"/networks/{network}") == (
        409,
        "NetworkInUse",
        (
            f"Unable to complete operation on network {network}. There are one or more ports still in use on the "
            f"network, id for these ports is: {port['id']}."
        ),
    )
    await client.delete(f"/ports/{port['id']}")
    await client.delete(f"/networks/{network}")
    assert await client.get("/ports") == await client.get("/subnets") == []


async def test_tags() -> None:
    client = Client(await network_kit())
    network = await client.make("network")
    path = f"/networks/{network['id']}/tags"
    answer = await client.call("PUT", path, {"tags": ["a", "b"]})
    assert (answer.status, answer.json) == (200, {"tags": ["a", "b"]})
    answer = await client.call("PUT", f"{path}/c")
    assert (answer.status, answer.json) == (201, None)
    assert (await client.call("PUT", f"{path}/c")).status == 201
    assert (await client.call("POST", path, {"tags": ["c", "d"]})).status == 201
    assert await client.get(path) == ["a", "b", "c", "d"]
    assert (await client.call("GET", f"{path}/c")).status == 204
    assert await client.refused("GET", f"{path}/zz") == (404, "TagNotFound", "Tag zz could not be found.")
    await client.delete(f"{path}/c")
    assert (await client.refused("DELETE", f"{path}/c"))[1] == "TagNotFound"
    assert (await client.get(f"/networks/{network['id']}"))["revision_number"] == 5
    await client.delete(path)
    assert await client.get(path) == []
    assert (await client.refused("GET", "/networks/x/tags"))[1] == "TagResourceNotFound"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"tags": "x"}, "'x' is not a list"),
        ({"tags": [5]}, "'5' is not a valid string"),
        ({}, "Invalid tags body"),
        ({"tags": ["a", "a"]}, "Duplicate items in the list: 'a'"),
    ],
)
async def test_wrong_tags(body: Any, message: str) -> None:
    client = Client(await network_kit())
    network = await client.make("network")
    refused = await client.refused("PUT", f"/networks/{network['id']}/tags", body)
    assert refused == (400, "InvalidInput", f"Invalid input for operation: {message}.")
