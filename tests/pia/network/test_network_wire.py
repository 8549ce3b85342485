"""Neutron's wire: what comes before any noun."""

from __future__ import annotations

import pytest
from tests.pia.network.support import Client, network_kit
from tests.support.pia import PROJECTS, ROOT

from gurum.pia.network.extensions import EXTENSIONS
from gurum.pia.network.faults import FAULTS, fault
from gurum.pia.network.service import ROUTES


async def test_versions_need_no_token() -> None:
    kit = await network_kit()
    for path in ("/network", "/network/"):
        answer = await kit.call("GET", path, token=None)
        assert answer.status == 200
        link = {"href": f"{ROOT}/network/v2.0/", "rel": "self"}
        assert answer.json == {"versions": [{"id": "v2.0", "links": [link], "status": "CURRENT"}]}


async def test_the_version_itself_needs_one() -> None:
    kit = await network_kit()
    assert (await kit.call("GET", "/network/v2.0/", token=None)).status == 401
    answer = await kit.call("GET", "/network/v2.0")
    assert [r["collection"] for r in answer.json["resources"]] == ["networks", "ports", "subnetpools", "subnets"]


@pytest.mark.parametrize("path", ["/network/v2.1", "/network/v3", "/network/nothing"])
async def test_unknown_roots(path: str) -> None:
    answer = await (await network_kit()).call("GET", path, token=None)
    assert (answer.status, answer.json) == (404, {"code": 404, "description": None, "title": "Not Found"})
    assert "x-openstack-request-id" not in answer.headers


@pytest.mark.parametrize("path", ["/trunks", "/rbac-policies", "/networks.xml", "/networks/x/y", "/service-providers"])
async def test_what_is_not_built_is_neutrons_404(path: str) -> None:
    client = Client(await network_kit())
    assert await client.refused("GET", path) == (404, "HTTPNotFound", "The resource could not be found.")


@pytest.mark.parametrize("path", ["/networks/", "/networks.json", "/networks", "/networks.json?limit=5"])
async def test_slashes_and_suffix_do_not_matter(path: str) -> None:
    assert await Client(await network_kit()).get(path) == []


async def test_head_is_not_a_method_of_neutrons() -> None:
    answer = await Client(await network_kit()).call("HEAD", "/networks")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (405, b"", "application/json")


async def test_options_is_the_list() -> None:
    client = Client(await network_kit())
    network = await client.make("network", name="a")
    answer = await client.call("OPTIONS", "/networks")
    [shown] = answer.json["networks"]
    assert shown["id"] == network["id"]
    assert {"provider:network_type", "standard_attr_id"} <= set(shown)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_collection_is_an_object_without_an_id(method: str) -> None:
    client = Client(await network_kit())
    assert await client.refused(method, "/networks") == (404, "NetworkNotFound", "Network None could not be found.")
    assert (await client.refused(method, "/security-groups"))[2] == "Security group None does not exist"


async def test_only_json_is_spoken() -> None:
    client = Client(await network_kit())
    assert (await client.refused("GET", "/networks", headers={"Accept": "application/xml"}))[0] == 406
    assert (await client.call("GET", "/networks", headers={"Accept": "*/*"})).status == 200


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"network": {', "Body contains invalid data"),
        (b"null", "Body contains invalid data"),
        (b"[]", "Body contains invalid data"),
        (b"\xff", "Body contains invalid data"),
        (b'{"network": {"name": "\xe9"}}', "Body contains invalid data"),
        (b"[" * 5000, "Body contains invalid data"),
        (b'{"a":' * 5000, "Body contains invalid data"),
        (b"", "Unable to find 'network' in request body"),
        (b'{"net": {}}', "Unable to find 'network' in request body"),
        (b'{"network": null}', "Unable to find 'network' in request body"),
        (b'{"network": []}', "Object 'network' contains invalid data"),
        (b'{"networks": []}', "Resources required"),
        (b'{"networks": "x"}', "Object 'network' contains invalid data"),
        (b'{"networks": ["x"]}', "Object 'network' contains invalid data"),
        (b'{"networks": 5}', "Object 'network' contains invalid data"),
    ],
)
async def test_bodies(raw: bytes, message: str) -> None:
    client = Client(await network_kit())
    assert await client.refused("POST", "/networks", raw=raw) == (400, "HTTPBadRequest", message)


@pytest.mark.parametrize("depth", range(800, 1001, 20))
async def test_depths_around_what_can_be_decoded(depth: int) -> None:
    client = Client(await network_kit())
    for value in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        refused = await client.refused("POST", "/networks", raw=b'{"network": {"name": %s}}' % value.encode())
        assert refused[:2] in ((400, "HTTPBadRequest"), (400, "InvalidInput"))


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
async def test_any_content_type_will_do(content_type: str) -> None:
    answer = await Client(await network_kit()).call(
        "POST", "/networks", raw=b'{"network": {}, "x": 1}', headers={"content-type": content_type}
    )
    assert answer.status == 201


async def test_every_answer_below_the_version_names_its_request() -> None:
    client = Client(await network_kit())
    for path in ("/networks", "/networks/none", "/nothing"):
        assert (await client.call("GET", path)).headers["x-openstack-request-id"].startswith("req-")


async def test_extensions_are_those_that_work() -> None:
    client = Client(await network_kit({"security_group.stateless": "absent", "network.mtu": "absent"}))
    aliases = {e["alias"] for e in await client.get("/extensions")}
    assert aliases == {e.alias for e in EXTENSIONS} - {"stateful-security-group", "net-mtu-writable"}
    assert not aliases & {"dvr", "l3-ha", "qos", "trunk", "provider", "rbac-policies", "subnet_allocation", "segment"}
    assert (await client.get("/extensions/port-security"))["name"] == "Port Security"
    assert (await client.refused("GET", "/extensions/l3-ha"))[1] == "ExtensionNotFound"
    assert (await client.refused("GET", "/extensions/net-mtu-writable"))[0] == 404


async def test_there_are_no_subnet_pools() -> None:
    kit = await network_kit()
    client = Client(kit)
    uid = "11111111-2222-4333-8444-555555555555"
    assert await client.get("/subnetpools") == await client.get("/subnetpools?name=x") == []
    assert (await client.refused("GET", "/subnetpools?color=red"))[0] == 400
    for method in ("GET", "PUT", "DELETE"):
        assert (await client.refused(method, f"/subnetpools/{uid}"))[2] == f"Subnet pool {uid} could not be found."
    pool = {"subnetpool": {"prefixes": ["10.0.0.0/8"]}}
    assert (await client.refused("POST", "/subnetpools", pool))[2] == "rule:create_subnetpool is disallowed by policy"
    assert (await client.refused("POST", "/subnetpools", {"subnetpool": {}}))[0] == 400
    await Client(kit, "admin").call("PUT", f"/quotas/{PROJECTS['member']}", {"quota": {"subnetpool": 0}})
    assert (await client.refused("POST", "/subnetpools", pool))[1] == "OverQuota"


async def test_small_nouns() -> None:
    client = Client(await network_kit())
    assert await client.get("/agents") == []
    zones = await client.get("/availability_zones")
    assert [z["name"] for z in zones] == ["zone-a", "zone-b", "zone-c", "zone-d"]
    assert {z["state"] for z in zones} == {"available"}
    templates = await client.get("/default-security-group-rules")
    assert len(templates) == 4
    assert await client.get(f"/default-security-group-rules/{templates[0]['id']}") == templates[0]


async def test_address_counts_are_for_those_who_see_all() -> None:
    kit = await network_kit()
    client, admin = Client(kit), Client(kit, "admin")
    network, _ = await client.net("10.0.0.0/29")
    await client.make("port", network_id=network)
    assert await client.get("/network-ip-availabilities") == []
    [found] = await admin.get("/network-ip-availabilities")
    assert (found["network_id"], found["total_ips"], found["used_ips"]) == (network, 5, 1)
    assert await admin.get(f"/network-ip-availabilities/{network}") == found


def test_every_route_says_what_it_is() -> None:
    for route in ROUTES:
        assert route.summary, route.path
        assert route.policy or route.shape in ("document", "write"), route.path


def test_faults_are_spelt_with_what_they_are_given() -> None:
    assert str(fault("NetworkNotFound", id="x")) == "Network x could not be found."
    with pytest.raises(KeyError):
        fault("NoSuchFault")
    assert all(400 <= status < 600 for status, _ in FAULTS.values())
