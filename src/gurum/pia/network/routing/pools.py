"""/v2.0/floatingip_pools: of which external subnets floating IPs are; and the agents of a router, of which none run."""

from __future__ import annotations

from typing import Any

from gurum.model.network import Network, Subnet
from gurum.model.routing import Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.wire import Response, encode, json, listing
from gurum.pia.network import query
from gurum.pia.network.attributes import Attribute, Noun
from gurum.pia.network.bindings import of

READS = (Network, Subnet, Router)
POOL = Noun(
    name="floatingip_pool",
    collection="floatingip_pools",
    not_found="HTTPNotFound",
    rows=tuple(map(Attribute, ("subnet_id", "subnet_name", "tenant_id", "project_id", "network_id", "cidr"))),
)


async def listed(ctx: Context) -> Response:
    """Answer the pools: every IPv4 subnet of an external network, said to be the caller's, as Neutron says it."""
    asked = query.parse(POOL, ctx.query)
    inventory = of(ctx).inventory
    found: list[dict[str, Any]] = []
    for uid in sorted(inventory.public_networks.ids(f"{ctx.region.name}/external")):
        for subnet in inventory.subnets_of_network.objects(uid):
            pool = {
                "subnet_id": subnet.id,
                "subnet_name": subnet.spec.name,
                "network_id": uid,
                "cidr": subnet.spec.cidr,
                "project_id": ctx.project,
                "tenant_id": ctx.project,
            }
            if subnet.spec.ip_version == 4 and all(pool[name] in values for name, values in asked.filters.items()):
                found.append({k: v for k, v in pool.items() if asked.fields is None or k in asked.fields})
    return listing(POOL.collection, [encode(pool) for pool in found])


async def agents(ctx: Context) -> Response:
    """Answer the agents of a router: there are none."""
    return json({"agents": []})
