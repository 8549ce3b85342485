"""What the region's cloud cannot do is refused, by name, and never accepted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pia.network.support import WHY, Client, network_kit
from tests.support.pia import PROJECTS, REGION

from gurum.model.base import Metadata
from gurum.model.network import Port
from gurum.model.server import Server, ServerFlavor, ServerSpec
from gurum.pia.network.capabilities import OTHERS, TABLE

NEEDS: dict[str, tuple[str, dict[str, Any]]] = {
    "network.mtu": ("network", {"mtu": 1400}),
    "network.admin_state": ("network", {"admin_state_up": False}),
    "network.shared": ("network", {"shared": True}),
    "network.external": ("network", {"router:external": True}),
    "network.availability_zone_hints": ("network", {"availability_zone_hints": ["zone-a"]}),
    "network.vlan_transparent": ("network", {"vlan_transparent": True}),
    "network.ipv6": ("subnet", {"ip_version": 6, "cidr": "fd00::/64"}),
    "subnet.dns_nameservers": ("subnet", {"dns_nameservers": ["8.8.8.8"]}),
    "subnet.host_routes": ("subnet", {"host_routes": [{"destination": "1.0.0.0/8", "nexthop": "10.1.0.9"}]}),
    "subnet.service_types": ("subnet", {"service_types": ["compute:nova"]}),
    "subnet.enable_dhcp": ("subnet", {"enable_dhcp": False}),
    "subnet.gateway_ip": ("subnet", {"gateway_ip": "10.1.0.9"}),
    "port.mac_address": ("port", {"mac_address": "fa:16:3e:00:00:01"}),
    "port.several_addresses": ("port", {"fixed_ips": [{"ip_address": "10.0.0.8"}, {"ip_address": "10.0.0.9"}]}),
    "port.several_subnets": ("port", {"fixed_ips": [{"ip_address": "10.0.0.8"}, {"ip_address": "10.9.0.9"}]}),
    "port.allowed_address_pairs": ("port", {"allowed_address_pairs": [{"ip_address": "10.0.0.9"}]}),
    "port.allowed_address_pairs.mac_address": (
        "port",
        {"allowed_address_pairs": [{"ip_address": "10.0.0.9", "mac_address": "fa:16:3e:00:00:01"}]},
    ),
    "port.allowed_address_pairs.cidr": ("port", {"allowed_address_pairs": [{"ip_address": "172.16.0.0/12"}]}),
    "port.port_security": ("port", {"port_security_enabled": False}),
    "port.extra_dhcp_opts": ("port", {"extra_dhcp_opts": [{"opt_name": "a", "opt_value": "b"}]}),
    "port.vnic_type": ("port", {"binding:vnic_type": "direct"}),
    "port.admin_state": ("port", {"admin_state_up": False}),
    "security_group.stateless": ("security_group", {"stateful": False}),
}


async def world(capabilities: dict[str, str]) -> tuple[Client, dict[str, dict[str, Any]]]:
    """An administrator (who may write every attribute) and what each noun needs at least."""
    kit = await network_kit()
    admin = Client(await network_kit(capabilities), "admin")
    assert kit is not admin.kit
    network, _ = await admin.net("10.0.0.0/24")
    await admin.make("subnet", network_id=network, ip_version=4, cidr="10.9.0.0/24")
    return admin, {
        "network": {},
        "subnet": {"network_id": network, "ip_version": 4, "cidr": "10.1.0.0/24"},
        "port": {"network_id": network},
        "security_group": {"name": "g"},
    }


@pytest.mark.parametrize("name", NEEDS)
async def test_absent_is_refused(name: str) -> None:
    noun, attributes = NEEDS[name]
    admin, least = await world({name: "absent"})
    collection = f"/{noun.replace('_', '-')}s"
    status, type_, message = await admin.refused("POST", collection, {noun: least[noun] | attributes})
    assert (status, type_) == (400, "InvalidInput")
    assert message.endswith(f" is not possible in this region: {WHY}.")


@pytest.mark.parametrize("name", NEEDS)
@pytest.mark.parametrize("level", ["native", "emulated", None])
async def test_present_is_accepted(name: str, level: str | None) -> None:
    noun, attributes = NEEDS[name]
    admin, least = await world({name: level} if level else {})
    await admin.make(noun, **least[noun] | attributes)


async def test_addresses_of_a_port_that_a_server_holds() -> None:
    admin, least = await world({"port.fixed_ips_update": "absent"})
    free = await admin.make("port", **least["port"])
    held = await admin.make("port", **least["port"], device_id="server")
    change = {"port": {"fixed_ips": [{"ip_address": "10.0.0.200"}]}}
    assert (await admin.refused("PUT", f"/ports/{held['id']}", change))[0] == 400
    same = [{"ip_address": ip["ip_address"]} for ip in held["fixed_ips"]]
    await admin.put("port", held["id"], fixed_ips=same)
    await admin.put("port", free["id"], **change["port"])


async def held_port(client: Client) -> tuple[dict[str, Any], Server]:
    """A port that the engine made for a server, and the server."""
    network, _ = await client.net("10.5.0.0/24")
    uid = "22222222-2222-4333-8444-555555555555"
    port = await client.make("port", network_id=network, device_id=uid, device_owner="compute:zone-a")
    stored = await client.kit.store.get(Port, port["id"])
    stored.spec.implied = True
    await client.kit.store.update_spec(stored)
    meta = Metadata(id=uid, key=uid, region=REGION, project=PROJECTS["admin"], finalizers=["engine"])
    spec = ServerSpec(
        name="s", user_id="u", image_id="i", flavor=ServerFlavor(id="f", name="f", vcpus=1, ram=1, disk=1)
    )
    return port, await client.kit.store.create(Server(metadata=meta, spec=spec))


async def test_the_port_of_a_servers_creation_goes_with_the_server() -> None:
    admin, _ = await world({"port.implied_delete": "absent"})
    port, server = await held_port(admin)
    because = f"it was made with server {server.id}, which has it for its life: {WHY}"
    message = f"Port {port['id']} cannot be deleted directly via the port API: {because}."
    assert await admin.refused("DELETE", f"/ports/{port['id']}") == (409, "ServicePortInUse", message)
    await admin.get(f"/ports/{port['id']}")
    await admin.kit.store.delete(Server, server.id)
    await admin.delete(f"/ports/{port['id']}")


@pytest.mark.parametrize("implied", [True, False])
async def test_any_other_port_of_a_server_can_be_deleted(implied: bool) -> None:
    admin, _ = await world({} if implied else {"port.implied_delete": "absent"})
    port, _ = await held_port(admin)
    stored = await admin.kit.store.get(Port, port["id"])
    stored.spec.implied = implied
    await admin.kit.store.update_spec(stored)
    await admin.delete(f"/ports/{port['id']}")


def test_every_name_is_tested() -> None:
    elsewhere = {"network.zonal_subnets", "port.fixed_ips_update", "port.implied_delete"}
    elsewhere |= {"subnet.size", "port.reserved_address"}  # test_network_unfit.py
    elsewhere |= {"subnet.overlap_of_joined", "subnet.several_private_ranges"}  # test_network_shared_ranges.py
    elsewhere |= {"router_interface.join_in_use", "router_interface.leave_in_use"}  # test_network_interfaces.py
    elsewhere |= {"floating_ip.address_chosen_by_cloud"}  # test_network_floatingips.py
    assert {need.name for need in TABLE} | set(OTHERS) == set(NEEDS) | elsewhere


@pytest.mark.parametrize(
    ("noun", "attributes", "type_"),
    [
        ("port", {"port_security_enabled": False, "security_groups": ["{uid}"]}, "PortSecurityAndIPRequiredFor"),
        (
            "port",
            {"port_security_enabled": False, "allowed_address_pairs": [{"ip_address": "10.0.0.9"}]},
            "AddressPair",
        ),
        ("port", {"mac_address": "fa:16:3e:00:00:01", "fixed_ips": [{"ip_address": "9.9.9.9"}]}, "InvalidIpForNetwork"),
        ("subnet", {"ip_version": 6}, "InvalidInput"),
        ("subnet", {"host_routes": [{"destination": "1.0.0.0/8", "nexthop": "fd00::1"}]}, "InvalidInput"),
        (
            "subnet",
            {"gateway_ip": "10.1.0.9", "allocation_pools": [{"start": "10.1.0.8", "end": "10.1.0.20"}]},
            "GatewayConflictWithAllocationPools",
        ),
        ("network", {"mtu": 1400, "availability_zone_hints": ["x"]}, "AvailabilityZoneNotFound"),
    ],
)
async def test_what_neutron_refuses_is_told_as_everywhere(noun: str, attributes: dict[str, Any], type_: str) -> None:
    uid = "11111111-2222-4333-8444-555555555555"
    attributes = {k: [uid] if v == ["{uid}"] else v for k, v in attributes.items()}
    refused = []
    for capabilities in ({}, {name: "absent" for name in NEEDS if name != "network.availability_zone_hints"}):
        admin, least = await world({**capabilities})
        collection = f"/{noun.replace('_', '-')}s"
        _, got, message = await admin.refused("POST", collection, {noun: least[noun] | attributes})
        refused.append((got, message.replace(least["port"]["network_id"], "")))
    assert refused[0] == refused[1]
    assert refused[0][0].startswith(type_)


async def test_limits_of_the_cloud() -> None:
    kit = await network_kit(limits={"port.security_groups": 1, "security_group.ingress_rules": 2})
    client = Client(kit)
    network, _ = await client.net()
    groups = [(await client.make("security_group", name=name))["id"] for name in "ab"]
    body = {"port": {"network_id": network, "security_groups": groups}}
    assert (await client.refused("POST", "/ports", body))[1] == "InvalidInput"
    for number in (1, 2):
        await client.make("security_group_rule", security_group_id=groups[0], direction="ingress", protocol=str(number))
    rule = {"security_group_id": groups[0], "direction": "ingress", "protocol": "3"}
    assert (await client.refused("POST", "/security-group-rules", {"security_group_rule": rule}))[1] == "OverQuota"
    await client.make("security_group_rule", **rule | {"ethertype": "IPv6"})
