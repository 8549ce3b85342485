"""What a subnet looks like."""

from __future__ import annotations

from gurum.model.network import Pool, Subnet
from gurum.pia.network.inventory import Inventory
from gurum.pia.network.views.base import STANDARD, View

GIVEN_POOLS = "network.openstack.org/pools"  # label: the pools that a user gave, if the cloud has less of them


def shown_pools(subnet: Subnet) -> list[Pool]:
    """Return the allocation pools as they are shown: those that were given, though less of them be handed out."""
    given = subnet.metadata.labels.get(GIVEN_POOLS)
    if not given:
        return list(subnet.spec.allocation_pools)
    bounds = (text.split("-") for text in given.split(","))
    return [Pool(start=start, end=end) for start, end in bounds]


def subnet_view(inventory: Inventory) -> View[Subnet]:
    """Return the view of subnets."""

    def external(subnet: Subnet) -> bool:
        network = inventory.networks.get(subnet.spec.network_id)
        return network is not None and network.spec.external

    return View(
        fields={
            **STANDARD,
            "name": lambda s: s.spec.name,
            "description": lambda s: s.spec.description,
            "network_id": lambda s: s.spec.network_id,
            "ip_version": lambda s: s.spec.ip_version,
            "cidr": lambda s: s.spec.cidr,
            "gateway_ip": lambda s: s.spec.gateway_ip,
            "allocation_pools": lambda s: [{"start": pool.start, "end": pool.end} for pool in shown_pools(s)],
            "dns_nameservers": lambda s: s.spec.dns_nameservers,
            "host_routes": lambda s: [
                {"destination": route.destination, "nexthop": route.nexthop} for route in s.spec.host_routes
            ],
            "enable_dhcp": lambda s: s.spec.enable_dhcp,
            "ipv6_address_mode": lambda s: s.spec.ipv6_address_mode,
            "ipv6_ra_mode": lambda s: s.spec.ipv6_ra_mode,
            "service_types": lambda s: s.spec.service_types,
            "subnetpool_id": lambda s: s.spec.subnetpool_id,
            "tags": lambda s: s.spec.tags,
            "router:external": external,
        }
    )
