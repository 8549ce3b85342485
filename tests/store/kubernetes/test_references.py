"""References are not the model's, and are neither lost nor kept against what the object has become."""

from __future__ import annotations

from typing import Any

from tests.support.store import make_server

from gurum.model.network import FixedIP
from gurum.model.routing import FloatingIP, FloatingIPSpec, Gateway, Router, RouterSpec
from gurum.model.server import NetworkRequest, Server
from gurum.store.kubernetes import shape


def server() -> tuple[Server, dict[str, Any]]:
    """Return a server on two networks, and its spec as a person wrote it and admission resolved it."""
    made = make_server()
    made.spec.networks = [
        NetworkRequest(network_id="n1"),
        NetworkRequest(network_id="n1"),
        NetworkRequest(port_id="p1"),
    ]
    made.spec.security_groups = ["g1"]
    stored = shape.spec(made, {})
    stored |= {"flavorRef": "m1.small", "securityGroupRefs": ["web"]}
    stored["networks"][0]["networkRef"] = "front"
    stored["networks"][2]["portRef"] = "web-0"
    return made, stored


def test_they_stay_through_a_change_of_something_else() -> None:
    made, stored = server()
    made.spec.name = "renamed"
    assert shape.spec(made, stored) == stored | {"name": "renamed"}


def test_an_element_goes_with_its_reference() -> None:
    made, stored = server()
    made.spec.networks = [NetworkRequest(port_id="p1"), NetworkRequest(network_id="n2")]
    assert shape.spec(made, stored)["networks"] == [{"portID": "p1", "portRef": "web-0"}, {"networkID": "n2"}]


def test_one_that_says_something_else_by_now_is_taken_out() -> None:
    made, stored = server()
    made.spec.security_groups = ["g1", "g2"]
    spec = shape.spec(made, stored)
    assert "securityGroupRefs" not in spec
    assert spec["flavorRef"] == "m1.small"


def test_one_that_is_not_resolved_yet_stays() -> None:
    made, stored = server()
    del stored["securityGroups"]
    made.spec.security_groups = []
    assert shape.spec(made, stored)["securityGroupRefs"] == ["web"]


def test_disassociating_a_floating_ip_takes_its_port_out() -> None:
    made = FloatingIP(metadata=make_server().metadata, spec=FloatingIPSpec(floating_network_id="n", port_id="p"))
    stored = shape.spec(made, {}) | {"portRef": "web-0", "floatingNetworkRef": "public"}
    made.spec.port_id = ""
    assert shape.spec(made, stored).keys() & {"portRef", "portID", "floatingNetworkRef"} == {"floatingNetworkRef"}


def test_those_far_inside_stay_too() -> None:
    gateway = Gateway(network_id="n", external_fixed_ips=[FixedIP(subnet_id="s", ip_address="192.0.2.7")])
    made = Router(metadata=make_server().metadata, spec=RouterSpec(gateway=gateway))
    stored = shape.spec(made, {})
    stored["gateway"]["networkRef"] = "public"
    stored["gateway"]["externalFixedIPs"][0]["subnetRef"] = "public-4"
    made.spec.name = "renamed"
    assert shape.spec(made, stored)["gateway"] == stored["gateway"]
    made.spec.gateway = None
    assert "gateway" not in shape.spec(made, stored)
