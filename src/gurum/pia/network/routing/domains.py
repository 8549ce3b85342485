"""What a cloud whose routed networks share one private cloud (AWS: a VPC) cannot do with a router.

Networks that a router joins must be in one domain, and a server's interface cannot change its domain. So two networks
with servers in different domains cannot be joined, and one with servers cannot leave others with servers in the same.
Refused here at once: accepted, they would stand in the API as done and never be.
"""

from __future__ import annotations

from collections.abc import Iterable

from gurum.model.routing import is_held
from gurum.pia.kernel.context import Context
from gurum.pia.network.bindings import of
from gurum.pia.network.capabilities import JOIN_IN_USE, LEAVE_IN_USE
from gurum.pia.network.faults import fault
from gurum.pia.network.inventory import Inventory


def joined(inventory: Inventory, networks: Iterable[str], *, without: str = "") -> set[str]:
    """Return the networks that routers join with these, themselves included. without: a port that does not count."""
    found: set[str] = set()
    waiting = list(networks)
    while waiting:
        network = waiting.pop()
        if network in found:
            continue
        found.add(network)
        for port in inventory.interfaces_of_network.objects(network):
            if port.id != without:
                others = inventory.interfaces(port.spec.device_id)
                waiting += [other.spec.network_id for other in others if other.id != without]
    return found


def _domains(inventory: Inventory, networks: Iterable[str]) -> set[str]:
    """Return the domains that servers on the networks are in."""
    found = set()
    for uid in networks:
        network = inventory.networks.get(uid)
        if network is not None and network.status.domain and _served(inventory, uid):
            found.add(network.status.domain)
    return found


def _served(inventory: Inventory, network: str) -> bool:
    """Whether a server is on the network. What a port that none holds has in the cloud is the engine's to move."""
    return any(map(is_held, inventory.ports_of_network.objects(network)))


def may_join(ctx: Context, router_id: str, network_id: str) -> None:
    """Raise a 409 if a network's servers are in another domain than those of the networks of the router."""
    can, inventory = of(ctx).capabilities(ctx.region.name), of(ctx).inventory
    if not can.absent(JOIN_IN_USE):
        return
    here = [port.spec.network_id for port in inventory.interfaces(router_id)]
    if len(_domains(inventory, joined(inventory, [network_id, *here]))) > 1:
        sentence = f"network {network_id} and the networks of router {router_id} have servers that cannot be joined"
        raise fault("RouterInterfaceAttachmentConflict", reason=f"({can.because(sentence, JOIN_IN_USE)})")


def may_leave(ctx: Context, port_id: str, network_id: str) -> None:
    """Raise a 409 if servers of the network share their domain with those of networks that it would be parted from."""
    can, inventory = of(ctx).capabilities(ctx.region.name), of(ctx).inventory
    if not can.absent(LEAVE_IN_USE):
        return
    rest = joined(inventory, [network_id], without=port_id)
    parted = joined(inventory, [network_id]) - rest
    if _domains(inventory, rest) & _domains(inventory, parted):
        sentence = f"network {network_id} has servers that cannot be parted from those of the router's other networks"
        raise fault("RouterInterfaceAttachmentConflict", reason=f"({can.because(sentence, LEAVE_IN_USE)})")
