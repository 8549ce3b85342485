"""The domain of servers without a network, where a cloud has no instance without an interface: one an account.

It is made when the first such server is, shown to nobody, and stays: it costs nothing and leads nowhere.
"""

from __future__ import annotations

import uuid

from gurum.engine.context import Engine
from gurum.engine.work import FINALIZER
from gurum.model import addresses
from gurum.model.base import Metadata
from gurum.model.network import ISOLATED, Domain, DomainSpec
from gurum.providers.contract import Place
from gurum.store.contract import ExistsError

CIDR = "100.64.0.0/16"  # shared address space (RFC 6598): nobody's own


async def ensure(engine: Engine, place: Place) -> None:
    """Have the account's domain, in a cloud that has domains. Idempotent."""
    provider = engine.clouds[place.region].provider
    key = Domain.isolated(place.region, place.account)
    if provider.driver(Domain.kind) is None or engine.cache.by_key(Domain, key) is not None:
        return
    metadata = Metadata(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, key)), key=key, region=place.region, account=place.account,
        finalizers=[FINALIZER],
    )  # fmt: skip
    slices = addresses.slices(CIDR, provider.zones())
    spec = DomainSpec(owner_kind=ISOLATED, owner_id=place.account, cidr=CIDR, slices=slices)
    try:
        engine.cache.apply(await engine.store.create(Domain(metadata=metadata, spec=spec)))
    except ExistsError:
        await engine.cache.fresh(Domain)
