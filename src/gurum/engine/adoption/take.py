"""An object for what was found: with its claims, once, whoever else adopts the same at the same time.

Its id follows from the cloud's, so the store refuses the second of two; and its claims come first, so that a crash in
between leaves a claim that is collected, and never an address that two hold.
"""

from __future__ import annotations

import msgspec

from gurum.engine.work import FINALIZER
from gurum.model import codec
from gurum.model.base import Metadata, Resource, new_id
from gurum.model.compute import KeyPair
from gurum.model.image import Image
from gurum.model.network import Port, SecurityGroupRule
from gurum.model.routing import FloatingIP, FloatingIPClaim, FloatingIPClaimSpec
from gurum.model.server import Server
from gurum.providers.contract import Found
from gurum.store.claims import claim, claim_address
from gurum.store.contract import ExistsError, NotFoundError, Store

UNFINAL: tuple[type[Resource], ...] = (KeyPair, SecurityGroupRule, Image)  # no controller ends these


class TakenError(Exception):
    """What the object needs is another object's; the message says what."""


async def take(store: Store, found: Found, project: str) -> bool:
    """Create the object of what was found, and its claims. False: it was adopted already.

    Raises TakenError, StoreError. Without a status: that is the engine's to write.
    """
    if found.object is None:
        raise ValueError(f"{found.type} {found.id} has no object: {found.refused}")
    obj = codec.copy(found.object)
    try:
        there = await store.get(type(obj), obj.id)
    except NotFoundError:
        there = None
    if there is not None:
        return False
    belongs = not isinstance(obj, KeyPair) and obj.kind != "CloudKey"
    obj.metadata.project = project if belongs else ""
    obj.metadata.finalizers = [] if isinstance(obj, UNFINAL) else [FINALIZER]
    if isinstance(obj, Image):
        obj.spec.owner, obj.metadata.project, obj.metadata.account = project, "", ""
    if isinstance(obj, Server):
        obj.spec.actions = [msgspec.structs.replace(each, project_id=project) for each in obj.spec.actions]
    if isinstance(obj, Port):
        await hold(store, obj)
    if isinstance(obj, FloatingIP):
        await lead(store, obj)
    try:
        await store.create(obj)
    except ExistsError as error:
        try:  # somebody was quicker; or the key is that of an object which is not this one
            await store.get(type(obj), obj.id)
        except NotFoundError:
            raise TakenError(f"{obj.kind} {obj.metadata.key} is there already: {error}") from error
        return False
    return True


async def hold(store: Store, port: Port) -> None:
    """Claim the addresses of a port. Raises TakenError."""
    meta = port.metadata
    for fixed in port.spec.fixed_ips:
        claimed = await claim_address(
            store, region=meta.region, project=meta.project, subnet_id=fixed.subnet_id, address=fixed.ip_address,
            owner_kind=Port.kind, owner_id=port.id,
        )  # fmt: skip
        if claimed is None:
            raise TakenError(f"the address {fixed.ip_address} is another port's")


async def lead(store: Store, floating: FloatingIP) -> None:
    """Claim what a floating IP leads to. Raises TakenError."""
    spec, meta = floating.spec, floating.metadata
    if not spec.port_id:
        return
    wanted = FloatingIPClaim(
        metadata=Metadata(
            id=new_id(), key=f"{spec.port_id}/{spec.fixed_ip_address}", region=meta.region, project=meta.project
        ),
        spec=FloatingIPClaimSpec(
            floating_ip_id=floating.id, port_id=spec.port_id, fixed_ip_address=spec.fixed_ip_address
        ),
    )
    if await claim(store, wanted) is None:
        raise TakenError(f"the address {spec.fixed_ip_address} of its port has another floating IP")
