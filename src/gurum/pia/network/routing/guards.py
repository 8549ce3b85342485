"""What routers and floating IPs forbid the nouns that they hang on: ports, subnets and networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gurum.model.network import Network, Port, Subnet
from gurum.model.routing import ROUTER_INTERFACE, Router, is_interface
from gurum.pia.kernel.context import Context
from gurum.pia.network.attributes import UNSET
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import fault
from gurum.pia.network.routing import extra_routes, gateways
from gurum.policy.model import Target


def router_of(ctx: Context, port: Port) -> Router | None:
    """Return the router whose interface a port is."""
    return of(ctx).inventory.routers.get(port.spec.device_id, ctx.region.name) if is_interface(port) else None


def no_interface(ctx: Context, device_id: str, device_owner: str) -> None:
    """Raise a fault for a port that its user's words would make a router's interface.

    Neutron takes such a port and routes nothing by it. Here it would be one, unchecked: of another's router even.
    """
    router = of(ctx).inventory.routers.get(device_id, ctx.region.name) if device_owner == ROUTER_INTERFACE else None
    if router is None:
        return
    owner = Target(project_id=router.metadata.project)
    if router.metadata.project != ctx.project and not ctx.decide("network:routers:update", owner).allow:
        raise fault("DeviceIDNotOwnedByTenant", device=device_id)
    raise fault("BadRequest", resource="port", message="an interface of a router is made by add_router_interface")


def may_change(ctx: Context, port: Port, values: Mapping[str, Any]) -> None:
    """Raise a fault of a PUT that would take an interface from its router, or give it one behind its back."""
    device_id = values.get("device_id", port.spec.device_id)
    device_owner = values.get("device_owner", port.spec.device_owner)
    same = (device_id, device_owner) == (port.spec.device_id, port.spec.device_owner)
    router = router_of(ctx, port)
    if router is None:
        if not same:
            no_interface(ctx, device_id, device_owner)
        return
    if not same:
        raise fault("PortInUse", port=port.id, network=port.spec.network_id, device=port.spec.device_id)
    if values.get("fixed_ips", UNSET) is UNSET:
        return
    before = {ip.subnet_id for ip in port.spec.fixed_ips}
    after = {entry["subnet_id"] for entry in values["fixed_ips"] if entry.get("subnet_id")}
    if any(not entry.get("subnet_id") for entry in values["fixed_ips"]):
        after |= before  # an address alone does not say of which subnet
    for uid in before - after:
        not_needed(ctx, router, uid)
    inventory = of(ctx).inventory
    new = [subnet for uid in after - before if (subnet := inventory.subnets.get(uid)) is not None]
    gateways.no_overlap(ctx, router.id, new, without=port.id)


def may_delete(ctx: Context, port: Port) -> None:
    """Raise ServicePortInUse for a router's interface: it goes by remove_router_interface."""
    if router_of(ctx, port) is not None:
        raise fault("ServicePortInUse", id=port.id, message=f"has device owner {port.spec.device_owner}")


def not_needed(ctx: Context, router: Router, subnet_id: str) -> None:
    """Raise a 409 if floating IPs or routes of the router need its interface on a subnet."""
    inventory = of(ctx).inventory
    for floating in inventory.floatingips_of_router.objects(router.id):
        port = inventory.ports.get(floating.spec.port_id)
        place = (floating.spec.fixed_ip_address, subnet_id)
        if port is not None and any((ip.ip_address, ip.subnet_id) == place for ip in port.spec.fixed_ips):
            raise fault("RouterInterfaceInUseByFloatingIP", subnet=subnet_id, router=router.id)
    if extra_routes.needed(ctx, router, subnet_id):
        raise fault("RouterInterfaceInUseByRoute", subnet=subnet_id, router=router.id)


def gateway_free(ctx: Context, subnet: Subnet, wanted: str | None) -> None:
    """Raise GatewayIpInUse if a subnet is to get another gateway while a router is at the present one."""
    present = subnet.spec.gateway_ip
    if not present or wanted == present:
        return
    for port in of(ctx).inventory.interfaces_of_network.objects(subnet.spec.network_id):
        if any((ip.subnet_id, ip.ip_address) == (subnet.id, present) for ip in port.spec.fixed_ips):
            raise fault("GatewayIpInUse", gateway=present, port=port.id)


def outside(ctx: Context, network_id: str) -> list[str]:
    """Return the ids of the routers and floating IPs that have an address of an external network."""
    inventory = of(ctx).inventory
    return [*inventory.routers_of_network.ids(network_id), *inventory.floatingips_of_network.ids(network_id)]


def may_turn_inside(ctx: Context, network: Network) -> None:
    """Raise ExternalNetworkInUse if routers or floating IPs have addresses of the network."""
    if outside(ctx, network.id):
        raise fault("ExternalNetworkInUse", id=network.id)
