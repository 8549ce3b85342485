"""What there is before the first request: the region, what it offers to everybody, and the belongings of two projects.

A project's belongings are complete: one object at least for each path and each reference of the API, in the states
that its verbs need, deleted ones too. Names tell the project (its canary), so that a leak is seen in any answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from tests.fuzz.people import ALPHA, BETA, OPERATOR, PEOPLE
from tests.fuzz.world import ZONES, World
from tests.support.pia import REGION

from gurum.model import codec
from gurum.model.base import Cause, External, Metadata, Resource
from gurum.model.compute import Flavor, FlavorSpec, KeyPair, KeyPairSpec, ServerGroup, ServerGroupSpec
from gurum.model.image import Image, ImageSpec, ImageStatus
from gurum.model.network import (
    FixedIP,
    Network,
    NetworkSpec,
    Pool,
    Port,
    PortSpec,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupRuleSpec,
    SecurityGroupSpec,
    Subnet,
    SubnetSpec,
)
from gurum.model.quota import QuotaUsage, QuotaUsageSpec
from gurum.model.region import Region, RegionSpec, RegionStatus, Zone
from gurum.model.routing import ROUTER_INTERFACE, FloatingIP, FloatingIPSpec, Gateway, Router, RouterSpec
from gurum.model.rule_key import key_of
from gurum.model.server import (
    Action,
    ActionOutcome,
    Address,
    ConsoleLog,
    ConsoleLogSpec,
    ConsoleLogStatus,
    NetworkRequest,
    Server,
    ServerFlavor,
    ServerKey,
    ServerSpec,
    ServerStatus,
)
from gurum.pia.network.capabilities import CHOSEN_BY_CLOUD
from gurum.providers.aws.capabilities import CAPABILITIES, LIMITS
from gurum.store.claims import address_claim
from gurum.store.contract import Record

CANARY = {ALPHA: "zqalphaqz", BETA: "zqbetaqz", OPERATOR: "zqoperatorqz"}
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHKu2RWvQVhEGe0p0aPX4sqdvPPJGVHvSsQxFUvAnVPN fuzz"
LIMITS_OF_ITS_OWN = {"compute": {"instances": 30, "cores": 60}, "network": {"network": 40, "port": 60}}
GUEST_ADDRESS, GUEST_MAC = "10.200.0.77", "fa:16:3e:77:77:77"
LONG_NAME = "a" * 60  # what a pattern that backtracks is run against


def named(name: str) -> str:
    """Return the id of a thing of the population."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"population/{name}"))


def _meta(name: str, project: str = "", *, key: str = "", engine: bool = False) -> Metadata:
    uid = named(name)
    return Metadata(
        id=uid,
        key=key or uid,
        region=REGION,
        project=project,
        finalizers=["engine"] if engine else [],
        cause=Cause(user_id="", request_id=f"req-{uid}"),
    )


def region(profile: str) -> Region:
    """Return the region's object: of a cloud that can all ("simulated") or of AWS ("aws")."""
    aws = profile == "aws"
    # No cloud answers here, so the address of a floating IP comes from the external network as elsewhere.
    can = {name: row for name, row in CAPABILITIES.items() if name != CHOSEN_BY_CLOUD}
    return Region(
        metadata=_meta(REGION, key=REGION),
        spec=RegionSpec(provider=profile, zones=[Zone(name=zone.name, id=zone.id) for zone in ZONES]),
        status=RegionStatus(capabilities=can if aws else {}, limits=dict(LIMITS) if aws else {}),
    )


def _flavor(name: str, *, access: list[str] | None = None, **more: Any) -> Flavor:
    spec: dict[str, Any] = {"vcpus": 1, "ram": 512, "disk": 8, "extra_specs": {"hw:cpu_policy": "shared"}} | more
    return Flavor(
        metadata=_meta(f"flavor {name}", key=f"{REGION}/{name}"),
        spec=FlavorSpec(name=name, flavorid=name, is_public=access is None, access=access or [], **spec),
    )


def _image(name: str, *, owner: str = "", visibility: str = "public", **more: Any) -> Image:
    status = ImageStatus(status=more.pop("status", "active"))
    meta = _meta(f"image {name}", owner)
    spec = ImageSpec(name=name, owner=owner, visibility=visibility, cloud_id="ami-1", tags=["tag"], **more)
    return Image(metadata=meta, spec=spec, status=status)


def commons(profile: str = "simulated") -> list[Resource]:
    """Return what everybody may use: region, flavors, images, and networks that two projects share with all."""
    found: list[Resource] = [
        region(profile),
        _flavor("1"),
        _flavor("m1.small", vcpus=2, ram=2048, disk=20),
        _flavor("off", disabled=True),
        _flavor("nodisk", disk=0),
        _image("linux", min_disk=1, min_ram=64, size=1 << 20),
        _image("large", min_disk=500),
        _image("community", owner=OPERATOR, visibility="community"),
        _image("queued", status="queued"),
        _image("hidden", os_hidden=True),
    ]
    for number, (name, project) in enumerate((("operator-shared", OPERATOR), ("beta-shared", BETA))):
        network = Network(
            metadata=_meta(f"net {name}", project, engine=True),
            spec=NetworkSpec(name=name, shared=True, mtu=1500, tags=["blue"]),
        )
        found += [network, _subnet(f"subnet {name}", project, network, f"10.{200 + number}.0.0/24")]
    external = NetworkSpec(name="public", external=True, mtu=1500)
    public = Network(metadata=_meta("net public", OPERATOR, engine=True), spec=external)
    found += [public, _subnet("subnet public", OPERATOR, public, "203.0.113.0/24")]
    return found


def _subnet(name: str, project: str, network: Network, cidr: str) -> Subnet:
    start = cidr.split("/")[0].rsplit(".", 1)[0]
    return Subnet(
        metadata=_meta(name, project, engine=True),
        spec=SubnetSpec(
            network_id=network.id,
            cidr=cidr,
            name=name,
            gateway_ip=f"{start}.1",
            allocation_pools=[Pool(start=f"{start}.2", end=f"{start}.254")],
            tags=["blue"],
        ),
    )


def _group(name: str, project: str, *, default: bool = False) -> SecurityGroup:
    key = f"{REGION}/{project}/default" if default else ""
    return SecurityGroup(
        metadata=_meta(f"group {name} {project}", project, key=key, engine=True),
        spec=SecurityGroupSpec(name=name, is_default=default, tags=["blue"]),
    )


def _rule(group: SecurityGroup, direction: str = "ingress", **more: Any) -> SecurityGroupRule:
    spec = SecurityGroupRuleSpec(security_group_id=group.id, direction=direction, **more)
    key = key_of(spec)
    return SecurityGroupRule(metadata=_meta(f"rule {key}", group.metadata.project, key=key), spec=spec)


class Estate:
    """The belongings of one project, made in the order of `objects`; `deleted`: servers that are gone.

    limits: the project's own, by service.
    """

    def __init__(self, project: str, number: int, limits: Mapping[str, Mapping[str, int]] = LIMITS_OF_ITS_OWN) -> None:
        self.project, self.canary, self._limits = project, CANARY[project], limits
        self.users = [person.user for person in PEOPLE if person.project == project]
        self.objects: list[Resource] = []
        self._octet = 10 + number
        self.default, self.web, self.spare = (
            _group("default", project, default=True),
            _group(f"web {self.canary}", project),
            _group(f"spare {self.canary}", project),
        )
        self._networks()
        self._ports = 0
        self.port = self._port("free")
        self._routers()
        self._servers()
        self._rest()
        self.deleted = [self._server("deleted", "deleted", port=False)]

    def _add(self, *objects: Resource) -> None:
        self.objects += objects

    def _networks(self) -> None:
        project, base = self.project, f"10.{self._octet}"
        self.networks = [
            Network(
                metadata=_meta(f"net {name} {project}", project, engine=True),
                spec=NetworkSpec(name=f"{name} {self.canary}", mtu=1500, tags=["blue", "red"]),
            )
            for name in ("main", "second", "empty")
        ]
        self.subnets = [
            _subnet(f"subnet main {project}", project, self.networks[0], f"{base}.0.0/24"),
            _subnet(f"subnet second {project}", project, self.networks[1], f"{base}.1.0/24"),
        ]
        rules = [
            _rule(self.default, remote_group_id=self.default.id),
            _rule(self.default, "egress"),
            _rule(self.web, protocol="tcp", port_range_min=22, port_range_max=22, remote_ip_prefix="0.0.0.0/0"),
            _rule(self.web, remote_group_id=self.web.id),
            _rule(self.web, "egress", description=self.canary),
        ]
        self._add(*self.networks, *self.subnets, self.default, self.web, self.spare, *rules)

    def _port(self, name: str, server: str = "") -> Port:
        self._ports += 1
        address = f"10.{self._octet}.0.{100 + self._ports}"
        port = Port(
            metadata=_meta(f"port {name} {self.project}", self.project, engine=True),
            spec=PortSpec(
                network_id=self.networks[0].id,
                name=f"{name} {self.canary}",
                mac_address=f"fa:16:3e:00:{self._octet:02x}:{self._ports:02x}",
                fixed_ips=[FixedIP(subnet_id=self.subnets[0].id, ip_address=address)],
                security_groups=[self.web.id],
                device_id=server,
                device_owner="compute:us-east-1a" if server else "",
                implied=bool(server),
                tags=["blue"],
            ),
        )
        claim = address_claim(
            region=REGION,
            project=self.project,
            subnet_id=self.subnets[0].id,
            address=address,
            owner_kind="Port",
            owner_id=port.id,
        )
        claim.metadata.id = named(f"claim {address}")
        self._add(port, claim)
        return port

    def _claim(self, subnet_id: str, address: str, owner: Resource) -> Resource:
        claim = address_claim(
            region=REGION,
            project=self.project,
            subnet_id=subnet_id,
            address=address,
            owner_kind=owner.kind,
            owner_id=owner.id,
        )
        claim.metadata.id = named(f"claim {address}")
        return claim

    def _routers(self) -> None:
        """Make a router that joins the main network to the outside, one that joins nothing, and floating IPs."""
        public, outer, outside = named("net public"), named("subnet public"), f"203.0.113.{self._octet}"
        place = FixedIP(subnet_id=outer, ip_address=f"{outside}0")
        gateway = Gateway(network_id=public, external_fixed_ips=[place])
        self.routers = [
            Router(
                metadata=_meta(f"router {name} {self.project}", self.project, engine=True),
                spec=RouterSpec(name=f"{name} {self.canary}", gateway=leads, tags=["blue"]),
            )
            for name, leads in (("main", gateway), ("empty", None))
        ]
        inside = f"10.{self._octet}.0.1"
        interface = Port(
            metadata=_meta(f"port of router {self.project}", self.project, engine=True),
            spec=PortSpec(
                network_id=self.networks[0].id,
                mac_address=f"fa:16:3e:01:{self._octet:02x}:01",
                fixed_ips=[FixedIP(subnet_id=self.subnets[0].id, ip_address=inside)],
                port_security_enabled=False,
                device_id=self.routers[0].id,
                device_owner=ROUTER_INTERFACE,
            ),
        )
        self._add(*self.routers, self._claim(outer, place.ip_address, self.routers[0]))
        self._add(interface, self._claim(self.subnets[0].id, inside, interface))
        self.floating = []
        for number in (1, 2):
            spec = FloatingIPSpec(
                floating_network_id=public,
                floating_ip_address=f"{outside}{number}",
                subnet_id=outer,
                description=self.canary,
                tags=["blue"],
            )
            made = FloatingIP(metadata=_meta(f"floating {number} {self.project}", self.project, engine=True), spec=spec)
            self.floating.append(made)
            self._add(made, self._claim(outer, spec.floating_ip_address, made))

    def guests(self) -> list[Resource]:
        """Return what the project has on the network that the operator shares with all: a port."""
        network = Network(metadata=_meta("net operator-shared"), spec=NetworkSpec())
        subnet = named("subnet operator-shared")
        port = Port(
            metadata=_meta(f"port guest {self.project}", self.project, engine=True),
            spec=PortSpec(
                network_id=network.id,
                name=f"guest {self.canary}",
                mac_address=GUEST_MAC,
                fixed_ips=[FixedIP(subnet_id=subnet, ip_address=GUEST_ADDRESS)],
                security_groups=[self.web.id],
            ),
        )
        claim = address_claim(
            region=REGION,
            project=self.project,
            subnet_id=subnet,
            address=GUEST_ADDRESS,
            owner_kind="Port",
            owner_id=port.id,
        )
        claim.metadata.id = named(f"claim {GUEST_ADDRESS}")
        return [port, claim]

    def _addresses(self, port: Port | None) -> list[Address]:
        if port is None:
            return []
        network, mac = self.networks[0].spec.name, port.spec.mac_address
        return [Address(network=network, addr=ip.ip_address, mac=mac, port_id=port.id) for ip in port.spec.fixed_ips]

    def _server(self, name: str, state: str, *, port: bool = True) -> Server:
        uid = named(f"server {name} {self.project}")
        held = self._port(f"of {name}", uid) if port else None
        began = 1_799_990_000.0
        actions = [
            Action(
                number=number,
                action=verb,
                request_id=f"req-{named(f'{verb} {uid}')}",
                user_id=self.users[1],
                project_id=self.project,
                start_time=began,
            )
            for number, verb in enumerate(("create", "stop", "start"), 1)
        ]
        status = ServerStatus(
            vm_state=state,
            task_state=None,
            power_state=4 if state == "stopped" else 1,
            zone=ZONES[0].id,
            availability_zone=ZONES[0].name,
            external=External(provider="simulated", account="1", region="r", id=f"i-{uid}"),
            launched_at=began,
            terminated_at=began + 5 if state == "deleted" else None,
            done=3,
            outcomes=[
                ActionOutcome(number=n, event="e", start_time=began, finish_time=began + 1, result="Success")
                for n in (1, 2, 3)
            ],
            addresses=self._addresses(held),
        )
        spec = ServerSpec(
            name=f"{name} {self.canary}",
            user_id=self.users[1],
            flavor=ServerFlavor(id="1", name="1", vcpus=1, ram=512, disk=8),
            image_id=named("image linux"),
            image_cloud_id="ami-1",
            key=ServerKey(name=f"key {self.canary}", public_key=PUBLIC_KEY, fingerprint="aa:bb"),
            networks=[NetworkRequest(network_id=self.networks[0].id)],
            security_groups=[self.web.id],
            user_data="c2VjcmV0",
            metadata={"role": self.canary, "other": "value"},
            tags=["blue", "red"],
            description=f"{LONG_NAME} {self.canary}",
            hostname=f"host-{self.canary}",
            reservation_id=f"r-{self.canary}",
            actions=actions,
        )
        return Server(
            metadata=_meta(f"server {name} {self.project}", self.project, engine=True), spec=spec, status=status
        )

    def _servers(self) -> None:
        self.servers = [
            self._server("active", "active"),
            self._server("stopped", "stopped"),
            self._server(LONG_NAME, "active", port=False),
            self._server("broken", "error", port=False),
        ]
        self.servers[3].spec.locked = True
        log = ConsoleLog(
            metadata=_meta(f"console {self.project}", self.project, key=self.servers[0].id),
            spec=ConsoleLogSpec(asked_at=1.0),
            status=ConsoleLogStatus(text=f"boot of {self.canary}\nready", fetched_at=3_000_000_000.0),
        )
        self._add(*self.servers, log)

    def _rest(self) -> None:
        self.server_group = ServerGroup(
            metadata=_meta(f"server group main {self.project}", self.project, engine=True),
            spec=ServerGroupSpec(name=f"main {self.canary}", user_id=self.users[0], policy="anti-affinity"),
        )
        self._add(self.server_group)
        for user in self.users:
            for name in ("key", "other"):
                full = f"{name} {self.canary} {user[:2]}"
                self._add(
                    KeyPair(
                        metadata=_meta(f"key {name} {user}", key=f"{REGION}/{user}/{full}"),
                        spec=KeyPairSpec(
                            name=full,
                            user_id=user,
                            public_key=PUBLIC_KEY,
                            fingerprint="aa:bb",
                            number=len(self.objects),
                        ),
                    )
                )
        for service, limits in self._limits.items():
            self._add(
                QuotaUsage(
                    metadata=_meta(
                        f"quota {service} {self.project}", self.project, key=f"{REGION}/{self.project}/{service}"
                    ),
                    spec=QuotaUsageSpec(limits=dict(limits)),
                )
            )
        self._add(
            _flavor(f"private-{self.canary}", access=[self.project]),
            _image(f"private {self.canary}", owner=self.project, visibility="private"),
        )

    async def settle(self, world: World) -> None:
        """Put everything into a world."""
        await world.put(*self.objects)
        for server in self.deleted:
            await world.journal.append(
                Record(
                    at=world.clock.time(),
                    type="deleted",
                    kind=Server.kind,
                    object_id=server.id,
                    region=REGION,
                    project=self.project,
                    data=codec.encode(server),
                ),
                unique="deleted",
            )


async def populate(world: World, *, profile: str = "simulated", estates: tuple[Estate, ...]) -> None:
    """Put commons and estates into a world, in this order."""
    await world.put(*commons(profile))
    for estate in estates:
        await estate.settle(world)
