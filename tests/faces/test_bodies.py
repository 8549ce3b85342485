"""What people write, as requests: the API's words, and no request where nothing differs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.store import make_network, make_server

from gurum.model.base import Metadata
from gurum.model.network import (
    FixedIP,
    Network,
    Port,
    PortSpec,
    SecurityGroupRule,
    SecurityGroupRuleSpec,
    Subnet,
    SubnetSpec,
)
from gurum.model.routing import ROUTER_INTERFACE, FloatingIP, FloatingIPSpec
from gurum.model.server import Server
from gurum.pia.faces import bodies
from gurum.pia.faces.bodies import CannotError, changes, creation, deletion
from gurum.store.kubernetes import shape

META = Metadata(id="u", key="u", region="r", project="p")


def test_a_network_in_neutrons_words() -> None:
    spec = {"region": "r", "external": True, "adminStateUp": False, "availabilityZoneHints": ["a"]}
    ask = creation("Network", "front", spec)
    body = {"name": "front", "router:external": True, "admin_state_up": False, "availability_zone_hints": ["a"]}
    assert (ask.method, ask.path, ask.body) == ("POST", "/v2.0/networks", {"network": body})


def test_a_server_in_novas_words() -> None:
    spec: dict[str, Any] = {
        "name": "web", "flavorRef": "2", "imageID": "i", "keyName": "desk", "securityGroups": ["g"], "group": "h",
        "networks": [{"networkID": "n", "fixedIP": "10.0.0.9"}, {"portID": "p", "tag": "t"}], "accessIPv4": "1.2.3.4",
    }  # fmt: skip
    assert creation("Server", "x", spec).body == {
        "server": {
            "name": "web", "flavorRef": "2", "imageRef": "i", "key_name": "desk", "security_groups": [{"name": "g"}],
            "networks": [{"uuid": "n", "fixed_ip": "10.0.0.9"}, {"port": "p", "tag": "t"}], "accessIPv4": "1.2.3.4",
        },
        "os:scheduler_hints": {"group": "h"},
    }  # fmt: skip


@pytest.mark.parametrize(("networks", "said"), [(None, "auto"), ([], "none")])
def test_no_networks_are_not_the_same_as_none_named(networks: Any, said: str) -> None:
    spec = {"flavorRef": "2", "imageID": "i"} | ({} if networks is None else {"networks": networks})
    assert creation("Server", "x", spec).body["server"]["networks"] == said


def test_an_interface_is_asked_of_its_router() -> None:
    spec = {"networkID": "n", "deviceID": "r", "deviceOwner": ROUTER_INTERFACE, "fixedIPs": [{"subnetID": "s"}]}
    ask = creation("Port", "x", spec)
    assert (ask.method, ask.path, ask.body) == ("PUT", "/v2.0/routers/r/add_router_interface", {"subnet_id": "s"})
    with pytest.raises(CannotError, match="gateway"):
        creation("Port", "x", spec | {"fixedIPs": [{"subnetID": "s", "ipAddress": "10.0.0.9"}]})
    port = Port(metadata=META, spec=PortSpec(network_id="n", device_id="r", device_owner=ROUTER_INTERFACE))
    assert deletion(port).path == "/v2.0/routers/r/remove_router_interface"


def test_nothing_is_asked_where_nothing_differs() -> None:
    port = Port(
        metadata=META,
        spec=PortSpec(network_id="n", mac_address="fa:16:3e:0:0:1", fixed_ips=[FixedIP(subnet_id="s", ip_address="a")]),
    )
    assert changes(port, {"networkID": "n"}) == []  # what Gurum filled in may be left out
    assert changes(port, shape.spec(port, {})) == []


def test_what_differs_is_asked_for_and_no_more() -> None:
    network = make_network()
    [ask, tags] = changes(network, shape.spec(network, {}) | {"description": "new", "tags": ["a"]})
    assert (ask.method, ask.body) == ("PUT", {"network": {"description": "new"}})
    assert (tags.path, tags.body) == (f"/v2.0/networks/{network.id}/tags", {"tags": ["a"]})


def test_what_is_taken_out_gets_its_default() -> None:
    subnet = Subnet(metadata=META, spec=SubnetSpec(network_id="n", cidr="10.0.0.0/24", dns_nameservers=["9.9.9.9"]))
    spec = shape.spec(subnet, {})
    del spec["dnsNameservers"]
    assert [ask.body for ask in changes(subnet, spec)] == [{"subnet": {"dns_nameservers": []}}]
    floating = FloatingIP(metadata=META, spec=FloatingIPSpec(floating_network_id="n", port_id="p"))
    assert [ask.body for ask in changes(floating, {"floatingNetworkID": "n"})] == [{"floatingip": {"port_id": None}}]


def test_a_server_is_changed_by_several_requests() -> None:
    server = make_server()
    server.spec.security_groups = ["g"]
    spec = shape.spec(server, {}) | {
        "description": "d",
        "metadata": {"a": "b"},
        "securityGroups": ["h"],
        "locked": True,
    }
    asked = [
        (ask.method, ask.path.removeprefix(f"/v2.1/servers/{server.id}"), ask.body) for ask in changes(server, spec)
    ]
    assert asked == [
        ("PUT", "", {"server": {"description": "d"}}),
        ("PUT", "/metadata", {"metadata": {"a": "b"}}),
        ("POST", "/action", {"addSecurityGroup": {"name": "h"}}),
        ("POST", "/action", {"removeSecurityGroup": {"name": "g"}}),
        ("POST", "/action", {"lock": None}),
    ]


@pytest.mark.parametrize("field", ["imageID", "userID", "launchIndex"])
def test_what_no_request_changes_is_refused(field: str) -> None:
    server = make_server()
    value: Any = 7 if field == "launchIndex" else "other"
    with pytest.raises(CannotError, match="Cannot update read-only attribute"):
        changes(server, shape.spec(server, {}) | {field: value})


def test_every_kind_of_a_project_can_be_asked_for() -> None:
    from gurum.store.kubernetes.rights import OWN

    assert set(bodies.NOUNS) == set(OWN)
    assert {Network.kind, Server.kind} < set(bodies.NOUNS)


def test_of_some_kinds_nothing_changes() -> None:
    rule = SecurityGroupRule(metadata=META, spec=SecurityGroupRuleSpec(security_group_id="g", direction="ingress"))
    with pytest.raises(CannotError, match="Cannot update read-only attribute port_range_max"):
        changes(rule, shape.spec(rule, {}) | {"portRangeMax": 4})


@pytest.mark.parametrize("spec", [{"import": {"id": "i-1"}}, {"managementPolicy": "unmanaged"}, {"onDelete": "detach"}])
def test_what_is_there_already_is_not_made_anew(spec: dict[str, Any]) -> None:
    with pytest.raises(CannotError, match="gurum adopt"):
        creation("Network", "x", spec)
    assert creation("Network", "x", {"managementPolicy": "managed"}).body == {"network": {"name": "x"}}
