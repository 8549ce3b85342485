"""References are not the model's, and are neither lost nor kept against what the object has become."""

from __future__ import annotations

from typing import Any

from tests.support.store import make_server

from gurum.model.network import FixedIP
from gurum.model.routing import FloatingIP, FloatingIPSpec, Gateway, Router, RouterSpec
from gurum.model.server import NetworkRequest, Server
from gurum.store.kubernetes import references, shape


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


def test_what_is_written_again_says_nothing_new() -> None:
    old = {
        "id": "1",
        "region": "r",
        "networkRef": "front",
        "networkID": "n",
        "fixedIPs": [{"subnetRef": "front-4", "subnetID": "s", "ipAddress": "10.0.0.5"}],
        "gateway": {"networkRef": "public", "networkID": "p"},
    }
    new = {"networkRef": "front", "fixedIPs": [{"subnetRef": "front-4"}], "gateway": {"networkRef": "public"}}
    assert references.restored("Port", old, new) == old | {"gateway": {"networkRef": "public"}}
    assert references.restored("Router", old, {"gateway": {"networkRef": "public"}})["gateway"] == old["gateway"]


def test_a_changed_name_is_to_be_looked_up_and_a_removed_one_takes_its_id_along() -> None:
    old = {"portRef": "web-0", "portID": "p"}
    assert references.restored("FloatingIP", old, {"portRef": "web-1", "portID": "p"}) == {"portRef": "web-1"}
    assert references.restored("FloatingIP", old, {"portID": "p"}) == {}
    assert references.restored("FloatingIP", old, {"portRef": "web-0", "portID": "q"}) == {"portID": "q"}
    nets = {"networks": [{"networkRef": "front", "networkID": "n"}]}
    assert references.restored("Server", nets, {"networks": [{"networkRef": "back", "networkID": "n"}]}) == {
        "networks": [{"networkRef": "back"}]
    }


def test_the_names_of_a_wish_stay_beside_what_became_of_them() -> None:
    made, _ = server()
    given = {"networks": [{"networkRef": "front"}, {"networkRef": "front"}, {"portRef": "web-0"}]}
    spec = references.carried("Server", given, shape.spec(made, {}))
    assert [one.get("networkRef") or one.get("portRef") for one in spec["networks"]] == ["front", "front", "web-0"]


def test_a_wish_keeps_what_it_says_although_it_goes_without_saying() -> None:
    made, _ = server()
    wish = {
        "kind": "Server",
        "metadata": {"name": "web", "namespace": "project-p1", "resourceVersion": "7", "finalizers": ["example.org/x"]},
        "spec": {"name": made.spec.name, "diskConfig": "MANUAL", "configDrive": False, "hostname": "other", "tags": []},
    }
    document = shape.adopted(made, wish)
    assert document["spec"]["diskConfig"] == "MANUAL"
    assert document["spec"]["configDrive"] is False
    assert document["spec"]["tags"] == []
    assert document["spec"].get("hostname", "") == made.spec.hostname  # what the API made of it counts
    assert document["metadata"]["finalizers"][0] == "example.org/x"
    assert document["metadata"]["name"] == "web"
    assert shape.admitted(document)
