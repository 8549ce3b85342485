"""What a tenant asks for of routers and floating IPs, one request each.

They are about a network of their own, the `lan`, with a server `inside`: whatever the other verbs leave behind, the
steps of these are the same.
"""

from __future__ import annotations

from typing import Any

from tests.chaos.client import RefusedError
from tests.chaos.site import EXTERNAL
from tests.chaos.tenant import NETWORK, Tenant

ROUTERS, FLOATING = f"{NETWORK}/routers", f"{NETWORK}/floatingips"


def external(t: Tenant) -> str:
    """Return the id of the network that gateways and floating IPs are on."""
    return str(t.run.ask("GET", f"{NETWORK}/networks?name={EXTERNAL}")["networks"][0]["id"])


def port_of(t: Tenant, server: str) -> str:
    """Return the first port of a server, empty when there is none."""
    ports = t.run.ask("GET", f"{NETWORK}/ports?device_id={server}")["ports"] if server else []
    return next((str(port["id"]) for port in ports if port["id"] != t.extra), "")


def interfaces(t: Tenant) -> list[str]:
    """Return the subnets that the router joins."""
    ports = t.run.ask("GET", f"{NETWORK}/ports?device_id={t.router}")["ports"]
    return [fixed["subnet_id"] for port in ports for fixed in port["fixed_ips"]]


def shown_router(t: Tenant) -> dict[str, Any] | None:
    """Return the router as the API shows it, None when it is not there (any more)."""
    if not t.router:
        return None
    try:
        found: dict[str, Any] = t.run.ask("GET", f"{ROUTERS}/{t.router}", retry=True)["router"]
    except RefusedError as error:
        if error.status != 404:
            raise
        return None
    return found


def router_create(t: Tenant) -> None:
    t.router = t.create(ROUTERS, "router", {"name": t.name("router")})


def interface_add(t: Tenant) -> None:
    t.run.quietly("PUT", f"{ROUTERS}/{t.router}/add_router_interface", {"subnet_id": t.lan_subnet})


def interface_remove(t: Tenant) -> None:
    t.run.quietly("PUT", f"{ROUTERS}/{t.router}/remove_router_interface", {"subnet_id": t.lan_subnet})


def gateway_set(t: Tenant) -> None:
    gateway = {"external_gateway_info": {"network_id": external(t)}}
    t.change(f"{ROUTERS}/{t.router}", {"router": gateway}, (t.router, "gateway"), "set")


def gateway_clear(t: Tenant) -> None:
    t.change(f"{ROUTERS}/{t.router}", {"router": {"external_gateway_info": {}}}, (t.router, "gateway"), "")


def router_delete(t: Tenant) -> None:
    t.run.quietly("DELETE", f"{ROUTERS}/{t.router}")
    if shown_router(t) is None:
        t.deleted.add(t.router)
        t.router = ""


def shown_floating(t: Tenant) -> dict[str, Any] | None:
    """Return the floating IP as the API shows it, None when it is not there (any more)."""
    there = t.run.ask("GET", FLOATING)["floatingips"]
    return next((each for each in there if each["id"] == t.floating), None)


def floating_create(t: Tenant) -> None:
    body = {"floating_network_id": external(t), "description": t.name("floating")}
    t.floating = t.create(FLOATING, "floatingip", body, by="description")


def floating_associate(t: Tenant) -> None:
    port = port_of(t, t.inside)
    t.change(f"{FLOATING}/{t.floating}", {"floatingip": {"port_id": port or None}}, (t.floating, "port"), port)


def floating_disassociate(t: Tenant) -> None:
    t.change(f"{FLOATING}/{t.floating}", {"floatingip": {"port_id": None}}, (t.floating, "port"), "")


def floating_delete(t: Tenant) -> None:
    t.delete(FLOATING, t.floating)
    t.floating = ""
