"""Subnets, regional ones and those of a zonal cloud."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.pia.network.support import WHY, ZONAL, Client, network_kit

from gurum.model.network import Pool, Subnet
from gurum.pia.network.views.subnets import GIVEN_POOLS


async def test_life_of_a_subnet() -> None:
    kit = await network_kit()
    client = Client(kit)
    network = await client.make("network")
    made = await client.make("subnet", network_id=network["id"], ip_version="4", cidr="10.0.0.7/24", tags=["t"])
    assert made | {"id": "", "created_at": "", "updated_at": "", "project_id": "", "tenant_id": ""} == {
        "id": "",
        "name": "",
        "description": "",
        "network_id": network["id"],
        "ip_version": 4,
        "cidr": "10.0.0.0/24",
        "gateway_ip": "10.0.0.1",
        "allocation_pools": [{"start": "10.0.0.2", "end": "10.0.0.254"}],
        "dns_nameservers": [],
        "host_routes": [],
        "enable_dhcp": True,
        "ipv6_address_mode": None,
        "ipv6_ra_mode": None,
        "service_types": [],
        "subnetpool_id": None,
        "tags": ["t"],
        "router:external": False,
        "revision_number": 0,
        "created_at": "",
        "updated_at": "",
        "project_id": "",
        "tenant_id": "",
    }
    assert await client.get(f"/subnets/{made['id']}") == made
    routes = [{"destination": "1.0.0.0/8", "nexthop": "10.0.0.9"}]
    changed = await client.put("subnet", made["id"], name="s", host_routes=routes, dns_nameservers=["8.8.8.8"])
    assert (changed["name"], changed["host_routes"], changed["revision_number"]) == ("s", routes, 1)
    await client.delete(f"/subnets/{made['id']}")
    assert (await kit.store.get(Subnet, made["id"])).deleting
    assert (await client.refused("GET", f"/subnets/{made['id']}"))[1] == "SubnetNotFound"


@pytest.mark.parametrize(
    ("attributes", "type_", "message"),
    [
        ({"cidr": None}, "BadRequest", "Bad subnets request: a subnetpool must be specified in the absence of a cidr."),
        ({"cidr": ""}, "InvalidInput", "Invalid input for operation:  is not in a CIDR format."),
        ({"cidr": "10.1.0.0/33"}, "InvalidInput", "Invalid input for operation: 10.1.0.0/33 is not in a CIDR format."),
        ({"cidr": 5}, "InvalidInput", "Invalid input for operation: 5 is not in a CIDR format."),
        (
            {"prefixlen": 24},
            "BadRequest",
            "Bad subnets request: cidr and prefixlen must not be supplied together.",
        ),
        (
            {"use_default_subnetpool": True},
            "BadRequest",
            "Bad subnets request: No default subnetpool found for IPv4.",
        ),
        (
            {"ip_version": 6},
            "InvalidInput",
            "Invalid input for operation: cidr '10.1.0.0/24' does not match the ip_version '6'.",
        ),
        (
            {"gateway_ip": "10.1.0.0"},
            "InvalidInput",
            "Invalid input for operation: Gateway is not valid on subnet.",
        ),
        (
            {"gateway_ip": "10.1.0.9", "allocation_pools": [{"start": "10.1.0.8", "end": "10.1.0.20"}]},
            "GatewayConflictWithAllocationPools",
            "Gateway ip 10.1.0.9 conflicts with allocation pool 10.1.0.8-10.1.0.20.",
        ),
        (
            {"allocation_pools": [{"start": "10.1.0.9", "end": "10.1.0.2"}]},
            "InvalidAllocationPool",
            "The allocation pool {'start': '10.1.0.9', 'end': '10.1.0.2'} is not valid.",
        ),
        (
            {"allocation_pools": [{"start": "10.1.0.5", "end": "10.1.0.9"}, {"start": "10.1.0.9", "end": "10.1.0.12"}]},
            "OverlappingAllocationPools",
            "Found overlapping allocation pools: 10.1.0.5-10.1.0.9 10.1.0.9-10.1.0.12 for subnet 10.1.0.0/24.",
        ),
        (
            {"allocation_pools": [{"start": "10.2.0.1", "end": "10.2.0.9"}]},
            "OutOfBoundsAllocationPool",
            "The allocation pool 10.2.0.1-10.2.0.9 spans beyond the subnet cidr 10.1.0.0/24.",
        ),
        (
            {"ipv6_ra_mode": "slaac"},
            "InvalidInput",
            "Invalid input for operation: ipv6_ra_mode is not valid when ip_version is 4.",
        ),
        (
            {"cidr": "10.0.0.128/25"},
            "InvalidInput",
            (
                "Invalid input for operation: Requested subnet with cidr: 10.0.0.128/25 for network: {network} "
                "overlaps with another subnet."
            ),
        ),
        (
            {"cidr": "0.0.0.0/0", "enable_dhcp": False},
            "InvalidInput",
            "Invalid input for operation: 0 is not allowed as CIDR prefix length.",
        ),
    ],
)
async def test_wrong_subnets(attributes: dict[str, Any], type_: str, message: str) -> None:
    client = Client(await network_kit())
    network, _ = await client.net("10.0.0.0/24")
    body = {"network_id": network, "ip_version": 4, "cidr": "10.1.0.0/24"} | attributes
    _, *refused = await client.refused("POST", "/subnets", {"subnet": body})
    assert refused == [type_, message.replace("{network}", network)]
    assert len(await client.get("/subnets")) == 1


async def test_on_networks_of_others() -> None:
    kit = await network_kit()
    network, subnet = await Client(kit).net()
    other = Client(kit, "other")
    body = {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.9.0.0/24"}}
    assert (await other.refused("POST", "/subnets", body))[1] == "NetworkNotFound"
    assert (await other.refused("GET", f"/subnets/{subnet}"))[1] == "SubnetNotFound"
    assert (await Client(kit, "reader").refused("DELETE", f"/subnets/{subnet}"))[0] == 403


async def test_gateways() -> None:
    client = Client(await network_kit())
    network = (await client.make("network"))["id"]
    outside = await client.make(
        "subnet", network_id=network, ip_version=4, cidr="10.1.0.0/24", gateway_ip="192.168.9.1"
    )
    assert outside["allocation_pools"] == [{"start": "10.1.0.1", "end": "10.1.0.254"}]
    none = await client.make("subnet", network_id=network, ip_version=4, cidr="10.2.0.0/30", gateway_ip=None)
    assert (none["gateway_ip"], none["allocation_pools"]) == (None, [{"start": "10.2.0.1", "end": "10.2.0.2"}])
    refused = await client.refused("PUT", f"/subnets/{outside['id']}", {"subnet": {"gateway_ip": "10.1.0.7"}})
    assert refused[1] == "GatewayConflictWithAllocationPools"


async def test_a_change_of_pools_alone_is_not_counted() -> None:
    client = Client(await network_kit())
    _, subnet = await client.net()
    pools = [{"start": "10.0.0.5", "end": "10.0.0.9"}]
    assert (await client.put("subnet", subnet, allocation_pools=pools))["revision_number"] == 0
    assert (await client.put("subnet", subnet, allocation_pools=pools, name="x"))["revision_number"] == 1


async def test_in_use() -> None:
    client = Client(await network_kit())
    network, subnet = await client.net()
    port = await client.make("port", network_id=network)
    assert (await client.refused("DELETE", f"/subnets/{subnet}"))[1] == "SubnetInUse"
    await client.delete(f"/ports/{port['id']}")
    await client.delete(f"/subnets/{subnet}")


async def test_two_that_overlap_never_both_stay() -> None:
    client = Client(await network_kit())
    network = (await client.make("network"))["id"]

    async def post(number: int) -> int:
        body = {"network_id": network, "ip_version": 4, "cidr": f"10.0.{number}.0/{16 if number else 24}"}
        return (await client.call("POST", "/subnets", {"subnet": body})).status

    made = await asyncio.gather(*(post(number) for number in range(6)))
    left = await client.get("/subnets")
    assert len(left) == made.count(201) <= 1


async def test_ipv6_is_neutrons_where_the_cloud_has_it() -> None:
    client = Client(await network_kit())
    network = (await client.make("network"))["id"]
    made = await client.make("subnet", network_id=network, ip_version=6, cidr="fd00::/64", ipv6_address_mode="slaac")
    assert (made["gateway_ip"], made["ipv6_address_mode"]) == ("fd00::1", "slaac")
    port = await client.make("port", network_id=network, mac_address="fa:16:3e:11:22:33")
    assert [ip["ip_address"] for ip in port["fixed_ips"]] == ["fd00::f816:3eff:fe11:2233"]


async def test_a_port_is_in_every_subnet_whose_hosts_make_their_addresses() -> None:
    client = Client(await network_kit())
    network, four = await client.net("10.0.0.0/24")
    least = {"network_id": network, "ip_version": 6}
    made = [
        (await client.make("subnet", **least, cidr=f"fd0{number}::/64", ipv6_address_mode=mode))["id"]
        for number, mode in enumerate(("slaac", "dhcpv6-stateless"))
    ]
    asked = (await client.make("subnet", **least, cidr="fd09::/64", ipv6_address_mode="dhcpv6-stateful"))["id"]
    port = await client.make("port", network_id=network)
    assert sorted(ip["subnet_id"] for ip in port["fixed_ips"]) == sorted([four, asked, *made])
    named = await client.make("port", network_id=network, fixed_ips=[{"subnet_id": four}])
    assert sorted(ip["subnet_id"] for ip in named["fixed_ips"]) == sorted([four, *made])
    kept = await client.put("port", named["id"], fixed_ips=[{"subnet_id": four}, {"subnet_id": made[0]}])
    assert sorted(ip["subnet_id"] for ip in kept["fixed_ips"]) == sorted([four, *made])
    router = (await client.make("router"))["id"]
    body = {"subnet_id": made[0]}
    answer = await client.call("PUT", f"/routers/{router}/add_router_interface", body)
    assert answer.json["subnet_ids"] == [made[0]]  # at the address that its hosts know, and at no other


MODES = "ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False"


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"ipv6_ra_mode": "slaac", "enable_dhcp": False}, MODES),
        ({"ipv6_address_mode": "dhcpv6-stateful", "enable_dhcp": False}, MODES),
        (
            {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "dhcpv6-stateful"},
            (
                "ipv6_ra_mode set to 'slaac' with ipv6_address_mode set to 'dhcpv6-stateful' is not valid. If both "
                "attributes are set, they must be the same value"
            ),
        ),
        (
            {"cidr": "fd00::/48", "ipv6_address_mode": "slaac"},
            (
                "Invalid CIDR fd00::/48 for IPv6 address mode. OpenStack uses the EUI-64 address format, which "
                "requires the prefix to be /64"
            ),
        ),
    ],
)
async def test_ipv6_modes_that_cannot_be_meant(attributes: dict[str, Any], message: str) -> None:
    client = Client(await network_kit())
    network = (await client.make("network"))["id"]
    body = {"network_id": network, "ip_version": 6, "cidr": "fd00::/64"} | attributes
    wanted = (400, "InvalidInput", f"Invalid input for operation: {message}.")
    assert await client.refused("POST", "/subnets", {"subnet": body}) == wanted


# --- zonal clouds


async def test_zonal_subnets_are_sliced_and_tell_the_truth() -> None:
    kit = await network_kit(ZONAL)
    client = Client(kit)
    _, subnet = await client.net("10.0.0.0/24")
    stored = await kit.store.get(Subnet, subnet)
    assert stored.spec.slices == {
        "use1-az1": "10.0.0.0/26",
        "use1-az2": "10.0.0.64/26",
        "use1-az4": "10.0.0.128/26",
        "use1-az6": "10.0.0.192/26",
    }
    shown = await client.get(f"/subnets/{subnet}")
    assert shown["allocation_pools"] == [
        {"start": f"10.0.0.{base + 4}", "end": f"10.0.0.{base + 62}"} for base in (0, 64, 128, 192)
    ]
    assert "slices" not in shown


async def test_zonal_pools_are_shown_as_given_and_cut_to_what_there_is() -> None:
    client = Client(await network_kit(ZONAL))
    given = [{"start": "10.0.0.50", "end": "10.0.0.70"}]
    _, subnet = await client.net("10.0.0.0/24", allocation_pools=given)
    assert (await client.get(f"/subnets/{subnet}"))["allocation_pools"] == given
    cut = [Pool(start="10.0.0.50", end="10.0.0.62"), Pool(start="10.0.0.68", end="10.0.0.70")]
    assert (await client.kit.store.get(Subnet, subnet)).spec.allocation_pools == cut
    given = [{"start": "10.0.0.2", "end": "10.0.0.9"}]
    changed = await client.put("subnet", subnet, allocation_pools=given)
    assert changed["allocation_pools"] == given
    stored = await client.kit.store.get(Subnet, subnet)
    assert stored.spec.allocation_pools == [Pool(start="10.0.0.4", end="10.0.0.9")]
    # One that needs no cut is shown from the spec again.
    given = [{"start": "10.0.0.10", "end": "10.0.0.19"}]
    assert (await client.put("subnet", subnet, allocation_pools=given))["allocation_pools"] == given
    assert GIVEN_POOLS not in (await client.kit.store.get(Subnet, subnet)).metadata.labels
    refused = await client.refused(
        "PUT", f"/subnets/{subnet}", {"subnet": {"allocation_pools": [{"start": "10.0.0.2", "end": "10.0.0.3"}]}}
    )
    assert refused[:2] == (400, "InvalidInput")


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/29"])
async def test_zonal_sizes(cidr: str) -> None:
    client = Client(await network_kit(ZONAL))
    network = (await client.make("network"))["id"]
    body = {"network_id": network, "ip_version": 4, "cidr": cidr}
    status, type_, message = await client.refused("POST", "/subnets", {"subnet": body})
    assert (status, type_) == (400, "InvalidInput")
    assert message == (
        f"Invalid input for operation: this value of cidr is not possible in this region: {cidr} is not between /16 "
        "and /28."
    )


async def test_gateways_of_a_cloud_that_has_its_own() -> None:
    client = Client(await network_kit(ZONAL | {"subnet.gateway_ip": "absent"}))
    network = (await client.make("network"))["id"]
    body = {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24"}
    for gateway in ("10.0.0.254", "192.168.0.1"):
        status, _, message = await client.refused("POST", "/subnets", {"subnet": body | {"gateway_ip": gateway}})
        assert (status, WHY in message) == (400, True)
    first = await client.make("subnet", **body, gateway_ip="10.0.0.1")
    assert first["gateway_ip"] == "10.0.0.1"
    none = await client.put("subnet", first["id"], gateway_ip=None)
    assert none["gateway_ip"] is None
    elsewhere = {"subnet": {"gateway_ip": "192.168.0.1"}}
    assert (await client.refused("PUT", f"/subnets/{first['id']}", elsewhere))[1] == "InvalidInput"
    # What Neutron itself refuses is told as everywhere.
    inside = {"subnet": {"gateway_ip": "10.0.0.9"}}
    assert (await client.refused("PUT", f"/subnets/{first['id']}", inside))[1] == "GatewayConflictWithAllocationPools"
