"""Address ranges that one private cloud (AWS: a VPC) cannot hold together.

Neutron's router keeps only its own subnets apart. Where all networks that routers join, in a chain also, share one
private cloud, none of their subnets may overlap, and not every range goes with every other. Refused when the subnet is
made or the network joined: found out later, it would be the fault of some server, and nothing could be done about it.
What may not be together is the region's to say (`Capability.values`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, ip_network

from gurum.model.network import Subnet
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.network.bindings import of
from gurum.pia.network.capabilities import OVERLAP, RANGES, Capabilities
from gurum.pia.network.faults import fault, invalid_input
from gurum.pia.network.inventory import Inventory
from gurum.pia.network.routing import domains


def matter(ctx: Context) -> bool:
    """Whether the region's clouds cannot hold every range beside every other."""
    can = of(ctx).capabilities(ctx.region.name)
    return can.absent(OVERLAP) or can.absent(RANGES)


def may_join(ctx: Context, router_id: str, network_id: str, *, without: str = "") -> None:
    """Raise BadRequest if the ranges of a network, and of those joined with it, do not go with those of the router's.

    without: the interface that joins them already, which does not count.
    """
    if not matter(ctx):
        return
    can, inventory = of(ctx).capabilities(ctx.region.name), of(ctx).inventory
    here = [port.spec.network_id for port in inventory.interfaces(router_id) if port.id != without]
    side = domains.joined(inventory, [network_id], without=without)
    other = domains.joined(inventory, here, without=without) - side
    subnets, others = _subnets(inventory, side), _subnets(inventory, other)
    both = f"network {network_id} (with those that routers join with it) and the networks of router {router_id}"
    if can.absent(OVERLAP) and (met := overlapping(subnets, others)) is not None:
        raise _bad(f"{_cidr(ctx, met)} is in subnets of both {both}", can, OVERLAP)
    if can.absent(RANGES) and (mixed := _mixed(can, subnets, others)):
        raise _bad(f"{both} have addresses of {' and '.join(mixed)}", can, RANGES)


def may_add(ctx: Context, new: Sequence[Subnet]) -> None:
    """Raise InvalidInput if a new subnet does not go with those of its network and of the networks joined with it.

    That it overlaps none of its own network is Neutron's to see to.
    """
    can, inventory = of(ctx).capabilities(ctx.region.name), of(ctx).inventory
    for number, subnet in enumerate(new):
        network = inventory.networks.get(subnet.spec.network_id)
        if network is None or network.spec.external:  # no cloud has anything of an external network
            continue
        joined = domains.joined(inventory, [network.id])
        mine = {one.id for one in new}
        others = [one for one in _subnets(inventory, joined) if one.id not in mine]
        others += [one for one in new[:number] if one.spec.network_id in joined]
        beyond = [one for one in others if one.spec.network_id != network.id]
        asked = f"Requested subnet with cidr: {subnet.spec.cidr} for network: {network.id}"
        if can.absent(OVERLAP) and overlapping([subnet], beyond) is not None:
            sentence = f"{asked} overlaps with a subnet of a network that routers join with it"
            raise invalid_input(can.because(sentence, OVERLAP))
        if can.absent(RANGES) and (mixed := _mixed(can, [subnet], others)):
            sentence = f"{asked} would be beside others, of {' and '.join(mixed)}"
            raise invalid_input(can.because(sentence, RANGES))


def overlapping(some: Iterable[Subnet], others: Iterable[Subnet]) -> Subnet | None:
    """Return a subnet of one side that overlaps one of the other, the smaller of the two; None if there is none.

    Of two ranges that overlap one contains the other, so in order each is compared only with those that it is in.
    """
    sides = [(_range(subnet), side, subnet) for side, subnets in enumerate((some, others)) for subnet in subnets]
    around: list[tuple[IPv4Network, int]] = []
    for block, side, subnet in sorted(
        ((block, side, subnet) for block, side, subnet in sides if block is not None),
        key=lambda one: (int(one[0].network_address), one[0].prefixlen),
    ):
        while around and not block.subnet_of(around[-1][0]):
            around.pop()
        if any(other != side for _, other in around):
            return subnet
        around.append((block, side))
    return None


def _range(subnet: Subnet) -> IPv4Network | None:
    network = ip_network(subnet.spec.cidr)
    return network if isinstance(network, IPv4Network) else None


def _mixed(can: Capabilities, some: Iterable[Subnet], others: Iterable[Subnet]) -> list[str]:
    """Return the ranges that would come together of those of which one excludes the other; empty if none do."""
    first, second = _kinds(can, some), _kinds(can, others)
    together = first | second
    return sorted(together) if len(together) > 1 and together not in (first, second) else []


def _kinds(can: Capabilities, subnets: Iterable[Subnet]) -> set[str]:
    apart = {text: IPv4Network(text) for text in can.values(RANGES)}
    blocks = [block for subnet in subnets if (block := _range(subnet)) is not None]
    return {text for text, kind in apart.items() if any(block.subnet_of(kind) for block in blocks)}


def _subnets(inventory: Inventory, networks: Iterable[str]) -> list[Subnet]:
    return [subnet for uid in networks for subnet in inventory.subnets_of_network.objects(uid)]


def _cidr(ctx: Context, subnet: Subnet) -> str:
    """Name a range; one of another project's is nobody's to tell."""
    return f"cidr {subnet.spec.cidr}" if subnet.metadata.project == ctx.project else "a cidr"


def _bad(sentence: str, can: Capabilities, name: str) -> ApiError:
    return fault("BadRequest", resource="router", message=can.because(sentence, name))
