"""The small nouns: the version's own document, zones, agents, default rules, address counts.

They are read by clients in passing (Horizon asks for zones, the command line for agents), so they answer, and say no
more than is true: no agents run here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from gurum.model import addresses
from gurum.model.base import Resource
from gurum.model.network import AddressClaim, Network, Subnet
from gurum.model.region import Region
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, json
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import fault
from gurum.pia.network.wire import HOME, VERSION

CORE = ("network", "port", "subnetpool", "subnet")
TEMPLATES = (  # what every new group gets, and what the default one gets besides
    ("egress", "IPv4", None, True),
    ("egress", "IPv6", None, True),
    ("ingress", "IPv4", "PARENT", False),
    ("ingress", "IPv6", "PARENT", False),
)


async def home(ctx: Context) -> Response:
    """Answer the version's resources."""
    return json(
        {
            "resources": [
                {
                    "name": name,
                    "collection": f"{name}s",
                    "links": [{"href": f"{ctx.root}/{VERSION}/{name}s", "rel": "self"}],
                }
                for name in CORE
            ]
        }
    )


async def zones(ctx: Context) -> Response:
    """Answer the zones that networks can be in."""
    region = of(ctx).inventory.regions.by_key(ctx.region.name)
    names = [zone.name for zone in (region.spec.zones if region else ctx.region.zones)]
    return json({"availability_zones": [{"name": name, "resource": "network", "state": "available"} for name in names]})


async def agents(ctx: Context) -> Response:
    """Answer the agents: there are none."""
    return json({"agents": []})


async def agent(ctx: Context) -> Response:
    """Refuse to show an agent."""
    raise fault("AgentNotFound", id=ctx.params["id"])


def _template(region: str, row: tuple[str, str, str | None, bool]) -> dict[str, Any]:
    direction, ethertype, remote, everywhere = row
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{region}/default-security-group-rule/{direction}/{ethertype}")),
        "description": f"Legacy default SG rule for {direction} traffic",
        "direction": direction,
        "ethertype": ethertype,
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "remote_ip_prefix": None,
        "remote_group_id": remote,
        "remote_address_group_id": None,
        "used_in_default_sg": True,
        "used_in_non_default_sg": everywhere,
    }


async def templates(ctx: Context) -> Response:
    """Answer the rules that new groups get."""
    return json({"default_security_group_rules": [_template(ctx.region.name, row) for row in TEMPLATES]})


async def template(ctx: Context) -> Response:
    """Answer one of the rules that new groups get."""
    for row in TEMPLATES:
        shown = _template(ctx.region.name, row)
        if shown["id"] == ctx.params["id"]:
            return json({"default_security_group_rule": shown})
    raise fault("DefaultSecurityGroupRuleNotFound", id=ctx.params["id"])


async def availabilities(ctx: Context) -> Response:
    """Answer, for those who may see all, how many addresses each network has and how many are taken."""
    scopes = ctx.decision.scopes
    networks: Iterable[Network] = of(ctx).inventory.networks.objects(ctx.region.name) if scopes and scopes.all else ()
    return json({"network_ip_availabilities": [_availability(ctx, network) for network in networks]})


async def availability(ctx: Context) -> Response:
    """Answer how many addresses a network has and how many are taken."""
    network = of(ctx).networks.mirror.get(ctx.params["id"], ctx.region.name)
    if network is None:
        raise of(ctx).networks.missing(ctx.params["id"])
    return json({"network_ip_availability": _availability(ctx, network)})


def _availability(ctx: Context, network: Network) -> dict[str, Any]:
    inventory = of(ctx).inventory
    parts: list[dict[str, Any]] = [
        {
            "subnet_id": subnet.id,
            "subnet_name": subnet.spec.name,
            "cidr": subnet.spec.cidr,
            "ip_version": subnet.spec.ip_version,
            "total_ips": addresses.size(subnet.spec.allocation_pools),
            "used_ips": len(inventory.taken(subnet.id)),
        }
        for subnet in inventory.subnets_of_network.objects(network.id)
    ]
    return {
        "network_id": network.id,
        "network_name": network.spec.name,
        "project_id": network.metadata.project,
        "tenant_id": network.metadata.project,
        "total_ips": sum(part["total_ips"] for part in parts),
        "used_ips": sum(part["used_ips"] for part in parts),
        "subnet_ip_availability": parts,
    }


_COUNTED: tuple[type[Resource], ...] = (Network, Subnet, AddressClaim)
ROUTES = (
    Route(method="GET", path=f"/{HOME}", handler=home, shape="document", summary="Show the version's resources"),
    Route(
        method="GET",
        path="/availability_zones",
        handler=zones,
        policy="network:availability_zones:list",
        reads=(Region,),
        shape="list",
        summary="List the availability zones",
    ),
    Route(
        method="GET",
        path="/agents",
        handler=agents,
        policy="network:agents:list",
        shape="list",
        summary="List the agents",
    ),
    Route(method="GET", path="/agents/{id}", handler=agent, policy="network:agents:show", summary="Show an agent"),
    Route(
        method="GET",
        path="/default-security-group-rules",
        handler=templates,
        policy="network:default_security_group_rules:list",
        shape="list",
        summary="List the rules that new security groups get",
    ),
    Route(
        method="GET",
        path="/default-security-group-rules/{id}",
        handler=template,
        policy="network:default_security_group_rules:show",
        summary="Show one of the rules that new security groups get",
    ),
    Route(
        method="GET",
        path="/network-ip-availabilities",
        handler=availabilities,
        policy="network:network_ip_availabilities:list",
        reads=_COUNTED,
        shape="list",
        summary="List how many addresses the networks have left",
    ),
    Route(
        method="GET",
        path="/network-ip-availabilities/{id}",
        handler=availability,
        policy="network:network_ip_availabilities:show",
        reads=_COUNTED,
        summary="Show how many addresses a network has left",
    ),
)
