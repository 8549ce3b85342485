"""What a floating IP hangs on: a port's address, and the router by which the external network reaches it.

One address of a port has one floating IP. The claim of it (`FloatingIPClaim`, its key is port and address) is stored
before the floating IP says so, and given up after it says so no more; of two requests that want the same address at
once the store refuses one. What a floating IP hangs on may go meanwhile: see `settled` and `let_go`.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from gurum.model.base import Metadata, new_id
from gurum.model.network import Network, Port, Subnet
from gurum.model.routing import FloatingIP, FloatingIPClaim, FloatingIPClaimSpec, Router
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import fault
from gurum.pia.network.visible import port_for
from gurum.policy.model import Target
from gurum.store import claims
from gurum.store.contract import NotFoundError


@dataclass(frozen=True, slots=True)
class Association:
    """A port, an address of it, and the router through which it is reached."""

    port_id: str = ""
    address: str = ""
    router_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.port_id)


NONE = Association()


def held(floating: FloatingIP) -> Association:
    """Return what a floating IP is associated with."""
    spec = floating.spec
    return Association(spec.port_id, spec.fixed_ip_address, spec.router_id)


def put(floating: FloatingIP, wanted: Association) -> None:
    """Write an association into a floating IP's spec."""
    spec = floating.spec
    spec.port_id, spec.fixed_ip_address, spec.router_id = wanted.port_id, wanted.address, wanted.router_id


def resolve(ctx: Context, floating: FloatingIP, port_id: str | None, fixed_ip: str | None) -> Association:
    """Return what a body's port_id and fixed_ip_address mean for a floating IP. Raises Neutron's faults."""
    if not port_id:
        if fixed_ip:
            raise _bad("fixed_ip_address cannot be specified without a port_id")
        return NONE
    port = port_for(ctx, port_id)
    project = floating.metadata.project
    owner = Target(project_id=port.metadata.project)
    if port.metadata.project != project and not ctx.decide("network:floatingips:update", owner).allow:
        raise _bad(
            f"Port {port.id} is associated with a different project than Floating IP {floating.id} and therefore "
            "cannot be bound"
        )
    address, subnet_id = _address(port, fixed_ip)
    router_id = router_for(ctx, floating.spec.floating_network_id, subnet_id)
    if router_id is None:
        raise _unreachable(floating.spec.floating_network_id, subnet_id, port.id)
    return Association(port.id, address, router_id)


def _bad(message: str) -> ApiError:
    return fault("BadRequest", resource="floatingip", message=message)


def _unreachable(network_id: str, subnet_id: str, port_id: str) -> ApiError:
    return fault("ExternalGatewayForFloatingIPNotFound", network=network_id, subnet=subnet_id, port=port_id)


def _address(port: Port, fixed_ip: str | None) -> tuple[str, str]:
    """Return the port's address that is meant, and its subnet."""
    four = [ip for ip in port.spec.fixed_ips if ip_address(ip.ip_address).version == 4]
    if fixed_ip:
        wanted = ip_address(fixed_ip)
        found = [ip for ip in port.spec.fixed_ips if ip_address(ip.ip_address) == wanted]
        if not found:
            raise _bad(f"Port {port.id} does not have fixed ip {fixed_ip}")
        if wanted.version != 4:
            raise _bad(f"Cannot process floating IP association with {fixed_ip}, since that is not an IPv4 address")
        return found[0].ip_address, found[0].subnet_id
    if not four:
        raise _bad(f"Cannot add floating IP to port {port.id} that has no fixed IPv4 addresses")
    if len(four) > 1:
        raise _bad(
            f"Port {port.id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning "
            "a floating IP"
        )
    return four[0].ip_address, four[0].subnet_id


def router_for(ctx: Context, network_id: str, subnet_id: str) -> str | None:
    """Return the router that joins a subnet to an external network, the one that is the subnet's gateway before others.

    Where the cloud's own routing carries the traffic, only the router at the gateway's address will do.
    """
    inventory = of(ctx).inventory
    subnet = inventory.subnets.get(subnet_id)
    beside = None
    for port in inventory.interfaces_of_network.objects(subnet.spec.network_id) if subnet is not None else ():
        router = inventory.routers.get(port.spec.device_id)
        here = [ip.ip_address for ip in port.spec.fixed_ips if ip.subnet_id == subnet_id]
        if not here or router is None or router.spec.gateway is None or router.spec.gateway.network_id != network_id:
            continue
        if subnet is not None and subnet.spec.gateway_ip in here:
            return router.id
        beside = beside or router.id
    return None if of(ctx).capabilities(ctx.region.name).chooses_addresses else beside


async def claim(ctx: Context, floating: FloatingIP, wanted: Association) -> None:
    """Hold the port's address for a floating IP. Raises FloatingIPPortAlreadyAssociated if another has it."""
    if not wanted:
        return
    new = _claim(ctx, floating, wanted)
    for _ in range(2):
        if await claims.claim(ctx.parts.store, new) is not None:
            return
        if not await _drop_dead(ctx, new):
            break
    raise fault(
        "FloatingIPPortAlreadyAssociated",
        address=floating.address or None,
        id=floating.id,
        port=wanted.port_id,
        fixed=wanted.address,
        network=floating.spec.floating_network_id,
    )


async def _drop_dead(ctx: Context, wanted: FloatingIPClaim) -> bool:
    """Free the address if the floating IP that has it is gone; return whether to try again."""
    store = ctx.parts.store
    try:
        other = await store.get_by_key(FloatingIPClaim, wanted.metadata.key)
    except NotFoundError:
        return True
    try:
        holder = await store.get(FloatingIP, other.spec.floating_ip_id)
    except NotFoundError:
        # Its maker stores the claim first: only one that is older than any request can be nobody's.
        if ctx.parts.clock.time() - other.metadata.created_at < ctx.parts.config.floating_ip_wait + 60.0:
            return False
        return await claims.release(store, other)
    return holder.deleting and await claims.release(store, other)


async def release(ctx: Context, floating: FloatingIP, given_up: Association) -> None:
    """Give up the hold on a port's address. Idempotent."""
    if given_up:
        await claims.release(ctx.parts.store, _claim(ctx, floating, given_up))


def _claim(ctx: Context, floating: FloatingIP, wanted: Association) -> FloatingIPClaim:
    return FloatingIPClaim(
        metadata=Metadata(
            id=new_id(),
            key=f"{wanted.port_id}/{wanted.address}",
            region=ctx.region.name,
            project=floating.metadata.project,
        ),
        spec=FloatingIPClaimSpec(floating_ip_id=floating.id, port_id=wanted.port_id, fixed_ip_address=wanted.address),
    )


async def settled(ctx: Context, floating: FloatingIP) -> None:
    """Raise the refusal of what a floating IP hangs on, if that went while it was written."""
    await ctx.fresh(Port, Router, Network, Subnet)
    bindings, spec = of(ctx), floating.spec
    if bindings.inventory.networks.get(spec.floating_network_id) is None:
        raise bindings.networks.missing(spec.floating_network_id)
    if not spec.port_id:
        return
    port = bindings.inventory.ports.get(spec.port_id)
    if port is None:
        raise bindings.ports.missing(spec.port_id)
    subnet_id = _address(port, spec.fixed_ip_address)[1]
    if router_for(ctx, spec.floating_network_id, subnet_id) != spec.router_id:
        raise _unreachable(spec.floating_network_id, subnet_id, port.id)


async def let_go(
    ctx: Context,
    router_id: str = "",
    *,
    network_id: str = "",
    subnet_id: str = "",
    port_id: str = "",
    address: str = "",
) -> None:
    """Disassociate the floating IPs that hang on what has just gone: all that is named must fit. Idempotent.

    Reads what was acknowledged before this call, so that an association that was written meanwhile is found.
    """
    await ctx.fresh(FloatingIP, Port)
    inventory = of(ctx).inventory
    relation = inventory.floatingips_of_port if port_id else inventory.floatingips_of_router

    def hangs(floating: FloatingIP) -> bool:
        spec = floating.spec
        port = inventory.ports.get(spec.port_id)
        return (
            (not router_id or spec.router_id == router_id)
            and (not port_id or spec.port_id == port_id)
            and (not address or spec.fixed_ip_address == address)
            and (not network_id or spec.floating_network_id == network_id)
            and (not subnet_id or port is None or (spec.fixed_ip_address, subnet_id) in _places(port))
        )

    for floating in list(relation.objects(port_id or router_id)):
        if hangs(floating):
            await _disassociate(ctx, floating)


def _places(port: Port) -> set[tuple[str, str]]:
    return {(ip.ip_address, ip.subnet_id) for ip in port.spec.fixed_ips}


async def _disassociate(ctx: Context, floating: FloatingIP) -> None:
    had = held(floating)
    gone = ApiError(404, "the floating IP went, too")

    def mutate(obj: FloatingIP) -> None:
        if held(obj) == had:
            put(obj, NONE)

    try:
        await ctx.change(FloatingIP, floating.id, mutate, gone)
    except ApiError as refusal:
        if refusal is not gone:
            raise
    await release(ctx, floating, had)
