"""What an account has of ours that the store does not know (any more), told before anything in it is changed.

A store that went back to an earlier state has forgotten what was made since. Whoever goes on at once gives the address
of a forgotten instance to the next one, and nobody ever hears of it again. So before the first call that changes
anything, each account is looked through: what is unknown is reported, and its addresses are claimed for nobody until an
operator has settled it (`gurum cleanup --orphans`).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import structlog

from gurum.engine.claims import STRAY
from gurum.engine.context import Engine
from gurum.engine.view import KINDS
from gurum.model.base import may_have
from gurum.model.engine import Restoration
from gurum.model.network import Subnet
from gurum.providers.contract import Place, Stray, Wait
from gurum.store.claims import claim_address
from gurum.store.contract import Record, UnavailableError

log = structlog.get_logger("gurum.engine")


async def report(engine: Engine, place: Place, restored_at: float) -> int:
    """Report what of ours is in a place and not in the store, and claim its addresses; return how much that is.

    Idempotent. Only looks. Raises UnavailableError while the cloud, or the store, does not let it be done whole.
    """

    async def known(kind: str, uid: str, cloud_id: str) -> bool:
        return any((obj := engine.cache.get(one, uid)) is not None and may_have(obj, cloud_id) for one in KINDS)

    found = await engine.clouds[place.region].provider.strays(place, known)
    if isinstance(found, Wait):
        raise UnavailableError(f"account {place.account} cannot be looked through: {found.message}")
    subnets = _subnets(engine, place)
    for stray in found:
        taken = [address for each in stray.addresses if (address := await _claim(engine, subnets, stray, *each))]
        log.warning(
            "unknown to the restored store", region=place.region, account=place.account, what=stray.type,
            cloud_id=stray.id, resource_id=stray.uid, project=stray.project, addresses_claimed=taken,
        )  # fmt: skip
    record = Record(
        at=engine.clock.time(), type="orphans", kind=Restoration.kind, object_id=f"{place.region}/{place.account}",
        region=place.region, project="", data=msgspec.json.encode(list(found)),
    )  # fmt: skip
    await engine.journal.append(record, unique=f"{restored_at:.3f}")
    log.warning("orphan report", region=place.region, account=place.account, unknown=len(found))
    return len(found)


def _subnets(engine: Engine, place: Place) -> Mapping[str, Subnet]:
    """Return our subnets by the cloud's ids of their parts."""
    return {
        intent.external.id: subnet
        for subnet in engine.cache.objects(Subnet, region=place.region)
        for intent in subnet.status.intents.values()
        if intent.external is not None
    }


async def _claim(engine: Engine, subnets: Mapping[str, Subnet], stray: Stray, part: str, address: str) -> str:
    """Claim an address for nobody; return it, empty where it is in no subnet of ours, or somebody's already."""
    subnet = subnets.get(part)
    if subnet is None:
        return ""
    claimed = await claim_address(
        engine.store, region=subnet.metadata.region, project=subnet.metadata.project, subnet_id=subnet.id,
        address=address, owner_kind=STRAY, owner_id=stray.id,
    )  # fmt: skip
    if claimed is None:
        log.warning("an unknown thing has an address that is somebody else's", cloud_id=stray.id, address=address)
        return ""
    engine.cache.apply(claimed)
    return address
