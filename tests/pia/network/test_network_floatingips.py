"""Floating IPs: their life, association, and the address that a cloud chooses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.pia.network.support import WHY, Client, Routed, external_net, network_kit
from tests.support.pia import PROJECTS, Kit

from gurum.model.base import Condition
from gurum.model.network import AddressClaim, Port
from gurum.model.routing import FloatingIP, FloatingIPClaim

SHOWN = {
    "created_at", "description", "dns_domain", "dns_name", "fixed_ip_address", "floating_ip_address",
    "floating_network_id", "id", "port_details", "port_forwardings", "port_id", "project_id", "qos_policy_id",
    "revision_number", "router_id", "status", "tags", "tenant_id", "updated_at",
}  # fmt: skip
UNKNOWN = "11111111-2222-4333-8444-555555555555"
CLOUD = {"floating_ip.address_chosen_by_cloud": "native"}


async def port_of(routed: Routed, *addresses: str) -> str:
    wanted = [{"ip_address": address} for address in addresses]
    made = await routed.client.make(
        "port", network_id=routed.network, name="p", **({"fixed_ips": wanted} if wanted else {})
    )
    return str(made["id"])


async def claimed(kit: Kit) -> set[str]:
    """The associations that are held."""
    return {claim.metadata.key for claim in (await kit.store.list(FloatingIPClaim)).items}


async def test_life_of_a_floating_ip() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client)
    made = await client.make("floatingip", floating_network_id=routed.external, description="d", tags=["t"])
    assert set(made) == SHOWN
    assert made["floating_ip_address"].startswith("203.0.113.")
    assert (made["status"], made["revision_number"], made["port_id"], made["port_details"]) == ("DOWN", 0, None, None)
    path = f"/floatingips/{made['id']}"
    assert await client.get(path) == made
    for query in (f"floating_ip_address={made['floating_ip_address']}", "status=DOWN", "tags=t"):
        assert await client.get(f"/floatingips?{query}") == [made]
    assert (await client.put("floatingip", made["id"], description="주소"))["description"] == "주소"
    stale = await client.refused("DELETE", path, headers={"if-match": "revision_number=0"})
    assert stale[:2] == (412, "RevisionNumberConstraintFailed")
    await client.delete(path)
    stored = await client.kit.store.get(FloatingIP, made["id"])
    assert (stored.deleting, stored.metadata.finalizers) == (True, ["engine"])
    assert await client.refused("DELETE", path) == (
        404,
        "FloatingIPNotFound",
        f"Floating IP {made['id']} could not be found",
    )
    free = {claim.spec.owner_id for claim in (await client.kit.store.list(AddressClaim)).items}
    assert made["id"] not in free


async def test_association_and_what_neutron_counts() -> None:
    """Revision and status as recorded: the status that an association brings is counted a moment after the answer."""
    client = Client(await network_kit())
    routed = await Routed.of(client)
    one, two = await port_of(routed), await port_of(routed, "10.0.0.20", "10.0.0.21")
    floating = await client.make("floatingip", floating_network_id=routed.external)
    path = f"/floatingips/{floating['id']}"

    async def seen() -> tuple[str, int]:
        shown = await client.get(path)
        return shown["status"], shown["revision_number"]

    first = await client.put("floatingip", floating["id"], port_id=one)
    assert (first["status"], first["revision_number"], first["router_id"]) == ("DOWN", 1, routed.router)
    assert first["port_details"] == {
        "name": "p", "network_id": routed.network, "mac_address": (await client.get(f"/ports/{one}"))["mac_address"],
        "admin_state_up": True, "status": "DOWN", "device_id": "", "device_owner": "",
    }  # fmt: skip
    assert await seen() == ("ACTIVE", 2)
    assert [f["id"] for f in await client.get(f"/floatingips?port_id={one}")] == [floating["id"]]
    several = await client.refused("PUT", path, {"floatingip": {"port_id": two}})
    assert several[2] == (
        f"Bad floatingip request: Port {two} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address "
        "when assigning a floating IP."
    )
    moved = await client.put("floatingip", floating["id"], port_id=two, fixed_ip_address="10.0.0.21")
    assert (moved["status"], moved["revision_number"], moved["fixed_ip_address"]) == ("ACTIVE", 3, "10.0.0.21")
    assert await claimed(client.kit) == {f"{two}/10.0.0.21"}
    assert (await client.refused("PUT", path, {"floatingip": {"description": "x"}}))[2] == several[2]
    parted = await client.put("floatingip", floating["id"], port_id=None)
    assert (parted["status"], parted["revision_number"], parted["port_id"]) == ("ACTIVE", 4, None)
    assert await seen() == ("DOWN", 5)
    assert await claimed(client.kit) == set()
    await client.put("floatingip", floating["id"], port_id=one)
    emptied = await client.put("floatingip", floating["id"])
    assert (emptied["port_id"], emptied["router_id"], emptied["fixed_ip_address"]) == (None, None, None)


async def test_status_is_the_engines_while_a_server_holds_the_port() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client)
    port = (await client.make("port", network_id=routed.network, device_id="s", device_owner="compute:zone-a"))["id"]
    floating = await client.make("floatingip", floating_network_id=routed.external, port_id=port)
    path = f"/floatingips/{floating['id']}"
    assert (await client.get(path))["status"] == "DOWN"
    stored = await client.kit.store.get(FloatingIP, floating["id"])
    stored.status.status = "ACTIVE"
    await client.kit.store.update_status(stored)
    assert (await client.get(path))["status"] == "ACTIVE"
    held = await client.kit.store.get(Port, port)
    held.status.status = "ACTIVE"
    await client.kit.store.update_status(held)
    assert (await client.get(path))["port_details"]["status"] == "ACTIVE"


async def test_a_port_that_goes_takes_no_floating_ip_along() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client)
    port = await port_of(routed)
    floating = await client.make("floatingip", floating_network_id=routed.external, port_id=port)
    await client.delete(f"/ports/{port}")
    shown = await client.get(f"/floatingips/{floating['id']}")
    assert (shown["port_id"], shown["router_id"], shown["status"], shown["revision_number"]) == (None, None, "DOWN", 2)
    assert await claimed(client.kit) == set()
    again = await port_of(routed, "10.0.0.30")
    await client.put("floatingip", floating["id"], port_id=again)
    await client.put("port", again, fixed_ips=[{"ip_address": "10.0.0.31"}])
    assert (await client.get(f"/floatingips/{floating['id']}"))["port_id"] is None


async def test_one_address_one_floating_ip() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client)
    port = await port_of(routed, "10.0.0.20")
    await client.make("floatingip", floating_network_id=routed.external, port_id=port)
    body = {"floatingip": {"floating_network_id": routed.external, "port_id": port}}
    status, type_, message = await client.refused("POST", "/floatingips", body)
    assert (status, type_) == (409, "FloatingIPPortAlreadyAssociated")
    assert message.endswith(
        f"with port {port} using fixed IP 10.0.0.20, as that fixed IP already has a floating IP on external network "
        f"{routed.external}."
    )
    assert len(await client.get("/floatingips")) == 1
    spare = await client.make("floatingip", floating_network_id=routed.external)
    refused = await client.refused("PUT", f"/floatingips/{spare['id']}", {"floatingip": {"port_id": port}})
    assert refused[1] == "FloatingIPPortAlreadyAssociated"


async def test_what_a_floating_ip_forbids_its_router() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client)
    await client.make("floatingip", floating_network_id=routed.external, port_id=await port_of(routed))
    path = f"/routers/{routed.router}"
    assert await client.refused("PUT", f"{path}/remove_router_interface", {"subnet_id": routed.subnet}) == (
        409,
        "RouterInterfaceInUseByFloatingIP",
        (
            f"Router interface for subnet {routed.subnet} on router {routed.router} cannot be deleted, as it is "
            "required by one or more floating IPs."
        ),
    )
    assert await client.refused("PUT", path, {"router": {"external_gateway_info": None}}) == (
        409,
        "RouterExternalGatewayInUseByFloatingIp",
        (
            f"Gateway cannot be updated for router {routed.router}, since a gateway to external network "
            f"{routed.external} is required by one or more floating IPs."
        ),
    )


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        ({"port_id": UNKNOWN}, 404, f"Port {UNKNOWN} could not be found."),
        ({"fixed_ip_address": "10.0.0.10"}, 400, "fixed_ip_address cannot be specified without a port_id."),
        ({"subnet_id": UNKNOWN}, 404, f"Subnet {UNKNOWN} could not be found."),
        ({"qos_policy_id": UNKNOWN}, 404, f"QoS policy {UNKNOWN} could not be found."),
        ({"floating_network_id": UNKNOWN}, 400, f"Network {UNKNOWN} is not a valid external network."),
        ({"floating_network_id": None}, 400, "'None' is not a valid UUID."),
        ({"router_id": UNKNOWN}, 400, "Attribute 'router_id' not allowed in POST"),
        ({"color": "red"}, 400, "Unrecognized attribute(s) 'color'"),
    ],
)
async def test_what_no_floating_ip_can_have(more: dict[str, Any], status: int, message: str) -> None:
    kit = await network_kit()
    external, _ = await external_net(kit)
    body = {"floatingip": {"floating_network_id": external, **more}}
    refused = await Client(kit, "admin").refused("POST", "/floatingips", body)
    assert refused[0] == status
    assert message in refused[2]
    assert (await kit.store.list(FloatingIP)).items == []
    assert all(claim.spec.owner_kind != "FloatingIP" for claim in (await kit.store.list(AddressClaim)).items)


async def test_a_port_that_no_router_joins_to_the_outside() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client, gateway=False)
    port = await port_of(routed)
    body = {"floatingip": {"floating_network_id": routed.external, "port_id": port}}
    assert await client.refused("POST", "/floatingips", body) == (
        404,
        "ExternalGatewayForFloatingIPNotFound",
        (
            f"External network {routed.external} is not reachable from subnet {routed.subnet}.  Therefore, cannot "
            f"associate Port {port} with a Floating IP."
        ),
    )
    await client.put("router", routed.router, external_gateway_info={"network_id": routed.external})
    await client.make("floatingip", **body["floatingip"])


@pytest.mark.parametrize(("capabilities", "reached"), [({}, True), (CLOUD, False)])
async def test_a_router_beside_the_subnets_gateway(capabilities: dict[str, str], reached: bool) -> None:
    client = Client(await network_kit(capabilities))
    routed = await Routed.of(client, joined=False)
    await routed.join(port_id=await port_of(routed, "10.0.0.200"))
    body = {"floatingip": {"floating_network_id": routed.external, "port_id": await port_of(routed)}}
    if reached:
        assert (await client.make("floatingip", **body["floatingip"]))["router_id"] == routed.router
    else:
        assert (await client.refused("POST", "/floatingips", body))[1] == "ExternalGatewayForFloatingIPNotFound"


async def test_addresses_are_chosen_by_managers_and_run_out() -> None:
    kit = await network_kit()
    external, subnet = await external_net(kit, cidr="203.0.113.0/29")  # five addresses beside the gateway
    member, admin = Client(kit), Client(kit, "admin")
    chosen = {"floating_network_id": external, "floating_ip_address": "203.0.113.5"}
    refused = await member.refused("POST", "/floatingips", {"floatingip": chosen})
    assert refused[2] == (
        "(rule:create_floatingip and rule:create_floatingip:floating_ip_address) is disallowed by policy"
    )
    assert (await admin.make("floatingip", **chosen))["floating_ip_address"] == "203.0.113.5"
    for _ in range(4):
        await member.make("floatingip", floating_network_id=external, subnet_id=subnet)
    assert await member.refused("POST", "/floatingips", {"floatingip": {"floating_network_id": external}}) == (
        400,
        "ExternalIpAddressExhausted",
        f"Unable to find any IP address on external network {external}.",
    )


async def test_quota_and_pools() -> None:
    kit = await network_kit()
    client = Client(kit)
    external, subnet = await external_net(kit)
    await Client(kit, "admin").put("quota", PROJECTS["member"], floatingip=1)
    await client.make("floatingip", floating_network_id=external)
    refused = await client.refused("POST", "/floatingips", {"floatingip": {"floating_network_id": external}})
    assert refused == (409, "OverQuota", "Quota exceeded for resources: ['floatingip'].")
    details = await client.get(f"/quotas/{PROJECTS['member']}/details")
    assert details["floatingip"] == {"limit": 1, "reserved": 0, "used": 1}
    [pool] = await client.get("/floatingip_pools")
    assert (pool["subnet_id"], pool["subnet_name"], pool["cidr"]) == (subnet, "public4", "203.0.113.0/24")
    assert await client.get("/floatingip_pools?subnet_name=x") == []
    assert await client.get("/floatingip_pools?fields=cidr") == [{"cidr": "203.0.113.0/24"}]


async def test_ports_of_others_are_none() -> None:
    kit = await network_kit()
    client, other, admin = Client(kit), Client(kit, "other"), Client(kit, "admin")
    routed = await Routed.of(client)
    port = await port_of(routed)
    theirs = await other.make("floatingip", floating_network_id=routed.external)
    path = f"/floatingips/{theirs['id']}"
    assert (await other.refused("PUT", path, {"floatingip": {"port_id": port}}))[1] == "PortNotFound"
    assert (await client.refused("PUT", path, {"floatingip": {}}))[1] == "FloatingIPNotFound"
    assert await client.get("/floatingips") == []
    assert (await admin.put("floatingip", theirs["id"], port_id=port))["port_id"] == port


# --- a cloud that chooses the address --------------------------------------------------------------------


async def answered(kit: Kit, **status: Any) -> None:
    """Be the engine: wait for a floating IP, then write its status."""
    while True:
        items = (await kit.store.list(FloatingIP)).items
        if items:
            for name, value in status.items():
                setattr(items[0].status, name, value)
            await kit.store.update_status(items[0])
            return
        await asyncio.sleep(0)


def condition(reason: str) -> list[Condition]:
    return [Condition(type="Available", status=False, reason=reason, message="no")]


async def test_the_clouds_address_is_in_the_answer() -> None:
    client = Client(await network_kit(CLOUD))
    routed = await Routed.of(client)
    port = await port_of(routed)
    engine = asyncio.create_task(answered(client.kit, floating_ip_address="198.51.100.7"))
    made = await client.make("floatingip", floating_network_id=routed.external, port_id=port)
    await engine
    assert (made["floating_ip_address"], made["port_id"], made["revision_number"]) == ("198.51.100.7", port, 0)
    assert len(await client.get("/floatingips?floating_ip_address=198.51.100.7")) == 1
    owners = {claim.spec.owner_kind for claim in (await client.kit.store.list(AddressClaim)).items}
    assert "FloatingIP" not in owners


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        ({"conditions": condition("QuotaExceeded")}, (409, "OverQuota")),
        ({"conditions": condition("UnrecoverableError")}, (409, "IpAddressGenerationFailure")),
        ({"conditions": condition("Throttled")}, (503, "ServiceUnavailable")),
        ({}, (503, "ServiceUnavailable")),
    ],
)
async def test_an_address_that_does_not_come_leaves_nothing(status: dict[str, Any], refusal: tuple[int, str]) -> None:
    client = Client(await network_kit(CLOUD))
    routed = await Routed.of(client)
    port = await port_of(routed)
    engine = asyncio.create_task(answered(client.kit, **status))
    body = {"floatingip": {"floating_network_id": routed.external, "port_id": port}}
    answer = await client.call("POST", "/floatingips", body)
    await engine
    assert (answer.status, answer.json["NeutronError"]["type"]) == refusal
    assert ("retry-after" in answer.headers) is (answer.status == 503)
    assert await client.get("/floatingips") == []
    assert all(floating.deleting for floating in (await client.kit.store.list(FloatingIP)).items)
    assert await claimed(client.kit) == set()


async def test_a_client_that_gives_up_leaves_nothing() -> None:
    client = Client(await network_kit(CLOUD))
    external, _ = await external_net(client.kit)
    client.kit.gone.set()
    answer = await client.call("POST", "/floatingips", {"floatingip": {"floating_network_id": external}})
    assert answer.status == 503
    assert client.kit.clock.now < 1_800_000_005.0  # it did not wait to the end
    assert await client.get("/floatingips") == []


async def test_no_address_can_be_chosen_where_the_cloud_chooses() -> None:
    kit = await network_kit(CLOUD)
    external, _ = await external_net(kit)
    body = {"floatingip": {"floating_network_id": external, "floating_ip_address": "203.0.113.5"}}
    status, type_, message = await Client(kit, "admin").refused("POST", "/floatingips", body)
    assert (status, type_) == (400, "InvalidInput")
    assert message.endswith(f"this value of floating_ip_address is not possible in this region: {WHY}.")
