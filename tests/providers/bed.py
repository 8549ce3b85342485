"""A test bed for a provider: objects as the controllers would show them, and intents made by hand."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import msgspec
from tests.support.world import ACCOUNT, AWS, World

from gurum.engine.view import KINDS, EngineView
from gurum.model.base import External, Intent, Resource
from gurum.model.compute import CloudKey, CloudKeySpec
from gurum.model.network import Domain, DomainSpec, FixedIP, Network, Port, PortSpec, SecurityGroup, Subnet
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import Server, ServerKey
from gurum.providers.contract import CreateOutcome, Done, Driver, Place, Provider, Step
from gurum.store.cache import Cache

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmMvoI4vNvWvoiZ8I3pQf5CQ0Cz0m2mC5a0T4pJgk1X me"
ZONE = "use1-az2"


@dataclass
class Bed:
    """A provider, a place in it, and our objects with what was made of them so far."""

    provider: Provider
    place: Place
    world: World
    cache: Cache
    view: EngineView
    region: str
    ami: str = ""
    made: list[tuple[Resource, str]] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def save(self, obj: Any) -> Any:
        """Write an object's status and have the cache see it."""
        stored = await self.world.store.update_status(obj)
        await self.cache.fresh()
        return stored

    async def create(self, obj: Any, step: Step, token: str = "") -> tuple[CreateOutcome, Intent]:
        """Make a step's call; on success record it in the object's status as a controller would."""
        intent = Intent(
            step=step.name,
            recipe=step.recipe,
            request=step.request,
            zone=step.zone,
            token=token or f"token-{obj.id}-{step.name}",
            written_at=self.world.clock.time(),
        )
        outcome = await self.driver(obj).create(obj, intent, self.place)
        if isinstance(outcome, Done):
            intent.state, intent.external = "done", outcome.external
            current = await self.world.store.get(type(obj), obj.id)
            current.status.intents[step.name] = intent
            await self.save(current)
            self.made.append((current, step.name))
        return outcome, intent

    def driver(self, obj: Resource) -> Driver:
        """Return the driver of an object's kind."""
        found = self.provider.driver(obj.kind)
        assert found is not None, f"no driver for {obj.kind}"
        return found

    def step(self, obj: Any) -> Step:
        """Return the first step of an object that is not done."""
        current = self.cache.get(type(obj), obj.id)
        assert current is not None
        for step in self.driver(current).steps(current, self.view):
            assert isinstance(step, Step), f"{obj.kind} is blocked: {step}"
            intent = current.status.intents.get(step.name)
            if intent is None or intent.state != "done":
                return step
        raise AssertionError(f"{obj.kind} needs nothing")

    async def drive(self, obj: Any) -> Any:
        """Do all that the object needs, as its controller would; return it as it is then."""
        while True:
            current = self.cache.get(type(obj), obj.id)
            assert current is not None
            driver = self.driver(current)
            steps = [step for step in driver.steps(current, self.view) if isinstance(step, Step)]
            todo = [step for step in steps if step.name not in current.status.intents]
            if todo:
                outcome, _ = await self.create(current, todo[0])
                assert isinstance(outcome, Done), outcome
                if isinstance(current, FloatingIP):
                    fresh = await self.world.store.get(FloatingIP, current.id)
                    fresh.status.floating_ip_address = outcome.facts["address"]
                    await self.save(fresh)
                continue
            synced = await driver.sync(current, self.view, self.place)
            if synced is None:
                return current
            assert isinstance(synced, Done), synced
            fresh = await self.world.store.get(type(current), current.id)
            fresh.status.applied.update(synced.facts)
            for name in synced.forget:
                fresh.status.applied.pop(name, None)
            await self.save(fresh)

    async def reachable(self) -> tuple[Server, External, FloatingIP, Router, Domain]:
        """Return a server that runs, and a floating IP that leads to it through a router, all made in the cloud."""
        server, port = await self.ready()
        launched, _ = await self.create(server, self.step(server))
        assert isinstance(launched, Done)
        assert launched.external is not None
        current = await self.world.store.get(Server, server.id)
        current.status.vm_state, current.status.external = "active", launched.external
        await self.save(current)
        holder = await self.world.store.get(Port, port.id)
        interface = launched.facts["interface:0"].split(",")[0]
        holder.status.external = msgspec.structs.replace(launched.external, id=interface)
        await self.save(holder)
        external = await self.world.external(self.region)
        subnet = await self.world.store.get(Subnet, port.spec.fixed_ips[0].subnet_id)
        router = await self.world.router(external, subnet, region=self.region)
        floating = await self.world.floating(external)
        await self.world.associate(floating, port, router)
        await self.cache.fresh()
        network = self.cache.get(Network, port.spec.network_id)
        domain = self.cache.get(Domain, network.status.domain if network is not None else "")
        return current, launched.external, floating, router, await self.drive(domain)

    async def ready(self, *, key: bool = False) -> tuple[Server, Port]:
        """Return a server whose prerequisites exist, and its implied port."""
        network, subnet = await self.world.network(self.region)
        group = await self.world.group(self.region)
        server = await self.world.server(
            network, group, key=ServerKey(name="k", public_key=KEY, fingerprint="x") if key else None
        )
        if self.ami:
            server.spec.image_cloud_id = self.ami
            server = await self.world.store.update_spec(server)
        server.status.zone = ZONE
        server.metadata.account = self.place.account
        server = await self.world.store.update_status(server)
        address = f"10.20.0.{80 + next(self._numbers)}"
        port = await self.world.store.create(
            Port(
                metadata=self.world.meta(self.region, labels={"index": "000"}),
                spec=PortSpec(
                    network_id=network.id,
                    fixed_ips=[FixedIP(subnet_id=subnet.id, ip_address=address)],
                    zone=ZONE,
                    implied=True,
                    device_id=server.id,
                    security_groups=[group.id],
                ),
            )
        )
        await self.cache.fresh()
        if self.provider.driver(Domain.kind) is not None:
            await self._in_cloud(network, subnet, group, server, key)
        return server, port

    async def _in_cloud(
        self, network: Network, subnet: Subnet, group: SecurityGroup, server: Server, key: bool
    ) -> None:
        domain = await self.world.store.create(
            Domain(metadata=self.world.meta(self.region), spec=DomainSpec(owner_kind="Network", owner_id=network.id))
        )
        network.status.domain = domain.id
        await self.save(network)
        for obj in (domain, subnet, group):
            outcome, _ = await self.create(obj, self.step(obj))
            assert isinstance(outcome, Done), outcome
        while True:
            current = self.cache.get(SecurityGroup, group.id)
            assert current is not None
            synced = await self.driver(current).sync(current, self.view, self.place)
            if synced is None:
                break
            assert isinstance(synced, Done), synced
            fresh = await self.world.store.get(SecurityGroup, group.id)
            fresh.status.applied.update(synced.facts)
            await self.save(fresh)
        if key and self.provider.driver(CloudKey.kind) is not None:
            metadata = self.world.meta(self.region, key=CloudKey.key_of(self.region, self.place.account, KEY))
            cloud_key = await self.world.store.create(
                CloudKey(metadata=metadata, spec=CloudKeySpec(public_key=KEY, fingerprint="x"))
            )
            await self.cache.fresh()
            outcome, _ = await self.create(cloud_key, self.step(cloud_key))
            assert isinstance(outcome, Done), outcome


async def bed(provider: Provider, world: World, region: str, ami: str = "") -> Bed:
    """Return a bed over a provider."""
    cache = Cache(world.store, KINDS, clock=world.clock)
    view = EngineView(cache)
    await cache.start()
    return Bed(provider, Place(region, ACCOUNT if region == AWS else region), world, cache, view, region, ami)
