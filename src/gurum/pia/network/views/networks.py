"""What a network looks like.

Features that are not built are shown as Neutron shows them where nobody uses them (no QoS policy, no address scope),
because clients read these keys; they are not advertised as extensions.
"""

from __future__ import annotations

from gurum.model.network import Network
from gurum.pia.network.inventory import Inventory
from gurum.pia.network.views.base import STANDARD, View

VLAN_TRANSPARENT = "network.openstack.org/vlan-transparent"  # label of a network that was asked to be


def network_view(inventory: Inventory) -> View[Network]:
    """Return the view of networks."""
    return View(
        fields={
            **STANDARD,
            "name": lambda n: n.spec.name,
            "description": lambda n: n.spec.description,
            "admin_state_up": lambda n: n.spec.admin_state_up,
            "status": lambda n: n.status.status,
            "subnets": lambda n: sorted(inventory.subnets_of_network.ids(n.id)),
            "shared": lambda n: n.spec.shared,
            "router:external": lambda n: n.spec.external,
            "is_default": lambda n: n.spec.is_default,
            "mtu": lambda n: n.spec.mtu,
            "port_security_enabled": lambda n: n.spec.port_security_enabled,
            "availability_zone_hints": lambda n: n.spec.availability_zone_hints,
            "availability_zones": lambda n: [],
            "tags": lambda n: n.spec.tags,
            "qos_policy_id": lambda n: None,
            "vlan_transparent": lambda n: VLAN_TRANSPARENT in n.metadata.labels,
            "qinq": lambda n: False,
            "ipv4_address_scope": lambda n: None,
            "ipv6_address_scope": lambda n: None,
            "l2_adjacency": lambda n: True,
            "provider:network_type": lambda n: None,
            "provider:physical_network": lambda n: None,
            "provider:segmentation_id": lambda n: None,
        },
        restricted=("provider:network_type", "provider:physical_network", "provider:segmentation_id"),
        absent={"is_default": lambda n, operation: operation != "create" and not n.spec.external},
    )
