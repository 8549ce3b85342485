"""Networks: nothing in a cloud of their own; they choose their domain when an instance first needs it, and end it.

A domain is a VPC, and the networks that routers join must be in one (`topology`). So a network without instances that
is in another domain than those it is joined to leaves it: nothing new is made for it there, what was made is undone,
then it is free to choose again. One that has instances stays: they cannot be moved.
"""

from __future__ import annotations

import asyncio
import uuid

from gurum.engine import topology
from gurum.engine.context import Engine
from gurum.engine.work import FINALIZER, Work
from gurum.model.base import Metadata
from gurum.model.network import Domain, DomainSpec, Network, Port, Subnet
from gurum.store.contract import ExistsError, NotFoundError

OVER = ("gone", "failed")


def own_domain(network: Network) -> str:
    """Return the id of the network's next domain of its own: it follows from the network, so a crash makes no two."""
    left = network.status.left
    return str(uuid.uuid5(uuid.UUID(network.id), f"domain:{left}" if left else "domain"))


class NetworkController:
    """Reconciles networks."""

    kind = Network

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Two joined networks that get their first instance at once must not each choose a domain of their own.
        self._choosing = asyncio.Lock()

    async def reconcile(self, id: str) -> float | None:
        """Choose the domain when the first instance comes, leave it for another; on deletion end subnets and domain."""
        engine = self._engine
        network = engine.cache.get(Network, id)
        cloud = engine.cloud(network) if network is not None else None
        if network is None or cloud is None or not engine.holds(network):
            return None
        if network.deleting:
            await self._remove(network)
            return None
        if cloud.provider.driver(Domain.kind) is None:
            work = engine.work(network)
            work.ready(engine.clock.time())
            await work.save()
            return None
        async with self._choosing:
            await self._settle(engine.work(engine.cache.get(Network, id) or network))
        return None

    async def _settle(self, work: Work[Network]) -> None:
        """Bring the network to where it belongs, as far as that can be done now."""
        engine, status = self._engine, work.obj.status
        if status.domain and engine.cache.get(Domain, status.domain) is None:
            await engine.cache.fresh(Domain)
        lost = bool(status.domain) and topology.alive(engine, status.domain) is None
        if status.domain and not (lost or status.leaving) and topology.alone(engine, work.obj):
            work.ready(engine.clock.time())  # nothing to choose: no port is looked at, of which there may be thousands
            await work.save()
            return
        home = topology.home(engine, work.obj)
        settled = topology.settled(engine, work.obj)
        away = bool(status.domain) and (home is None or home.id != status.domain)
        if lost or (away and not settled):
            if self._lies_there(work.obj):
                status.leaving = True
            else:
                status.domain, status.leaving = "", False
                status.left += 1
                await work.save()
                status = work.obj.status
        elif status.leaving and not lost:
            status.leaving = False  # an instance came before it was gone, or it may stay after all
        if not status.domain and topology.needed(engine, work.obj):
            await engine.cache.fresh(Port, Network)  # kinds are watched apart, and this choice is for long
            status.domain = (topology.home(engine, work.obj) or await self._domain(work.obj)).id
        elif not status.domain and topology.alive(engine, own_domain(work.obj)) is not None:
            status.domain = own_domain(work.obj)  # made by a process that did not come to write it down
        work.ready(engine.clock.time())
        await work.save()

    def _lies_there(self, network: Network) -> bool:
        """Whether something of the network is, or may be, in its domain."""
        return any(
            name.startswith("slice:") and intent.state not in OVER
            for subnet in self._engine.view.index(Subnet, "by_network", network.id)
            for name, intent in subnet.status.intents.items()
        )

    async def _domain(self, network: Network) -> Domain:
        """Return a domain of the network's own."""
        left = network.status.left
        metadata = Metadata(
            id=own_domain(network),
            key=f"{network.id}:{left}" if left else network.id,
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
            domain = await self._engine.store.get(Domain, metadata.id)
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
        domain = engine.cache.get(Domain, network.status.domain or own_domain(network))
        if domain is not None and all(one.id == network.id for one in topology.members(engine, domain.id)):
            if not domain.deleting:
                try:
                    await engine.store.delete(Domain, domain.id, cause=network.metadata.deletion_cause)
                except NotFoundError:
                    engine.wake(Network, network.id)
            return
        await engine.work(network).release()


def unneeded(engine: Engine, domain: Domain) -> bool:
    """Whether no network is in the domain, nor about to be: its owner chooses it before it says so.

    A network that is going ends its domain itself, and waits for that.
    """
    if domain.spec.owner_kind != Network.kind or any(True for _ in topology.members(engine, domain.id)):
        return False
    owner = engine.cache.get(Network, domain.spec.owner_id)
    return owner is None or owner.deleting or bool(owner.status.domain) or own_domain(owner) != domain.id


def holds(engine: Engine, domain: Domain) -> str:
    """Return what the removal of a domain waits for, in words."""
    for network in topology.members(engine, domain.id):
        if not network.deleting or any(True for _ in engine.view.index(Subnet, "by_network", network.id)):
            return "its networks"
    return ""
