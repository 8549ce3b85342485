"""Router interfaces: what joins, what is refused, and what they forbid ports, subnets and networks."""

from __future__ import annotations

import pytest
from tests.pia.network.support import Client, Routed, external_net, network_kit
from tests.support.pia import PROJECTS

from gurum.model.base import External
from gurum.model.network import AddressClaim, Network, Port

UNKNOWN = "11111111-2222-4333-8444-555555555555"


async def test_an_interface_by_subnet() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client, gateway=False, joined=False)
    answer = await routed.join(subnet_id=routed.subnet)
    assert answer == {
        "id": routed.router,
        "project_id": PROJECTS["member"],
        "network_id": routed.network,
        "port_id": answer["port_id"],
        "subnet_id": routed.subnet,
        "subnet_ids": [routed.subnet],
    }
    port = await client.get(f"/ports/{answer['port_id']}")
    assert port["fixed_ips"] == [{"subnet_id": routed.subnet, "ip_address": "10.0.0.1"}]
    assert (port["device_id"], port["device_owner"]) == (routed.router, "network:router_interface")
    assert (port["status"], port["security_groups"], port["port_security_enabled"]) == ("ACTIVE", [], False)
    assert (await client.get(f"/routers/{routed.router}"))["revision_number"] == 2
    assert await client.get(f"/ports?device_id={routed.router}") == [port]
    assert await routed.part(subnet_id=routed.subnet) == answer
    assert (await client.get(f"/routers/{routed.router}"))["revision_number"] == 3
    assert (await client.refused("GET", f"/ports/{answer['port_id']}"))[0] == 404
    assert (await client.kit.store.list(AddressClaim)).items == []


async def test_an_interface_by_port() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client, gateway=False, joined=False)
    port = await client.make("port", network_id=routed.network, fixed_ips=[{"ip_address": "10.0.0.7"}])
    answer = await routed.join(port_id=port["id"])
    assert (answer["port_id"], answer["subnet_ids"]) == (port["id"], [routed.subnet])
    joined = await client.get(f"/ports/{port['id']}")
    assert (joined["device_owner"], joined["security_groups"]) == ("network:router_interface", port["security_groups"])
    path = f"/routers/{routed.router}"
    refused = await client.refused("PUT", f"{path}/add_router_interface", {"port_id": port["id"]})
    message = (
        f"Unable to complete operation on port {port['id']} for network {routed.network}. Port already has an attached "
        f"device {routed.router}."
    )
    assert refused == (409, "PortInUse", message)
    other = await client.make("subnet", network_id=routed.network, ip_version=4, cidr="10.9.0.0/24")
    body = {"port_id": port["id"], "subnet_id": other["id"]}
    refused = await client.refused("PUT", f"{path}/remove_router_interface", body)
    assert refused[:2] == (409, "SubnetMismatchForPort")
    await routed.part(port_id=port["id"])
    assert (await client.refused("GET", f"/ports/{port['id']}"))[0] == 404


async def test_what_cannot_be_joined() -> None:
    kit = await network_kit()
    client = Client(kit)
    routed = await Routed.of(client)
    path = f"/routers/{routed.router}/add_router_interface"
    no_gateway = await client.make(
        "subnet", network_id=routed.network, ip_version=4, cidr="10.1.0.0/24", gateway_ip=None
    )
    bare = await client.make("port", network_id=(await client.make("network"))["id"])
    both = await client.make("subnet", network_id=routed.network, ip_version=4, cidr="10.2.0.0/24")
    wide = await client.make(
        "port", network_id=routed.network, fixed_ips=[{"subnet_id": both["id"]}, {"subnet_id": routed.subnet}]
    )
    again = f"Cidr 10.0.0.0/24 of subnet {routed.subnet} overlaps with cidr 10.0.0.0/24 of subnet {routed.subnet}"
    foreign = (
        f"Cannot add interface to router because subnet {routed.external_subnet} is not owned by project making the "
        "request"
    )
    for body, why in (
        ({}, "Either subnet_id or port_id must be specified"),
        ({"subnet_id": "x"}, "'x' is not a valid UUID"),
        ({"subnet_id": routed.subnet, "port_id": bare["id"]}, "Cannot specify both subnet-id and port-id"),
        ({"subnet_id": no_gateway["id"]}, "Subnet for router interface must have a gateway IP"),
        ({"subnet_id": routed.subnet}, again),
        ({"subnet_id": routed.external_subnet}, foreign),
        ({"port_id": bare["id"]}, "Router port must have at least one fixed IP"),
        ({"port_id": wide["id"]}, "Cannot have multiple IPv4 subnets on router port"),
    ):
        assert await client.refused("PUT", path, body) == (400, "BadRequest", f"Bad router request: {why}.")
    assert (await client.refused("PUT", path, {"port_id": UNKNOWN}))[1] == "PortNotFound"
    assert (await client.refused("PUT", path, {"subnet_id": UNKNOWN}))[1] == "SubnetNotFound"
    stranger = Client(kit, "other")
    theirs = await stranger.make("port", network_id=(await stranger.net())[0])
    assert (await client.refused("PUT", path, {"port_id": theirs["id"]}))[1] == "PortNotFound"


async def test_one_gateway_address_one_router() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client, gateway=False)
    second = (await client.make("router"))["id"]
    refused = await client.refused("PUT", f"/routers/{second}/add_router_interface", {"subnet_id": routed.subnet})
    assert refused == (
        409,
        "IpAddressAlreadyAllocated",
        f"IP address 10.0.0.1 already allocated in subnet {routed.subnet}",
    )


async def test_what_an_interface_forbids() -> None:
    kit = await network_kit()
    client = Client(kit)
    routed = await Routed.of(client)
    [port] = await client.get(f"/ports?device_id={routed.router}")
    path = f"/ports/{port['id']}"
    message = (
        f"Port {port['id']} cannot be deleted directly via the port API: has device owner network:router_interface."
    )
    assert await client.refused("DELETE", path) == (409, "ServicePortInUse", message)
    assert (await client.refused("DELETE", f"/subnets/{routed.subnet}"))[1] == "SubnetInUse"
    assert (await client.refused("DELETE", f"/networks/{routed.network}"))[1] == "NetworkInUse"
    assert await client.refused("DELETE", f"/routers/{routed.router}") == (
        409,
        "RouterInUse",
        f"Router {routed.router} has ports still attached: {port['id']}",
    )
    assert await client.refused("PUT", f"/subnets/{routed.subnet}", {"subnet": {"gateway_ip": "10.0.0.254"}}) == (
        409,
        "GatewayIpInUse",
        f"Current gateway ip 10.0.0.1 already in use by port {port['id']}. Unable to update.",
    )
    assert (await client.put("port", port["id"], name="gw"))["name"] == "gw"
    for change in ({"device_id": ""}, {"device_owner": "mine"}):
        assert (await client.refused("PUT", path, {"port": change}))[1] == "PortInUse"


async def test_no_port_becomes_an_interface_behind_a_routers_back() -> None:
    kit = await network_kit()
    client, other = Client(kit), Client(kit, "other")
    routed = await Routed.of(client)
    network, _ = await other.net()
    words = {"device_id": routed.router, "device_owner": "network:router_interface"}
    message = f"The following device_id {routed.router} is not owned by your tenant or matches another tenants router."
    refused = await other.refused("POST", "/ports", {"port": {"network_id": network, **words}})
    assert refused == (409, "DeviceIDNotOwnedByTenant", message)
    free = await other.make("port", network_id=network)
    assert (await other.refused("PUT", f"/ports/{free['id']}", {"port": words}))[1] == "DeviceIDNotOwnedByTenant"
    refused = await client.refused("POST", "/ports", {"port": {"network_id": routed.network, **words}})
    assert refused[:2] == (400, "BadRequest")


async def test_moving_an_interface_keeps_what_needs_it() -> None:
    client = Client(await network_kit())
    routed = await Routed.of(client, gateway=False)
    [port] = await client.get(f"/ports?device_id={routed.router}")
    second = await client.make("subnet", network_id=routed.network, ip_version=4, cidr="10.7.0.0/24")
    await client.put("router", routed.router, routes=[{"destination": "10.50.0.0/16", "nexthop": "10.0.0.9"}])
    body = {"port": {"fixed_ips": [{"subnet_id": second["id"]}]}}
    assert (await client.refused("PUT", f"/ports/{port['id']}", body))[1] == "RouterInterfaceInUseByRoute"
    await client.put("router", routed.router, routes=[])
    await client.put("port", port["id"], **body["port"])


async def test_interfaces_are_counted_and_not_refused() -> None:
    kit = await network_kit()
    client = Client(kit)
    routed = await Routed.of(client, joined=False)
    await Client(kit, "admin").put("quota", PROJECTS["member"], port=0)
    await routed.join(subnet_id=routed.subnet)
    assert (await client.get(f"/quotas/{PROJECTS['member']}/details"))["port"]["used"] == 1


async def test_an_external_network_in_use() -> None:
    kit = await network_kit()
    client, admin = Client(kit), Client(kit, "admin")
    external, subnet = await external_net(kit)
    router = (await client.make("router", external_gateway_info={"network_id": external}))["id"]
    assert (await client.refused("POST", "/ports", {"port": {"network_id": external}}))[0] == 403
    assert (await admin.refused("DELETE", f"/networks/{external}"))[1] == "NetworkInUse"
    assert (await admin.refused("DELETE", f"/subnets/{subnet}"))[1] == "SubnetInUse"
    inside = {"network": {"router:external": False}}
    message = (
        f"External network {external} cannot be updated to be made non-external, since it has existing gateway ports."
    )
    assert await admin.refused("PUT", f"/networks/{external}", inside) == (409, "ExternalNetworkInUse", message)
    await client.delete(f"/routers/{router}")
    await admin.put("network", external, **inside["network"])


# --- a cloud whose joined networks share one private cloud ---------------------------------------------

VPCS = {"router_interface.join_in_use": "absent", "router_interface.leave_in_use": "absent"}


async def served(client: Client, network: str, domain: str) -> None:
    """Let a network have a server's port, in a domain."""
    await client.make("port", network_id=network, device_id="server", device_owner="compute:zone-a")
    stored = await client.kit.store.get(Network, network)
    stored.status.domain = domain
    await client.kit.store.update_status(stored)


@pytest.mark.parametrize("capabilities", [{}, VPCS])
async def test_networks_with_servers_in_two_domains(capabilities: dict[str, str]) -> None:
    client = Client(await network_kit(capabilities))
    routed = await Routed.of(client)
    network, subnet = await client.net("10.1.0.0/24")
    await served(client, routed.network, "one")
    await served(client, network, "two")
    path = f"/routers/{routed.router}/add_router_interface"
    if not capabilities:
        await routed.join(subnet_id=subnet)
        return
    status, type_, message = await client.refused("PUT", path, {"subnet_id": subnet})
    assert (status, type_) == (409, "RouterInterfaceAttachmentConflict")
    assert "cannot be joined: the cloud cannot" in message
    # A network that joins both by another router is the same in two steps.
    _, between = await client.net("10.2.0.0/24")
    other = Routed(client)
    other.router = (await client.make("router"))["id"]
    await other.join(subnet_id=between)
    await other.join(subnet_id=subnet)
    assert (await client.refused("PUT", path, {"subnet_id": between}))[1] == "RouterInterfaceAttachmentConflict"


async def test_a_network_with_servers_stays_with_those_it_shares_a_domain_with() -> None:
    client = Client(await network_kit(VPCS))
    routed = await Routed.of(client)
    network, subnet = await client.net("10.1.0.0/24")
    await routed.join(subnet_id=subnet)
    for member in (routed.network, network):
        await served(client, member, "one")
    path = f"/routers/{routed.router}/remove_router_interface"
    status, type_, message = await client.refused("PUT", path, {"subnet_id": subnet})
    assert (status, type_) == (409, "RouterInterfaceAttachmentConflict")
    assert "cannot be parted" in message
    for port in await client.get(f"/ports?network_id={network}"):
        if port["device_owner"].startswith("compute:"):
            await client.kit.store.delete(Port, port["id"])
    await routed.part(subnet_id=subnet)


async def test_a_port_that_no_server_holds_any_more_keeps_no_network_in_its_domain() -> None:
    client = Client(await network_kit(VPCS))
    routed = await Routed.of(client)
    network, subnet = await client.net("10.1.0.0/24")
    await routed.join(subnet_id=subnet)
    for member in (routed.network, network):
        await served(client, member, "one")
    port = next(p for p in await client.get(f"/ports?network_id={network}") if p["device_id"] == "server")
    stored = await client.kit.store.get(Port, port["id"])
    stored.status.external = External(provider="aws", account="1", region="r", id="eni-1")
    await client.kit.store.update_status(stored)
    await client.put("port", port["id"], device_id="", device_owner="")
    await routed.part(subnet_id=subnet)
