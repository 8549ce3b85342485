"""A router's gateway: the external network that it leads to, and the addresses that it holds there.

Neutron has a port for it, which it shows to administrators alone. Here it is a part of the router; its addresses are
claimed as a port's are, by the router.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from gurum.model.network import FixedIP, Network, Subnet
from gurum.model.routing import ROUTER_GATEWAY, Gateway, Router
from gurum.pia.kernel.context import Context
from gurum.pia.network import ipam
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import fault
from gurum.pia.network.routing import associations
from gurum.pia.network.visible import network_for


class Change:
    """A router's gateway from `before` to `after`. `undo` gives back what was claimed, `finish` what is not held now.

    Both may be called once, and one of them must.
    """

    def __init__(self, ctx: Context, router_id: str, project: str, *, before: Gateway | None) -> None:
        self._ctx, self._router_id, self._project = ctx, router_id, project
        self.before = self.after = before
        self._allocation: ipam.Allocation | None = None

    async def gather(self, info: dict[str, Any] | None) -> None:
        """Claim what an `external_gateway_info` asks for. Raises Neutron's faults; then nothing new is claimed."""
        ctx = self._ctx
        if not info:
            self._release_network()
            self.after = None
            return
        network = network_for(ctx, info["network_id"])
        if not network.spec.external:
            raise fault("BadRequest", resource="router", message=f"Network {network.id} is not an external network")
        snat = info.get("enable_snat", True)
        given = info.get("external_fixed_ips")
        kept: list[FixedIP] = []
        if self.before is not None and self.before.network_id == network.id:
            kept = self.before.external_fixed_ips
            if not given:
                self.after = Gateway(network_id=network.id, enable_snat=snat, external_fixed_ips=kept)
                return
        else:
            self._release_network()
        new = of(ctx).inventory.subnets_of_network.objects(network.id)
        no_overlap(ctx, self._router_id, new, gateway=False)
        can = of(ctx).capabilities(ctx.region.name)
        wishes = ipam.wishes(ctx, network, given or None, ROUTER_GATEWAY)
        self._allocation = ipam.Allocation(
            ctx, network, self._router_id, self._project, "", can, bound=False, owner=Router.kind
        )
        await self._allocation.gather(wishes, keep=kept)
        self.after = Gateway(network_id=network.id, enable_snat=snat, external_fixed_ips=self._allocation.fixed_ips)

    def _release_network(self) -> None:
        """Raise RouterExternalGatewayInUseByFloatingIp if floating IPs need the present gateway."""
        if self.before is None:
            return
        for floating in of(self._ctx).inventory.floatingips_of_router.objects(self._router_id):
            if floating.spec.floating_network_id == self.before.network_id:
                raise fault(
                    "RouterExternalGatewayInUseByFloatingIp", router=self._router_id, network=self.before.network_id
                )

    async def undo(self) -> None:
        """Give back every address that was newly claimed."""
        if self._allocation is not None:
            await self._allocation.undo()

    async def finish(self) -> None:
        """Give up the addresses that the router has no more, and let go what came to need the gateway meanwhile."""
        if self.before is None or self.before == self.after:
            return
        kept = self.after.external_fixed_ips if self.after is not None else ()
        gone = [ip for ip in self.before.external_fixed_ips if ip not in kept]
        await ipam.free(self._ctx, self._router_id, gone, owner=Router.kind)
        if self.after is None or self.after.network_id != self.before.network_id:
            await associations.let_go(self._ctx, self._router_id, network_id=self.before.network_id)


async def free(ctx: Context, router_id: str, gateway: Gateway | None) -> None:
    """Give up all addresses of a gateway. Idempotent."""
    if gateway is not None:
        await ipam.free(ctx, router_id, gateway.external_fixed_ips, owner=Router.kind)


async def settled(ctx: Context, router: Router) -> None:
    """Raise the not-found of the external network, or of a subnet of it, that went while the gateway was set."""
    gateway = router.spec.gateway
    if gateway is None:
        return
    await ctx.fresh(Network, Subnet)
    bindings = of(ctx)
    network = bindings.inventory.networks.get(gateway.network_id)
    if network is None:
        raise bindings.networks.missing(gateway.network_id)
    if not network.spec.external:
        raise fault("BadRequest", resource="router", message=f"Network {network.id} is not an external network")
    for ip in gateway.external_fixed_ips:
        if bindings.inventory.subnets.get(ip.subnet_id) is None:
            raise bindings.subnets.missing(ip.subnet_id)


def no_overlap(ctx: Context, router_id: str, new: Iterable[Subnet], *, without: str = "", gateway: bool = True) -> None:
    """Raise BadRequest if a subnet overlaps one that the router leads to.

    without: the id of an interface that is left out; gateway: whether the present gateway counts.
    """
    inventory = of(ctx).inventory
    ids = [ip.subnet_id for p in inventory.interfaces(router_id) if p.id != without for ip in p.spec.fixed_ips]
    router = inventory.routers.get(router_id)
    if gateway and router is not None and router.spec.gateway is not None:
        ids += [subnet.id for subnet in inventory.subnets_of_network.objects(router.spec.gateway.network_id)]
    held = [subnet for uid in dict.fromkeys(ids) if (subnet := inventory.subnets.get(uid)) is not None]
    for subnet in new:
        wanted = ip_network(subnet.spec.cidr)
        for other in held:
            taken = ip_network(other.spec.cidr)
            if taken.version == wanted.version and taken.overlaps(wanted):
                message = (
                    f"Cidr {subnet.spec.cidr} of subnet {subnet.id} overlaps with cidr {other.spec.cidr} of subnet "
                    f"{other.id}"
                )
                raise fault("BadRequest", resource="router", message=message)
