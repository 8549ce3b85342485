"""What a floating IP looks like.

Its status is Neutron's: ACTIVE when it is associated and nothing is left to be done for it. Of a port that no server
holds there is nothing to do in any cloud, so that is at once; of one that a server holds, the engine says so.
"""

from __future__ import annotations

from typing import Any

from gurum.model.routing import FloatingIP
from gurum.pia.network.inventory import Inventory, is_bound, mac_of
from gurum.pia.network.views.base import STANDARD, View


def floatingip_view(inventory: Inventory) -> View[FloatingIP]:
    """Return the view of floating IPs."""

    def details(floating: FloatingIP) -> dict[str, Any] | None:
        port = inventory.ports.get(floating.spec.port_id)
        if port is None:
            return None
        return {
            "name": port.spec.name,
            "network_id": port.spec.network_id,
            "mac_address": mac_of(port),
            "admin_state_up": port.spec.admin_state_up,
            "status": port.status.status,
            "device_id": port.spec.device_id,
            "device_owner": port.spec.device_owner,
        }

    def status(floating: FloatingIP) -> str:
        port = inventory.ports.get(floating.spec.port_id)
        if floating.status.status == "ERROR":
            return "ERROR"
        if port is None:
            return "DOWN"
        return floating.status.status if is_bound(port) else "ACTIVE"

    return View(
        fields={
            **STANDARD,
            "floating_ip_address": lambda f: f.address or None,
            "floating_network_id": lambda f: f.spec.floating_network_id,
            "fixed_ip_address": lambda f: f.spec.fixed_ip_address or None,
            "port_id": lambda f: f.spec.port_id or None,
            "router_id": lambda f: f.spec.router_id or None,
            "status": status,
            "description": lambda f: f.spec.description,
            "dns_name": lambda f: f.spec.dns_name,
            "dns_domain": lambda f: f.spec.dns_domain,
            "qos_policy_id": lambda f: None,
            "port_details": details,
            "port_forwardings": lambda f: [],
            "tags": lambda f: f.spec.tags,
        },
    )
