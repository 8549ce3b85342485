"""Version documents and negotiation: every odd case that was recorded."""

from __future__ import annotations

import pytest
from tests.pia.compute.support import NOBODY, V, fault
from tests.support.pia import ROOT, Kit

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f old"
ABOVE = "is not supported by the API. Minimum is 2.1 and maximum is 2.96."
FORM = "is of invalid format. Must be of format MajorNum.MinorNum."


async def test_the_root_lists_the_versions_without_a_token(kit: Kit) -> None:
    for path in ("/compute", "/compute/"):
        answer = await kit.call("GET", path, token=None)
        shown = [(row["id"], row["status"], row["version"], row["min_version"]) for row in answer.json["versions"]]
        assert shown == [("v2.0", "SUPPORTED", "", ""), ("v2.1", "CURRENT", "2.96", "2.1")]


async def test_every_version_listed_shows_itself_where_its_link_says(kit: Kit) -> None:
    for listed in (await kit.call("GET", "/compute", token=None)).json["versions"]:
        (link,) = listed["links"]
        version = (await kit.call("GET", link["href"].removeprefix(ROOT), token=None)).json["version"]
        assert version["id"] == listed["id"]
        assert version["links"][0] == link


async def test_the_api_before_microversions(kit: Kit) -> None:
    answer = await kit.call("GET", "/compute/v2/servers", version="2.53")
    assert (answer.status, answer.json) == (200, {"servers": []})
    assert not {"openstack-api-version", "x-openstack-nova-api-version"} & set(answer.headers)
    assert (await kit.call("GET", "/compute/v2/images", version="2.53")).status == 200, "no header is read"
    assert (await kit.call("GET", "/compute/v2/servers", token=None)).status == 401
    assert fault(await kit.call("GET", f"/compute/v2/servers/{NOBODY}"))[0] == 404


async def test_before_microversions_what_a_body_says_too_much_is_dropped(kit: Kit) -> None:
    wish = {"keypair": {"name": "old", "public_key": PUBLIC_KEY, "colour": "blue"}, "shape": "round"}
    assert fault(await kit.call("POST", f"{V}/os-keypairs", wish))[0] == 400
    assert (await kit.call("POST", "/compute/v2/os-keypairs", wish)).json["keypair"]["name"] == "old"
    wrong = {"keypair": {"name": "old", "public_key": 7, "colour": "blue"}}
    assert fault(await kit.call("POST", "/compute/v2/os-keypairs", wrong))[0] == 400


async def test_the_versioned_url_shows_exactly_one_version(kit: Kit) -> None:
    for path in (V, V + "/"):
        version = (await kit.call("GET", path, token=None)).json["version"]
        assert version["links"][0] == {"rel": "self", "href": f"{ROOT}/compute/v2.1/"}
        assert version["media-types"][0]["type"] == "application/vnd.openstack.compute+json;version=2.1"


async def test_an_unknown_root_gives_choices(kit: Kit) -> None:
    answer = await kit.call("GET", "/compute/v3/servers", token=None)
    assert answer.status == 300
    assert answer.json["choices"][0]["links"] == [{"rel": "self", "href": f"{ROOT}/compute/v2.1/v3/servers"}]


@pytest.mark.parametrize(
    ("headers", "echoed"),
    [
        ({}, "2.1"),
        ({"OpenStack-API-Version": "compute 2.53"}, "2.53"),
        ({"OpenStack-API-Version": "Compute 2.53"}, "2.53"),
        ({"OpenStack-API-Version": "compute latest"}, "2.96"),
        ({"OpenStack-API-Version": "compute "}, "2.1"),
        ({"OpenStack-API-Version": ""}, "2.1"),
        ({"OpenStack-API-Version": "2.53"}, "2.1"),
        ({"OpenStack-API-Version": "nova 2.53"}, "2.1"),
        ({"OpenStack-API-Version": "volume 3.50, compute 2.60"}, "2.60"),
        ({"X-OpenStack-Nova-API-Version": " 2.26"}, "2.26"),
        ({"X-OpenStack-Nova-API-Version": "2.26", "OpenStack-API-Version": "compute 2.53"}, "2.53"),
    ],
)
async def test_a_version_is_negotiated_and_echoed(kit: Kit, headers: dict[str, str], echoed: str) -> None:
    answer = await kit.call("GET", f"{V}/servers", headers=headers)
    assert answer.status == 200
    assert answer.headers["openstack-api-version"] == f"compute {echoed}"
    assert answer.headers["x-openstack-nova-api-version"] == echoed
    assert answer.headers["vary"] == "OpenStack-API-Version, X-OpenStack-Nova-API-Version"


@pytest.mark.parametrize("asked", ["2.0", "1.1", "3.0", "2.97", "2.999", "2.99999999999999999999999"])
async def test_an_unsupported_version_is_406_and_echoed(kit: Kit, asked: str) -> None:
    answer = await kit.call("GET", f"{V}/servers", version=asked)
    assert fault(answer) == (406, f"Version {asked} {ABOVE}")
    assert list(answer.json) == ["computeFault"]
    assert answer.headers["openstack-api-version"] == f"compute {asked}"


@pytest.mark.parametrize("asked", ["0.1", "2.01", "2.", "2.a", "abc", "LATEST", "2.1.1"])
async def test_a_malformed_version_is_400_without_version_headers(kit: Kit, asked: str) -> None:
    answer = await kit.call("GET", f"{V}/servers", version=asked)
    assert fault(answer) == (400, f"API Version String {asked} {FORM}")
    assert "openstack-api-version" not in answer.headers


async def test_what_a_version_does_not_have_is_404_with_the_version(kit: Kit) -> None:
    answer = await kit.call("GET", f"{V}/servers/{NOBODY}/tags", version="2.25")
    assert fault(answer) == (404, "The resource could not be found.")
    assert answer.headers["openstack-api-version"] == "compute 2.25"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{V}/nothing"),
        ("GET", f"{V}/servers.json"),
        ("GET", f"{V}/servers/{NOBODY}/"),
        ("PATCH", f"{V}/servers"),
        ("PUT", f"{V}/servers"),
        ("DELETE", f"{V}/servers"),
        ("POST", f"{V}/servers/{NOBODY}"),
    ],
)
async def test_what_is_not_in_the_table_is_webobs_404(kit: Kit, method: str, path: str) -> None:
    answer = await kit.call(method, path, version="2.53")
    assert answer.json == {
        "code": "404 Not Found",
        "title": "Not Found",
        "message": "The resource could not be found.<br /><br />\n\n\n",
    }
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"
    assert "openstack-api-version" not in answer.headers
    assert "x-compute-request-id" in answer.headers


async def test_browsers_get_their_404_in_html_and_head_gets_nothing(kit: Kit) -> None:
    html = await kit.call("GET", f"{V}/nothing", headers={"Accept": "*/*"})
    assert html.headers["content-type"] == "text/html; charset=UTF-8"
    assert b"<h1>404 Not Found</h1>" in html.body
    head = await kit.call("HEAD", f"{V}/servers")
    assert (head.status, head.body, head.headers["content-type"]) == (404, b"", "text/html; charset=UTF-8")


async def test_options_are_answered_before_anything_else(kit: Kit) -> None:
    answer = await kit.call("OPTIONS", f"{V}/servers", token=None)
    assert (answer.status, answer.body) == (200, b"")
    assert set(answer.headers) == {"content-length"}


async def test_a_double_slash_and_the_callers_project_are_tolerated(kit: Kit) -> None:
    from tests.support.pia import PROJECTS

    for path in (f"{V}//servers", f"{V}/{PROJECTS['member']}/servers"):
        assert (await kit.call("GET", path)).json == {"servers": []}
    answer = await kit.call("GET", f"{V}/{PROJECTS['other']}/servers")
    assert fault(answer) == (
        400,
        (
            f"Malformed request URL: URL's project_id '{PROJECTS['other']}' doesn't match Context's project_id "
            f"'{PROJECTS['member']}'"
        ),
    )
