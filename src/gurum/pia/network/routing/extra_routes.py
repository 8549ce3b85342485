"""A router's routes beyond those of its interfaces: by PUT of the router, or added and removed one by one.

`add_extraroutes` and `remove_extraroutes` work on the list as it is when they are written, so that two clients who
each add a route do not lose one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network

from gurum.model.network import HostRoute, Port, Subnet
from gurum.model.routing import Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.wire import Response
from gurum.pia.network import body
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import bad_request, fault
from gurum.pia.network.quotas.usage import limits
from gurum.pia.network.writes import update

UNREACHED = "the nexthop is not connected with router"
OWN = "the nexthop is used by router"


def check(ctx: Context, router: Router, routes: Sequence[HostRoute]) -> None:
    """Raise Neutron's fault of routes that a router cannot have: too many, or to where it does not reach."""
    limit = limits(ctx, router.metadata.project)["router_route"]
    if 0 <= limit < len(routes):
        raise fault("RoutesExhausted", router=router.id, quota=limit)
    inventory = of(ctx).inventory
    held = [ip for port in inventory.interfaces(router.id) for ip in port.spec.fixed_ips]
    held += router.spec.gateway.external_fixed_ips if router.spec.gateway else []
    subnets = [inventory.subnets.get(ip.subnet_id) for ip in held]
    cidrs = [ip_network(subnet.spec.cidr) for subnet in subnets if subnet is not None]
    own = {ip_address(ip.ip_address) for ip in held}
    for route in routes:
        hop = ip_address(route.nexthop)
        reason = UNREACHED if not any(hop in cidr for cidr in cidrs) else OWN if hop in own else ""
        if reason:
            raise fault("InvalidRoutes", routes=_shown(routes), reason=reason)


def _shown(routes: Sequence[HostRoute]) -> list[dict[str, str]]:
    return [{"destination": route.destination, "nexthop": route.nexthop} for route in routes]


async def settled(ctx: Context, router: Router) -> None:
    """Raise InvalidRoutes if an interface that a route needs went while the routes were written."""
    await ctx.fresh(Port, Subnet)
    check(ctx, router, router.spec.routes)


def needed(ctx: Context, router: Router, subnet_id: str) -> bool:
    """Whether a route of the router goes through the subnet."""
    subnet = of(ctx).inventory.subnets.get(subnet_id)
    if subnet is None:
        return False
    cidr = ip_network(subnet.spec.cidr)
    return any(ip_address(route.nexthop) in cidr for route in router.spec.routes)


def _wanted(ctx: Context) -> list[HostRoute]:
    """Return the routes of a body {"router": {"routes": [...]}}. Raises Neutron's faults."""
    noun = of(ctx).routers.noun
    [item], _ = body.items(noun, ctx.body, bulk=False)
    if "routes" not in item:
        raise bad_request("Invalid input for routes. Reason: 'None' is not a list.")
    return [HostRoute(**route) for route in body.for_update(noun, {"routes": item["routes"]})["routes"]]


async def add(ctx: Context) -> Response:
    """Add routes; those that are there already are no error."""
    wanted = _wanted(ctx)
    return await _written(ctx, lambda routes: list(dict.fromkeys([*routes, *wanted])))


async def remove(ctx: Context) -> Response:
    """Remove routes; those that are not there are no error."""
    wanted = set(_wanted(ctx))
    return await _written(ctx, lambda routes: [route for route in routes if route not in wanted])


async def _written(ctx: Context, work: Callable[[list[HostRoute]], list[HostRoute]]) -> Response:
    bindings, router = of(ctx), ctx.found(Router)
    missing = bindings.routers.missing(router.id)
    before: list[HostRoute] = []

    def mutate(obj: Router) -> None:
        before[:] = obj.spec.routes
        routes = work(obj.spec.routes)
        if set(routes) - set(before):
            check(ctx, obj, routes)
        obj.spec.routes = routes

    changed = await update(ctx, Router, mutate, missing)
    if set(changed.spec.routes) - set(before):
        try:
            await settled(ctx, changed)
        except Exception:
            added = set(changed.spec.routes) - set(before)

            def undo(obj: Router) -> None:
                obj.spec.routes = [route for route in obj.spec.routes if route not in added]

            await ctx.change(Router, router.id, undo, missing)
            raise
    return await bindings.routers.answer(ctx, [changed], "update")
