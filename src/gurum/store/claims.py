"""Claims: how something unique is given to one owner by a store that has no transactions.

The claimed thing is the key of an object, and the store refuses a second object with that key. So two API processes
that pick the same address at the same moment cannot both get it, on any backend. A claim names its owner and the
owner's attempt: a retry after a crash finds its own claim again, and a late release cannot free what somebody else
holds by now.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TypeVar

from gurum.model.base import Metadata, Resource, new_id
from gurum.model.network import AddressClaim, AddressClaimSpec
from gurum.store import objects
from gurum.store.contract import ConflictError, ExistsError, NotFoundError, Store, UnavailableError

R = TypeVar("R", bound=Resource)

_TRIES = 16  # how often a claim may be released and taken again between our two looks at it


def same_spec(held: Resource, wanted: Resource) -> bool:
    """Whether two claims are by the same owner for the same attempt: their specs name both."""
    return objects.whole(held).spec == objects.whole(wanted).spec


async def claim(store: Store, obj: R, *, same: Callable[[R, R], bool] = same_spec) -> R | None:
    """Take what `obj.metadata.key` names. Return the claim; None when another owner has it.

    Idempotent: the claim of the same owner, as `same(held, wanted)` sees it, is returned as it is; its id may differ
    from obj's. One that is being deleted is nobody's to use. Raises UnavailableError.
    """
    for _ in range(_TRIES):
        try:
            return await store.create(obj)
        except ExistsError:
            try:
                held = await store.get_by_key(type(obj), obj.metadata.key)
            except NotFoundError:
                continue  # released just now
            return held if same(held, obj) and not held.deleting else None
    raise UnavailableError(f"{obj.kind} {obj.metadata.key!r} is being taken and released all the time; try again")


async def release(store: Store, obj: R, *, same: Callable[[R, R], bool] = same_spec) -> bool:
    """Free what `obj.metadata.key` names if the same owner still holds it; return whether that was so.

    Idempotent. Raises UnavailableError.
    """
    for _ in range(_TRIES):
        try:
            held = await store.get_by_key(type(obj), obj.metadata.key)
            if not same(held, obj):
                return False
            await store.delete(type(obj), held.id, resource_version=held.metadata.resource_version)
        except NotFoundError:
            return False
        except ConflictError:
            continue
        return True
    raise UnavailableError(f"{obj.kind} {obj.metadata.key!r} changes all the time; try again")


def address_claim(
    *, region: str, project: str, subnet_id: str, address: str, owner_kind: str, owner_id: str, attempt: int = 0
) -> AddressClaim:
    """Return the claim of an address, not stored yet. Two spellings of one IPv6 address are one claim.

    Raises ValueError when `address` is none.
    """
    canonical = str(ipaddress.ip_address(address))
    return AddressClaim(
        metadata=Metadata(id=new_id(), key=f"{subnet_id}/{canonical}", region=region, project=project),
        spec=AddressClaimSpec(
            subnet_id=subnet_id, address=canonical, owner_kind=owner_kind, owner_id=owner_id, attempt=attempt
        ),
    )


async def claim_address(
    store: Store,
    *,
    region: str,
    project: str,
    subnet_id: str,
    address: str,
    owner_kind: str,
    owner_id: str,
    attempt: int = 0,
) -> AddressClaim | None:
    """Take an address of a subnet for an owner's attempt; None when another owner or attempt has it. As `claim`."""
    wanted = address_claim(
        region=region,
        project=project,
        subnet_id=subnet_id,
        address=address,
        owner_kind=owner_kind,
        owner_id=owner_id,
        attempt=attempt,
    )
    return await claim(store, wanted)


async def release_address(
    store: Store, *, subnet_id: str, address: str, owner_kind: str, owner_id: str, attempt: int = 0
) -> bool:
    """Free an address if that owner's attempt still holds it; return whether that was so. As `release`."""
    held = address_claim(
        region="",
        project="",
        subnet_id=subnet_id,
        address=address,
        owner_kind=owner_kind,
        owner_id=owner_id,
        attempt=attempt,
    )
    return await release(store, held)
