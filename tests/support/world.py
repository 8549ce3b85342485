"""A small world for engine tests: a store, an AWS emulator without sockets, and engines that can be killed.

It stands in the place of the API: `server`, `network` and so on write what the API would write.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from tests.support.in_process import EmulatorClock, EmulatorTransport

from aws_emulator.config import Config as EmulatorConfig
from aws_emulator.emulator import Emulator
from gurum.engine.assembly import Assembly, assemble
from gurum.engine.work import FINALIZER
from gurum.model import addresses, codec
from gurum.model.base import Cause, Metadata, Resource, new_id
from gurum.model.network import (
    FixedIP,
    Network,
    NetworkSpec,
    Port,
    PortSpec,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupRuleSpec,
    SecurityGroupSpec,
    Subnet,
    SubnetSpec,
)
from gurum.model.routing import (
    ROUTER_INTERFACE,
    FloatingIP,
    FloatingIPClaim,
    FloatingIPClaimSpec,
    FloatingIPSpec,
    Gateway,
    Router,
    RouterSpec,
)
from gurum.model.server import Action, NetworkRequest, Server, ServerFlavor, ServerKey, ServerSpec
from gurum.ops.clock import Clock, LoopClock
from gurum.ops.config import (
    AwsAccountConfig,
    AwsConfig,
    Config,
    EngineConfig,
    RegionConfig,
    SimulatedConfig,
    ZoneConfig,
)
from gurum.providers.aws.provider import AwsProvider
from gurum.providers.aws.recorded import Recorder
from gurum.providers.contract import Provider
from gurum.providers.simulated.provider import SimulatedProvider
from gurum.store.claims import claim_address
from gurum.store.contract import ConflictError, Journal, NotFoundError, Store
from gurum.store.memory import MemoryJournal, MemoryStore

R = TypeVar("R", bound=Resource)

ACCOUNT = "111122223333"
AWS, PRIVATE = "kakao-usa-east1", "kr-central-1"
PROJECT = "p" * 32
USER = "u" * 32
AMI = "ami-0c0d0315010483b99"
ZONES = [ZoneConfig(name=f"{AWS}-{letter}", id=f"use1-az{n}") for letter, n in (("a", 1), ("b", 2), ("c", 4), ("d", 6))]


def region_config(*, visibility: float = 60.0, projects: list[str] | None = None, **aws: Any) -> RegionConfig:
    """Return the AWS region's configuration."""
    return RegionConfig(
        name=AWS,
        provider="aws",
        port=0,
        cloud_region="us-east-1",
        zones=ZONES,
        aws=AwsConfig(
            accounts=[AwsAccountConfig(number=ACCOUNT, credentials_file="unused", projects=projects or [])],
            visibility_window=visibility,
            **aws,
        ),
    )


class World:
    """One store, one emulator, one simulated cloud; engines come and go."""

    def __init__(
        self,
        *,
        store: Store | None = None,
        journal: Journal | None = None,
        emulator: EmulatorConfig | None = None,
        aws: RegionConfig | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or LoopClock()
        self.project = PROJECT  # whose objects are made
        self.store: Store = store or MemoryStore(clock=self.clock)
        self.engine_store: Store | None = None  # what engines see of it, where that differs
        self.journal: Journal = journal or MemoryJournal()
        self.emulator = Emulator(emulator or EmulatorConfig(), EmulatorClock(self.clock))
        self.transport = EmulatorTransport(self.emulator)
        self.recorder: Recorder | None = None
        private = RegionConfig(
            name=PRIVATE,
            provider="simulated",
            port=0,
            zones=[ZoneConfig(name="nova", id="nova")],
            simulation=SimulatedConfig(state=":memory:"),
        )
        self.config = Config(regions=[private, aws or region_config()], engine=EngineConfig(workers=16))
        self.assembly: Assembly | None = None
        self._task: asyncio.Task[None] | None = None
        self._private: SimulatedProvider | None = None

    def providers(self) -> dict[str, Provider]:
        """Return fresh providers over the same clouds."""
        self._private = self._private or SimulatedProvider(self.config.regions[0], self.clock)
        owner = self.config.engine.deployment
        aws = AwsProvider(self.config.regions[1], self.transport, self.clock, owner, recorder=self.recorder)
        return {PRIVATE: self._private, AWS: aws}

    async def start(self) -> Assembly:
        """Start an engine."""
        self.assembly = await assemble(
            self.config,
            store=self.engine_store or self.store,
            journal=self.journal,
            clock=self.clock,
            providers=self.providers(),
            token_key=b"k" * 32,
        )
        await self.assembly.start()
        self._task = asyncio.create_task(self.assembly.run())
        return self.assembly

    async def stop(self) -> None:
        """End the engine as a signal would: what is in work is finished, the lease given up."""
        assembly = self.assembly
        if assembly is not None:
            await assembly.runtime.stop(10.0)
            self._private = None
            await self.kill()
            await assembly.stop()

    async def kill(self) -> None:
        """End the engine as a SIGKILL would: nothing is finished, nothing given up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, BaseExceptionGroup):
                await self._task
            self._task = None
        if self.assembly is not None:
            await self.assembly.engine.cache.stop()
            self.assembly = None

    async def until(self, what: Callable[[], Any], within: float = 600.0) -> None:
        """Wait (virtual time) until `what()` is true (or its coroutine's result is). Raises TimeoutError."""
        end = self.clock.time() + within
        while True:
            found = what()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            if self.clock.time() > end:
                raise TimeoutError(f"not within {within} s of virtual time")
            if self._task is not None and self._task.done():
                self._task.result()
            await asyncio.sleep(0.25)

    async def get(self, kind: type[R], id: str) -> R:
        """Read from the store, whatever its mood."""
        return await self.store.get(kind, id)

    async def change(self, kind: type[R], id: str, mutate: Callable[[R], None]) -> R:
        """Change an object's spec as the API would."""
        while True:
            obj = await self.store.get(kind, id)
            mutate(obj)
            try:
                return await self.store.update_spec(obj)
            except ConflictError:
                continue

    async def state(self, server: str) -> str:
        """Return the server's vm_state, "gone" when it is absent."""
        try:
            return (await self.store.get(Server, server)).status.vm_state
        except NotFoundError:
            return "gone"

    def meta(
        self, region: str, *, key: str = "", finalizer: bool = True, labels: dict[str, str] | None = None
    ) -> Metadata:
        """Return fresh metadata."""
        id_ = new_id()
        return Metadata(
            id=id_,
            key=key or id_,
            region=region,
            project=self.project,
            finalizers=[FINALIZER] if finalizer else [],
            labels=labels or {},
            cause=Cause(user_id=USER, request_id="req-test"),
        )

    async def network(self, region: str = AWS, cidr: str = "10.20.0.0/24") -> tuple[Network, Subnet]:
        """Make a network with a subnet."""
        network = await self.store.create(Network(metadata=self.meta(region), spec=NetworkSpec(name="net")))
        return network, await self.subnet(network, cidr)

    async def subnet(self, network: Network, cidr: str) -> Subnet:
        """Make a subnet."""
        region = network.metadata.region
        zones = [zone.id for zone in ZONES] if region == AWS else []
        slices = addresses.slices(cidr, zones) if zones else {}
        gateway = cidr.rsplit(".", 1)[0] + ".1"
        spec = SubnetSpec(
            network_id=network.id,
            cidr=cidr,
            gateway_ip=gateway,
            slices=slices,
            allocation_pools=addresses.pools(cidr, gateway, slices),
        )
        return await self.store.create(Subnet(metadata=self.meta(region), spec=spec))

    async def group(self, region: str = AWS) -> SecurityGroup:
        """Make a security group with a default group's rules."""
        group = await self.store.create(
            SecurityGroup(metadata=self.meta(region), spec=SecurityGroupSpec(name="default", is_default=True))
        )
        for direction, remote in (("egress", None), ("ingress", group.id)):
            spec = SecurityGroupRuleSpec(
                security_group_id=group.id, direction=direction, ethertype="IPv4", remote_group_id=remote
            )
            await self.store.create(SecurityGroupRule(metadata=self.meta(region, finalizer=False), spec=spec))
        return group

    async def external(self, region: str = AWS) -> Network:
        """Make the external network."""
        spec = NetworkSpec(name="public", external=True)
        return await self.store.create(Network(metadata=self.meta(region, finalizer=False), spec=spec))

    async def router(self, external: Network | None = None, *subnets: Subnet, region: str = AWS) -> Router:
        """Make a router with a gateway, if an external network is given, and an interface in each subnet."""
        gateway = Gateway(network_id=external.id) if external is not None else None
        router = await self.store.create(Router(metadata=self.meta(region), spec=RouterSpec(name="r", gateway=gateway)))
        for subnet in subnets:
            await self.interface(router, subnet)
        return router

    async def interface(self, router: Router, subnet: Subnet) -> Port:
        """Add an interface at a subnet's gateway address."""
        return await self.port(subnet, subnet.spec.gateway_ip or "", device=router)

    async def port(
        self, subnet: Subnet, address: str, *, zone: str = "", device: Router | None = None, disposable: bool = False
    ) -> Port:
        """Make a port of the user's own, or of a router."""
        spec = PortSpec(
            network_id=subnet.spec.network_id,
            fixed_ips=[FixedIP(subnet_id=subnet.id, ip_address=address)],
            device_id=device.id if device is not None else "",
            device_owner=ROUTER_INTERFACE if device is not None else "",
            mac_address="fa:16:3e:00:00:01",
            zone=zone,
            disposable=disposable,
        )
        port = Port(metadata=self.meta(subnet.metadata.region), spec=spec)
        claimed = await claim_address(
            self.store, region=subnet.metadata.region, project=self.project, subnet_id=subnet.id, address=address,
            owner_kind=Port.kind, owner_id=port.id,
        )  # fmt: skip
        assert claimed is not None, f"{address} is taken"
        return await self.store.create(port)

    async def gateway(self, router: Router, external: Network | None, *, snat: bool = True) -> None:
        """Set or clear the router's gateway."""
        gateway = Gateway(network_id=external.id, enable_snat=snat) if external is not None else None
        await self.change(Router, router.id, lambda obj: setattr(obj.spec, "gateway", gateway))

    async def floating(self, external: Network, address: str = "") -> FloatingIP:
        """Make a floating IP, with an address where the cloud does not choose it."""
        spec = FloatingIPSpec(floating_network_id=external.id, floating_ip_address=address)
        return await self.store.create(FloatingIP(metadata=self.meta(external.metadata.region), spec=spec))

    async def associate(self, floating: FloatingIP, port: Port | None, router: Router | None = None) -> None:
        """Associate a floating IP with a port's first address, or with nothing: the claim first, as the API does."""
        held = port.spec.fixed_ips[0].ip_address if port is not None else ""
        claim: FloatingIPClaim | None = None
        if port is not None:
            spec = FloatingIPClaimSpec(floating_ip_id=floating.id, port_id=port.id, fixed_ip_address=held)
            metadata = self.meta(floating.metadata.region, key=f"{port.id}/{held}", finalizer=False)
            claim = await self.store.create(FloatingIPClaim(metadata=metadata, spec=spec))

        def change(obj: FloatingIP) -> None:
            obj.spec.port_id, obj.spec.fixed_ip_address = port.id if port is not None else "", held
            obj.spec.router_id = router.id if router is not None else ""

        await self.change(FloatingIP, floating.id, change)
        page = await self.store.list(FloatingIPClaim)
        for old in page.items:
            if old.spec.floating_ip_id == floating.id and (claim is None or old.id != claim.id):
                await self.store.delete(FloatingIPClaim, old.id)

    async def server(
        self,
        network: Network,
        group: SecurityGroup | None = None,
        *,
        key: ServerKey | None = None,
        zone: str = "",
        name: str = "web",
        requests: list[NetworkRequest] | None = None,
        instance_type: str = "t3.nano",
        server_group: str = "",
        user_data: str = "",
    ) -> Server:
        """Make a server as the API would after its checks."""
        region = network.metadata.region
        spec = ServerSpec(
            name=name,
            user_id=USER,
            flavor=ServerFlavor(
                id="1", name="m1.tiny", vcpus=2, ram=512, disk=8, extra_specs={"aws:instance_type": instance_type}
            ),
            image_cloud_id=AMI if region == AWS else "",
            networks=[NetworkRequest(network_id=network.id)] if requests is None else requests,
            security_groups=[group.id] if group is not None else [],
            key=key,
            availability_zone=zone,
            group=server_group,
            user_data=user_data,
            actions=[
                Action(
                    number=1,
                    action="create",
                    request_id="req-test",
                    user_id=USER,
                    project_id=self.project,
                    start_time=self.clock.time(),
                )
            ],
        )
        return await self.store.create(Server(metadata=self.meta(region), spec=spec))

    async def act(self, server: str, action: str, **arguments: str) -> None:
        """Record an action as the API would."""

        def add(obj: Server) -> None:
            obj.spec.actions.append(
                Action(
                    number=obj.spec.actions[-1].number + 1,
                    action=action,
                    request_id=f"req-{action}",
                    user_id=USER,
                    project_id=self.project,
                    start_time=self.clock.time(),
                    arguments=arguments,
                )
            )

        await self.change(Server, server, add)

    def calls(self, action: str = "", outcome: str = "") -> list[dict[str, Any]]:
        """Return the ledger's lines of an action."""
        lines = self.emulator.ledger()
        return [
            line
            for line in lines
            if action in ("", line["action"]) and outcome in ("", line["outcome"]) and not line.get("external")
        ]

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """Return the emulator's resources of a kind."""
        return list(self.emulator.state().get(ACCOUNT, {}).get("us-east-1", {}).get(kind, []))


__all__ = ["AWS", "PRIVATE", "EmulatorTransport", "World", "codec", "region_config"]
