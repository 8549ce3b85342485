"""What hangs on a server: metadata, tags, addresses, interfaces, volumes, groups, consoles."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pia.compute.conftest import NET, SUBNET
from tests.pia.compute.support import NOBODY, V, act, fault, running, show
from tests.support.pia import PROJECTS, ROOT, Kit
from tests.support.pretender import Pretender

from gurum.model.server import ConsoleLog

PREFIX = "Invalid input for field/attribute"
KEY = "'^[a-zA-Z0-9-_:. ]{1,255}$'"


async def test_metadata(kit: Kit) -> None:
    uid = await running(kit, metadata={"a": "1"}, networks="none")
    path = f"{V}/servers/{uid}/metadata"

    async def call(method: str, more: str = "", body: Any = None, token: str = "member") -> Any:
        return await kit.call(method, path + more, body, token=token)

    assert (await call("GET")).json == {"metadata": {"a": "1"}}
    assert (await call("POST", body={"metadata": {"b": "2"}})).json == {"metadata": {"a": "1", "b": "2"}}
    assert (await call("PUT", "/c", {"meta": {"c": "3"}})).json == {"meta": {"c": "3"}}
    assert (await call("GET", "/c")).json == {"meta": {"c": "3"}}
    assert (await call("PUT", body={"metadata": {"only": "this"}})).json == {"metadata": {"only": "this"}}
    assert fault(await call("GET", "/a")) == (404, "Metadata item was not found")
    gone = await call("DELETE", "/only")
    assert (gone.status, gone.body) == (204, b"")
    assert fault(await call("DELETE", "/only")) == (404, "Metadata item was not found")
    assert (await call("PUT", body={"metadata": {}})).json == {"metadata": {}}
    assert fault(await call("POST", body={"metadata": {"x": "y"}}, token="reader")) == (
        403,
        "Policy doesn't allow os_compute_api:server-metadata:create to be performed.",
    )
    assert fault(await call("GET", token="other")) == (404, f"Instance {uid} could not be found.")


@pytest.mark.parametrize(
    ("method", "more", "body", "status", "text"),
    [
        ("POST", "", {"metadata": {"a": True}}, 400, f"{PREFIX} a. Value: True. True is not of type 'string'"),
        ("POST", "", {}, 400, "'metadata' is a required property"),
        (
            "POST",
            "",
            {"metadata": {"구름": "별"}},
            400,
            f"{PREFIX} metadata. Value: {{'구름': '별'}}. '구름' does not match any of the regexes: {KEY}",
        ),
        (
            "POST",
            "",
            {"metadata": {f"k{n}": "v" for n in range(129)}},
            403,
            "Maximum number of metadata items exceeds 128",
        ),
        ("PUT", "/c", {"meta": {"d": "3"}}, 400, "Request body and URI mismatch"),
        ("PUT", "/c", {"metadata": {"c": "1"}}, 400, "'meta' is a required property"),
        (
            "PUT",
            "/c",
            {"meta": {"c": "3", "d": "4"}},
            400,
            f"{PREFIX} meta. Value: {{'c': '3', 'd': '4'}}. {{'c': '3', 'd': '4'}} has too many properties",
        ),
    ],
)
async def test_bad_metadata(kit: Kit, method: str, more: str, body: object, status: int, text: str) -> None:
    uid = await running(kit, networks="none")
    assert fault(await kit.call(method, f"{V}/servers/{uid}/metadata{more}", body)) == (status, text)


async def test_tags(kit: Kit) -> None:
    uid = await running(kit, networks="none")
    path = f"{V}/servers/{uid}/tags"

    async def call(method: str, more: str = "", body: Any = None, token: str = "member") -> Any:
        return await kit.call(method, path + more, body, token=token, version="2.26")

    assert (await call("PUT", body={"tags": ["x", "y", "x"]})).json == {"tags": ["x", "y"]}
    added = await call("PUT", "/z")
    assert (added.status, added.body) == (201, b"")
    assert added.headers["location"] == f"{ROOT}/compute/v2.1/servers/{uid}/tags/z"
    assert added.headers["content-type"] == "text/html; charset=UTF-8"
    again = await call("PUT", "/z")
    assert (again.status, again.headers["content-type"]) == (204, "text/html; charset=UTF-8")
    assert (await call("GET", "/z")).status == 204
    assert (await call("DELETE", "/z")).status == 204
    for method in ("DELETE", "GET"):
        assert fault(await call(method, "/z")) == (404, f"Instance {uid} has no tag 'z'")
    assert fault(await call("PUT", "/a,b")) == (
        400,
        (
            "Tag 'a,b' is invalid. It must be a non empty string without characters '/' and ','. "
            "Validation error message: 'a,b' does not match '^[^,/]*$'"
        ),
    )
    assert fault(await call("PUT", body={"tags": [1]})) == (400, f"{PREFIX} 0. Value: 1. 1 is not of type 'string'")
    assert fault(await call("PUT", body={"tags": [f"t{n}" for n in range(51)]}))[1].endswith("is too long")
    assert fault(await call("PUT", "/r", token="reader"))[0] == 403
    assert (await call("DELETE")).status == 204
    assert (await call("GET")).json == {"tags": []}
    await call("PUT", body={"tags": [f"t{n}" for n in range(50)]})
    assert fault(await call("PUT", "/more"))[1] == "The number of tags exceeded the per-server limit 50"


async def test_a_tag_cannot_split_the_answer(kit: Kit) -> None:
    uid = await running(kit, networks="none")
    answer = await kit.call("PUT", f"{V}/servers/{uid}/tags/a%0d%0aX-Evil:%201", version="2.26")
    assert "\n" not in "".join(answer.headers.values())


async def test_addresses(kit: Kit) -> None:
    uid = await running(kit)
    listed = (await kit.call("GET", f"{V}/servers/{uid}/ips")).json["addresses"]
    assert list(listed) == ["golden-net"]
    assert (await kit.call("GET", f"{V}/servers/{uid}/ips/golden-net")).json == listed
    assert fault(await kit.call("GET", f"{V}/servers/{uid}/ips/none")) == (
        404,
        "Instance is not a member of specified network",
    )


async def test_interfaces(kit: Kit) -> None:
    uid = await running(kit, networks=[{"uuid": NET, "tag": "nic1"}], version="2.42")
    path = f"{V}/servers/{uid}/os-interface"
    (row,) = (await kit.call("GET", path)).json["interfaceAttachments"]
    assert set(row) == {"fixed_ips", "mac_addr", "net_id", "port_id", "port_state"}
    assert (row["net_id"], row["fixed_ips"][0]["subnet_id"]) == (NET, SUBNET)
    shown = await kit.call("GET", f"{path}/{row['port_id']}", version="2.70")
    assert shown.json["interfaceAttachment"]["tag"] == "nic1"
    assert fault(await kit.call("GET", f"{path}/{NOBODY}")) == (
        404,
        f"Instance {uid} does not have a port with id {NOBODY}",
    )
    assert (await kit.call("DELETE", f"{path}/{NOBODY}")).status == 202
    assert (await kit.call("DELETE", f"{path}/{row['port_id']}")).status == 202


@pytest.mark.parametrize(
    ("asked", "status", "text"),
    [
        ({"port_id": "x"}, 400, f"{PREFIX} port_id. Value: x. 'x' is not a 'uuid'"),
        ({"port_id": NOBODY, "net_id": NOBODY}, 400, "Must not input both network_id and port_id"),
        ({"fixed_ips": [{"ip_address": "10.20.0.5"}]}, 400, "Must input network_id when request IP address"),
        (
            {"net_id": NET, "tag": "t"},
            400,
            (
                f"{PREFIX} interfaceAttachment. Value: {{'net_id': '{NET}', 'tag': 't'}}. "
                "Additional properties are not allowed ('tag' was unexpected)"
            ),
        ),
        ({"net_id": NOBODY}, 404, f"Network {NOBODY} could not be found."),
        ({"port_id": NOBODY}, 404, f"Port id {NOBODY} could not be found."),
    ],
)
async def test_attaching_interfaces(kit: Kit, asked: object, status: int, text: str) -> None:
    uid = await running(kit, networks="none")
    answer = await kit.call("POST", f"{V}/servers/{uid}/os-interface", {"interfaceAttachment": asked})
    assert fault(answer) == (status, text)


async def test_there_are_no_volumes(kit: Kit) -> None:
    uid = await running(kit, networks="none")
    path = f"{V}/servers/{uid}/os-volume_attachments"
    body = {"volumeAttachment": {"volumeId": NOBODY}}
    assert (await kit.call("GET", path)).json == {"volumeAttachments": []}
    assert fault(await kit.call("POST", path, body)) == (404, f"Volume {NOBODY} could not be found.")
    assert fault(await kit.call("DELETE", f"{path}/{NOBODY}")) == (404, f"Volume {NOBODY} could not be found.")
    text = f"Instance {uid} is not attached to volume {NOBODY}"
    assert fault(await kit.call("GET", f"{path}/{NOBODY}")) == (404, text)
    assert fault(await kit.call("PUT", f"{path}/{NOBODY}", body, version="2.85")) == (404, text)
    assert fault(await kit.call("PUT", f"{path}/{NOBODY}", body)) == (
        403,
        "Policy doesn't allow os_compute_api:os-volumes-attachments:swap to be performed.",
    )
    bad = {"volumeAttachment": {"volumeId": None}}
    assert (
        fault(await kit.call("POST", path, bad))[1] == f"{PREFIX} volumeId. Value: None. None is not of type 'string'"
    )


async def test_security_groups(kit: Kit) -> None:
    uid = await running(kit)
    body = {"security_group": {"name": "web"}}
    group = (await kit.call("POST", "/network/v2.0/security-groups", body)).json["security_group"]["id"]
    (listed,) = (await kit.call("GET", f"{V}/servers/{uid}/os-security-groups")).json["security_groups"]
    assert set(listed) == {"id", "name", "description", "rules", "tenant_id"}
    assert [set(rule) for rule in listed["rules"]] == [
        {"from_port", "group", "id", "ip_protocol", "ip_range", "parent_group_id", "to_port"}
    ] * 2
    for name in ("web", group):
        assert (await act(kit, uid, {"addSecurityGroup": {"name": name}})).status == 202
        assert (await show(kit, uid))["security_groups"] == [{"name": "default"}, {"name": "web"}]
        assert (await act(kit, uid, {"removeSecurityGroup": {"name": name}})).status == 202
        assert (await show(kit, uid))["security_groups"] == [{"name": "default"}]
    again = await act(kit, uid, {"removeSecurityGroup": {"name": "web"}})
    assert fault(again) == (404, f"Security group web not associated with the instance {uid}")
    unknown = await act(kit, uid, {"removeSecurityGroup": {"name": "nogroup"}})
    assert fault(unknown) == (404, f"Security group nogroup is not found for project {PROJECTS['member']}")
    empty = await act(kit, uid, {"addSecurityGroup": {}})
    assert fault(empty) == (400, f"{PREFIX} addSecurityGroup. Value: {{}}. 'name' is a required property")


async def test_without_ports_there_are_no_groups_to_change(kit: Kit) -> None:
    uid = await running(kit, networks="none")
    await kit.call("POST", "/network/v2.0/security-groups", {"security_group": {"name": "web"}})
    for verb in ("addSecurityGroup", "removeSecurityGroup"):
        answer = await act(kit, uid, {verb: {"name": "web"}})
        assert fault(answer) == (404, f"instance_id {uid} could not be found as device id on any ports")


async def output(kit: Kit, uid: str, asked: object) -> Any:
    return await act(kit, uid, {"os-getConsoleOutput": asked})


async def test_the_console_log_is_asked_for_and_answered_from_the_store(kit: Kit) -> None:
    uid = await running(kit)
    assert (await output(kit, uid, {})).json == {"output": ""}
    (log,) = (await kit.store.list(ConsoleLog)).items
    assert (log.metadata.key, log.spec.asked_at > 0) == (uid, True)
    await Pretender(kit).work()
    for asked, text in (
        ({}, "FIRST\nSECOND\nLAST LINE"),
        ({"length": None}, "FIRST\nSECOND\nLAST LINE"),
        ({"length": 1}, "LAST LINE"),
        ({"length": "2"}, "SECOND\nLAST LINE"),
        ({"length": 0}, ""),
        ({"length": -1}, "FIRST\nSECOND\nLAST LINE"),
        ({"length": "9" * 500}, "FIRST\nSECOND\nLAST LINE"),
    ):
        assert (await output(kit, uid, asked)).json == {"output": text}
    assert fault(await output(kit, uid, {"length": "ten"})) == (
        400,
        f"{PREFIX} length. Value: ten. 'ten' does not match '^-?[0-9]+$'",
    )


async def test_there_are_no_remote_consoles(kit: Kit) -> None:
    uid = await running(kit, networks="none")
    body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    answer = await kit.call("POST", f"{V}/servers/{uid}/remote-consoles", body, version="2.6")
    assert fault(answer) == (400, "Unavailable console type novnc.")
    assert fault(await act(kit, uid, {"os-getSPICEConsole": {"type": "spice-html5"}}))[1].endswith("spice-html5.")
    assert fault(await act(kit, uid, {"os-getVNCConsole": {"type": "novnc"}}, "2.6"))[0] == 404
    password = f"{V}/servers/{uid}/os-server-password"
    assert (await kit.call("GET", password)).json == {"password": ""}
    assert (await kit.call("DELETE", password)).status == 204
    assert fault(await kit.call("GET", f"{V}/servers/{uid}/diagnostics", token="admin"))[0] == 501
    assert fault(await kit.call("GET", f"{V}/servers/{uid}/diagnostics"))[0] == 403
