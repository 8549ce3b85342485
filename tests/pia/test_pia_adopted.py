"""What was adopted and is only looked at: shown like everything else, and refused with the service's own 409."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.pia import PROJECTS, REGION, USERS, Kit, flavor, image, region

from gurum.engine.work import FINALIZER
from gurum.model import codec
from gurum.model.base import DETACH, UNMANAGED, Import, Metadata
from gurum.model.network import (
    FixedIP,
    Network,
    NetworkSpec,
    Port,
    PortSpec,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupRuleSpec,
    SecurityGroupSpec,
    Subnet,
    SubnetSpec,
)
from gurum.model.routing import FloatingIP, FloatingIPSpec, Router, RouterSpec
from gurum.model.server import Server, ServerFlavor, ServerSpec, ServerStatus
from gurum.pia.services import SERVICES

C, N = "/compute/v2.1", "/network/v2.0"
IDS = {
    name: f"{number:08d}-2222-4333-8444-555555555555"
    for number, name in enumerate(
        ("net", "subnet", "port", "group", "rule", "server", "router", "fip", "public", "own_net", "own_group"), 1
    )
}


def _meta(name: str, project: str = PROJECTS["member"], *finalizers: str) -> Metadata:
    uid = IDS[name]
    return Metadata(
        id=uid, key=uid, region=REGION, project=project, finalizers=list(finalizers or (FINALIZER,)),
        labels={"network.openstack.org/revision": "0"}, created_at=1.0,
    )  # fmt: skip


def adopted(on_delete: str = DETACH) -> list[Any]:
    """Return one thing of each kind that was adopted, and a network and a group that were not."""
    more: dict[str, Any] = {"management_policy": UNMANAGED, "import_": Import(id="x-1"), "on_delete": on_delete}
    size = ServerFlavor(id="1", name="m1.tiny", vcpus=1, ram=512, disk=1)
    return [
        Network(metadata=_meta("net"), spec=NetworkSpec(name="theirs", **more)),
        Network(metadata=_meta("own_net"), spec=NetworkSpec(name="own")),
        Network(metadata=_meta("public"), spec=NetworkSpec(name="public", external=True)),
        Subnet(
            metadata=_meta("subnet"),
            spec=SubnetSpec(network_id=IDS["net"], cidr="10.1.0.0/24", gateway_ip="10.1.0.1", **more),
        ),
        SecurityGroup(metadata=_meta("group"), spec=SecurityGroupSpec(name="web", **more)),
        SecurityGroup(metadata=_meta("own_group"), spec=SecurityGroupSpec(name="own")),
        SecurityGroupRule(
            metadata=_meta("rule"),
            spec=SecurityGroupRuleSpec(security_group_id=IDS["group"], direction="ingress", **more),
        ),
        Port(
            metadata=_meta("port"),
            spec=PortSpec(
                network_id=IDS["net"], fixed_ips=[FixedIP(subnet_id=IDS["subnet"], ip_address="10.1.0.9")],
                mac_address="fa:16:3e:00:00:09", **more,
            ),
        ),
        Router(metadata=_meta("router"), spec=RouterSpec(name="r", **more)),
        FloatingIP(
            metadata=_meta("fip"),
            spec=FloatingIPSpec(floating_network_id=IDS["public"], floating_ip_address="203.0.113.9", **more),
        ),
        Server(
            metadata=_meta("server"),
            spec=ServerSpec(name="srv", user_id=USERS["member"], flavor=size, **more),
            status=ServerStatus(vm_state="active", task_state=None, power_state=1),
        ),
    ]  # fmt: skip


@pytest.fixture
async def kit() -> Kit:
    """A region with both services and what was adopted."""
    made = Kit(SERVICES)
    await made.seed(region(), flavor("m1.tiny", id="1"), image(), *adopted())
    await made.board.fresh(*codec.ADOPTABLE)  # as a process has them that follows the store
    return made


SHOWN = [
    f"{C}/servers/{IDS['server']}", f"{C}/servers/detail", f"{N}/networks/{IDS['net']}", f"{N}/subnets",
    f"{N}/ports/{IDS['port']}", f"{N}/security-groups/{IDS['group']}", f"{N}/security-group-rules/{IDS['rule']}",
    f"{N}/routers/{IDS['router']}", f"{N}/floatingips/{IDS['fip']}",
]  # fmt: skip
FIXED = {"network_id": IDS["net"]}
REFUSED: list[tuple[str, str, Any]] = [
    ("PUT", f"{C}/servers/{IDS['server']}", {"server": {"name": "mine"}}),
    ("POST", f"{C}/servers/{IDS['server']}/action", {"os-stop": None}),
    ("POST", f"{C}/servers/{IDS['server']}/action", {"reboot": {"type": "HARD"}}),
    ("POST", f"{C}/servers/{IDS['server']}/action", {"lock": None}),
    ("POST", f"{C}/servers/{IDS['server']}/metadata", {"metadata": {"a": "b"}}),
    ("POST", f"{C}/servers/{IDS['server']}/os-interface", {"interfaceAttachment": {"net_id": IDS["own_net"]}}),
    ("DELETE", f"{C}/servers/{IDS['server']}/os-interface/{IDS['port']}", None),
    ("POST", f"{C}/servers/{IDS['server']}/action", {"addSecurityGroup": {"name": "own"}}),
    ("PUT", f"{N}/networks/{IDS['net']}", {"network": {"name": "mine"}}),
    ("POST", f"{N}/subnets", {"subnet": {**FIXED, "ip_version": 4, "cidr": "10.2.0.0/24"}}),
    ("PUT", f"{N}/subnets/{IDS['subnet']}", {"subnet": {"name": "mine"}}),
    ("POST", f"{N}/ports", {"port": FIXED}),
    ("PUT", f"{N}/ports/{IDS['port']}", {"port": {"name": "mine"}}),
    ("DELETE", f"{N}/ports/{IDS['port']}", None),
    ("POST", f"{N}/ports", {"port": {"network_id": IDS["own_net"], "security_groups": [IDS["group"]]}}),
    ("PUT", f"{N}/security-groups/{IDS['group']}", {"security_group": {"name": "mine"}}),
    (
        "POST", f"{N}/security-group-rules",
        {"security_group_rule": {"security_group_id": IDS["group"], "direction": "ingress"}},
    ),
    (
        "POST", f"{N}/security-group-rules",
        {
            "security_group_rule": {
                "security_group_id": IDS["own_group"], "direction": "ingress", "remote_group_id": IDS["group"],
            }
        },
    ),
    ("DELETE", f"{N}/security-group-rules/{IDS['rule']}", None),
    ("PUT", f"{N}/routers/{IDS['router']}", {"router": {"name": "mine"}}),
    ("PUT", f"{N}/routers/{IDS['router']}/add_router_interface", {"subnet_id": IDS["subnet"]}),
    ("PUT", f"{N}/floatingips/{IDS['fip']}", {"floatingip": {"port_id": None}}),
    ("PUT", f"{N}/networks/{IDS['net']}/tags", {"tags": ["a"]}),
]  # fmt: skip
LET_GO = [
    f"{C}/servers/{IDS['server']}", f"{N}/floatingips/{IDS['fip']}", f"{N}/routers/{IDS['router']}",
    f"{N}/security-groups/{IDS['group']}",
]  # fmt: skip


@pytest.mark.parametrize("path", SHOWN)
async def test_it_is_shown(kit: Kit, path: str) -> None:
    answer = await kit.call("GET", path)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(("method", "path", "body"), REFUSED)
async def test_what_would_change_it_is_a_conflict_in_the_services_own_form(
    kit: Kit, method: str, path: str, body: Any
) -> None:
    answer = await kit.call(method, path, body, version="2.60" if path.startswith(C) else "")
    assert answer.status == 409, answer.body
    [(name, said)] = answer.json.items()
    assert name == ("conflictingRequest" if path.startswith(C) else "NeutronError")
    assert "was adopted from the cloud and is read-only" in said["message"]


@pytest.mark.parametrize("path", LET_GO)
async def test_deleting_it_lets_go_of_it(kit: Kit, path: str) -> None:
    answer = await kit.call("DELETE", path)
    assert answer.status == 204, answer.body


async def test_a_group_is_not_used_by_its_name_either(kit: Kit) -> None:
    body = {
        "name": "new", "imageRef": "", "flavorRef": "1", "networks": [{"uuid": IDS["own_net"]}],
        "security_groups": [{"name": "web"}],
    }  # fmt: skip
    found = await kit.call("GET", "/image/v2/images")
    body["imageRef"] = found.json["images"][0]["id"]
    subnet = {"subnet": {"network_id": IDS["own_net"], "ip_version": 4, "cidr": "10.3.0.0/24"}}
    assert (await kit.call("POST", f"{N}/subnets", subnet)).status == 201
    answer = await kit.call("POST", f"{C}/servers", {"server": body}, version="2.60")
    assert answer.status == 409, answer.body
    assert "SecurityGroup" in answer.json["conflictingRequest"]["message"]


async def test_strangers_learn_nothing_of_it(kit: Kit) -> None:
    """What a body names is told apart only to those who may see it: to others there is no such thing."""
    answer = await kit.call("POST", f"{N}/ports", {"port": FIXED}, token="other")
    assert answer.status == 404, answer.body
    assert "adopted" not in answer.body.decode()
