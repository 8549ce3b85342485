"""Filters, order, pages and fields of Neutron's lists."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.pia.network.support import Client, network_kit


async def networks(*names: str) -> tuple[Client, dict[str, str]]:
    client = Client(await network_kit())
    return client, {name: (await client.make("network", name=name))["id"] for name in names}


async def names(client: Client, query: str) -> list[str]:
    return [n["name"] for n in await client.get(f"/networks?{query}")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=a&name=c", {"a", "c"}),
        ("name=", {""}),
        ("admin_state_up=True", {"a", "b", "c", ""}),
        ("admin_state_up=0", set()),
        ("mtu=1500", {"a", "b", "c", ""}),
        ("status=NOPE", set()),
        ("tags=x,y", {"a"}),
        ("tags-any=x,y", {"a", "b"}),
        ("not-tags=x,y", {"b", "c", ""}),
        ("not-tags-any=x,y", {"c", ""}),
        ("id=nobody", set()),
        ("shared=false&router:external=False", {"a", "b", "c", ""}),
        ("revision_number=2", {"a", "b"}),
    ],
)
async def test_filters(query: str, found: set[str]) -> None:
    client, ids = await networks("a", "b", "c", "")
    await client.call("PUT", f"/networks/{ids['a']}/tags", {"tags": ["x", "y"]})
    await client.call("PUT", f"/networks/{ids['b']}/tags", {"tags": ["x"]})
    assert set(await names(client, query)) == found


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("color=red", "['color'] is invalid attribute for filtering"),
        ("admin_state_up=x", "Invalid input for operation: 'x' cannot be converted to boolean."),
        ("mtu=x", "Invalid input for operation: 'x' is not an integer."),
        ("sort_key=name&sort_dir=up", "['up'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'"),
        ("sort_key=name", "The number of sort_keys and sort_dirs must be same"),
        ("sort_dir=asc", "The number of sort_keys and sort_dirs must be same"),
        ("sort_key=x&sort_dir=asc", "['x'] is invalid attribute for sort_keys"),
        ("limit=x", "Bad limit request: Limit must be an integer 0 or greater and not 'x'."),
        ("limit=-1", "Bad limit request: Limit must be an integer 0 or greater and not '-1'."),
        (f"limit={'9' * 4400}", f"Bad limit request: Limit must be an integer 0 or greater and not '{'9' * 4400}'."),
    ],
)
async def test_wrong_queries(query: str, message: str) -> None:
    status, _, text = await Client(await network_kit()).refused("GET", f"/networks?{query}")
    assert (status, text) == (400, message)


async def test_fields() -> None:
    client, ids = await networks("a")
    assert await client.get("/networks?fields=name&fields=id") == [{"name": "a", "id": ids["a"]}]
    assert await client.get("/networks?fields=") == [{}]
    assert await client.get("/networks?fields=nothing") == [{}]
    assert await client.get(f"/networks/{ids['a']}?fields=name") == {"name": "a"}


async def test_order() -> None:
    client, _ = await networks("b", "a", "c")
    await client.make("network", name="a", description="z")
    assert await names(client, "sort_key=name&sort_dir=desc") == ["c", "b", "a", "a"]
    found = await client.get("/networks?sort_key=name&sort_dir=asc&sort_key=description&sort_dir=desc")
    assert [(n["name"], n["description"]) for n in found] == [("a", "z"), ("a", ""), ("b", ""), ("c", "")]


async def walk(client: Client, path: str, rel: str) -> list[list[str]]:
    """Follow the links of one kind to the end."""
    pages: list[list[str]] = []
    while path:
        answer = (await client.call("GET", path)).json
        if not answer["networks"]:
            break
        pages.append([n["name"] for n in answer["networks"]])
        links = {link["rel"]: link["href"] for link in answer.get("networks_links", [])}
        split = urlsplit(links.get(rel, ""))
        path = f"/networks?{split.query}" if split.query else ""
        assert not split.query or split.path == "/network/v2.0/networks"
    return pages


async def test_pages_forward_and_back() -> None:
    client, ids = await networks("a", "b", "c", "d", "e")
    assert await walk(client, "/networks?limit=2&sort_key=name&sort_dir=asc", "next") == [["a", "b"], ["c", "d"], ["e"]]
    back = f"/networks?limit=2&sort_key=name&sort_dir=asc&marker={ids['e']}&page_reverse=True"
    assert await walk(client, back, "previous") == [["c", "d"], ["a", "b"]]
    assert await names(client, "limit=2&sort_key=name&sort_dir=asc&page_reverse=true") == ["d", "e"]


async def test_links_are_neutrons() -> None:
    client, _ = await networks("a", "b")

    async def rels(query: str) -> list[str]:
        answer = await client.call("GET", f"/networks?{query}")
        return [link["rel"] for link in answer.json.get("networks_links", [])]

    assert await rels("limit=2") == ["next", "previous"]
    assert await rels("limit=3") == ["previous"]
    assert await rels("limit=3&page_reverse=True") == ["next"]
    assert await rels("limit=0") == await rels("name=a") == []
    answer: Any = (await client.call("GET", "/networks?limit=1&name=a&name=b")).json
    query = parse_qs(urlsplit(answer["networks_links"][0]["href"]).query)
    assert query == {"limit": ["1"], "name": ["a", "b"], "marker": [answer["networks"][0]["id"]]}


async def test_markers() -> None:
    client, ids = await networks("a", "b", "c")
    assert len(await client.get("/networks?marker=nobody")) == 3
    assert (await client.refused("GET", "/networks?limit=1&marker=nobody"))[1] == "NetworkNotFound"
    # One that the filter excludes still says where the page begins.
    query = f"limit=5&sort_key=name&sort_dir=asc&marker={ids['b']}&name=a&name=c"
    assert await names(client, query) == ["c"]


async def test_port_filters() -> None:
    client = Client(await network_kit())
    network, subnet = await client.net()
    made = await client.make("port", network_id=network, fixed_ips=[{"ip_address": "10.0.0.17"}], device_id="d")
    await client.make("port", network_id=network, fixed_ips=[{"ip_address": "10.0.0.200"}])

    async def ids(query: str) -> list[str]:
        return [p["id"] for p in await client.get(f"/ports?{query}")]

    for query in (
        "fixed_ips=ip_address=10.0.0.17",
        f"fixed_ips=subnet_id={subnet}&fixed_ips=ip_address=10.0.0.17",
        "ip_address_substr=.17",
        "fixed_ips=ip_address_substr=.17",
        f"fixed_ips=subnet_id={subnet}&fixed_ips=ip_address_substr=.17",
        "device_id=d",
        f"mac_address={made['mac_address'].upper()}",
        f"network_id={network}&device_id=d",
        f"id={made['id']}",
    ):
        assert await ids(query) == [made["id"]], query
    assert len(await ids("fixed_ips=x=y")) == 2
    assert len(await ids(f"security_groups={made['security_groups'][0]}")) == 2
    assert await ids("network_id=other") == []
    refused = await client.refused("GET", "/ports?fixed_ips=x")
    assert refused[2] == "Invalid input for operation: 'x' is not of the form <key>=[value]."


async def test_filters_by_what_is_no_single_value() -> None:
    kit = await network_kit()
    network, _ = await Client(kit).net()
    admin = Client(kit, "admin")
    await admin.make("port", network_id=network)
    assert await admin.get("/ports?binding:profile=x") == []
    assert len(await admin.get("/ports?binding:vif_details={}")) == 1


async def test_what_was_rendered_follows_the_object() -> None:
    client, ids = await networks("a")
    assert await names(client, "") == ["a"]
    await client.put("network", ids["a"], name="b")
    assert await names(client, "") == ["b"]
    await client.make("subnet", network_id=ids["a"], ip_version=4, cidr="10.0.0.0/24")
    assert len((await client.get("/networks"))[0]["subnets"]) == 1
