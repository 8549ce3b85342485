"""The network service, put together: the rows of its table and the mirrors they read."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from gurum.model.base import Resource
from gurum.model.network import Network, Port, SecurityGroup, Subnet
from gurum.model.routing import FloatingIP, Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.mirror import Board
from gurum.pia.kernel.route import Find, Handler, Route, Subject
from gurum.pia.kernel.service import Service
from gurum.pia.kernel.wire import Response
from gurum.pia.network import extensions, networks, ports, rules, security_groups, small, subnetpools, subnets, tags
from gurum.pia.network.bindings import Bindings, Home, of
from gurum.pia.network.nouns import Bound
from gurum.pia.network.quotas import routes as quotas
from gurum.pia.network.routing import floatingips, routers
from gurum.pia.network.routing import routes as routing
from gurum.pia.network.wire import NetworkWire

Pick = Callable[[Bindings], Bound[Any]]


def _listed(pick: Pick) -> Handler:
    async def handler(ctx: Context) -> Response:
        return await pick(of(ctx)).list(ctx)

    return handler


def _bare(pick: Pick) -> Handler:
    async def handler(ctx: Context) -> Response:
        return await pick(of(ctx)).list(ctx, "options")

    return handler


def _shown(pick: Pick) -> Handler:
    async def handler(ctx: Context) -> Response:
        return await pick(of(ctx)).show(ctx)

    return handler


async def _never(ctx: Context) -> Response:
    raise AssertionError("a collection is never found")


def _find(pick: Pick, method: str) -> Find:
    call: Callable[[Bound[Any], Context], Subject] = getattr(Bound, method)
    return lambda ctx: call(pick(of(ctx)), ctx)


def _rows(
    noun: str,
    path: str,
    *,
    reads: tuple[type[Resource], ...],
    writes: tuple[type[Resource], ...],
    create: Handler,
    find_create: Find,
    delete: Handler,
    change: Handler | None = None,
    listed: Handler | None = None,
) -> tuple[Route, ...]:
    """Return the rows that every noun has. `noun` is the name of its binding and of its actions."""
    pick: Pick = attrgetter(noun)
    action = f"network:{noun}"
    one = f"{path}/{{id}}"
    many, what = noun.replace("_", " "), noun.replace("_", " ").removesuffix("s")
    finder = _find(pick, "find")
    lister = listed or _listed(pick)
    nowhere = _find(pick, "find_none")
    rows = [
        Route(
            method="GET",
            path=path,
            handler=lister,
            policy=f"{action}:list",
            reads=reads,
            shape="list",
            summary=f"List {many}",
        ),
        Route(
            method="OPTIONS",
            path=path,
            handler=_bare(pick),
            policy=f"{action}:list",
            reads=reads,
            shape="list",
            summary=f"List {many}, as Neutron answers OPTIONS",
        ),
        Route(
            method="POST",
            path=path,
            handler=create,
            policy=f"{action}:create",
            find=find_create,
            reads=writes,
            status=201,
            shape="write",
            summary=f"Create {many}",
        ),
        Route(
            method="GET",
            path=one,
            handler=_shown(pick),
            policy=f"{action}:show",
            find=finder,
            reads=reads,
            summary=f"Show a {what}",
        ),
        Route(
            method="DELETE",
            path=one,
            handler=delete,
            policy=f"{action}:delete",
            find=finder,
            reads=writes,
            status=204,
            shape="write",
            summary=f"Delete a {what}",
        ),
        Route(
            method="PUT",
            path=path,
            handler=_never,
            find=nowhere,
            shape="write",
            status=404,
            summary="Nothing: Neutron looks for an object without an id",
        ),
        Route(
            method="DELETE",
            path=path,
            handler=_never,
            find=nowhere,
            shape="write",
            status=404,
            summary="Nothing: Neutron looks for an object without an id",
        ),
    ]
    if change is not None:
        rows.append(
            Route(
                method="PUT",
                path=one,
                handler=change,
                policy=f"{action}:update",
                find=_find(pick, "find_update"),
                reads=writes,
                shape="write",
                summary=f"Change a {what}",
            )
        )
    else:
        rows.append(
            Route(
                method="PUT",
                path=one,
                handler=_never,
                find=_missing(pick),
                reads=reads,
                shape="write",
                status=404,
                summary=f"Nothing: a {what} cannot be changed",
            )
        )
    return tuple(rows)


def _missing(pick: Pick) -> Find:
    def find(ctx: Context) -> Subject:
        raise pick(of(ctx)).missing(ctx.params["id"])

    return find


ROUTES = (
    *small.ROUTES,
    *extensions.ROUTES,
    *quotas.ROUTES,
    *subnetpools.ROUTES,
    *_rows(
        "networks",
        "/networks",
        reads=(Network, Subnet),
        writes=networks.WRITES,
        create=networks.create,
        find_create=networks.find_create,
        change=networks.change,
        delete=networks.delete,
    ),
    *tags.routes(Network, attrgetter("networks"), "/networks", "network:network_tags"),
    *_rows(
        "subnets",
        "/subnets",
        reads=(Network, Subnet),
        writes=subnets.WRITES,
        create=subnets.create,
        find_create=subnets.find_create,
        change=subnets.change,
        delete=subnets.delete,
    ),
    *tags.routes(Subnet, attrgetter("subnets"), "/subnets", "network:subnet_tags"),
    *_rows(
        "ports",
        "/ports",
        reads=(Network, Port),
        writes=ports.WRITES,
        create=ports.create,
        find_create=ports.find_create,
        change=ports.change,
        delete=ports.delete,
    ),
    *tags.routes(Port, attrgetter("ports"), "/ports", "network:port_tags"),
    *_rows(
        "security_groups",
        "/security-groups",
        reads=security_groups.READS,
        writes=security_groups.WRITES,
        create=security_groups.create,
        find_create=security_groups.find_create,
        change=security_groups.change,
        delete=security_groups.delete,
        listed=security_groups.listed,
    ),
    *tags.routes(SecurityGroup, attrgetter("security_groups"), "/security-groups", "network:security_group_tags"),
    *_rows(
        "security_group_rules",
        "/security-group-rules",
        reads=rules.READS,
        writes=rules.READS,
        create=rules.create,
        find_create=rules.find_create,
        delete=rules.delete,
    ),
    *_rows(
        "routers",
        "/routers",
        reads=routers.READS,
        writes=routers.WRITES,
        create=routers.create,
        find_create=routers.find_create,
        change=routers.change,
        delete=routers.delete,
    ),
    *tags.routes(Router, attrgetter("routers"), "/routers", "network:router_tags"),
    *_rows(
        "floatingips",
        "/floatingips",
        reads=floatingips.READS,
        writes=floatingips.WRITES,
        create=floatingips.create,
        find_create=floatingips.find_create,
        change=floatingips.change,
        delete=floatingips.delete,
    ),
    *tags.routes(FloatingIP, attrgetter("floatingips"), "/floatingips", "network:floatingip_tags"),
    *routing.ROUTES,
)


def prepare(board: Board) -> None:
    """Add the mirrors of the network kinds, and what hangs on them."""
    Home(board)


SERVICE = Service(name="network", prefix="/network", wire=NetworkWire(), routes=ROUTES, prepare=prepare)
