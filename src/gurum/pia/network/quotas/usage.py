"""Limits of a project and what it uses of them. What is used is counted from the objects themselves."""

from __future__ import annotations

from gurum.model.quota import QuotaUsage
from gurum.pia.kernel.context import Context
from gurum.pia.network.bindings import of
from gurum.pia.network.inventory import Inventory
from gurum.store.quotas import recount, usage_key

SERVICE = "network"
# In the order in which Neutron checks and shows them. Of what is not built yet, limits are kept and nothing is used:
# clients (Terraform's quota resource) always write all of them.
RESOURCES = (
    "floatingip",
    "network",
    "port",
    "rbac_policy",
    "router",
    "router_route",
    "security_group",
    "security_group_rule",
    "subnet",
    "subnetpool",
    "trunk",
)
DEFAULTS = {"router_route": 30}  # what the configuration does not name


def defaults(ctx: Context) -> dict[str, int]:
    """Return the limits of a project that has none of its own."""
    configured = ctx.parts.config.quotas.get(SERVICE, {})
    return {name: configured.get(name, DEFAULTS.get(name, -1)) for name in RESOURCES}


def stored(ctx: Context, project: str) -> QuotaUsage | None:
    """Return the project's usage object, if it has one. It belongs to the cache."""
    return of(ctx).inventory.usages.by_key(usage_key(ctx.region.name, project, SERVICE))


def limits(ctx: Context, project: str) -> dict[str, int]:
    """Return the project's limits; -1 is none."""
    own = stored(ctx, project)
    return {**defaults(ctx), **({k: v for k, v in own.spec.limits.items() if k in RESOURCES} if own else {})}


def in_use(inventory: Inventory, region: str, project: str) -> dict[str, int]:
    """Return how many objects of each kind the project has."""
    counts = dict.fromkeys(RESOURCES, 0)
    counts["network"] = len(inventory.networks.members(region, project))
    counts["subnet"] = len(inventory.subnets.members(region, project))
    counts["port"] = len(inventory.ports.members(region, project))
    counts["security_group"] = len(inventory.groups.members(region, project))
    counts["router"] = len(inventory.routers.members(region, project))
    # A limit of each router, not of the project: the fullest one tells how near it is.
    counts["router_route"] = max((len(r.spec.routes) for r in inventory.routers.objects(region, project)), default=0)
    counts["floatingip"] = len(inventory.floatingips.members(region, project))
    counts["security_group_rule"] = len(inventory.rules.members(region, project))
    return counts


def promised(ctx: Context, project: str) -> dict[str, int]:
    """Return what is reserved for objects that do not exist yet: those that do are counted as used."""
    own = stored(ctx, project)
    if own is None:
        return {}
    inventory = of(ctx).inventory
    now = ctx.parts.clock.time()
    return recount(
        reservation.amounts
        for reservation in own.spec.reservations
        if reservation.until > now and not inventory.holds(reservation.id)
    )
