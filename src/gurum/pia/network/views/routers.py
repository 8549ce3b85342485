"""What a router looks like."""

from __future__ import annotations

from typing import Any

from gurum.model.routing import Gateway, Router
from gurum.pia.network.views.base import STANDARD, View


def _addresses(gateway: Gateway) -> list[dict[str, str]]:
    return [{"subnet_id": ip.subnet_id, "ip_address": ip.ip_address} for ip in gateway.external_fixed_ips]


def _info(router: Router) -> dict[str, Any] | None:
    gateway = router.spec.gateway
    if gateway is None:
        return None
    return {
        "network_id": gateway.network_id,
        "external_fixed_ips": _addresses(gateway),
        "enable_snat": gateway.enable_snat,
    }


def _gateways(router: Router) -> list[dict[str, Any]]:
    gateway = router.spec.gateway
    return [{"network_id": gateway.network_id, "external_fixed_ips": _addresses(gateway)}] if gateway else []


def router_view() -> View[Router]:
    """Return the view of routers. What is not built is shown as Neutron shows it where nobody uses it."""
    return View(
        fields={
            **STANDARD,
            "name": lambda r: r.spec.name,
            "description": lambda r: r.spec.description,
            "admin_state_up": lambda r: r.spec.admin_state_up,
            "status": lambda r: r.status.status,
            "external_gateway_info": _info,
            "external_gateways": _gateways,
            "enable_snat": lambda r: r.spec.gateway.enable_snat if r.spec.gateway else True,
            "routes": lambda r: [{"destination": x.destination, "nexthop": x.nexthop} for x in r.spec.routes],
            "availability_zone_hints": lambda r: r.spec.availability_zone_hints,
            "availability_zones": lambda r: [],
            "flavor_id": lambda r: None,
            "ha": lambda r: False,
            "enable_default_route_bfd": lambda r: False,
            "enable_default_route_ecmp": lambda r: False,
            "tags": lambda r: r.spec.tags,
        },
        restricted=("ha",),
    )
