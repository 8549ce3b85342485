"""Lists of servers: filters, order, pages, and who sees which."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.pia.compute.conftest import IMAGE
from tests.pia.compute.support import NOBODY, V, act, create, fault, running
from tests.support.pia import PROJECTS, ROOT, USERS, Kit
from tests.support.pretender import Pretender

S = f"{V}/servers"
BOOLEAN = (
    "Unrecognized value 'maybe', acceptable values are: "
    "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"
)
DENIED = "Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed."


async def names(kit: Kit, query: str = "", version: str = "", token: str = "member", path: str = S) -> list[str]:
    answer = await kit.call("GET", f"{path}?{query}", version=version, token=token)
    assert answer.status == 200, answer.body
    return [row["name"] for row in answer.json["servers"]]


@pytest.fixture
async def three(kit: Kit) -> dict[str, str]:
    return {name: await running(kit, name=name) for name in ("alpha", "beta", "gamma")}


@pytest.mark.usefixtures("three")
async def test_newest_first(kit: Kit) -> None:
    assert await names(kit) == ["gamma", "beta", "alpha"]
    assert await names(kit, path=f"{S}/detail") == ["gamma", "beta", "alpha"]
    assert await names(kit, "sort_dir=asc") == ["alpha", "beta", "gamma"]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=alpha", "a"),
        ("name=ALP", "a"),
        ("name=^a", "a"),
        ("name=a$", "abg"),
        ("name=.*mm.*", "g"),
        ("name=^(alpha|beta)$", "ab"),
        ("name=[bg]", "bg"),
        ("name=%5Cw%5Ba-z%5D%2Bta", "b"),
        ("name=a%", ""),
        ("status=active", "abg"),
        ("status=ACTIVE&status=ERROR", "abg"),
        ("status=SHUTOFF", ""),
        ("status=NOPE", ""),
        ("flavor=1", "abg"),
        ("flavor=nothing", ""),
        (f"image={IMAGE}", "abg"),
        (f"image={NOBODY}", ""),
        ("ip=10.20", "abg"),
        ("ip=^10", ""),
        ("limit=0", ""),
        ("sort_key=display_name&sort_dir=asc&sort_key=uuid&sort_dir=desc", "abg"),
        ("changes-since=2015-01-01T00:00:00Z", "abg"),
        ("changes-since=2099-01-01T00:00:00Z", ""),
        # for administrators; ignored for others
        ("uuid=x", "abg"),
        ("key_name=k", "abg"),
        ("deleted=true", "abg"),
        (f"project_id={PROJECTS['other']}", "abg"),
        ("host=fake1", "abg"),
        ('metadata={"a":"b"}', "abg"),
        ("power_state=4", "abg"),
        ("locked=true", "abg"),
        ("color=red", "abg"),
        ("ip6=::", "abg"),
    ],
)
async def test_filters_at_2_1(kit: Kit, query: str, found: str) -> None:
    query = quote(query, safe="=&%")
    assert sorted(name[0] for name in await names(kit, query)) == list(found)


@pytest.mark.parametrize(
    ("query", "version", "status", "text"),
    [
        ("name=[", "", 400, "Invalid input for query parameters name. Value: [. '[' is not a 'regex'"),
        ("limit=-1", "", 400, "Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'"),
        (f"marker={NOBODY}", "", 400, f"marker [{NOBODY}] not found"),
        ("sort_dir=up", "2.75", 400, "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'"),
        ("sort_key=host", "", 403, "Only administrators can sort servers by host"),
        ("all_tenants=maybe", "", 400, BOOLEAN),
        ("all_tenants=True", "", 403, DENIED),
        ("all_tenants", "", 403, DENIED),
        ("locked=maybe", "2.73", 400, BOOLEAN),
        ("status=deleted", "", 403, "Only administrators may list deleted instances"),
        ("status=NOPE", "2.38", 400, "Invalid status value"),
        ("changes-since=yesterday", "2.75", 400,
         "Invalid input for query parameters changes-since. Value: yesterday. 'yesterday' is not a 'date-time'"),
        ("changes-since=2020-01-01T00:00:00Z&changes-before=2019-01-01T00:00:00Z", "2.66", 400,
         "The value of changes-since must be less than or equal to changes-before."),
        ("color=red", "2.75", 400, "'color' does not match any of the regexes: '^_'"),
        ("name=(?=(a%2B)%2B$)", "", 400,
         "Invalid input for query parameters name. Value: (?=(a+)+$). '(?=(a+)+$)' is not a 'regex'"),
    ],
)  # fmt: skip
async def test_bad_queries(kit: Kit, query: str, version: str, status: int, text: str) -> None:
    assert fault(await kit.call("GET", f"{S}?{query}", version=version)) == (status, text)


async def test_bad_sort_keys_are_named(kit: Kit) -> None:
    status, text = fault(await kit.call("GET", f"{S}?sort_key=password", version="2.75"))
    assert (status, text.startswith("Invalid input for query parameters sort_key. Value: password. 'password' is")) == (
        400,
        True,
    )
    assert (await kit.call("GET", f"{S}?sort_key=vcpus")).status == 200


async def test_pages_and_their_links(kit: Kit, three: dict[str, str]) -> None:
    first = (await kit.call("GET", f"{S}?limit=2&sort_key=display_name&sort_dir=asc")).json
    assert [row["name"] for row in first["servers"]] == ["alpha", "beta"]
    base = f"{ROOT}/compute/v2.1/servers"
    assert first["servers_links"] == [
        {"rel": "next", "href": f"{base}?limit=2&sort_dir=asc&sort_key=display_name&marker={three['beta']}"}
    ]
    second = (await kit.call("GET", f"{S}?limit=2&sort_key=display_name&sort_dir=asc&marker={three['beta']}")).json
    assert [row["name"] for row in second["servers"]] == ["gamma"]
    assert "servers_links" not in second
    assert await names(kit, f"marker={three['gamma']}") == ["beta", "alpha"]
    assert await names(kit, f"marker={three['gamma']}&limit=1&name=a$") == ["beta"]
    detail = (await kit.call("GET", f"{S}/detail?limit=1")).json
    assert detail["servers_links"][0]["href"] == f"{base}/detail?limit=1&marker={three['gamma']}"


@pytest.mark.usefixtures("three")
async def test_status_follows_the_effective_state(kit: Kit) -> None:
    (uid,) = [row["id"] for row in (await kit.call("GET", f"{S}?name=beta")).json["servers"]]
    await act(kit, uid, {"os-stop": None})
    assert await names(kit, "status=SHUTOFF") == []
    await Pretender(kit).work()
    assert await names(kit, "status=SHUTOFF") == ["beta"]
    await act(kit, uid, {"os-start": None})
    await Pretender(kit).work()
    await act(kit, uid, {"reboot": {"type": "HARD"}})
    assert await names(kit, "status=HARD_REBOOT") == ["beta"]


@pytest.mark.usefixtures("three")
async def test_projects_are_apart_and_administrators_see_all(kit: Kit) -> None:
    await create(kit, name="theirs", networks="none", token="other")
    assert await names(kit, token="other") == ["theirs"]
    assert await names(kit, token="admin") == []
    assert len(await names(kit, "all_tenants=1", token="admin")) == 4
    assert await names(kit, f"all_tenants=1&project_id={PROJECTS['other']}", token="admin") == ["theirs"]
    assert await names(kit, f"all_tenants=1&user_id={USERS['other']}", token="admin") == ["theirs"]
    assert await names(kit, "all_tenants=1&sort_key=host&host=us-east-1a&limit=2", token="admin") != []
    marker = (await kit.call("GET", f"{S}?limit=1", token="other")).json["servers"][0]["id"]
    assert fault(await kit.call("GET", f"{S}?marker={marker}"))[1] == f"marker [{marker}] not found"
    bad = await kit.call("GET", f"{S}?all_tenants=1&_x=y", token="admin")
    assert fault(bad) == (400, "Invalid filter field: _x.")


async def test_deleted_servers_come_from_the_journal(kit: Kit, three: dict[str, str]) -> None:
    await kit.call("DELETE", f"{S}/{three['beta']}")
    await Pretender(kit).work()
    assert await names(kit) == ["gamma", "alpha"]
    assert await names(kit, "changes-since=2015-01-01T00:00:00Z") == ["gamma", "beta", "alpha"]
    detail = await kit.call("GET", f"{S}/detail?changes-since=2015-01-01T00:00:00Z")
    (gone,) = [row for row in detail.json["servers"] if row["name"] == "beta"]
    assert (gone["status"], gone["OS-EXT-STS:vm_state"]) == ("DELETED", "deleted")
    assert gone["OS-SRV-USG:terminated_at"] is not None
    assert await names(kit, "all_tenants=1&deleted=true", token="admin") == ["beta"]
    assert await names(kit, "all_tenants=1&status=deleted", token="admin") == ["beta"]
    assert await names(kit, "changes-since=2015-01-01T00:00:00Z", token="other") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [("tags=a,b", "1"), ("tags-any=a,x", "12"), ("not-tags=a,b", "23"), ("not-tags-any=a", "3"), ("tags=x", "")],
)
async def test_tags(kit: Kit, query: str, found: str) -> None:
    for name, tags in (("1", ["a", "b"]), ("2", ["a"]), ("3", [])):
        await create(kit, name=name, networks="none", tags=tags, version="2.52")
    assert "".join(sorted(await names(kit, query, "2.26"))) == found


async def test_later_filters(kit: Kit) -> None:
    one = await running(kit, name="one", networks="none", hostname="h1", version="2.90")
    await running(kit, name="two", networks="none", availability_zone="us-east-1b")
    await act(kit, one, {"lock": None})
    assert await names(kit, "locked=true", "2.73") == ["one"]
    assert await names(kit, "availability_zone=us-east-1b", "2.83") == ["two"]
    assert await names(kit, "hostname=h1", "2.90") == ["one"]
    assert await names(kit, "power_state=1&vm_state=active", "2.83") == ["two", "one"]
    assert await names(kit, "vm_state=active", "2.82") == ["two", "one"]
    assert await names(kit, "task_state=spawning", "2.83") == []


async def test_a_client_reads_its_own_writes(kit: Kit) -> None:
    for n in range(5):
        answer = await create(kit, name=f"s{n}", networks="none")
        assert (await names(kit))[0] == f"s{n}"
        renamed: dict[str, Any] = {"server": {"name": f"t{n}"}}
        await kit.call("PUT", f"{S}/{answer.json['server']['id']}", renamed)
        assert (await names(kit))[0] == f"t{n}"
