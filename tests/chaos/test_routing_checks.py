"""What the checks of routers, floating IPs, added interfaces and server groups find, each made to happen once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.chaos import checks
from tests.chaos.test_checks import ADDRESS, Scene, done, meta, words

from gurum.model.compute import ServerGroup, ServerGroupSpec
from gurum.model.network import (
    AddressClaim,
    AddressClaimSpec,
    FixedIP,
    Port,
    PortSpec,
    Subnet,
    SubnetSpec,
)
from gurum.model.routing import (
    FloatingIP,
    FloatingIPClaim,
    FloatingIPClaimSpec,
    FloatingIPSpec,
    Gateway,
    Router,
    RouterSpec,
)

GATEWAY = "10.0.0.1"


class Routed(Scene):
    """The scene's network behind a router with a gateway, its server in a group and with a floating IP."""

    def __init__(self) -> None:
        super().__init__()
        self.subnet = Subnet(
            metadata=meta(), spec=SubnetSpec(network_id=self.network.id, cidr="10.0.0.0/24", gateway_ip=GATEWAY)
        )
        self.subnet.status.intents["slice:z"] = done("slice:z", "subnet-1")
        fixed = FixedIP(subnet_id=self.subnet.id, ip_address=ADDRESS)
        self.port.spec.fixed_ips = [fixed]
        outside = FixedIP(subnet_id="o", ip_address="203.0.113.5")
        gateway = Gateway(network_id="public", external_fixed_ips=[outside])
        self.router = Router(metadata=meta(), spec=RouterSpec(name="r", gateway=gateway))
        table = f"table:{self.domain.id}"
        self.router.status.intents[table] = done(table, "rtb-1")
        join = PortSpec(
            network_id=self.network.id,
            device_id=self.router.id,
            device_owner="network:router_interface",
            fixed_ips=[FixedIP(subnet_id=self.subnet.id, ip_address=GATEWAY)],
        )
        self.join = Port(metadata=meta(), spec=join)
        self.domain.status.intents["gateway"] = done("gateway", "igw-1")
        self.claims = [
            AddressClaim(
                metadata=meta(),
                spec=AddressClaimSpec(subnet_id="n", address=address, owner_kind=owner.kind, owner_id=owner.id),
            )
            for address, owner in ((GATEWAY, self.join), (outside.ip_address, self.router))
        ]
        self.joined, self.opened = self.claims
        self.floating = FloatingIP(
            metadata=meta(),
            spec=FloatingIPSpec(floating_network_id="public", port_id=self.port.id, fixed_ip_address=ADDRESS),
        )
        self.floating.status.intents["address"] = done("address", "eipalloc-1")
        self.floating.status.floating_ip_address, self.floating.status.status = "198.51.100.7", "ACTIVE"
        claim = FloatingIPClaimSpec(floating_ip_id=self.floating.id, port_id=self.port.id, fixed_ip_address=ADDRESS)
        self.association = FloatingIPClaim(metadata=meta(), spec=claim)
        group = ServerGroupSpec(name="g", user_id="u", policy="anti-affinity")
        self.band = ServerGroup(metadata=meta(), spec=group)
        self.band.status.intents["placement"] = done("placement", "pg-1")
        self.server.spec.group = self.band.id
        for obj in (self.router, self.join, self.floating, self.band, self.subnet):
            obj.status.observed_generation = 1
        self.usage.spec.in_use["server_groups"] = 1
        self.row("instance")["placement_group"] = "pia-g"
        self.things += [
            self.thing("subnet", "subnet-1", self.subnet, "slice:z"),
            self.thing("internet-gateway", "igw-1", self.domain, "gateway", vpc_id="vpc-1"),
            self.thing("route-table", "rtb-1", self.router, table, associations={"a-1": "subnet-1"},
                       routes=[{"cidr": "0.0.0.0/0", "gateway_id": "igw-1", "interface_id": ""}]),
            self.thing("elastic-ip", "eipalloc-1", self.floating, "address", public_ip="198.51.100.7",
                       interface_id="eni-1", private_ip=ADDRESS),
            self.thing("placement-group", "pg-1", self.band, "placement", name="pia-g"),
        ]  # fmt: skip


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    now = Routed().now()
    assert [*checks.dangers(now), *checks.wrong(now), *checks.unsettled(now)] == []


def gateway_at_another(scene: Routed) -> None:
    scene.row("internet-gateway")["vpc_id"] = ""


def gateway_stays(scene: Routed) -> None:
    scene.router.spec.gateway = None


def second_table(scene: Routed) -> None:
    step = next(iter(scene.router.status.intents))
    scene.things.append(scene.thing("route-table", "rtb-2", scene.router, step, routes=[], associations={}))


def no_route(scene: Routed) -> None:
    scene.row("route-table")["routes"] = []


def not_followed(scene: Routed) -> None:
    scene.row("route-table")["associations"] = {}


def led_astray(scene: Routed) -> None:
    scene.row("elastic-ip")["interface_id"] = "eni-2"


def led_nowhere(scene: Routed) -> None:
    scene.row("elastic-ip").update(interface_id="", private_ip="")


def still_led(scene: Routed) -> None:
    scene.floating.spec.port_id = scene.floating.spec.fixed_ip_address = ""


def address_leaked(scene: Routed) -> None:
    scene.floating.status.intents["address"].external = None
    scene.floating.status.intents["address"].state = "gone"


def address_twice(scene: Routed) -> None:
    row = scene.row("elastic-ip")
    scene.things.append(scene.thing("elastic-ip", "eipalloc-2", scene.floating, "address", **{**row, "id": "e"}))


def said_to_be_down(scene: Routed) -> None:
    scene.floating.status.status = "DOWN"


def association_unclaimed(scene: Routed) -> None:
    scene.association.spec.port_id = "another"


def public_of_its_own(scene: Routed) -> None:
    scene.floating.spec.port_id = ""
    scene.router.spec.gateway = Gateway(network_id="public", enable_snat=False)
    scene.row("network-interface")["public"] = True


def on_another(scene: Routed) -> None:
    scene.row("network-interface")["attachment"] = None


def not_placed(scene: Routed) -> None:
    scene.row("instance")["placement_group"] = ""


def gateway_address_unclaimed(scene: Routed) -> None:
    scene.opened.spec.address = "203.0.113.6"


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (gateway_at_another, "gateway"),
        (gateway_stays, "gateway"),
        (gateway_stays, "routes"),
        (second_table, "duplicated"),
        (no_route, "routes"),
        (not_followed, "routes"),
        (led_astray, "address"),
        (led_nowhere, "address"),
        (still_led, "address"),
        (address_leaked, "leaked"),
        (address_twice, "duplicated"),
        (said_to_be_down, "address"),
        (association_unclaimed, "claims"),
        (public_of_its_own, "egress"),
        (on_another, "attachment"),
        (not_placed, "placement"),
        (gateway_address_unclaimed, "claims"),
    ],
)
def test_each_defect_is_found_by_its_name(spoil: Callable[[Routed], None], word: str) -> None:
    scene = Routed()
    spoil(scene)
    assert word in words(checks.wrong(scene.now()))
