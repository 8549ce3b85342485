"""What an account has of ours that the store does not know (any more), told before anything in it is changed.

A store that went back to an earlier state has forgotten what was made since. Whoever goes on at once gives the address
of a forgotten instance to the next one, and nobody ever hears of it again. So before the first call that changes
anything, each account is looked through: what is unknown is reported, and its addresses are claimed for nobody until an
operator has settled it (`gurum cleanup --orphans`).
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import msgspec
import structlog

from gurum.engine.claims import STRAY
from gurum.engine.context import Engine
from gurum.engine.view import KINDS
from gurum.model.base import may_have
from gurum.model.engine import Restoration
from gurum.model.network import Domain, Network, Subnet
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
    for stray in found:
        taken = [address for each in stray.addresses if (address := await _claim(engine, place, stray, *each))]
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


def _subnets(engine: Engine, place: Place, network: str, address: str) -> list[Subnet]:
    """Return our subnets that the address may be in, where the cloud's network is one of ours, or one is to be made.

    What was made since the copy is unknown: a part of a subnet in another zone, even the network itself.
    """
    found: dict[bool, list[Subnet]] = {True: [], False: []}
    for subnet in engine.cache.objects(Subnet, region=place.region):
        inside = ip_address(address) in ip_network(subnet.spec.cidr)
        if not inside or engine.shards.home(engine.view.place(subnet)) != place:
            continue
        known = _network(engine, subnet)
        if known in ("", network):
            found[known == network].append(subnet)
    return found[True] or found[False]


def _network(engine: Engine, subnet: Subnet) -> str:
    """Return the cloud's id of what a subnet is in, empty where it is not known."""
    network = engine.cache.get(Network, subnet.spec.network_id)
    domain = engine.cache.get(Domain, network.status.domain) if network is not None else None
    intent = domain.status.intents.get("vpc") if domain is not None else None
    return intent.external.id if intent is not None and intent.external is not None else ""


async def _claim(engine: Engine, place: Place, stray: Stray, network: str, address: str) -> str:
    """Claim an address for nobody; return it, empty where it is in no subnet of ours, or somebody's already."""
    mine = ""
    for subnet in _subnets(engine, place, network, address):
        claimed = await claim_address(
            engine.store, region=subnet.metadata.region, project=subnet.metadata.project, subnet_id=subnet.id,
            address=address, owner_kind=STRAY, owner_id=stray.id,
        )  # fmt: skip
        if claimed is None:
            log.warning("an unknown thing has an address that is somebody's", cloud_id=stray.id, address=address)
            continue
        engine.cache.apply(claimed)
        mine = address
    return mine
