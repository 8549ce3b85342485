"""Addresses of ports: claimed before they are used, freed only when nothing can hold them any more.

A claim is an object whose key is the address, so the store refuses the second claimant. It names the attempt it was
made for: when an attempt moves to another zone, the old claim stays until the old attempt is proven dead.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network

from gurum.engine.context import Engine
from gurum.model import addresses
from gurum.model.engine import Restoration
from gurum.model.network import AddressClaim, FixedIP, Port, Subnet
from gurum.model.routing import FloatingIP, Router
from gurum.store.claims import claim_address
from gurum.store.contract import NotFoundError

STRAY = "Stray"  # owns the addresses of what the cloud has and a restored store does not know (`orphans`)
GRACE = 60.0  # seconds after which a claim without an owner counts as left by a crash
_TRIES = 16  # how often a lost race for an address is run again before the pool counts as too busy

_rng = random.Random()  # noqa: S311 - spreads contention, hides nothing


class NoAddressError(Exception):
    """The pools (of the zone) have no free address; the message is Neutron's."""


async def claim_one(
    engine: Engine, *, owner: str, project: str, subnets: list[Subnet], zone: str, attempt: int, wanted: str = ""
) -> FixedIP:
    """Claim an address for a port in the first subnet that has one free. Idempotent by (owner, attempt).

    Raises NoAddressError.
    """
    for held in engine.view.index(AddressClaim, "by_owner", owner):
        if held.spec.attempt == attempt and (not wanted or held.spec.address == wanted):
            return FixedIP(subnet_id=held.spec.subnet_id, ip_address=held.spec.address)
    if wanted:
        subnets = [subnet for subnet in subnets if ip_address(wanted) in ip_network(subnet.spec.cidr)]
    for subnet in subnets:
        zone_cidr = subnet.spec.slices.get(zone) if subnet.spec.slices else None
        if subnet.spec.slices and zone_cidr is None:
            continue
        lost: set[str] = set()
        for _ in range(_TRIES):
            taken = engine.view.taken(subnet.id)
            address: str | None = wanted
            if not wanted:
                address = addresses.choose(
                    subnet.spec.allocation_pools, taken, zone_cidr=zone_cidr, exclude=lost, rng=_rng
                )
            if address is None:
                break
            claimed = await claim_address(
                engine.store,
                region=subnet.metadata.region,
                project=project,
                subnet_id=subnet.id,
                address=address,
                owner_kind=Port.kind,
                owner_id=owner,
                attempt=attempt,
            )
            if claimed is not None:
                engine.cache.apply(claimed)
                return FixedIP(subnet_id=subnet.id, ip_address=address)
            lost.add(address)
            if wanted:
                break
    raise NoAddressError("No more IP addresses available on the network.")


async def free(engine: Engine, owner: str, *, before_attempt: int | None = None) -> None:
    """Free the claims of a port: all, or those of attempts before the given one."""
    for claim in list(engine.view.index(AddressClaim, "by_owner", owner)):
        if before_attempt is not None and claim.spec.attempt >= before_attempt:
            continue
        try:
            await engine.store.delete(AddressClaim, claim.id)
        except NotFoundError:
            continue  # freed by the killed process before us


def is_orphan(engine: Engine, claim: AddressClaim, grace: float) -> bool:
    """Whether nobody holds the claim: its owner is gone or does not list the address, and it is older than `grace`.

    The claim of an owner of a kind that this release does not know is left alone.
    """
    if engine.clock.time() - claim.metadata.created_at < grace:
        return False
    addresses_of = OWNERS.get(claim.spec.owner_kind)
    return addresses_of is not None and claim.spec.address not in addresses_of(engine, claim.spec.owner_id)


def _of_port(engine: Engine, id_: str) -> set[str]:
    port = engine.cache.get(Port, id_)
    return {fixed.ip_address for fixed in port.spec.fixed_ips} if port is not None else set()


def _of_router(engine: Engine, id_: str) -> set[str]:
    router = engine.cache.get(Router, id_)
    gateway = router.spec.gateway if router is not None else None
    return {fixed.ip_address for fixed in gateway.external_fixed_ips} if gateway is not None else set()


def _of_floating_ip(engine: Engine, id_: str) -> set[str]:
    floating = engine.cache.get(FloatingIP, id_)
    return {floating.address} if floating is not None else set()


def _of_stray(engine: Engine, id_: str) -> set[str]:
    """Return what it has, until an operator has settled what a restored store does not know."""
    last = engine.cache.by_key(Restoration, "last")
    if last is None or last.spec.settled:
        return set()
    return {claim.spec.address for claim in engine.view.index(AddressClaim, "by_owner", id_)}


# Kinds that claim addresses -> those that one of them has.
OWNERS: Mapping[str, Callable[[Engine, str], set[str]]] = {
    Port.kind: _of_port,
    Router.kind: _of_router,
    FloatingIP.kind: _of_floating_ip,
    STRAY: _of_stray,
}
