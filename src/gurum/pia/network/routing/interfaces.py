"""/v2.0/routers/{id}/add_router_interface and remove_router_interface.

An interface is a port of the router's project on the network that it joins, at the address that the subnet's hosts
use as their gateway; or any free port that a user names. It is not counted against the quota when it is made, as in
Neutron, and no cloud has anything for it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from gurum.model import addresses
from gurum.model.network import Network, Port, PortSpec, Subnet
from gurum.model.routing import ROUTER_INTERFACE, Router, is_interface
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.wire import Response, json
from gurum.pia.network import ipam, ports
from gurum.pia.network import validators as v
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import fault
from gurum.pia.network.routing import associations, domains, gateways, guards, shared_ranges
from gurum.pia.network.visible import port_for, subnet_for
from gurum.pia.network.writes import bump, metadata
from gurum.policy.model import Target

_RNG = random.SystemRandom()


def _bad(message: str) -> ApiError:
    return fault("BadRequest", resource="router", message=message)


def _asked(ctx: Context) -> tuple[str | None, str | None]:
    """Return (port_id, subnet_id) of the body. Raises BadRequest."""
    given: dict[str, Any] = ctx.body
    port_id, subnet_id = given.get("port_id"), given.get("subnet_id")
    if not port_id and not subnet_id:
        raise _bad("Either subnet_id or port_id must be specified")
    for value in (port_id, subnet_id):
        problem = v.uuid_like(value) if value else None
        if problem:
            raise _bad(problem)
    return port_id or None, subnet_id or None


async def add(ctx: Context) -> Response:
    """Join a subnet to a router: one of two requests that would join what excludes each other is refused, or both."""
    router = ctx.found(Router)
    port_id, subnet_id = _asked(ctx)
    if port_id and subnet_id:
        raise _bad("Cannot specify both subnet-id and port-id")
    made = not port_id
    port = await _by_port(ctx, router, port_id) if port_id else await _by_subnet(ctx, router, str(subnet_id))
    try:
        await _settle(ctx, router, port)
    except Exception:
        await (_withdraw(ctx, port) if made else _let_be(ctx, port, router))
        raise
    return _answer(router, port, [ip.subnet_id for ip in port.spec.fixed_ips])


async def _by_port(ctx: Context, router: Router, port_id: str) -> Port:
    """Make a user's port an interface."""
    port = port_for(ctx, port_id)
    _free(port)
    subnets = _subnets(ctx, port)
    if not port.spec.fixed_ips:
        raise _bad("Router port must have at least one fixed IP")
    if sum(subnet.spec.ip_version == 4 for subnet in subnets) > 1:
        raise _bad("Cannot have multiple IPv4 subnets on router port")
    _check(ctx, router, port.spec.network_id, subnets)

    def mutate(obj: Port) -> None:
        _free(obj)
        obj.spec.device_id, obj.spec.device_owner = router.id, ROUTER_INTERFACE

    return await ctx.change(Port, port.id, mutate, of(ctx).ports.missing(port.id))


def _free(port: Port) -> None:
    if port.deleting:
        raise fault("PortNotFound", id=port.id)
    if port.spec.device_id:
        raise fault("PortInUse", port=port.id, network=port.spec.network_id, device=port.spec.device_id)


async def _by_subnet(ctx: Context, router: Router, subnet_id: str) -> Port:
    """Make a port at the gateway's address of a subnet."""
    bindings = of(ctx)
    subnet = subnet_for(ctx, subnet_id)
    owner = Target(project_id=subnet.metadata.project)
    if subnet.metadata.project != ctx.project and not (await ctx.ask("network:routers:update", owner)).allow:
        raise _bad(
            f"Cannot add interface to router because subnet {subnet.id} is not owned by project making the request"
        )
    if not subnet.spec.gateway_ip:
        raise _bad("Subnet for router interface must have a gateway IP")
    network = bindings.inventory.networks.get(subnet.spec.network_id)
    if network is None:
        raise bindings.networks.missing(subnet.spec.network_id)
    _check(ctx, router, network.id, [subnet])
    can = bindings.capabilities(ctx.region.name)
    meta, mac = metadata(ctx, router.metadata.project), addresses.mac(_RNG)
    allocation = ipam.Allocation(ctx, network, meta.id, meta.project, mac, can, bound=False)
    wish = {"subnet_id": subnet.id, "ip_address": subnet.spec.gateway_ip}
    try:
        await allocation.gather(ipam.wishes(ctx, network, [wish], ROUTER_INTERFACE))
        spec = PortSpec(
            network_id=network.id,
            mac_address=mac,
            fixed_ips=allocation.fixed_ips,
            port_security_enabled=False,
            device_id=router.id,
            device_owner=ROUTER_INTERFACE,
        )
        return await ctx.parts.store.create(Port(metadata=meta, spec=spec))
    except Exception:
        await allocation.undo()
        raise


def _subnets(ctx: Context, port: Port) -> list[Subnet]:
    found = (of(ctx).inventory.subnets.get(ip.subnet_id) for ip in port.spec.fixed_ips)
    return [subnet for subnet in found if subnet is not None]


def _check(ctx: Context, router: Router, network_id: str, subnets: Sequence[Subnet], *, without: str = "") -> None:
    gateways.no_overlap(ctx, router.id, subnets, without=without)
    shared_ranges.may_join(ctx, router.id, network_id, without=without)
    domains.may_join(ctx, router.id, network_id)


async def _settle(ctx: Context, router: Router, port: Port) -> None:
    """Look again, now that the interface can be seen; then count it as a change of the router, if that is still there.

    Of two interfaces that overlap each sees the other, so never do both stay.
    """
    await ctx.fresh(Network, Subnet, Port, Router)
    bindings = of(ctx)
    if bindings.inventory.networks.get(port.spec.network_id) is None:
        raise bindings.networks.missing(port.spec.network_id)
    for ip in port.spec.fixed_ips:
        if bindings.inventory.subnets.get(ip.subnet_id) is None:
            raise bindings.subnets.missing(ip.subnet_id)
    _check(ctx, router, port.spec.network_id, _subnets(ctx, port), without=port.id)
    await _count(ctx, router)


async def _count(ctx: Context, router: Router) -> None:
    missing = of(ctx).routers.missing(router.id)

    def still(obj: Router) -> None:
        if obj.deleting:
            raise missing

    await bump(ctx, Router, router.id, still)


async def _withdraw(ctx: Context, port: Port) -> None:
    await ports.withdraw(ctx, port.id)


async def _let_be(ctx: Context, port: Port, router: Router) -> None:
    """Give a user's port back as it was."""

    def mutate(obj: Port) -> None:
        if obj.spec.device_id == router.id:
            obj.spec.device_id = obj.spec.device_owner = ""

    await ctx.change(Port, port.id, mutate, of(ctx).ports.missing(port.id))


async def remove(ctx: Context) -> Response:
    """Take a router off a subnet. The port goes, also one that a user made, as in Neutron."""
    router = ctx.found(Router)
    port_id, subnet_id = _asked(ctx)
    port = _interface(ctx, router, port_id, subnet_id)
    subnets = [subnet_id] if subnet_id and not port_id else [ip.subnet_id for ip in port.spec.fixed_ips]
    for uid in subnets:
        guards.not_needed(ctx, router, uid)
    domains.may_leave(ctx, port.id, port.spec.network_id)
    if not await ports.withdraw(ctx, port.id):
        raise fault("RouterInterfaceNotFound", router=router.id, port=port.id)
    for uid in subnets:
        await associations.let_go(ctx, router.id, subnet_id=uid)
    await _count(ctx, router)
    return _answer(router, port, subnets)


def _interface(ctx: Context, router: Router, port_id: str | None, subnet_id: str | None) -> Port:
    """Return the interface that a body names. Raises Neutron's faults."""
    inventory = of(ctx).inventory
    if port_id is not None:
        port = inventory.ports.get(port_id)
        if port is None or not is_interface(port) or port.spec.device_id != router.id:
            raise fault("RouterInterfaceNotFound", router=router.id, port=port_id)
        if subnet_id is not None and all(ip.subnet_id != subnet_id for ip in port.spec.fixed_ips):
            raise fault("SubnetMismatchForPort", port=port_id, subnet=subnet_id)
        return port
    subnet = subnet_for(ctx, str(subnet_id))
    for port in inventory.interfaces(router.id):
        if any(ip.subnet_id == subnet.id for ip in port.spec.fixed_ips):
            return port
    raise fault("RouterInterfaceNotFoundForSubnet", router=router.id, subnet=subnet.id)


def _answer(router: Router, port: Port, subnets: Sequence[str]) -> Response:
    return json(
        {
            "id": router.id,
            "project_id": router.metadata.project,
            "network_id": port.spec.network_id,
            "port_id": port.id,
            "subnet_id": subnets[-1],
            "subnet_ids": list(subnets),
        }
    )
