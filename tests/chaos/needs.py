"""What an operation presupposes, made so beforehand and without kills."""

from __future__ import annotations

from tests.chaos import deeds
from tests.chaos.tenant import COMPUTE, NETWORK, Tenant


def everything(t: Tenant) -> None:
    """Have a network with a subnet, a group with a rule, and a key."""
    for have, verb in (
        (t.network, deeds.network_create),
        (t.subnet, deeds.subnet_create),
        (t.group, deeds.group_create),
        (t.rule, deeds.rule_create),
        (t.key, deeds.keypair_create),
    ):
        if not have:
            verb(t)
            t.run.settle()


def server(t: Tenant, status: str = "ACTIVE") -> None:
    """Have a server in that status."""
    everything(t)
    for _ in range(4):
        now = t.status(t.server) if t.server else "GONE"
        if now == status:
            return
        if now in ("GONE", "ERROR"):
            t.delete(f"{COMPUTE}/servers", t.server if now == "ERROR" else "")
            deeds.server_create(t)
        elif now == "ACTIVE":
            t.act("os-stop")
        elif now == "SHUTOFF":
            t.act("os-start")
        t.run.settle()
    raise AssertionError(f"no server that is {status}: {t.status(t.server)}")


def nothing(t: Tenant) -> None:
    pass


def empty_network(t: Tenant) -> None:
    if not t.network or t.subnet:
        deeds.network_create(t)
        t.run.settle()


def group(t: Tenant) -> None:
    if not t.group or t.rule:
        deeds.group_create(t)
        t.rule = ""
        t.run.settle()


def network(t: Tenant) -> None:
    if not t.network:
        deeds.network_create(t)
        t.run.settle()


def one_server(t: Tenant) -> None:
    server(t)


def read_server(t: Tenant) -> None:
    server(t)
    deeds.console(t)
    t.run.settle()


def stopped(t: Tenant) -> None:
    server(t, "SHUTOFF")


def rule_in_use(t: Tenant) -> None:
    server(t)
    if not t.rule:
        deeds.rule_create(t)
        t.run.settle()


def no_rule(t: Tenant) -> None:
    server(t)
    if t.rule:
        deeds.rule_delete(t)
        t.run.settle()


def two_groups(t: Tenant) -> None:
    server(t)
    if not t.second:
        deeds.second_group(t)
        t.run.settle()


def attached(t: Tenant) -> None:
    two_groups(t)
    deeds.group_attach(t)
    t.run.settle()


def port(t: Tenant) -> None:
    everything(t)
    if not t.port or t.port in t.deleted:
        deeds.port_create(t)
        t.run.settle()


def used_port(t: Tenant) -> None:
    port(t)
    if t.port not in t.used:
        held(t)
        unheld(t)


def no_port(t: Tenant) -> None:
    everything(t)
    unheld(t)


def held(t: Tenant) -> None:
    if t.holder and t.status(t.holder) == "ACTIVE":
        return
    if t.holder:
        deeds.holder_delete(t)
        t.run.settle()
    port(t)
    deeds.holder_create(t)
    t.run.settle()


def unheld(t: Tenant) -> None:
    if t.holder:
        deeds.holder_delete(t)
        t.run.settle()


def no_range(t: Tenant) -> None:
    """Have a network that is in the cloud already, so that a further range needs a further block of the VPC."""
    server(t)
    if t.range:
        used_range(t)
        deeds.range_delete(t)
        t.run.settle()


def other_range(t: Tenant) -> None:
    """Have a subnet that needs another block of the VPC, with a port that needs the group of ports without groups."""
    server(t)
    if not t.range:
        deeds.range_create(t)
        t.run.settle()
    if not t.bare:
        fixed = [{"subnet_id": t.range}]
        port = {"name": t.name("bare"), "network_id": t.network, "fixed_ips": fixed, "security_groups": []}
        t.bare = t.create(f"{NETWORK}/ports", "port", port)
    t.run.settle()


def used_range(t: Tenant) -> None:
    if not t.range or t.range not in t.used:
        other_range(t)
        deeds.outsider_create(t)
        t.run.settle()
    t.delete(f"{COMPUTE}/servers", t.outsider)
    t.run.settle()
    t.delete(f"{NETWORK}/ports", t.bare)
    t.outsider = t.bare = ""
    t.run.settle()


def no_servers(t: Tenant) -> None:
    unheld(t)
    everything(t)
    for server in t.run.ask("GET", f"{COMPUTE}/servers")["servers"]:
        t.delete(f"{COMPUTE}/servers", server["id"])
    t.server = t.outsider = ""
    t.run.settle()
    for port in t.run.ask("GET", f"{NETWORK}/ports")["ports"]:
        t.delete(f"{NETWORK}/ports", port["id"])
    t.port = t.bare = ""
    t.run.settle()


def used(t: Tenant) -> None:
    """Have a network, a group and a key that are in the cloud, and nobody who uses them."""
    if not {t.network, t.group, t.key} <= t.used:
        server(t)
    no_servers(t)


def used_whole(t: Tenant) -> None:
    """The same, and its VPC has had everything that goes with a VPC: also the group of ports without groups."""
    if deeds.no_groups(t.network) not in t.used:
        used_range(t)
        deeds.range_delete(t)
        t.run.settle()
    used(t)
