"""Ports: addresses, security, and what the cloud cannot do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from tests.pia.network.support import ZONAL, Client, network_kit
from tests.support.pia import Kit, MemoryClaims

from gurum.model.base import External
from gurum.model.network import AddressClaim, Port

UNKNOWN = "11111111-2222-4333-8444-555555555555"


class Remembering(MemoryClaims):
    """Reservations that stay until they are given back: amounts by id."""

    def __init__(self) -> None:
        self.held: dict[str, Mapping[str, int]] = {}

    async def reserve(self, *, id: str, amounts: Mapping[str, int], **more: Any) -> None:
        self.held[id] = amounts

    async def release(self, *, id: str, **more: Any) -> None:
        self.held.pop(id, None)


async def claims(kit: Kit) -> set[str]:
    return {claim.spec.address for claim in (await kit.store.list(AddressClaim)).items}


def ips(port: dict[str, Any]) -> list[str]:
    return [ip["ip_address"] for ip in port["fixed_ips"]]


async def test_life_of_a_port() -> None:
    kit = await network_kit()
    client = Client(kit)
    network, subnet = await client.net()
    made = await client.make("port", network_id=network, name="p")
    assert set(made) == {
        "admin_state_up", "allowed_address_pairs", "binding:vnic_type", "created_at", "description", "device_id",
        "device_owner", "extra_dhcp_opts", "fixed_ips", "id", "ip_allocation", "mac_address", "name", "network_id",
        "port_security_enabled", "project_id", "qos_network_policy_id", "qos_policy_id", "revision_number",
        "security_groups", "status", "tags", "tenant_id", "updated_at",
    }  # fmt: skip
    [ip] = made["fixed_ips"]
    assert ip["subnet_id"] == subnet
    assert ip_address(ip["ip_address"]) in ip_network("10.0.0.0/24")
    assert made["mac_address"].startswith("fa:16:3e:")
    assert (made["status"], made["revision_number"], made["port_security_enabled"]) == ("DOWN", 1, True)
    [group] = await client.get("/security-groups")
    assert made["security_groups"] == [group["id"]]
    assert await claims(kit) == {ip["ip_address"]}
    changed = await client.put("port", made["id"], name="q", device_id="d", security_groups=[])
    assert (changed["name"], changed["device_id"], changed["security_groups"]) == ("q", "d", [])
    stored = await kit.store.get(Port, made["id"])
    assert (stored.metadata.finalizers, stored.spec.implied) == (["engine"], False)
    await client.delete(f"/ports/{made['id']}")
    assert (await client.refused("GET", f"/ports/{made['id']}"))[1] == "PortNotFound"
    assert await claims(kit) == set()


async def test_addresses_by_subnet_by_address_and_both() -> None:
    client = Client(await network_kit())
    network, first = await client.net("10.0.0.0/24")
    second = (await client.make("subnet", network_id=network, ip_version=4, cidr="10.1.0.0/24"))["id"]
    wanted = [
        {"subnet_id": second},
        {"ip_address": "10.0.0.9"},
        {"subnet_id": first, "ip_address": "10.0.0.10"},
        {"ip_address": "10.0.0.1", "x": 1},
    ]
    port = await client.make("port", network_id=network, fixed_ips=wanted)
    assert [ip["subnet_id"] for ip in port["fixed_ips"]] == [second, first, first, first]
    assert ips(port)[1:] == ["10.0.0.9", "10.0.0.10", "10.0.0.1"]


async def test_networks_without_subnets_give_no_address() -> None:
    client = Client(await network_kit())
    network = (await client.make("network"))["id"]
    port = await client.make("port", network_id=network)
    assert port["fixed_ips"] == []
    assert len(port["security_groups"]) == 1
    net, _ = await client.net()
    assert (await client.make("port", network_id=net, fixed_ips=[]))["fixed_ips"] == []


@pytest.mark.parametrize(
    ("fixed_ips", "type_"),
    [
        ([{"ip_address": "10.0.0.0"}], "InvalidIpForNetwork"),
        ([{"ip_address": "10.0.0.255"}], "InvalidIpForNetwork"),
        ([{"ip_address": "192.168.0.1"}], "InvalidIpForNetwork"),
        ([{"ip_address": "192.168.0.1", "subnet_id": "{subnet}"}], "InvalidIpForSubnet"),
        ([{"ip_address": "10.0.0.7"}], "IpAddressAlreadyAllocated"),
        ([{"subnet_id": UNKNOWN}], "SubnetNotFound"),
        ([{"subnet_id": "{elsewhere}"}], "InvalidInput"),
        ([{}], "InvalidInput"),
        ([{"ip_address": "10.0.0.8"}, {"ip_address": "10.0.0.8"}], "HTTPBadRequest"),
        ([{"ip_address": "010.0.0.8"}], "HTTPBadRequest"),
        ("x", "HTTPBadRequest"),
    ],
)
async def test_wrong_addresses_leave_no_claims(fixed_ips: Any, type_: str) -> None:
    kit = await network_kit()
    client = Client(kit)
    network, subnet = await client.net()
    _, elsewhere = await client.net("10.7.0.0/24")
    await client.make("port", network_id=network, fixed_ips=[{"ip_address": "10.0.0.7"}])
    names = {"{subnet}": subnet, "{elsewhere}": elsewhere}
    if isinstance(fixed_ips, list):
        fixed_ips = [{key: names.get(value, value) for key, value in ip.items()} for ip in fixed_ips]
        fixed_ips = [*([{"ip_address": "10.0.0.99"}] if type_ != "HTTPBadRequest" else []), *fixed_ips]
    body = {"port": {"network_id": network, "fixed_ips": fixed_ips}}
    assert (await client.refused("POST", "/ports", body))[1] == type_
    assert await claims(kit) == {"10.0.0.7"}
    assert len(await client.get("/ports")) == 1


async def test_the_last_address_and_not_one_more() -> None:
    client = Client(await network_kit())
    network, _ = await client.net("10.0.0.0/29")
    made = [ips(await client.make("port", network_id=network))[0] for _ in range(5)]
    assert sorted(made) == [f"10.0.0.{n}" for n in range(2, 7)]
    assert await client.refused("POST", "/ports", {"port": {"network_id": network}}) == (
        409,
        "IpAddressGenerationFailure",
        f"No more IP addresses available on network {network}.",
    )


async def test_concurrent_ports_never_share_an_address() -> None:
    kit = await network_kit()
    client = Client(kit)
    network, _ = await client.net("10.0.0.0/28")
    calls = [client.call("POST", "/ports", {"port": {"network_id": network}}) for _ in range(20)]
    answers = await asyncio.gather(*calls)
    made = [ips(answer.json["port"])[0] for answer in answers if answer.status == 201]
    assert len(made) == len(set(made)) == 13
    assert {answer.status for answer in answers} == {201, 409}
    assert await claims(kit) == set(made)


async def test_several_at_once_or_none() -> None:
    kit = await network_kit()
    client = Client(kit)
    network, _ = await client.net()
    await client.make("port", network_id=network, fixed_ips=[{"ip_address": "10.0.0.5"}])
    body = {"ports": [{"network_id": network}, {"network_id": network, "fixed_ips": [{"ip_address": "10.0.0.5"}]}]}
    assert (await client.refused("POST", "/ports", body))[1] == "IpAddressAlreadyAllocated"
    assert await claims(kit) == {"10.0.0.5"}
    assert len(await client.get("/ports")) == 1
    answer = await client.call("POST", "/ports", {"ports": [{"network_id": network}, {"network_id": network}]})
    assert (answer.status, len(answer.json["ports"])) == (201, 2)


async def test_several_of_which_one_cannot_be_leave_no_reservation() -> None:
    kit = await network_kit()
    promised = Remembering()
    kit.parts.claims = promised
    client = Client(kit)
    network, _ = await client.net()
    before = dict(promised.held)
    good, bad = {"network_id": network}, {"network_id": network, "fixed_ips": [{"ip_address": "9.9.9.9"}]}
    assert (await client.refused("POST", "/ports", {"ports": [good, good, bad]}))[1] == "InvalidIpForNetwork"
    assert promised.held == before
    assert (await client.call("POST", "/ports", {"ports": [good, good]})).status == 201
    assert len(promised.held) == len(before) + 2


async def test_changing_addresses() -> None:
    kit = await network_kit()
    client = Client(kit)
    network, _ = await client.net()
    port = await client.make("port", network_id=network, fixed_ips=[{"ip_address": "10.0.0.5"}])
    wanted = [{"ip_address": "10.0.0.5"}, {"ip_address": "10.0.0.6"}]
    assert ips(await client.put("port", port["id"], fixed_ips=wanted)) == ["10.0.0.5", "10.0.0.6"]
    assert ips(await client.put("port", port["id"], fixed_ips=wanted[1:])) == ["10.0.0.6"]
    assert await claims(kit) == {"10.0.0.6"}
    other = await client.make("port", network_id=network, fixed_ips=[{"ip_address": "10.0.0.7"}])
    body = {"port": {"fixed_ips": [{"ip_address": "10.0.0.8"}, {"ip_address": "10.0.0.7"}]}}
    assert (await client.refused("PUT", f"/ports/{port['id']}", body))[1] == "IpAddressAlreadyAllocated"
    assert await claims(kit) == {"10.0.0.6", *ips(other)}


async def test_addresses_of_a_port_that_a_cloud_knows_are_the_engines_to_free() -> None:
    kit = await network_kit()
    client = Client(kit)
    network, _ = await client.net()
    port = await client.make("port", network_id=network, fixed_ips=[{"ip_address": "10.0.0.5"}])
    stored = await kit.store.get(Port, port["id"])
    stored.status.external = External(provider="aws", account="1", region="r", id="eni-1")
    stored.status.mac_address = "0a:00:00:00:00:01"
    await kit.store.update_status(stored)
    assert (await client.get(f"/ports/{port['id']}"))["mac_address"] == "0a:00:00:00:00:01"
    await client.delete(f"/ports/{port['id']}")
    assert await claims(kit) == {"10.0.0.5"}


async def test_mac_addresses() -> None:
    client = Client(await network_kit())
    network, _ = await client.net()
    made = await client.make("port", network_id=network, mac_address="FA-16-3E-00-00-01")
    assert made["mac_address"] == "fa:16:3e:00:00:01"
    body = {"port": {"network_id": network, "mac_address": "fa:16:3e:00:00:01"}}
    assert (await client.refused("POST", "/ports", body))[1] == "MacAddressInUse"
    elsewhere, _ = await client.net("10.1.0.0/24")
    await client.make("port", network_id=elsewhere, mac_address="fa:16:3e:00:00:01")
    message = "(rule:update_port and rule:update_port:mac_address) is disallowed by policy"
    assert (await client.refused("PUT", f"/ports/{made['id']}", {"port": {"mac_address": "fa:16:3e:00:00:02"}}))[2] == (
        message
    )


async def test_port_security() -> None:
    client = Client(await network_kit())
    network, _ = await client.net()
    off = await client.make("port", network_id=network, port_security_enabled=False)
    assert (off["security_groups"], off["port_security_enabled"]) == ([], False)
    service = await client.make("port", network_id=network, device_owner="network:dhcp")
    assert (service["security_groups"], service["port_security_enabled"]) == ([], False)
    on = await client.make("port", network_id=network)
    path, security_off = f"/ports/{on['id']}", {"port_security_enabled": False}
    assert (await client.refused("PUT", path, {"port": security_off}))[1] == "PortSecurityPortHasSecurityGroup"
    changed = await client.put("port", on["id"], security_groups=[], **security_off)
    assert (changed["security_groups"], changed["port_security_enabled"]) == ([], False)
    pairs = {"port": {"allowed_address_pairs": [{"ip_address": "10.0.0.9"}]}}
    assert (await client.refused("PUT", path, pairs))[1] == "AddressPairAndPortSecurityRequired"
    groups = {"port": {"security_groups": [UNKNOWN]}}
    assert (await client.refused("PUT", path, groups))[1] == "PortSecurityAndIPRequiredForSecurityGroups"
    assert (await client.refused("POST", "/ports", {"port": {"network_id": network, **groups["port"]}}))[1] == (
        "SecurityGroupNotFound"
    )


async def test_the_networks_setting_is_the_default() -> None:
    client = Client(await network_kit())
    network = (await client.make("network", port_security_enabled=False))["id"]
    assert (await client.make("port", network_id=network))["port_security_enabled"] is False


async def test_address_pairs_follow_the_ports_own_mac() -> None:
    kit = await network_kit()
    client = Client(kit)
    network, _ = await client.net()
    pairs = [{"ip_address": "10.0.0.9"}, {"ip_address": "10.0.0.0/28", "mac_address": "fa:16:3e:00:00:09"}]
    port = await client.make("port", network_id=network, allowed_address_pairs=pairs)
    assert port["allowed_address_pairs"] == [
        {"ip_address": "10.0.0.9", "mac_address": port["mac_address"]},
        {"ip_address": "10.0.0.0/28", "mac_address": "fa:16:3e:00:00:09"},
    ]
    assert (await client.put("port", port["id"], allowed_address_pairs=[]))["allowed_address_pairs"] == []


async def test_dhcp_options_are_set_by_name() -> None:
    client = Client(await network_kit())
    network, _ = await client.net()
    port = await client.make("port", network_id=network, extra_dhcp_opts=[{"opt_name": "a", "opt_value": "1"}])
    assert port["extra_dhcp_opts"] == [{"opt_name": "a", "opt_value": "1", "ip_version": 4}]
    options = [{"opt_name": "b", "opt_value": "2"}, {"opt_name": "a", "opt_value": None}]
    changed = await client.put("port", port["id"], extra_dhcp_opts=options)
    assert changed["extra_dhcp_opts"] == [{"opt_name": "b", "opt_value": "2", "ip_version": 4}]


async def test_ports_of_others() -> None:
    kit = await network_kit()
    client, other, admin = Client(kit), Client(kit, "other"), Client(kit, "admin")
    network, _ = await client.net()
    port = await client.make("port", network_id=network)
    assert (await other.refused("POST", "/ports", {"port": {"network_id": network}}))[1] == "NetworkNotFound"
    for method in ("GET", "DELETE"):
        assert (await other.refused(method, f"/ports/{port['id']}"))[1] == "PortNotFound"
    assert await other.get("/ports") == await other.get(f"/ports?network_id={network}") == []
    [group] = await client.get("/security-groups")
    own, _ = await other.net("10.5.0.0/24")
    body = {"port": {"network_id": own, "security_groups": [group["id"]]}}
    assert (await other.refused("POST", "/ports", body))[1] == "SecurityGroupNotFound"
    # Whoever owns a network sees the guests on it.
    guest = await admin.make("port", network_id=network)
    assert guest["id"] in [p["id"] for p in await client.get("/ports")]
    assert (await client.get(f"/ports/{guest['id']}"))["id"] == guest["id"]


async def test_administrators_see_and_set_the_binding() -> None:
    kit = await network_kit()
    network, _ = await Client(kit).net()
    admin = Client(kit, "admin")
    body = {"port": {"network_id": network, "binding:profile": {"a": "b"}}}
    assert (await Client(kit).refused("POST", "/ports", body))[2] == (
        "(rule:create_port and rule:create_port:binding:profile) is disallowed by policy"
    )
    port = await admin.make("port", network_id=network, **{"binding:host_id": "h"})
    assert (port["binding:host_id"], port["binding:vif_details"]) == ("h", {})
    assert "binding:host_id" not in (await Client(kit).get("/ports"))[0]
    assert (await admin.get("/ports"))[0]["binding:host_id"] == "h"


async def test_a_port_in_use_by_a_server_is_not_its_users_to_delete() -> None:
    client = Client(await network_kit())
    network, _ = await client.net()
    port = await client.make("port", network_id=network, device_id="s", device_owner="compute:nova")
    assert (await client.refused("DELETE", f"/ports/{port['id']}"))[0] == 403


# --- zonal clouds


async def test_zone_of_a_port_is_that_of_its_addresses() -> None:
    kit = await network_kit(ZONAL)
    client = Client(kit)
    network, _ = await client.net("10.0.0.0/24")
    made = await client.make("port", network_id=network, fixed_ips=[{"ip_address": "10.0.0.140"}])
    assert (await kit.store.get(Port, made["id"])).spec.zone == "use1-az4"
    for _ in range(12):
        port = await client.make("port", network_id=network)
        zone = (await kit.store.get(Port, port["id"])).spec.zone
        assert int(ips(port)[0].rsplit(".", 1)[1]) // 64 == ["use1-az1", "use1-az2", "use1-az4", "use1-az6"].index(zone)


@pytest.mark.parametrize("last", [0, 1, 2, 3, 63, 64, 67, 127])
@pytest.mark.parametrize("by_subnet", [False, True])
async def test_addresses_that_the_cloud_keeps(last: int, by_subnet: bool) -> None:
    client = Client(await network_kit(ZONAL))
    network, subnet = await client.net("10.0.0.0/24")
    wanted = {"ip_address": f"10.0.0.{last}"} | ({"subnet_id": subnet} if by_subnet else {})
    status, type_, message = await client.refused(
        "POST", "/ports", {"port": {"network_id": network, "fixed_ips": [wanted]}}
    )
    assert status == 400
    assert type_ == ("InvalidIpForNetwork" if last == 0 and not by_subnet else "InvalidIpForSubnet")
    assert message.startswith(f"IP address 10.0.0.{last} is not a valid IP")


async def test_a_port_is_in_one_zone() -> None:
    kit = await network_kit(ZONAL)
    client = Client(kit)
    network, subnet = await client.net("10.0.0.0/24")
    two = [{"ip_address": "10.0.0.10"}, {"ip_address": "10.0.0.70"}]
    refused = await client.refused("POST", "/ports", {"port": {"network_id": network, "fixed_ips": two}})
    assert refused[:2] == (400, "InvalidInput")
    port = await client.make(
        "port",
        network_id=network,
        fixed_ips=[{"subnet_id": subnet}, {"ip_address": "10.0.0.70"}, {"subnet_id": subnet}],
    )
    assert {int(ip.rsplit(".", 1)[1]) // 64 for ip in ips(port)} == {1}


async def test_every_zone_is_used_up_before_there_is_no_more() -> None:
    client = Client(await network_kit(ZONAL))
    network, _ = await client.net("10.0.0.0/26")
    made = {ips(await client.make("port", network_id=network))[0] for _ in range(44)}
    assert len(made) == 44
    assert (await client.refused("POST", "/ports", {"port": {"network_id": network}}))[0] == 409
