"""The rows of what routers can do beside being made, changed and removed."""

from __future__ import annotations

from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Handler, Route, Subject
from gurum.pia.network.bindings import of
from gurum.pia.network.routing import extra_routes, interfaces, pools, routers
from gurum.pia.network.visible import seen


def _router(ctx: Context) -> Subject:
    return of(ctx).routers.find(ctx)


def _seen(ctx: Context) -> Subject:
    """Find the router for what members may not ask: they are refused, and whoever may not see it finds none."""
    bound = of(ctx).routers
    router = bound.seek(ctx)
    if not seen(ctx, bound, bound.target(router)):
        raise bound.missing(router.id)
    return Subject(target=bound.target(router), object=router)


def _action(path: str, handler: Handler, policy: str, summary: str) -> Route:
    return Route(
        method="PUT",
        path=f"/routers/{{id}}/{path}",
        handler=handler,
        policy=f"network:routers:{policy}",
        find=_router,
        reads=routers.WRITES,
        shape="write",
        summary=summary,
    )


ROUTES = (
    _action("add_router_interface", interfaces.add, "add_interface", "Join a subnet, or a port's subnets, to a router"),
    _action("remove_router_interface", interfaces.remove, "remove_interface", "Take a router off a subnet"),
    _action("add_extraroutes", extra_routes.add, "add_extraroutes", "Add routes to a router"),
    _action("remove_extraroutes", extra_routes.remove, "remove_extraroutes", "Remove routes from a router"),
    Route(
        method="GET",
        path="/routers/{id}/l3-agents",
        handler=pools.agents,
        policy="network:router_l3_agents:list",
        find=_seen,
        reads=pools.READS,
        shape="list",
        summary="List the agents of a router: there are none",
    ),
    Route(
        method="GET",
        path="/floatingip_pools",
        handler=pools.listed,
        policy="network:floatingip_pools:list",
        reads=pools.READS,
        shape="list",
        summary="List the subnets that floating IPs are of",
    ),
)
