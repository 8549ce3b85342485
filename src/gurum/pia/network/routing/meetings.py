"""What a deletion does about what came to hang on the deleted meanwhile (see `gurum.pia.network.meetings`)."""

from __future__ import annotations

from gurum.model.network import Port
from gurum.model.routing import FloatingIP, Gateway, Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.network import ipam
from gurum.pia.network.bindings import of
from gurum.pia.network.inventory import in_cloud
from gurum.pia.network.routing import associations, gateways
from gurum.pia.network.writes import remove_parts


async def clear_router(ctx: Context, router_id: str) -> None:
    """Remove the interfaces that a router was given while it was deleted, and disassociate what went through it."""
    await ctx.fresh(Port, Router, FloatingIP)
    inventory = of(ctx).inventory
    ports = inventory.interfaces(router_id)
    await remove_parts(ctx, ports)
    for port in ports:
        if not in_cloud(port):
            await ipam.free(ctx, port.id, port.spec.fixed_ips)
    await associations.let_go(ctx, router_id)
    hidden = inventory.routers.hidden.get(router_id)
    if hidden is not None:  # a gateway that was set meanwhile
        await gateways.free(ctx, router_id, hidden.spec.gateway)


async def clear_external(ctx: Context, *, network_id: str = "", subnet_id: str = "") -> None:
    """Take from routers the gateways that hang on what has just gone, and let go what hangs on those."""
    await ctx.fresh(Router, FloatingIP)
    inventory = of(ctx).inventory
    routers = inventory.routers_of_network.objects(network_id) if network_id else ()
    for router in [*routers, *(inventory.routers_of_subnet.objects(subnet_id) if subnet_id else ())]:
        had = router.spec.gateway
        await _lose_gateway(ctx, router.id, had)
        await gateways.free(ctx, router.id, had)
        await associations.let_go(ctx, router.id, network_id=had.network_id if had else "")
    floating = list(inventory.floatingips_of_network.objects(network_id)) if network_id else []
    await remove_parts(ctx, floating)
    for obj in floating:
        await associations.release(ctx, obj, associations.held(obj))


async def _lose_gateway(ctx: Context, router_id: str, had: Gateway | None) -> None:
    gone = ApiError(404, "the router went, too")

    def mutate(obj: Router) -> None:
        if obj.spec.gateway == had:
            obj.spec.gateway = None

    try:
        await ctx.change(Router, router_id, mutate, gone)
    except ApiError as refusal:
        if refusal is not gone:
            raise
