"""What a cloud cannot do is kept until a server would use it: then, and at once where one does, it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pia.network.support import WHY, ZONAL, ZONES, Client, bundle, network_kit
from tests.support.pia import REGION, Kit, flavor, image

from gurum.model.base import Metadata
from gurum.model.network import Port, Subnet
from gurum.model.region import Capability, Region, RegionSpec, RegionStatus
from gurum.model.server import Server
from gurum.pia.network.unfit import MAC_ASKED_FOR
from gurum.pia.services import SERVICES
from gurum.providers.aws.capabilities import CAPABILITIES, LIMITS

IMAGE = "33333333-2222-4333-8444-555555555555"
UNBOUND = {name: "unbound" for name, row in CAPABILITIES.items() if row.level == "unbound"}
SIZES = {"subnet.size": "unbound"}  # as a region may publish it, or did when the subnet was made
PAIR = {"ip_address": "10.0.0.9"}
ROUTE = {"destination": "1.0.0.0/8", "nexthop": "10.0.0.9"}

# What is kept, and the capability whose reason a server is refused with.
NETWORKS: list[tuple[str, dict[str, Any]]] = [
    ("network.mtu", {"mtu": 1400}),
    ("network.admin_state", {"admin_state_up": False}),
    ("network.vlan_transparent", {"vlan_transparent": True}),
    ("port.port_security", {"port_security_enabled": False}),
]
SUBNETS: list[tuple[str, dict[str, Any]]] = [
    ("subnet.gateway_ip", {"gateway_ip": "10.0.0.254"}),
    ("subnet.host_routes", {"host_routes": [ROUTE]}),
]
PORTS: list[tuple[str, dict[str, Any]]] = [
    ("port.mac_address", {"mac_address": "fa:16:3e:00:00:01"}),
    ("port.admin_state", {"admin_state_up": False}),
    ("port.port_security", {"port_security_enabled": False, "security_groups": []}),
    ("port.allowed_address_pairs", {"allowed_address_pairs": [PAIR]}),
    ("port.extra_dhcp_opts", {"extra_dhcp_opts": [{"opt_name": "a", "opt_value": "b"}]}),
    ("port.reserved_address", {"fixed_ips": [{"ip_address": "10.0.0.1"}]}),
    ("port.reserved_address", {"fixed_ips": [{"ip_address": "10.0.0.63"}]}),
    ("port.several_subnets", {"fixed_ips": [{"ip_address": "10.0.0.8"}, {"ip_address": "10.9.0.9"}]}),
    ("port.several_subnets", {"fixed_ips": [{"ip_address": "10.0.0.8"}, {"ip_address": "10.0.0.100"}]}),
]


async def aws() -> Client:
    """An administrator in a region that can what AWS can, with all services."""
    kit = Kit(list(SERVICES), policy=bundle())
    where = Region(
        metadata=Metadata(id=REGION, key=REGION, region=REGION),
        spec=RegionSpec(provider="simulated", zones=ZONES),
        status=RegionStatus(capabilities=dict(CAPABILITIES), limits=dict(LIMITS)),
    )
    await kit.seed(where, flavor("f", id="f", disk=10), image(id=IMAGE))
    return Client(kit, "admin")


async def boot(client: Client, nic: dict[str, Any] | None, *groups: str) -> tuple[int, str]:
    """Ask for a server; return the status and what was said."""
    body: dict[str, Any] = {"name": "s", "flavorRef": "f", "imageRef": IMAGE}
    body |= {"networks": [nic]} if nic else {}
    body |= {"security_groups": [{"name": name} for name in groups]} if groups else {}
    path = "/compute/v2.1/servers"
    answer = await client.kit.call("POST", path, {"server": body}, token=client.token)
    if answer.status == 202:
        return 202, answer.json["server"]["id"]
    return answer.status, answer.json["badRequest"]["message"]


def sentence(noun: str, uid: str, name: str) -> tuple[str, str]:
    """How a refusal begins and ends."""
    return f"{noun} {uid} cannot be used by a server of this region for its ", f": {CAPABILITIES[name].why}"


async def refused(client: Client, nic: dict[str, Any] | None, noun: str, uid: str, name: str, *groups: str) -> None:
    status, said = await boot(client, nic, *groups)
    begins, ends = sentence(noun, uid, name)
    assert (status, said[: len(begins)], said[-len(ends) :]) == (400, begins, ends)
    await client.kit.board.fresh(Server)
    assert not list(client.kit.board.of(Server).objects(REGION, None))


@pytest.mark.parametrize(("name", "attributes"), NETWORKS)
async def test_networks(name: str, attributes: dict[str, Any]) -> None:
    client = await aws()
    network = await client.make("network", **attributes)
    assert network.items() >= attributes.items()
    await client.make("subnet", network_id=network["id"], ip_version=4, cidr="10.0.0.0/24")
    await refused(client, {"uuid": network["id"]}, "Network", network["id"], name)
    await refused(client, None, "Network", network["id"], name)
    port = await client.make("port", network_id=network["id"], port_security_enabled=True)
    if name == "port.port_security":  # the port has its own setting
        assert (await boot(client, {"port": port["id"]}))[0] == 202
    else:
        await refused(client, {"port": port["id"]}, "Network", network["id"], name)


@pytest.mark.parametrize(("name", "attributes"), SUBNETS)
async def test_subnets(name: str, attributes: dict[str, Any]) -> None:
    client = await aws()
    network = (await client.make("network"))["id"]
    least = {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24"}
    subnet = await client.make("subnet", **least | attributes)
    assert subnet.items() >= attributes.items()
    await refused(client, {"uuid": network}, "Subnet", subnet["id"], name)
    port = await client.make("port", network_id=network)
    await refused(client, {"port": port["id"]}, "Subnet", subnet["id"], name)


@pytest.mark.parametrize(("name", "attributes"), PORTS)
async def test_ports(name: str, attributes: dict[str, Any]) -> None:
    client = await aws()
    network, _ = await client.net("10.0.0.0/24")
    await client.make("subnet", network_id=network, ip_version=4, cidr="10.9.0.0/24")
    port = await client.make("port", network_id=network, **attributes)
    await refused(client, {"port": port["id"]}, "Port", port["id"], name)
    assert (await boot(client, {"port": (await client.make("port", network_id=network))["id"]}))[0] == 202
    # Whoever makes it a server's at once is told at once.
    body = {"port": {"network_id": network, "device_id": "server", **attributes}}
    if "fixed_ips" in attributes:  # those are taken
        body["port"]["fixed_ips"] = [{"ip_address": "10.0.0.2"}]
    if "mac_address" in attributes:
        body["port"]["mac_address"] = "fa:16:3e:00:00:02"
    assert (await client.refused("POST", "/ports", body))[0] == 400
    later = {"port": {"device_id": "server"}}
    assert (await client.refused("PUT", f"/ports/{port['id']}", later))[:2] == (400, "InvalidInput")


async def test_groups() -> None:
    client = await aws()
    network, _ = await client.net()
    group = await client.make("security_group", name="loose", stateful=False)
    assert group["stateful"] is False
    await refused(client, {"uuid": network}, "Security group", group["id"], "security_group.stateless", "loose")
    port = await client.make("port", network_id=network, security_groups=[group["id"]])
    await refused(client, {"port": port["id"]}, "Security group", group["id"], "security_group.stateless")
    held = await client.make("port", network_id=network, device_id="server")
    body = {"port": {"security_groups": [group["id"]]}}
    assert (await client.refused("PUT", f"/ports/{held['id']}", body))[:2] == (400, "InvalidInput")


async def test_an_address_that_aws_keeps_is_refused_of_a_new_interface() -> None:
    client = await aws()
    network, subnet = await client.net()
    nic = {"uuid": network, "fixed_ip": "10.0.0.2"}
    await refused(client, nic, "Subnet", subnet, "port.reserved_address")
    assert (await boot(client, nic | {"fixed_ip": "10.0.0.4"}))[0] == 202


async def test_what_is_mended_can_be_used() -> None:
    client = await aws()
    network, subnet = await client.net(gateway_ip="10.0.0.254")
    await client.put("network", network, admin_state_up=False, mtu=1400)
    assert (await boot(client, {"uuid": network}))[0] == 400
    await client.put("subnet", subnet, gateway_ip="10.0.0.1")
    await client.put("network", network, admin_state_up=True, mtu=LIMITS["network.mtu"])
    assert (await boot(client, {"uuid": network}))[0] == 202


IN_USE: list[tuple[str, dict[str, Any]]] = [
    *(("network", attributes) for name, attributes in NETWORKS if name != "network.vlan_transparent"),
    ("subnet", {"gateway_ip": "192.168.0.1"}),
    ("subnet", {"host_routes": [ROUTE]}),
    *(("port", attributes) for name, attributes in PORTS if "fixed_ips" not in attributes),
    ("security_group", {"stateful": False}),
]


@pytest.mark.parametrize(("noun", "attributes"), IN_USE)
async def test_what_a_server_holds_is_refused_at_once(noun: str, attributes: dict[str, Any]) -> None:
    client = Client(await network_kit(UNBOUND | ZONAL, {"network.mtu": 9001}), "admin")
    network, subnet = await client.net()
    group = (await client.make("security_group", name="g"))["id"]
    port = (await client.make("port", network_id=network, security_groups=[group]))["id"]
    uid = {"network": network, "subnet": subnet, "port": port, "security_group": group}[noun]
    await client.put("port", port, device_id="server")
    path = f"/{noun.replace('_', '-')}s/{uid}"
    status, type_, message = await client.refused("PUT", path, {noun: attributes})
    assert (status, type_, WHY in message) == (400, "InvalidInput", True)
    await client.put("port", port, device_id="", security_groups=[])
    await client.put(noun, uid, **attributes)


@pytest.mark.parametrize(("name", "attributes"), SUBNETS)
async def test_a_subnet_of_a_network_in_use_is_refused_at_once(name: str, attributes: dict[str, Any]) -> None:
    client = Client(await network_kit(UNBOUND | ZONAL), "admin")
    network, _ = await client.net("192.168.0.0/24")
    await client.make("port", network_id=network, device_id="server")
    body = {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24"} | attributes
    status, type_, message = await client.refused("POST", "/subnets", {"subnet": body})
    assert (status, type_, WHY in message) == (400, "InvalidInput", True)


async def test_a_size_that_the_cloud_has_not_is_kept_whole() -> None:
    client = Client(await network_kit(UNBOUND | SIZES | ZONAL))
    _, subnet = await client.net("10.0.0.0/30", gateway_ip=None)
    shown = await client.get(f"/subnets/{subnet}")
    assert shown["allocation_pools"] == [{"start": "10.0.0.1", "end": "10.0.0.2"}]
    assert not (await client.kit.store.get(Subnet, subnet)).spec.slices


async def test_an_address_that_we_choose_is_one_that_servers_can_use() -> None:
    client = Client(await network_kit(UNBOUND | SIZES | ZONAL))
    network, _ = await client.net("10.1.0.0/30")
    await client.make("subnet", network_id=network, ip_version=4, cidr="10.0.0.0/28")
    addresses = [(await client.make("port", network_id=network))["fixed_ips"][0]["ip_address"] for _ in range(11)]
    assert sorted(addresses) == sorted(f"10.0.0.{number}" for number in range(4, 15))
    last = await client.make("port", network_id=network)
    assert last["fixed_ips"][0]["ip_address"] == "10.1.0.2"


async def test_an_external_network_is_the_engines_to_refuse() -> None:
    client = await aws()
    network = await client.make("network", **{"router:external": True, "mtu": 1400})
    await client.make("subnet", network_id=network["id"], ip_version=4, cidr="10.0.0.0/24")
    assert (await boot(client, {"uuid": network["id"]}))[0] == 202


async def test_our_own_mac_is_nobodys_wish() -> None:
    client = await aws()
    network, _ = await client.net()
    port = (await client.make("port", network_id=network))["id"]
    assert MAC_ASKED_FOR not in (await client.kit.store.get(Port, port)).metadata.labels
    await client.put("port", port, mac_address="fa:16:3e:00:00:01")
    await refused(client, {"port": port}, "Port", port, "port.mac_address")


async def test_a_reason_that_is_empty_ends_no_sentence() -> None:
    client = await aws()
    stored = await client.kit.store.get_by_key(Region, REGION)
    stored.status.capabilities["network.mtu"] = Capability(verb="network.mtu", level="unbound")
    await client.kit.store.update_status(stored)
    network, _ = await client.net()
    await client.put("network", network, mtu=1400)
    status, said = await boot(client, {"uuid": network})
    assert (status, said) == (400, f"Network {network} cannot be used by a server of this region for its mtu")
