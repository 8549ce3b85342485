"""What a network looks like.

Features that are not built are shown as Neutron shows them where nobody uses them (no QoS policy, no address scope),
because clients read these keys; they are not advertised as extensions.
"""

from __future__ import annotations

from gurum.model.network import Network
from gurum.pia.network.inventory import Inventory
from gurum.pia.network.views.base import STANDARD, View, row_number

PROVIDER = ("provider:network_type", "provider:physical_network", "provider:segmentation_id")
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
            # An external network is the cloud's own, without tags or tunnels; of others nothing of the kind is true.
            "provider:network_type": lambda n: "flat" if n.spec.external else None,
            "provider:physical_network": lambda n: n.spec.name if n.spec.external else None,
            "provider:segmentation_id": lambda n: None,
            "standard_attr_id": row_number,
        },
        restricted=PROVIDER,
        bare=PROVIDER,
        absent={
            "is_default": lambda n, operation: operation != "create" and not n.spec.external,
            "standard_attr_id": lambda n, operation: operation != "options",
        },
    )
