"""Who routes what, as the drivers of domains, routers, ports, servers and floating IPs must agree on it.

If two of them answered differently, a gateway would be taken off a VPC while an address still needs it.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from gurum.model.conditions import get
from gurum.model.network import Domain, Network, Port, Subnet
from gurum.model.routing import Router, is_held
from gurum.model.server import Server
from gurum.providers.aws.drivers.common import made
from gurum.providers.aws.drivers.groups import domain_of
from gurum.providers.contract import View

GATEWAY = "gateway"  # the domain's step that makes the internet gateway, and the fact that it is attached
EGRESS = "egress"  # a port's fact: whether its interface has a public address of its own ("1") or not ("0")


def interfaces(router: Router, view: View) -> list[Port]:
    """Return the router's interfaces that stay."""
    return [port for port in view.index(Port, "by_device", router.id) if not is_held(port) and not port.deleting]


def domains_of(router: Router, view: View) -> list[Domain]:
    """Return the domains in which the router's networks are: one, unless they could not be brought together."""
    found: dict[str, Domain] = {}
    for port in interfaces(router, view):
        network = view.get(Network, port.spec.network_id)
        domain = domain_of(port.spec.network_id, view)
        if network is not None and domain is not None and not (network.status.leaving or domain.deleting):
            found[domain.id] = domain
    return [found[id_] for id_ in sorted(found)]


def router_of(subnet: Subnet, view: View) -> Router | None:
    """Return the router that holds the subnet's gateway address: to AWS the one whose table the subnet has."""
    if not subnet.spec.gateway_ip:
        return None
    for port in view.index(Port, "routed", subnet.spec.network_id):
        at_gateway = any(
            f.subnet_id == subnet.id and f.ip_address == subnet.spec.gateway_ip for f in port.spec.fixed_ips
        )
        if at_gateway and not port.deleting:
            router = view.get(Router, port.spec.device_id)
            if router is not None and not router.deleting:
                return router
    return None


def gateway_wanted(domain: Domain, view: View) -> bool:
    """Whether a router of the domain has a gateway."""
    for network in view.index(Network, "by_domain", domain.id):
        for port in view.index(Port, "routed", network.id):
            router = view.get(Router, port.spec.device_id)
            if router is not None and not router.deleting and router.spec.gateway is not None:
                return True
    return False


def attached(domain: Domain | None) -> str:
    """Return the internet gateway of the domain, empty unless it is attached and stays."""
    gateway = made(domain, GATEWAY)
    return gateway if domain is not None and domain.status.applied.get(GATEWAY) == gateway else ""


def without_gateway(domain: Domain | None) -> str:
    """Return why the domain's gateway is waited for, in words."""
    told = get(domain.status.conditions, "Gateway") if domain is not None else None
    why = f" ({told.message})" if told is not None and not told.status and told.message else ""
    return f"waits for the internet gateway of the VPC{why}"


def egress_wanted(port: Port, view: View) -> bool:
    """Whether the port's instance is to reach the world by a public address of the interface itself.

    In Neutron the router translates for ports without a floating IP; in AWS each first interface has an address of
    its own instead (mode A): inbound stays closed by the security groups.
    """
    if not port.spec.fixed_ips or port.metadata.labels.get("index", "000") != "000":
        return False
    subnet = view.get(Subnet, port.spec.fixed_ips[0].subnet_id)
    router = router_of(subnet, view) if subnet is not None else None
    if router is None or router.spec.gateway is None:
        return False
    return router.spec.gateway.enable_snat and router.spec.admin_state_up


def launched(port: Port, view: View) -> dict[str, Any]:
    """Return how the launch of its instance asked for an implied port's interface; empty when it was not so made.

    The answer to a launch may be lost, with what it told of groups and addresses: what was asked for was made.
    """
    server = view.get(Server, port.spec.device_id) if port.spec.implied else None
    intent = server.status.intents.get("instance") if server is not None else None
    if intent is None or intent.state != "done" or not port.spec.fixed_ips:
        return {}
    asked: list[dict[str, Any]] = json.loads(intent.request).get("NetworkInterfaces", [])
    address = port.spec.fixed_ips[0].ip_address
    return next((each for each in asked if each.get("PrivateIpAddress") == address), {})


def egress_on(port: Port, view: View) -> bool:
    """Whether the interface has a public address of its own (or may have): as last set, else as launched."""
    fact = port.status.applied.get(EGRESS)
    return fact != "0" if fact is not None else bool(launched(port, view).get("AssociatePublicIpAddress"))


def gateway_used(domain: Domain, view: View) -> bool:
    """Whether an interface in the domain still has a public address of its own.

    Floating IPs are not asked for: AWS refuses to detach the gateway while one is mapped, and that is waited for.
    """
    return any(
        is_held(port) and egress_on(port, view)
        for network in view.index(Network, "by_domain", domain.id)
        for port in view.index(Port, "by_network", network.id)
    )


def interface_at(router: Router, address: str, view: View) -> str:
    """Return the network interface that has an address in one of the router's subnets, empty when none has."""
    for own in interfaces(router, view):
        for fixed in own.spec.fixed_ips:
            subnet = view.get(Subnet, fixed.subnet_id)
            if subnet is None or ipaddress.ip_address(address) not in ipaddress.ip_network(subnet.spec.cidr):
                continue
            for port in view.index(Port, "by_subnet", subnet.id):
                holds = any(each.ip_address == address for each in port.spec.fixed_ips)
                if holds and is_held(port) and port.status.external is not None:
                    return port.status.external.id
    return ""
