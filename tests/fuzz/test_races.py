"""Two requests that must not both succeed, let interleave in many ways; afterwards the store must make sense.

The pairs are those of the network API's parents and children: what one request checks is what the other changes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fuzz.beside import settled
from tests.fuzz.call import Call, together
from tests.fuzz.chance import repeatable
from tests.fuzz.people import ALPHA
from tests.fuzz.plan import PROFILES
from tests.fuzz.play import new_world
from tests.fuzz.population import CANARY, named

ORDERS = 12  # interleavings of each pair

NETWORK = named(f"net second {ALPHA}")
SUBNET = named(f"subnet second {ALPHA}")
PORT = named(f"port free {ALPHA}")
WEB = named(f"group web {CANARY[ALPHA]} {ALPHA}")
SPARE = named(f"group spare {CANARY[ALPHA]} {ALPHA}")

Asked = tuple[str, str, Any]
_ON = {"network_id": NETWORK}
_RULE = {"direction": "ingress", "protocol": "udp", "port_range_min": 7, "port_range_max": 7}
_NO_SUBNET: Asked = ("DELETE", f"/subnets/{SUBNET}", None)
_NO_NETWORK: Asked = ("DELETE", f"/networks/{NETWORK}", None)
_NO_GROUP: Asked = ("DELETE", f"/security-groups/{SPARE}", None)


def _subnet(cidr: str) -> Asked:
    return "POST", "/subnets", {"subnet": {**_ON, "ip_version": 4, "cidr": cidr}}


def _address(address: str) -> Asked:
    return "PUT", f"/ports/{PORT}", {"port": {"fixed_ips": [{"ip_address": address}]}}


ROUTER, IDLE = named(f"router main {ALPHA}"), named(f"router empty {ALPHA}")
MAIN = named(f"subnet main {ALPHA}")
FLOATING, OTHER = named(f"floating 1 {ALPHA}"), named(f"floating 2 {ALPHA}")
_GATEWAY = {"network_id": named("net public")}


def _join(router: str, **body: str) -> Asked:
    return "PUT", f"/routers/{router}/add_router_interface", body


def _router(router: str, **attributes: Any) -> Asked:
    return "PUT", f"/routers/{router}", {"router": attributes}


def _associate(floating: str, port: str | None = PORT) -> Asked:
    return "PUT", f"/floatingips/{floating}", {"floatingip": {"port_id": port}}


_PART: Asked = ("PUT", f"/routers/{ROUTER}/remove_router_interface", {"subnet_id": MAIN})
_NEW = {"floatingip": {"floating_network_id": _GATEWAY["network_id"], "port_id": PORT}}

PAIRS: dict[str, tuple[Asked, Asked]] = {
    "subnet, port": (_NO_SUBNET, ("POST", "/ports", {"port": _ON})),
    "network, port": (_NO_NETWORK, ("POST", "/ports", {"port": _ON})),
    "network, subnet": (_NO_NETWORK, _subnet("10.99.0.0/24")),
    "group, port": (_NO_GROUP, ("POST", "/ports", {"port": {**_ON, "security_groups": [SPARE]}})),
    "group, change of port": (_NO_GROUP, ("PUT", f"/ports/{PORT}", {"port": {"security_groups": [SPARE]}})),
    "group, rule": (
        _NO_GROUP,
        ("POST", "/security-group-rules", {"security_group_rule": {"security_group_id": SPARE, **_RULE}}),
    ),
    "group, rule of another": (
        _NO_GROUP,
        (
            "POST",
            "/security-group-rules",
            {"security_group_rule": {"security_group_id": WEB, "remote_group_id": SPARE, **_RULE}},
        ),
    ),
    "overlapping subnets": (_subnet("10.99.0.0/24"), _subnet("10.99.0.0/23")),
    "addresses of one port": (_address("10.10.0.201"), _address("10.10.0.202")),
    "port and its address": (("DELETE", f"/ports/{PORT}", None), _address("10.10.0.202")),
    "subnet, interface": (_NO_SUBNET, _join(IDLE, subnet_id=SUBNET)),
    "network, interface": (_NO_NETWORK, _join(IDLE, subnet_id=SUBNET)),
    "router, interface": (("DELETE", f"/routers/{IDLE}", None), _join(IDLE, subnet_id=SUBNET)),
    "router, interface by port": (("DELETE", f"/routers/{IDLE}", None), _join(IDLE, port_id=PORT)),
    "router, gateway": (
        ("DELETE", f"/routers/{IDLE}", None),
        _router(IDLE, external_gateway_info=_GATEWAY),
    ),
    "two gateways": (
        _router(IDLE, external_gateway_info=_GATEWAY),
        _router(IDLE, external_gateway_info=_GATEWAY, name="x"),
    ),
    "interface twice": (_join(IDLE, subnet_id=SUBNET), _join(IDLE, subnet_id=SUBNET)),
    "interface by subnet and by port": (_join(IDLE, subnet_id=MAIN), _join(IDLE, port_id=PORT)),
    "interface, overlapping subnet": (_join(IDLE, subnet_id=SUBNET), _join(IDLE, port_id=PORT)),
    "interface, deletion of its port": (_join(IDLE, port_id=PORT), ("DELETE", f"/ports/{PORT}", None)),
    "interface, route": (
        ("PUT", f"/routers/{ROUTER}/remove_router_interface", {"subnet_id": MAIN}),
        _router(ROUTER, routes=[{"destination": "198.51.100.0/24", "nexthop": "10.10.0.9"}]),
    ),
    "port, floating IP": (("DELETE", f"/ports/{PORT}", None), _associate(FLOATING)),
    "port, new floating IP": (("DELETE", f"/ports/{PORT}", None), ("POST", "/floatingips", _NEW)),
    "port's address, floating IP": (_address("10.10.0.202"), _associate(FLOATING)),
    "interface, floating IP": (_PART, _associate(FLOATING)),
    "interface, new floating IP": (_PART, ("POST", "/floatingips", _NEW)),
    "gateway, floating IP": (_router(ROUTER, external_gateway_info=None), _associate(FLOATING)),
    "gateway, new floating IP": (_router(ROUTER, external_gateway_info=None), ("POST", "/floatingips", _NEW)),
    "two floating IPs of one address": (_associate(FLOATING), _associate(OTHER)),
    "association and its end": (_associate(FLOATING), _associate(FLOATING, None)),
    "floating IP, association": (("DELETE", f"/floatingips/{FLOATING}", None), _associate(FLOATING)),
}


@pytest.mark.parametrize("pair", PAIRS)
async def test_whichever_comes_second_sees_the_first(pair: str) -> None:
    wrong = []
    with repeatable():
        for seed in range(ORDERS):
            world = await new_world(PROFILES[0], seed)
            answers = await together(world, [_call(n, *asked) for n, asked in enumerate(PAIRS[pair], 1)], seed)
            statuses = [answer.status for answer in answers]
            left = await settled(world)
            if left or any(status >= 500 for status in statuses):
                wrong.append(f"seed {seed}: {statuses}, {'; '.join(left)}")
    assert not wrong


def _call(number: int, method: str, path: str, body: Any) -> Call:
    data = json.dumps(body).encode() if body is not None else b""
    headers = [("Content-Type", "application/json")]
    target = f"/network/v2.0{path}"
    return Call(number=number, method=method, target=target, headers=headers, body=data, token="alpha-member")
