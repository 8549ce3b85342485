"""Flavors: shapes by version, filters, and who may change what."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pia.compute.support import NOBODY, V, fault
from tests.support.pia import PROJECTS, ROOT, Kit, flavor

F = f"{V}/flavors"


def ids(document: Any) -> list[str]:
    return [row["id"] for row in document["flavors"]]


@pytest.mark.parametrize(
    ("version", "swap", "more"),
    [("2.1", "", set()), ("2.55", "", {"description"}), ("2.61", "", {"description", "extra_specs"}),
     ("2.75", 0, {"description", "extra_specs"}), ("2.96", 0, {"description", "extra_specs"})],
)  # fmt: skip
async def test_shapes(kit: Kit, version: str, swap: object, more: set[str]) -> None:
    shown = (await kit.call("GET", f"{F}/1", version=version)).json["flavor"]
    base = {"id", "name", "ram", "disk", "swap", "OS-FLV-EXT-DATA:ephemeral", "OS-FLV-DISABLED:disabled", "vcpus"}
    base |= {"os-flavor-access:is_public", "rxtx_factor", "links"}
    assert set(shown) == base | more
    assert shown["swap"] == swap
    assert (await kit.call("GET", f"{F}/detail", version=version)).json["flavors"][1] == shown


async def test_a_list_is_by_flavorid_and_its_links_are_pages(kit: Kit) -> None:
    assert ids((await kit.call("GET", F)).json) == ["0", "1", "2"]
    page = (await kit.call("GET", f"{F}?limit=1&sort_key=flavorid")).json
    assert page["flavors_links"] == [
        {"rel": "next", "href": f"{ROOT}/compute/v2.1/flavors?limit=1&sort_key=flavorid&marker=0"}
    ]
    assert ids((await kit.call("GET", f"{F}?limit=5&marker=0")).json) == ["1", "2"]
    assert (await kit.call("GET", f"{F}?limit=0")).json == {"flavors": []}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("minRam=1000", ["2"]),
        ("minDisk=2", ["2"]),
        ("minDisk=-1", ["0", "1", "2"]),
        ("sort_key=name&sort_dir=desc", ["0", "1", "2"]),
        ("sort_key=memory_mb&sort_dir=asc&minRam=600", ["2"]),
        ("is_public=false", ["0", "1", "2"]),
        ("is_public=maybe", ["0", "1", "2"]),
        ("color=red", ["0", "1", "2"]),
        ("name=golden.small", ["0", "1", "2"]),
    ],
)
async def test_filters(kit: Kit, query: str, found: list[str]) -> None:
    assert ids((await kit.call("GET", f"{F}?{query}")).json) == found


@pytest.mark.parametrize(
    ("query", "version", "text"),
    [
        ("limit=-1", "", "Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'"),
        ("limit=ten", "", "Invalid input for query parameters limit. Value: ten. 'ten' does not match '^[0-9]*$'"),
        (f"marker={NOBODY}", "", f"marker [{NOBODY}] not found"),
        ("minRam=lots", "", "Invalid minRam filter [lots]"),
        (
            "sort_dir=up",
            "",
            "Invalid input for query parameters sort_dir. Value: up. 'up' is not one of ['asc', 'desc']",
        ),
        ("color=red", "2.75", "Additional properties are not allowed ('color' was unexpected)"),
    ],
)
async def test_bad_queries(kit: Kit, query: str, version: str, text: str) -> None:
    assert fault(await kit.call("GET", f"{F}?{query}", version=version)) == (400, text)


async def test_a_flavor_is_found_by_id_only(kit: Kit) -> None:
    for name in ("golden.small", NOBODY):
        assert fault(await kit.call("GET", f"{F}/{name}")) == (404, f"Flavor {name} could not be found.")
    assert fault(await kit.call("GET", f"{F}/{NOBODY}/os-extra_specs"))[0] == 404
    assert (await kit.call("GET", f"{F}/1/os-extra_specs")).json == {"extra_specs": {}}
    answer = await kit.call("GET", f"{F}/1/os-extra_specs/hw:none")
    assert fault(answer) == (404, "Flavor 1 has no extra specs with key hw:none.")


@pytest.mark.parametrize(
    ("method", "path", "body", "version", "rule"),
    [
        ("POST", "", {"flavor": {"name": "m", "ram": 1, "vcpus": 1, "disk": 1}}, "", "os-flavor-manage:create"),
        ("DELETE", "/1", None, "", "os-flavor-manage:delete"),
        ("PUT", "/1", {"flavor": {"description": "x"}}, "2.55", "os-flavor-manage:update"),
        ("POST", "/1/os-extra_specs", {"extra_specs": {"a": "b"}}, "", "os-flavor-extra-specs:create"),
        ("GET", "/1/os-flavor-access", None, "", "os-flavor-access"),
        ("POST", "/1/action", {"addTenantAccess": {"tenant": "x"}}, "", "os-flavor-access:add_tenant_access"),
    ],
)
async def test_members_only_read(kit: Kit, method: str, path: str, body: object, version: str, rule: str) -> None:
    answer = await kit.call(method, F + path, body, version=version)
    assert fault(answer) == (403, f"Policy doesn't allow os_compute_api:{rule} to be performed.")


async def test_the_body_is_checked_before_the_rule(kit: Kit) -> None:
    answer = await kit.call("POST", F, {"flavor": {"name": "mine"}})
    assert fault(answer) == (
        400,
        "Invalid input for field/attribute flavor. Value: {'name': 'mine'}. 'ram' is a required property",
    )


async def test_administrators_make_change_and_delete(kit: Kit) -> None:
    body = {"flavor": {"name": "own", "ram": "256", "vcpus": 1, "disk": 0, "id": "own-1", "swap": 64}}
    made = await kit.call("POST", F, body, token="admin")
    assert (made.status, made.json["flavor"]["id"], made.json["flavor"]["ram"]) == (200, "own-1", 256)
    again = await kit.call("POST", F, body, token="admin")
    assert fault(again) == (409, "Flavor with name own already exists.")
    body["flavor"]["name"] = "own2"
    assert fault(await kit.call("POST", F, body, token="admin")) == (409, "Flavor with ID own-1 already exists.")
    told = await kit.call("PUT", f"{F}/own-1", {"flavor": {"description": "d"}}, token="admin", version="2.55")
    assert told.json["flavor"]["description"] == "d"
    specs = await kit.call("POST", f"{F}/own-1/os-extra_specs", {"extra_specs": {"hw:a": "1"}}, token="admin")
    assert specs.json == {"extra_specs": {"hw:a": "1"}}
    assert (await kit.call("GET", f"{F}/own-1/os-extra_specs/hw:a")).json == {"hw:a": "1"}
    mismatch = await kit.call("PUT", f"{F}/own-1/os-extra_specs/b", {"c": "1"}, token="admin")
    assert fault(mismatch) == (400, "Request body and URI mismatch")
    assert (await kit.call("DELETE", f"{F}/own-1/os-extra_specs/hw:a", token="admin")).status == 200
    assert (await kit.call("DELETE", f"{F}/own-1", token="admin")).status == 202
    assert fault(await kit.call("DELETE", f"{F}/own-1", token="admin"))[0] == 404


async def test_a_private_flavor_is_seen_by_those_it_was_given_to(kit: Kit) -> None:
    await kit.seed(flavor("private", id="p", is_public=False))
    assert ids((await kit.call("GET", F)).json) == ["0", "1", "2"]
    assert fault(await kit.call("GET", f"{F}/p")) == (404, "Flavor p could not be found.")
    grant = {"addTenantAccess": {"tenant": PROJECTS["member"]}}
    assert (await kit.call("POST", f"{F}/p/action", grant, token="admin")).json["flavor_access"] == [
        {"flavor_id": "p", "tenant_id": PROJECTS["member"]}
    ]
    assert fault(await kit.call("POST", f"{F}/p/action", grant, token="admin"))[0] == 409
    assert ids((await kit.call("GET", F)).json) == ["0", "1", "2", "p"]
    assert (await kit.call("GET", f"{F}/p")).status == 200
    assert (await kit.call("GET", f"{F}/p", token="other")).status == 404
    assert ids((await kit.call("GET", f"{F}?is_public=false", token="admin")).json) == ["p"]
    assert ids((await kit.call("GET", f"{F}?is_public=None", token="admin")).json) == ["0", "1", "2", "p"]
    taken = await kit.call(
        "POST", f"{F}/p/action", {"removeTenantAccess": {"tenant": PROJECTS["member"]}}, token="admin"
    )
    assert taken.json == {"flavor_access": []}
    assert (await kit.call("GET", f"{F}/p")).status == 404


async def test_nobody_learns_of_a_private_flavor_by_its_extra_specs(kit: Kit) -> None:
    await kit.seed(flavor("private", id="p", is_public=False, access=[PROJECTS["member"]], extra_specs={"hw:a": "1"}))
    for path in ("os-extra_specs", "os-extra_specs/hw:a"):
        assert (await kit.call("GET", f"{F}/p/{path}")).status == 200
        assert (await kit.call("GET", f"{F}/p/{path}", token="admin")).status == 200
        for uid in ("p", "q"):
            hidden = await kit.call("GET", f"{F}/{uid}/{path}", token="other")
            assert fault(hidden) == (404, f"Flavor {uid} could not be found.")


async def test_how_a_flavor_maps_to_the_cloud_is_for_administrators(kit: Kit) -> None:
    await kit.seed(flavor("mapped", id="m", extra_specs={"aws:instance_type": "t3.micro", "hw:a": "1"}))
    assert (await kit.call("GET", f"{F}/m", version="2.61")).json["flavor"]["extra_specs"] == {"hw:a": "1"}
    path = f"{F}/m/os-extra_specs"
    assert (await kit.call("GET", path)).json == {"extra_specs": {"hw:a": "1"}}
    assert fault(await kit.call("GET", f"{path}/aws:instance_type"))[0] == 404
    assert len((await kit.call("GET", path, token="admin")).json["extra_specs"]) == 2
