"""What the operations of routers, floating IPs, added interfaces and server groups presuppose.

What is there is asked for and not remembered: after a kill the client does not know what came of its last request.
"""

from __future__ import annotations

from tests.chaos import member_deeds, routing_deeds
from tests.chaos.deeds import CIDR
from tests.chaos.tenant import COMPUTE, NETWORK, Tenant


def inside(t: Tenant) -> None:
    """Have an active server in a network of its own, with one interface, without a floating IP."""
    if not t.lan:
        t.lan = t.create(f"{NETWORK}/networks", "network", {"name": t.name("lan")})
        body = {"name": t.name("lan-subnet"), "network_id": t.lan, "cidr": CIDR, "ip_version": 4}
        t.lan_subnet = t.create(f"{NETWORK}/subnets", "subnet", body)
    for _ in range(4):
        now = t.status(t.inside) if t.inside else "GONE"
        if now == "ACTIVE":
            break
        if now in ("GONE", "ERROR"):
            t.delete(f"{COMPUTE}/servers", t.inside if now == "ERROR" else "")
            t.inside = member_deeds.server(t, "inside")
        elif now == "SHUTOFF":
            t.act("os-start", server=t.inside)
        t.run.settle()
    else:
        raise AssertionError(f"no server that is ACTIVE: {t.status(t.inside)}")


def one_interface(t: Tenant) -> None:
    inside(t)
    if member_deeds.added(t):
        member_deeds.detach(t)
        t.run.settle()


def two_interfaces(t: Tenant) -> None:
    inside(t)
    t.extra = member_deeds.added(t)
    if not t.extra:
        member_deeds.attach(t)
        t.run.settle()


def band(t: Tenant) -> None:
    """Have a server group that had no member yet, and a server elsewhere, so that the member needs nothing else."""
    one_interface(t)
    if not t.band or t.band in t.used:
        member_deeds.band_create(t)
        t.run.settle()


def used_band(t: Tenant) -> None:
    """Have a server group of which the cloud has something, and no member."""
    if not t.band or t.band not in t.used:
        band(t)
        member_deeds.member_create(t)
        t.run.settle()
    t.delete(f"{COMPUTE}/servers", t.member)
    t.member = ""
    t.run.settle()


def routed(t: Tenant, *, joined: bool, gateway: bool) -> None:
    """Have a router with or without an interface in the server's network and with or without a gateway."""
    one_interface(t)
    no_floating(t)
    now = routing_deeds.shown_router(t)
    if now is None:
        routing_deeds.router_create(t)
    there = routing_deeds.interfaces(t)
    if there and not joined:
        routing_deeds.interface_remove(t)
    if gateway != bool(now and now["external_gateway_info"]):
        (routing_deeds.gateway_set if gateway else routing_deeds.gateway_clear)(t)
    if joined and not there:
        routing_deeds.interface_add(t)
    t.run.settle()


def to_be_joined(t: Tenant) -> None:
    routed(t, joined=False, gateway=True)


def to_be_opened(t: Tenant) -> None:
    routed(t, joined=True, gateway=False)


def open_router(t: Tenant) -> None:
    routed(t, joined=True, gateway=True)


def no_floating(t: Tenant) -> None:
    for floating in t.run.ask("GET", routing_deeds.FLOATING)["floatingips"]:
        t.delete(routing_deeds.FLOATING, floating["id"])
    if t.floating:
        t.floating = ""
        t.run.settle()


def floating(t: Tenant) -> None:
    """Have a floating IP that is free, and a server that it can lead to."""
    open_router(t)
    routing_deeds.floating_create(t)
    t.run.settle()


def led(t: Tenant) -> None:
    """Have a floating IP that leads to a server."""
    shown = routing_deeds.shown_floating(t)
    if shown is None or not shown["port_id"]:
        if shown is None or not routing_deeds.port_of(t, t.inside) or t.status(t.inside) != "ACTIVE":
            floating(t)
        routing_deeds.floating_associate(t)
        t.run.settle()
