"""Networks: nothing in a cloud of their own; they bring their domain about when a port is bound, and end it."""

from __future__ import annotations

import uuid

from gurum.engine.context import Engine
from gurum.engine.work import FINALIZER
from gurum.model.base import Metadata
from gurum.model.network import Domain, DomainSpec, Network, Port, Subnet
from gurum.store.contract import ExistsError, NotFoundError


class NetworkController:
    """Reconciles networks."""

    kind = Network

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def reconcile(self, id: str) -> float | None:
        """Make the domain when the first port is bound; on deletion end subnets and domain, in that order."""
        engine = self._engine
        network = engine.cache.get(Network, id)
        cloud = engine.cloud(network) if network is not None else None
        if network is None or cloud is None or engine.view.place(network) in engine.fenced:
            return None
        if network.deleting:
            await self._remove(network)
            return None
        work = engine.work(network)
        in_cloud = cloud.provider.driver(Domain.kind) is not None
        if in_cloud and not network.status.domain and self._bound(network):
            domain = await self._domain(network)
            work.obj.status.domain = domain.id
        work.ready(engine.clock.time())
        await work.save()
        return None

    def _bound(self, network: Network) -> bool:
        return any(port.spec.device_id for port in self._engine.view.index(Port, "by_network", network.id))

    async def _domain(self, network: Network) -> Domain:
        """Return the network's private domain. Its id follows from the network's, so that a crash cannot make two."""
        metadata = Metadata(
            id=str(uuid.uuid5(uuid.UUID(network.id), "domain")),
            key=network.id,
            region=network.metadata.region,
            project=network.metadata.project,
            account=self._engine.view.place(network).account,
            finalizers=[FINALIZER],
            cause=network.metadata.cause,
        )
        spec = DomainSpec(owner_kind=Network.kind, owner_id=network.id)
        try:
            domain = await self._engine.store.create(Domain(metadata=metadata, spec=spec))
        except ExistsError:
            return await self._engine.store.get(Domain, metadata.id)
        self._engine.cache.apply(domain)
        return domain

    async def _remove(self, network: Network) -> None:
        engine = self._engine
        if FINALIZER not in network.metadata.finalizers:
            return
        if any(True for _ in engine.view.index(Port, "by_network", network.id)):
            return
        subnets = list(engine.view.index(Subnet, "by_network", network.id))
        for subnet in subnets:
            if not subnet.deleting:
                await engine.store.delete(Subnet, subnet.id, cause=network.metadata.deletion_cause)
        if subnets:
            return
        domain = engine.cache.by_key(Domain, network.id)
        if domain is not None:
            if not domain.deleting:
                try:
                    await engine.store.delete(Domain, domain.id, cause=network.metadata.deletion_cause)
                except NotFoundError:
                    engine.wake(Network, network.id)
            return
        await engine.work(network).release()
