"""Floating IPs in the engine: what follows for them when a port goes, and what users see of them.

An association is held by a claim (`FloatingIPClaim`), so that two floating IPs cannot both be given one address of a
port. A claim left by a crash would keep the address from ever having a floating IP again.
"""

from __future__ import annotations

from gurum.engine.context import Engine
from gurum.engine.work import Work
from gurum.model import codec
from gurum.model.base import Cause
from gurum.model.network import AddressClaim, Port
from gurum.model.routing import FloatingIP, FloatingIPClaim
from gurum.providers.contract import Done
from gurum.store.contract import NotFoundError

ADDRESS, ASSOCIATION = "address", "association"  # facts that a cloud's driver tells


def made(work: Work[FloatingIP], outcome: Done) -> None:
    """Take over the address that the cloud chose."""
    status = work.obj.status
    status.external = outcome.external
    status.floating_ip_address = outcome.facts.get(ADDRESS, "") or status.floating_ip_address


def shown(engine: Engine, work: Work[FloatingIP]) -> None:
    """Say whether the address leads to an instance: as the cloud associated it, else as its port is up."""
    floating, status = work.obj, work.obj.status
    status.floating_ip_address = status.applied.get(ADDRESS, "") or status.floating_ip_address
    port = engine.cache.get(Port, floating.spec.port_id) if floating.spec.port_id else None
    leads = port is not None and port.status.status == "ACTIVE"
    if engine.clouds[floating.metadata.region].provider.driver(FloatingIP.kind) is not None:
        leads = ASSOCIATION in status.applied  # until it is ended, and not only to be
    status.status = "ACTIVE" if leads else "DOWN"


async def freed(engine: Engine, floating: FloatingIP) -> None:
    """Let go of what a floating IP held: its association, and its address where that is one of ours."""
    for claim in list(engine.view.index(FloatingIPClaim, "by_floating_ip", floating.id)):
        await _drop(engine, FloatingIPClaim, claim.id)
    for held in list(engine.view.index(AddressClaim, "by_owner", floating.id)):
        await _drop(engine, AddressClaim, held.id)


async def let_go(engine: Engine, port: Port) -> None:
    """End the associations with a port that is gone.

    First the floating IP, then the claim: until nothing says any more that the address is taken, nobody takes it.
    """
    for floating in list(engine.view.index(FloatingIP, "by_port", port.id)):
        await _part(engine, floating, port.metadata.deletion_cause)
    for claim in list(engine.view.index(FloatingIPClaim, "by_port", port.id)):
        await _drop(engine, FloatingIPClaim, claim.id)


async def collect(engine: Engine, grace: float) -> int:
    """Drop claims whose floating IP is gone or says otherwise, older than `grace` seconds; return how many."""
    dropped = 0
    for claim in list(engine.cache.objects(FloatingIPClaim)):
        if not engine.holds(claim) or engine.clock.time() - claim.metadata.created_at < grace:
            continue
        floating = engine.cache.get(FloatingIP, claim.spec.floating_ip_id)
        held = (claim.spec.port_id, claim.spec.fixed_ip_address)
        if floating is None or (floating.spec.port_id, floating.spec.fixed_ip_address) != held:
            with engine.acting(claim):
                await _drop(engine, FloatingIPClaim, claim.id)
            dropped += 1
    for floating in list(engine.cache.objects(FloatingIP)):
        if not engine.holds(floating) or engine.clock.time() - floating.metadata.updated_at < grace:
            continue
        if floating.spec.port_id and engine.cache.get(Port, floating.spec.port_id) is None:
            try:  # what a cache lacks is no proof, and nobody but its user ends an association otherwise
                await engine.store.get(Port, floating.spec.port_id)
            except NotFoundError:
                with engine.acting(floating):
                    await _part(engine, floating)  # it was associated while the port was being removed
    return dropped


async def _part(engine: Engine, floating: FloatingIP, cause: Cause | None = None) -> None:
    mine = codec.copy(floating)
    mine.spec.port_id = mine.spec.fixed_ip_address = mine.spec.router_id = ""
    engine.cache.apply(await engine.store.update_spec(mine, cause=cause))


async def _drop(engine: Engine, kind: type[AddressClaim] | type[FloatingIPClaim], id_: str) -> None:
    try:
        await engine.store.delete(kind, id_)
    except NotFoundError:
        return  # dropped by the killed process before us, or by the API
