"""Objects that a body names by id: found only if the caller may see them.

A port on somebody's private network or in somebody's security group must be refused exactly as one on a network that
does not exist, or ids could be probed.
"""

from __future__ import annotations

from typing import Any

from gurum.model.network import Network, Port, SecurityGroup, Subnet
from gurum.pia.kernel.context import Context
from gurum.pia.network.bindings import group_target, network_target, of
from gurum.pia.network.nouns import Bound
from gurum.policy.model import Target


def network_for(ctx: Context, uid: str) -> Network:
    """Return the network. Raises NetworkNotFound."""
    bound = of(ctx).networks
    network = bound.mirror.get(uid, ctx.region.name)
    if network is None or not seen(ctx, bound, network_target(network)):
        raise bound.missing(uid)
    return network


def subnet_for(ctx: Context, uid: str) -> Subnet:
    """Return the subnet. Raises SubnetNotFound."""
    bindings = of(ctx)
    subnet = bindings.subnets.mirror.get(uid, ctx.region.name)
    if subnet is None or not seen(ctx, bindings.subnets, bindings.subnet_target(subnet)):
        raise bindings.subnets.missing(uid)
    return subnet


def port_for(ctx: Context, uid: str) -> Port:
    """Return the port. Raises PortNotFound."""
    bindings = of(ctx)
    port = bindings.ports.mirror.get(uid, ctx.region.name)
    if port is None or not seen(ctx, bindings.ports, bindings.port_target(port)):
        raise bindings.ports.missing(uid)
    return port


def group_for(ctx: Context, uid: object) -> SecurityGroup:
    """Return the security group. Raises SecurityGroupNotFound."""
    bound = of(ctx).security_groups
    group = bound.mirror.get(str(uid), ctx.region.name)
    if group is None or not seen(ctx, bound, group_target(group)):
        raise bound.missing(uid)
    return group


def seen(ctx: Context, bound: Bound[Any], target: Target) -> bool:
    """Whether the caller may see the object: policy is asked only about what is not plainly the caller's own."""
    return target.project_id == ctx.project or ctx.decide(f"{bound.action}:show", target).allow
