"""What a tenant asks for, one request each: the operations into which kills fall."""

from __future__ import annotations

from typing import Any

from tests.chaos.client import LostAnswerError, RefusedError
from tests.chaos.site import FLAVOR, IMAGE
from tests.chaos.tenant import COMPUTE, NETWORK, Tenant

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmMvoI4vNvWvoiZ8I3pQf5CQ0Cz0m2mC5a0T4pJgk1X me@example.org"
USER_DATA = "IyEvYmluL3NoCmVjaG8gaGVsbG8K"
CIDR, OTHER_CIDR = "10.20.0.0/24", "10.99.0.0/24"


def network_create(t: Tenant) -> None:
    t.network = t.create(f"{NETWORK}/networks", "network", {"name": t.name("net")})
    t.subnet = t.range = t.bare = ""  # they are the network's before


def subnet_create(t: Tenant) -> None:
    body = {"name": t.name("subnet"), "network_id": t.network, "cidr": CIDR, "ip_version": 4}
    t.subnet = t.create(f"{NETWORK}/subnets", "subnet", body)


def group_create(t: Tenant) -> None:
    t.group = t.create(f"{NETWORK}/security-groups", "security_group", {"name": t.name("group")})


def second_group(t: Tenant) -> None:
    t.second = t.create(f"{NETWORK}/security-groups", "security_group", {"name": t.name("second")})


def rule_create(t: Tenant) -> None:
    body = {"security_group_id": t.group, "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
            "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "192.0.2.0/24"}  # fmt: skip
    path = f"{NETWORK}/security-group-rules"
    try:
        t.run.quietly("POST", path, {"security_group_rule": body})  # 409: the first try had made it
    except LostAnswerError:
        t.run.quietly("POST", path, {"security_group_rule": body})
    found = t.run.ask("GET", f"{path}?security_group_id={t.group}&protocol=tcp")["security_group_rules"]
    t.rule = found[0]["id"]


def rule_delete(t: Tenant) -> None:
    t.delete(f"{NETWORK}/security-group-rules", t.rule)
    t.rule = ""


def keypair_create(t: Tenant) -> None:
    t.key = t.name("key")
    for _ in range(2):
        try:
            t.run.quietly("POST", f"{COMPUTE}/os-keypairs", {"keypair": {"name": t.key, "public_key": PUBLIC_KEY}})
            return
        except LostAnswerError:
            continue


def make_server(
    t: Tenant,
    networks: list[dict[str, str]],
    *,
    stem: str = "web",
    zone: str = "",
    hints: dict[str, str] | None = None,
    **more: Any,
) -> str:
    """Create a server; return its id. zone: empty for any."""
    image = next(i for i in t.run.ask("GET", "/image/v2/images")["images"] if i["name"] == IMAGE)
    flavor = next(f for f in t.run.ask("GET", f"{COMPUTE}/flavors")["flavors"] if f["name"] == FLAVOR)
    body = {"name": t.name(stem), "imageRef": image["id"], "flavorRef": flavor["id"], "networks": networks, **more}
    if zone:
        body["availability_zone"] = zone
    beside = {"os:scheduler_hints": hints} if hints else {}
    return t.create(f"{COMPUTE}/servers", "server", body, beside=beside)


def server_create(t: Tenant) -> None:
    groups = [{"name": t.group}]
    t.server = make_server(t, [{"uuid": t.network}], security_groups=groups, key_name=t.key, user_data=USER_DATA)
    t.used |= {t.network, t.group, t.key}


def server_rename(t: Tenant) -> None:
    t.update(f"{COMPUTE}/servers", "server", t.server, t.name("renamed"))


def server_stop(t: Tenant) -> None:
    t.act("os-stop")


def server_start(t: Tenant) -> None:
    t.act("os-start")


def reboot_soft(t: Tenant) -> None:
    t.act("reboot", {"type": "SOFT"})


def reboot_hard(t: Tenant) -> None:
    t.act("reboot", {"type": "HARD"})


def group_attach(t: Tenant) -> None:
    t.act("addSecurityGroup", {"name": t.second})


def group_detach(t: Tenant) -> None:
    t.act("removeSecurityGroup", {"name": t.second})


def console(t: Tenant) -> None:
    try:
        t.act("os-getConsoleOutput", {"length": 10})
    except RefusedError as error:
        if error.status != 404:
            raise


def server_delete(t: Tenant) -> None:
    t.delete(f"{COMPUTE}/servers", t.server)
    t.server = ""


def port_create(t: Tenant) -> None:
    body = {"name": t.name("port"), "network_id": t.network, "security_groups": [t.group]}
    t.port = t.create(f"{NETWORK}/ports", "port", body)


def holder_create(t: Tenant) -> None:
    t.holder = make_server(t, [{"port": t.port}])
    t.used.add(t.port)


def holder_delete(t: Tenant) -> None:
    t.delete(f"{COMPUTE}/servers", t.holder)
    t.holder = ""


def port_delete(t: Tenant) -> None:
    t.delete(f"{NETWORK}/ports", t.port)
    t.port = ""


def range_create(t: Tenant) -> None:
    body = {"name": t.name("range"), "network_id": t.network, "cidr": OTHER_CIDR, "ip_version": 4}
    t.range = t.create(f"{NETWORK}/subnets", "subnet", body)


def no_groups(network: str) -> str:
    """Return the name under which `used` knows the group of the network's ports without groups."""
    return f"no-groups of {network}"


def outsider_create(t: Tenant) -> None:
    t.outsider = make_server(t, [{"port": t.bare}])
    t.used |= {t.range, no_groups(t.network)}


def range_delete(t: Tenant) -> None:
    t.delete(f"{NETWORK}/subnets", t.range)
    t.range = ""


def group_delete(t: Tenant) -> None:
    t.delete(f"{NETWORK}/security-groups", t.group)
    t.group = ""


def keypair_delete(t: Tenant) -> None:
    t.delete(f"{COMPUTE}/os-keypairs", t.key)
    t.key = ""


def network_delete(t: Tenant) -> None:
    t.deleted |= {t.subnet, t.range}  # they go with their network
    t.delete(f"{NETWORK}/networks", t.network)
    t.network = t.subnet = t.range = ""
