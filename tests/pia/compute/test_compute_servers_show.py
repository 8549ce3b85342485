"""The shape of a server at each microversion: exactly these keys, no more (clients check)."""

from __future__ import annotations

import pytest
from tests.pia.compute.conftest import IMAGE
from tests.pia.compute.support import NOBODY, V, act, fault, running, show
from tests.support.pia import PROJECTS, ROOT, USERS, Kit
from tests.support.pretender import Pretender

from gurum.model.network import SecurityGroup
from gurum.model.server import Server

BASE = {
    *("OS-DCF:diskConfig", "OS-EXT-AZ:availability_zone", "OS-EXT-STS:power_state", "OS-EXT-STS:task_state"),
    *("OS-EXT-STS:vm_state", "OS-SRV-USG:launched_at", "OS-SRV-USG:terminated_at", "accessIPv4", "accessIPv6"),
    *("addresses", "config_drive", "created", "flavor", "hostId", "id", "image", "key_name", "links", "metadata"),
    *("name", "os-extended-volumes:volumes_attached", "progress", "security_groups", "status", "tenant_id"),
    *("updated", "user_id"),
}
ADDED = [
    (9, "locked"),
    (19, "description"),
    (26, "tags"),
    (63, "trusted_image_certificates"),
    (71, "server_groups"),
    (73, "locked_reason"),
    (90, "OS-EXT-SRV-ATTR:hostname"),
    (96, "pinned_availability_zone"),
]
ADMIN = {"OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:hypervisor_hostname", "OS-EXT-SRV-ATTR:instance_name"}
ADMIN_3 = {
    f"OS-EXT-SRV-ATTR:{name}"
    for name in (
        "reservation_id",
        "launch_index",
        "hostname",
        "kernel_id",
        "ramdisk_id",
        "root_device_name",
        "user_data",
    )
}


@pytest.mark.parametrize(
    "version", [1, 3, 8, 9, 16, 18, 19, 25, 26, 46, 47, 62, 63, 67, 70, 71, 72, 73, 89, 90, 95, 96]
)
async def test_keys_by_version(kit: Kit, version: int) -> None:
    uid = await running(kit, metadata={"role": "web"})
    expected = BASE | {key for first, key in ADDED if version >= first}
    shown = await show(kit, uid, f"2.{version}")
    assert set(shown) == expected
    (listed,) = (await kit.call("GET", f"{V}/servers/detail", version=f"2.{version}")).json["servers"]
    assert set(listed) == expected - {"server_groups"}
    assert {k: v for k, v in shown.items() if k != "server_groups"} == listed


async def test_values(kit: Kit) -> None:
    uid = await running(kit, name="shape", version="2.1")
    shown = await show(kit, uid, "2.96")
    assert shown["image"] == {
        "id": IMAGE,
        "links": [{"rel": "bookmark", "href": f"{ROOT}/compute/images/{IMAGE}"}],
    }
    assert shown["links"] == [
        {"rel": "self", "href": f"{ROOT}/compute/v2.1/servers/{uid}"},
        {"rel": "bookmark", "href": f"{ROOT}/compute/servers/{uid}"},
    ]
    ((address,),) = shown["addresses"].values()
    assert set(address) == {"OS-EXT-IPS-MAC:mac_addr", "OS-EXT-IPS:type", "addr", "version"}
    assert (shown["status"], shown["OS-EXT-STS:vm_state"], shown["OS-EXT-STS:task_state"]) == ("ACTIVE", "active", None)
    assert (shown["tenant_id"], shown["user_id"]) == (PROJECTS["member"], USERS["member"])
    assert shown["security_groups"] == [{"name": "default"}]
    assert shown["description"] == "shape"
    assert shown["created"].endswith("Z")
    assert len(shown["created"]) == 20
    assert len(shown["OS-SRV-USG:launched_at"]) == 26
    assert len(shown["hostId"]) == 56
    assert (shown["config_drive"], shown["key_name"], shown["pinned_availability_zone"]) == ("", None, None)


async def test_the_flavor_is_a_link_and_later_a_copy(kit: Kit) -> None:
    uid = await running(kit)
    link = {"rel": "bookmark", "href": f"{ROOT}/compute/flavors/1"}
    assert (await show(kit, uid, "2.46"))["flavor"] == {"id": "1", "links": [link]}
    assert (await show(kit, uid, "2.47"))["flavor"] == {
        "disk": 1,
        "ephemeral": 0,
        "extra_specs": {},
        "original_name": "golden.small",
        "ram": 512,
        "swap": 0,
        "vcpus": 1,
    }


async def test_without_interfaces_there_are_no_groups(kit: Kit) -> None:
    uid = await running(kit, networks="none")
    shown = await show(kit, uid)
    assert "security_groups" not in shown
    assert shown["addresses"] == {}


async def test_from_2_19_there_is_no_description_unless_given(kit: Kit) -> None:
    assert (await show(kit, await running(kit, version="2.37"), "2.19"))["description"] is None
    assert (await show(kit, await running(kit, description="말"), "2.19"))["description"] == "말"


async def test_administrators_see_more(kit: Kit) -> None:
    uid = await running(kit)
    assert set(await show(kit, uid, token="admin")) == BASE | ADMIN
    assert set(await show(kit, uid, "2.3", token="admin")) == BASE | ADMIN | ADMIN_3
    assert "host_status" in await show(kit, uid, "2.16", token="admin")
    assert "host_status" not in await show(kit, uid, "2.16")


async def test_a_server_is_its_projects(kit: Kit) -> None:
    uid = await running(kit)
    assert (await show(kit, uid, token="reader"))["id"] == uid
    for path in (uid, "srv", NOBODY):
        answer = await kit.call("GET", f"{V}/servers/{path}", token="other")
        assert fault(answer) == (404, f"Instance {path} could not be found.")


async def test_a_renamed_group_shows_at_once(kit: Kit) -> None:
    body = {"security_group": {"name": "web"}}
    group = (await kit.call("POST", "/network/v2.0/security-groups", body)).json["security_group"]["id"]
    uid = await running(kit, security_groups=[{"name": "web"}])
    assert (await show(kit, uid))["security_groups"] == [{"name": "web"}]
    await kit.call("PUT", f"/network/v2.0/security-groups/{group}", {"security_group": {"name": "www"}})
    assert (await show(kit, uid))["security_groups"] == [{"name": "www"}]


async def test_groups_show_before_there_are_ports(kit: Kit) -> None:
    answer = await kit.call("GET", f"{V}/servers/detail")
    assert answer.json == {"servers": []}
    from tests.pia.compute.support import create

    uid = (await create(kit)).json["server"]["id"]
    assert (await show(kit, uid))["security_groups"] == [{"name": "default"}]
    assert len((await kit.store.list(SecurityGroup)).items) == 1


async def test_update_answers_short_below_2_75_and_in_full_from_there(kit: Kit) -> None:
    uid = await running(kit)
    path = f"{V}/servers/{uid}"
    short = {
        *("OS-DCF:diskConfig", "accessIPv4", "accessIPv6", "addresses", "created", "flavor", "hostId", "id", "image"),
        *("links", "metadata", "name", "progress", "status", "tenant_id", "updated", "user_id"),
    }
    first = (await kit.call("PUT", path, {"server": {"name": "shape2"}})).json["server"]
    assert set(first) == short
    assert first["name"] == "shape2"
    ((address,),) = first["addresses"].values()
    assert set(address) == {"addr", "version"}
    noted = (await kit.call("PUT", path, {"server": {"description": "n"}}, version="2.19")).json["server"]
    assert set(noted) == short | {"description", "locked"}
    named = (await kit.call("PUT", path, {"server": {"hostname": "shape-two"}}, version="2.90")).json["server"]
    assert named == await show(kit, uid, "2.90")
    assert named["OS-EXT-SRV-ATTR:hostname"] == "shape-two"


PREFIX = "Invalid input for field/attribute"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"server": {"name": ""}}, f"{PREFIX} name. Value: . '' should be non-empty"),
        (
            {"server": {"status": "ERROR"}},
            (
                f"{PREFIX} server. Value: {{'status': 'ERROR'}}. "
                "Additional properties are not allowed ('status' was unexpected)"
            ),
        ),
        ({"server": {"accessIPv4": "x"}}, f"{PREFIX} accessIPv4. Value: x. 'x' is not a 'ipv4'"),
        (
            {"server": {"OS-DCF:diskConfig": "x"}},
            f"{PREFIX} OS-DCF:diskConfig. Value: x. 'x' is not one of ['AUTO', 'MANUAL']",
        ),
        ({"name": "x"}, "'server' is a required property"),
    ],
)
async def test_bad_updates(kit: Kit, body: object, text: str) -> None:
    uid = await running(kit, networks="none")
    assert fault(await kit.call("PUT", f"{V}/servers/{uid}", body)) == (400, text)


async def test_who_may_update_and_delete(kit: Kit) -> None:
    uid = await running(kit, networks="none")
    body = {"server": {"name": "x"}}
    for method, rule, sent in (("PUT", "update", body), ("DELETE", "delete", None)):
        refused = await kit.call(method, f"{V}/servers/{uid}", sent, token="reader")
        assert fault(refused) == (403, f"Policy doesn't allow os_compute_api:servers:{rule} to be performed.")
        assert fault(await kit.call(method, f"{V}/servers/{uid}", sent, token="other"))[0] == 404
        assert fault(await kit.call(method, f"{V}/servers/nope", sent)) == (404, "Instance nope could not be found.")


async def test_deletion_shows_until_it_is_done(kit: Kit) -> None:
    uid = await running(kit)
    assert (await kit.call("DELETE", f"{V}/servers/{uid}")).status == 204
    shown = await show(kit, uid)
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("ACTIVE", "deleting")
    assert (await kit.call("DELETE", f"{V}/servers/{uid}")).status == 204
    stored = await kit.store.get(Server, uid)
    assert stored.metadata.deletion_cause is not None
    await Pretender(kit).work()
    assert fault(await kit.call("GET", f"{V}/servers/{uid}")) == (404, f"Instance {uid} could not be found.")
    assert fault(await act(kit, uid, {"forceDelete": "x"}))[0] == 404
