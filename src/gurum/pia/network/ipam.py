"""Addresses for ports: which subnets a port is to be in, which address it gets there, and holding it.

An address is held by an `AddressClaim` whose key is the address, so the store itself refuses the second of two ports
that want it; nothing here can hand out an address twice, whatever other processes do meanwhile.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from gurum.model import addresses
from gurum.model.network import FixedIP, Network, Subnet
from gurum.model.routing import FLOATING_IP, ROUTER_GATEWAY, ROUTER_INTERFACE
from gurum.pia.kernel.context import Context
from gurum.pia.network import subnet_rules, unfit
from gurum.pia.network.bindings import of
from gurum.pia.network.capabilities import RESERVED, SEVERAL_SUBNETS, Capabilities
from gurum.pia.network.faults import fault, invalid_input
from gurum.pia.network.visible import subnet_for
from gurum.store import claims

OWNER_KIND = "Port"
OWN_ADDRESSES = (ROUTER_INTERFACE, ROUTER_GATEWAY, FLOATING_IP)
TRIES = 50  # addresses that other processes may take before our eyes
_RNG = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Wish:
    """One address wanted: of one of the subnets, and which one if it was named."""

    subnets: tuple[Subnet, ...]
    address: str | None = None


def wishes(ctx: Context, network: Network, given: Sequence[dict[str, Any]] | None, device_owner: str) -> list[Wish]:
    """Return what a port's `fixed_ips` ask for; None: an address of each IP version that the network has.

    And one of every subnet whose hosts make their addresses themselves, whatever is asked for, as in Neutron; not for
    a router, which is at addresses of its own. Raises the faults of entries that cannot be meant.
    """
    subnets = sorted(
        of(ctx).inventory.subnets_of_network.objects(network.id), key=lambda subnet: subnet.metadata.created_at
    )
    automatic = [subnet for subnet in subnets if subnet_rules.automatic(subnet.spec.ipv6_address_mode)]
    if device_owner in OWN_ADDRESSES:
        automatic = []
    if given is not None:
        asked = [_wish(ctx, network, subnets, entry) for entry in given]
        have = {wish.subnets[0].id for wish in asked}
        return [*asked, *(Wish((subnet,)) for subnet in automatic if subnet.id not in have)]
    can = of(ctx).capabilities(ctx.region.name)
    subnets.sort(key=lambda subnet: unfit.of_subnet(can, subnet) is not None)  # one that servers can use, if there is
    meant = [subnet for subnet in subnets if device_owner in subnet.spec.service_types]
    fit = meant or [subnet for subnet in subnets if not subnet.spec.service_types]
    by_version = (tuple(subnet for subnet in fit if subnet.spec.ip_version == version) for version in (4, 6))
    made = {subnet.id for subnet in automatic}
    groups = [tuple(subnet for subnet in group if subnet.id not in made) for group in by_version]
    return [*(Wish(group) for group in groups if group), *(Wish((subnet,)) for subnet in automatic)]


def _wish(ctx: Context, network: Network, subnets: list[Subnet], entry: dict[str, Any]) -> Wish:
    uid, address = entry.get("subnet_id"), entry.get("ip_address")
    if uid:
        subnet = subnet_for(ctx, uid)
        if subnet.spec.network_id != network.id:
            raise invalid_input(
                f"Failed to create port on network {network.id}, because fixed_ips included invalid subnet {uid}"
            )
        if address and not subnet_rules.host_of(subnet.spec.cidr, address):
            raise fault("InvalidIpForSubnet", address=address)
        return Wish((subnet,), _canonical(address))
    if not address:
        raise invalid_input("IP allocation requires subnet_id or ip_address")
    holding = [subnet for subnet in subnets if subnet_rules.host_of(subnet.spec.cidr, address)]
    if not holding:
        raise fault("InvalidIpForNetwork", address=address)
    return Wish((holding[0],), _canonical(address))


def _canonical(address: str | None) -> str | None:
    return str(ip_address(address)) if address else None


class Allocation:
    """The addresses of one port, as they are gathered. `undo` gives back what was newly claimed.

    Or of a router's gateway, or of a floating IP: of one owner.
    """

    def __init__(
        self,
        ctx: Context,
        network: Network,
        port_id: str,
        project: str,
        mac: str,
        can: Capabilities,
        *,
        bound: bool,
        owner: str = OWNER_KIND,
    ) -> None:
        """Begin for a port, or another `owner` kind's object of that id. bound: a server holds it, or is to hold it."""
        self._owner = owner
        self._ctx, self._network, self._can, self._bound = ctx, network, can, bound
        self._port_id, self._project, self._mac = port_id, project, mac
        self.fixed_ips: list[FixedIP] = []
        self.zone = ""
        self._claimed: list[FixedIP] = []

    async def gather(self, wanted: Sequence[Wish], *, keep: Sequence[FixedIP] = (), zone: str = "") -> None:
        """Claim an address for every wish; `keep` are addresses that the port has and that satisfy wishes as they are.

        Where subnets are zonal, all addresses are of one zone (`zone`, if it is fixed already). Raises the faults of
        addresses that are taken, reserved, or not to be had; then nothing newly claimed is left.
        """
        try:
            self.zone = zone or self._zone([wish for wish in wanted if wish.address])
            self._within_one_subnet(wanted)
            kept = list(keep)
            for wish in wanted:
                self.fixed_ips.append(_satisfied(wish, kept) or await self._claim(wish))
        except Exception:  # a refusal, a store that is away, a defect: in each case nothing may stay
            await self.undo()
            raise

    async def undo(self) -> None:
        """Give back every address that was newly claimed."""
        for ip in self._claimed:
            await free(self._ctx, self._port_id, [ip], owner=self._owner)
        self._claimed = []

    def _within_one_subnet(self, wanted: Sequence[Wish]) -> None:
        subnets = {wish.subnets[0].id for wish in wanted if wish.subnets[0].spec.ip_version == 4}
        self._can.refuse_if(SEVERAL_SUBNETS, "fixed_ips", len(subnets) > 1, bound=self._bound)

    def _zone(self, named: Sequence[Wish]) -> str:
        """Return the zone that addresses named by the user fix; empty: none, or several.

        Raises a fault for addresses that no zone has, or no zone alone, unless they may be kept until a server comes.
        """
        zones = set()
        for wish in named:
            slices = wish.subnets[0].spec.slices
            if slices and wish.address:
                if addresses.reserved(wish.address, slices) and (self._bound or not self._can.keeps(RESERVED)):
                    raise fault("InvalidIpForSubnet", address=wish.address)
                zones.add(addresses.zone_of(wish.address, slices) or "")
        if len(zones) > 1:
            if not self._bound and self._can.keeps(SEVERAL_SUBNETS):
                return ""
            raise invalid_input("fixed_ips lie in more than one availability zone, which a port of this region cannot")
        return zones.pop() if zones else ""

    async def _claim(self, wish: Wish) -> FixedIP:
        if wish.address:
            subnet = wish.subnets[0]
            if not await self._take(subnet, wish.address):
                raise fault("IpAddressAlreadyAllocated", address=wish.address, subnet=subnet.id)
            return self.note(subnet, wish.address)
        for subnet in wish.subnets:
            address = await self._any(subnet)
            if address is not None:
                return self.note(subnet, address)
        raise fault("IpAddressGenerationFailure", network=self._network.id)

    def note(self, subnet: Subnet, address: str) -> FixedIP:
        """Remember an address as newly claimed."""
        ip = FixedIP(subnet_id=subnet.id, ip_address=address)
        self._claimed.append(ip)
        return ip

    async def _any(self, subnet: Subnet) -> str | None:
        """Claim some free address of a subnet; None when it has none."""
        if subnet_rules.automatic(subnet.spec.ipv6_address_mode):
            address = eui64(subnet.spec.cidr, self._mac)
            return address if await self._take(subnet, address) else None
        lost: set[str] = set()
        for _ in range(TRIES):
            chosen = self._choose(subnet, lost)
            if chosen is None:
                return None
            zone, address = chosen
            if await self._take(subnet, address):
                self.zone = zone
                return address
            lost.add(address)
        return None

    def _choose(self, subnet: Subnet, lost: set[str]) -> tuple[str, str] | None:
        """Return (zone, address) of a free address; of any zone that has one, where no zone is fixed."""
        taken = of(self._ctx).inventory.taken(subnet.id)
        spec = subnet.spec
        zones = [self.zone] if self.zone in spec.slices else _RNG.sample(list(spec.slices), len(spec.slices))
        for zone in zones or [""]:
            address = addresses.choose(
                spec.allocation_pools, taken, zone_cidr=spec.slices.get(zone), rng=_RNG, exclude=lost
            )
            if address is not None:
                return zone or self.zone, address
        return None

    async def _take(self, subnet: Subnet, address: str) -> bool:
        claim = await claims.claim_address(
            self._ctx.parts.store,
            region=self._ctx.region.name,
            project=self._project,
            subnet_id=subnet.id,
            address=address,
            owner_kind=self._owner,
            owner_id=self._port_id,
        )
        return claim is not None


def _satisfied(wish: Wish, kept: list[FixedIP]) -> FixedIP | None:
    """Take from the port's own addresses one that satisfies the wish."""
    for ip in kept:
        if ip.ip_address == wish.address or (wish.address is None and ip.subnet_id == wish.subnets[0].id):
            kept.remove(ip)
            return ip
    return None


async def free(ctx: Context, port_id: str, ips: Iterable[FixedIP], *, owner: str = OWNER_KIND) -> None:
    """Give up a port's claims on addresses, or those of another kind's object. Idempotent."""
    for ip in ips:
        await claims.release_address(
            ctx.parts.store,
            subnet_id=ip.subnet_id,
            address=ip.ip_address,
            owner_kind=owner,
            owner_id=port_id,
        )


def eui64(cidr: str, mac: str) -> str:
    """Return the address that a host with this MAC address gives itself in an IPv6 network (RFC 4291, appendix A)."""
    octets = [int(part, 16) for part in mac.split(":")]
    interface = [octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]]
    return str(IPv6Address(int(ip_network(cidr).network_address) + int.from_bytes(bytes(interface), "big")))
