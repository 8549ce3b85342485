"""Two requests that meet: one makes something on what the other is just deleting.

Each checks before it writes, and neither sees the other's write then. So each looks again afterwards: who has made
something looks whether all that it is on is still there (and takes it back if not), who has deleted something looks
whether anything has come to be on it (and lets that go, too). In whichever order the writes fell, one of the two sees
the other's. Without it a port could keep an address of a subnet that is gone, which nobody could ever explain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gurum.model.network import Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.routing import is_interface
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.network import ipam
from gurum.pia.network.bindings import of
from gurum.pia.network.inventory import in_cloud
from gurum.pia.network.writes import remove_parts


async def still_there(
    ctx: Context, *, networks: Iterable[str] = (), subnets: Iterable[str] = (), groups: Iterable[str] = ()
) -> None:
    """Raise the not-found of the first of these that is gone by now."""
    await ctx.fresh(Network, Subnet, SecurityGroup)
    bindings = of(ctx)
    nouns = ((bindings.networks, networks), (bindings.subnets, subnets), (bindings.security_groups, groups))
    for bound, ids in nouns:
        for uid in ids:
            if bound.mirror.get(uid, ctx.region.name) is None:
                raise bound.missing(uid)


async def clear_network(ctx: Context, network_id: str) -> None:
    """Let go what has come to be on a network while it was deleted."""
    await ctx.fresh(Subnet, Port)
    inventory = of(ctx).inventory
    ports = list(inventory.ports_of_network.objects(network_id))
    await remove_parts(ctx, [*ports, *inventory.subnets_of_network.objects(network_id)])
    for port in ports:
        if not in_cloud(port):
            await ipam.free(ctx, port.id, port.spec.fixed_ips)


async def clear_subnet(ctx: Context, subnet_id: str) -> None:
    """Take from ports the addresses that they were given in a subnet while it was deleted."""
    await ctx.fresh(Port)
    for port in list(of(ctx).inventory.ports_of_subnet.objects(subnet_id)):
        gone = [ip for ip in port.spec.fixed_ips if ip.subnet_id == subnet_id]
        if is_interface(port) and gone == port.spec.fixed_ips:
            await remove_parts(ctx, [port])  # a router that leads nowhere by it
        await _change(ctx, port, lambda obj: leave_subnet(obj, subnet_id))
        if not in_cloud(port):
            await ipam.free(ctx, port.id, gone)


async def clear_group(ctx: Context, group_id: str) -> None:
    """Delete the rules that have come to be in or to name a group while it was deleted, and take ports out of it."""
    await ctx.fresh(Port, SecurityGroupRule)
    inventory = of(ctx).inventory
    naming = inventory.rules_naming_group.objects(group_id)
    await remove_parts(ctx, [*naming, *inventory.rules_of_group.objects(group_id)])
    for port in list(inventory.ports_of_group.objects(group_id)):
        await _change(ctx, port, lambda obj: _leave_group(obj, group_id))


async def _change(ctx: Context, port: Port, mutate: Callable[[Port], None]) -> None:
    gone = ApiError(404, "the port went, too")
    try:
        await ctx.change(Port, port.id, mutate, gone)
    except ApiError as refusal:
        if refusal is not gone:
            raise


def leave_subnet(port: Port, subnet_id: str) -> None:
    """Take from a port its addresses in a subnet."""
    port.spec.fixed_ips = [ip for ip in port.spec.fixed_ips if ip.subnet_id != subnet_id]


def _leave_group(port: Port, group_id: str) -> None:
    port.spec.security_groups = [uid for uid in port.spec.security_groups if uid != group_id]
