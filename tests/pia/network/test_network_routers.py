"""Routers: their life, gateways and routes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pia.network.support import ZONES, Client, Routed, external_net, network_kit
from tests.support.pia import PROJECTS

from gurum.model.network import AddressClaim
from gurum.model.routing import Router

SHOWN = {
    "admin_state_up", "availability_zone_hints", "availability_zones", "created_at", "description",
    "enable_default_route_bfd", "enable_default_route_ecmp", "enable_snat", "external_gateway_info",
    "external_gateways", "flavor_id", "id", "name", "project_id", "revision_number", "routes", "status", "tags",
    "tenant_id", "updated_at",
}  # fmt: skip
UNKNOWN = "11111111-2222-4333-8444-555555555555"


async def held(client: Client, owner: str) -> set[str]:
    """The addresses that an object has claimed."""
    claims = (await client.kit.store.list(AddressClaim, limit=1000)).items
    return {claim.spec.address for claim in claims if claim.spec.owner_id == owner}


async def test_life_of_a_router() -> None:
    client = Client(await network_kit())
    made = await client.make("router", name="라우터", description="d", tags=["t"], availability_zone_hints=["zone-a"])
    assert set(made) == SHOWN
    assert (made["revision_number"], made["status"], made["external_gateway_info"]) == (1, "ACTIVE", None)
    assert made["project_id"] == made["tenant_id"] == PROJECTS["member"]
    path = f"/routers/{made['id']}"
    assert await client.get(path) == made
    changed = await client.put("router", made["id"], name="b", admin_state_up=False)
    assert (changed["name"], changed["admin_state_up"], changed["revision_number"]) == ("b", False, 2)
    assert (await client.put("router", made["id"]))["revision_number"] == 2
    stale = await client.refused("DELETE", path, headers={"if-match": "revision_number=1"})
    assert stale == (412, "RevisionNumberConstraintFailed", "Constrained to 1, but current revision is 2")
    await client.delete(path)
    stored = await client.kit.store.get(Router, made["id"])
    assert (stored.deleting, stored.metadata.finalizers) == (True, ["engine"])
    assert await client.get("/routers") == []
    assert await client.refused("DELETE", path) == (
        404,
        "RouterNotFound",
        f"Router {made['id']} could not be found",
    )


async def test_lists_are_filtered_sorted_and_paged() -> None:
    client = Client(await network_kit())
    for name in ("c", "a", "b"):
        await client.make("router", name=name, tags=[name])
    assert [r["name"] for r in await client.get("/routers?sort_key=name&sort_dir=desc")] == ["c", "b", "a"]
    assert await client.get("/routers?name=a&fields=name") == [{"name": "a"}]
    assert [r["name"] for r in await client.get("/routers?tags=b")] == ["b"]
    assert len(await client.get("/routers?limit=2")) == 2
    assert await client.refused("GET", "/routers?colour=red") == (
        400,
        "HTTPBadRequest",
        "['colour'] is invalid attribute for filtering",
    )


async def test_others_see_no_router_and_readers_change_none() -> None:
    kit = await network_kit()
    router = await Client(kit).make("router")
    other, reader = Client(kit, "other"), Client(kit, "reader")
    path, missing = f"/routers/{router['id']}", f"Router {router['id']} could not be found"
    assert await other.get("/routers") == []
    for method, part in (("GET", ""), ("DELETE", ""), ("PUT", ""), ("PUT", "/add_router_interface")):
        refused = await other.refused(method, path + part, {"router": {"name": "x"}})
        assert refused == (404, "RouterNotFound", missing)
    assert (await reader.get(path))["id"] == router["id"]
    assert (await reader.refused("PUT", f"{path}/add_router_interface", {}))[:2] == (403, "PolicyNotAuthorized")
    admin = Client(kit, "admin")
    assert (await admin.get(path))["ha"] is False
    assert await admin.get(f"{path}/l3-agents") == []
    assert (await Client(kit).refused("GET", f"{path}/l3-agents"))[2] == "rule:get_l3-agents is disallowed by policy"


@pytest.mark.parametrize(
    ("attributes", "status", "message"),
    [
        ({"external_gateway_info": 5}, 400, "Reason: '5' is not a dictionary."),
        ({"external_gateway_info": {"enable_snat": True}}, 400, "Expected keys: {'network_id'}"),
        ({"external_gateway_info": {"network_id": UNKNOWN, "x": 1}}, 400, "Unexpected keys supplied: x."),
        ({"external_gateway_info": {"network_id": UNKNOWN, "external_fixed_ips": 7}}, 400, "Invalid data format"),
        ({"external_gateway_info": {"network_id": UNKNOWN}}, 404, f"Network {UNKNOWN} could not be found."),
        ({"availability_zone_hints": ["nowhere"]}, 404, "AvailabilityZone nowhere could not be found."),
        ({"flavor_id": UNKNOWN}, 404, f"Flavor {UNKNOWN} could not be found."),
        ({"ha": True}, 400, "ha is not possible in this region."),
        ({"enable_default_route_bfd": True}, 400, "enable_default_route_bfd is not possible in this region."),
        ({"routes": []}, 400, "Attribute 'routes' not allowed in POST"),
    ],
)
async def test_what_no_router_can_have(attributes: dict[str, Any], status: int, message: str) -> None:
    admin = Client(await network_kit(), "admin")
    refused = await admin.refused("POST", "/routers", {"router": attributes})
    assert refused[0] == status
    assert message in refused[2]


async def test_a_gateway_is_set_changed_and_cleared() -> None:
    client = Client(await network_kit())
    external, subnet = await external_net(client.kit)
    router = await client.make("router", external_gateway_info={"network_id": external})
    info = router["external_gateway_info"]
    [place] = info["external_fixed_ips"]
    assert (router["revision_number"], info["enable_snat"], place["subnet_id"]) == (2, True, subnet)
    assert router["external_gateways"] == [{"network_id": external, "external_fixed_ips": [place]}]
    assert await held(client, router["id"]) == {place["ip_address"]}
    # The same network once more: the addresses stay.
    again = await client.put("router", router["id"], external_gateway_info={"network_id": external})
    assert (again["external_gateway_info"], again["revision_number"]) == (info, 2)
    cleared = await client.put("router", router["id"], external_gateway_info={})
    assert (cleared["external_gateway_info"], cleared["revision_number"]) == (None, 4)
    assert await held(client, router["id"]) == set()
    back = await client.put("router", router["id"], external_gateway_info={"network_id": external})
    assert back["revision_number"] == 5
    await client.delete(f"/routers/{router['id']}")
    assert await held(client, router["id"]) == set()


async def test_snat_and_chosen_addresses_are_administrators() -> None:
    kit = await network_kit()
    external, subnet = await external_net(kit)
    member, admin = Client(kit), Client(kit, "admin")
    chosen = {"network_id": external, "external_fixed_ips": [{"ip_address": "203.0.113.77"}]}
    for extra, rule in (({"enable_snat": False}, "enable_snat"), (chosen, "external_fixed_ips")):
        body = {"router": {"external_gateway_info": {"network_id": external, **extra}}}
        status, type_, message = await member.refused("POST", "/routers", body)
        assert (status, type_) == (403, "PolicyNotAuthorized")
        assert f"create_router:external_gateway_info:{rule}" in message
    router = await admin.make("router", external_gateway_info={**chosen, "enable_snat": False})
    place = {"subnet_id": subnet, "ip_address": "203.0.113.77"}
    assert router["external_gateway_info"]["external_fixed_ips"] == [place]
    assert router["enable_snat"] is router["external_gateway_info"]["enable_snat"] is False
    taken = await admin.refused("POST", "/routers", {"router": {"external_gateway_info": chosen}})
    assert taken == (
        409,
        "IpAddressAlreadyAllocated",
        f"IP address 203.0.113.77 already allocated in subnet {subnet}",
    )
    moved = {**chosen, "external_fixed_ips": [{"ip_address": "203.0.113.78"}]}
    await admin.put("router", router["id"], external_gateway_info=moved)
    assert await held(admin, router["id"]) == {"203.0.113.78"}


async def test_no_gateway_on_an_inside_network_or_one_that_overlaps() -> None:
    client = Client(await network_kit())
    external, outer = await external_net(client.kit)
    network, subnet = await client.net("203.0.113.128/25")
    body = {"router": {"external_gateway_info": {"network_id": network}}}
    message = f"Bad router request: Network {network} is not an external network."
    assert await client.refused("POST", "/routers", body) == (400, "BadRequest", message)
    router = (await client.make("router"))["id"]
    joined = await client.call("PUT", f"/routers/{router}/add_router_interface", {"subnet_id": subnet})
    assert joined.status == 200
    refused = await client.refused(
        "PUT", f"/routers/{router}", {"router": {"external_gateway_info": {"network_id": external}}}
    )
    assert refused == (
        400,
        "BadRequest",
        (
            f"Bad router request: Cidr 203.0.113.0/24 of subnet {outer} overlaps with cidr 203.0.113.128/25 of subnet "
            f"{subnet}."
        ),
    )


async def test_an_external_network_without_addresses_left() -> None:
    kit = await network_kit()
    external, _ = await external_net(kit, cidr="203.0.113.0/30")  # a gateway and one address
    client = Client(kit)
    await client.make("router", external_gateway_info={"network_id": external})
    body = {"router": {"external_gateway_info": {"network_id": external}}}
    message = f"No more IP addresses available on network {external}."
    assert await client.refused("POST", "/routers", body) == (409, "IpAddressGenerationFailure", message)
    assert len(await client.get("/routers")) == 1


async def test_routes_lead_where_the_router_reaches() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client)
    path = f"/routers/{routed.router}"
    route, other = ({"destination": f"10.{n}.0.0/16", "nexthop": "10.0.0.9"} for n in (50, 60))
    changed = await client.put("router", routed.router, routes=[route])
    assert (changed["routes"], changed["revision_number"]) == ([route], 4)
    for hop, why in (("192.0.2.9", "the nexthop is not connected with router"), ("10.0.0.1", "the nexthop is used by")):
        bad = {"destination": "10.50.0.0/16", "nexthop": hop}
        refused = await client.refused("PUT", path, {"router": {"routes": [bad]}})
        assert refused[:2] == (400, "InvalidRoutes")
        assert refused[2].startswith(f"Invalid format for routes: [{bad}], {why}")
    body = {"router": {"routes": [other]}}
    for _ in range(2):  # adding what is there is no error
        assert (await client.call("PUT", f"{path}/add_extraroutes", body)).json["router"]["routes"] == [route, other]
    assert (await client.get(path))["revision_number"] == 5
    refused = await client.refused("PUT", f"{path}/remove_router_interface", {"subnet_id": routed.subnet})
    assert refused[:2] == (409, "RouterInterfaceInUseByRoute")
    for _ in range(2):
        assert (await client.call("PUT", f"{path}/remove_extraroutes", body)).json["router"]["routes"] == [route]
    assert (await client.refused("PUT", f"{path}/add_extraroutes", {"router": {}}))[0] == 400


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        ({"destination": "x", "nexthop": "10.0.0.9"}, "'x' is not a valid CIDR"),
        ({"destination": "10.0.0.1/8", "nexthop": "10.0.0.9"}, "'10.0.0.1/8' is not a recognized CIDR, '10.0.0.0/8'"),
        ({"destination": 5, "nexthop": "10.0.0.9"}, "'5' is not a valid CIDR"),
        ({"destination": "10.0.0.0/8", "nexthop": "y"}, "'y' is not a valid IP address"),
        ({"destination": "10.0.0.0/8"}, "Expected keys: {'destination', 'nexthop'}"),
    ],
)
async def test_routes_that_are_none(route: dict[str, Any], reason: str) -> None:
    client = Client(await network_kit())
    router = (await client.make("router"))["id"]
    refused = await client.refused("PUT", f"/routers/{router}", {"router": {"routes": [route]}})
    assert refused[:2] == (400, "HTTPBadRequest")
    assert reason in refused[2]


async def test_quotas_of_routers_and_routes() -> None:
    kit = await network_kit()
    client, admin = Client(kit), Client(kit, "admin")
    routed = await Routed.of(client)
    await admin.put("quota", PROJECTS["member"], router=1, router_route=1)
    refused = await client.refused("POST", "/routers", {"router": {}})
    assert refused == (409, "OverQuota", "Quota exceeded for resources: ['router'].")
    routes = [{"destination": f"10.{n}.0.0/16", "nexthop": "10.0.0.9"} for n in (50, 60)]
    refused = await client.refused("PUT", f"/routers/{routed.router}", {"router": {"routes": routes}})
    message = f"Unable to complete operation for {routed.router}. The number of routes exceeds the maximum 1."
    assert refused == (400, "RoutesExhausted", message)
    await client.put("router", routed.router, routes=routes[:1])
    details = await client.get(f"/quotas/{PROJECTS['member']}/details")
    assert details["router"] == details["router_route"] == {"limit": 1, "reserved": 0, "used": 1}


async def test_zones_that_a_cloud_has_no_routers_in() -> None:
    client = Client(await network_kit({"network.availability_zone_hints": "absent"}))
    body = {"router": {"availability_zone_hints": [ZONES[0].name]}}
    assert (await client.refused("POST", "/routers", body))[:2] == (400, "InvalidInput")
    aliases = {extension["alias"] for extension in await client.get("/extensions")}
    assert {"router", "ext-gw-mode", "extraroute", "extraroute-atomic", "fip-port-details"} <= aliases
    assert "router_availability_zone" not in aliases
