"""What a tenant does, one operation at a time: the verbs into which kills fall, in the order of a project's life.

Each verb makes sure of what it needs (without a kill), then asks once. What the answer was is not taken for granted:
after a kill the client may know nothing, and looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.client import LostAnswerError, RefusedError
from tests.chaos.run import Run
from tests.chaos.site import FLAVOR, IMAGE

COMPUTE, NETWORK = "/compute/v2.1", "/network/v2.0"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmMvoI4vNvWvoiZ8I3pQf5CQ0Cz0m2mC5a0T4pJgk1X me@example.org"
CIDR = "10.20.0.0/24"


@dataclass
class Tenant:
    """What the client believes to have. Ids of what was acknowledged; `names` are the last acknowledged ones."""

    run: Run
    network: str = ""
    subnet: str = ""
    group: str = ""
    second: str = ""
    key: str = ""
    port: str = ""
    server: str = ""
    holder: str = ""  # the server that holds the port
    rule: str = ""
    names: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)  # networks, groups and keys that the cloud has had
    count: int = 0

    # Asking

    def name(self, stem: str) -> str:
        """Return a name not used before."""
        self.count += 1
        return f"{stem}-{self.count}"

    def create(self, path: str, noun: str, body: dict[str, Any], plural: str = "") -> str:
        """Create something and return its id. After a lost answer the client looks for it by name first."""
        plural = plural or f"{noun}s"
        while True:
            try:
                made = self.run.ask("POST", path, {noun: body})[noun]
            except (LostAnswerError, RefusedError) as error:
                # Perhaps an earlier try has made it, and what is refused is the second one of it.
                found = self.run.ask("GET", f"{path}?name={body['name']}")[plural]
                if not found and isinstance(error, RefusedError):
                    raise
                if not found:
                    continue  # it never came to be; the user asks anew
                made = found[0]
            id_ = str(made["id"])
            self.names[id_] = str(body.get("name", ""))
            return id_

    def update(self, path: str, noun: str, id_: str, name: str) -> None:
        """Rename something, if it is there."""
        if not id_ or id_ in self.deleted:
            return
        try:
            if self.run.quietly("PUT", f"{path}/{id_}", {noun: {"name": name}}):
                self.names[id_] = name
        except LostAnswerError:
            self.names.pop(id_, None)  # it may be either

    def delete(self, path: str, id_: str) -> None:
        """Ask for deletion until it is granted. A lost answer is followed by another try, which may find nothing."""
        if id_:
            self.deleted.add(id_)
            self.run.quietly("DELETE", f"{path}/{id_}")

    def act(self, action: str, value: Any = None, server: str = "") -> bool:
        """Ask a server to do something; return whether that was granted."""
        try:
            return self.run.quietly("POST", f"{COMPUTE}/servers/{server or self.server}/action", {action: value})
        except LostAnswerError:
            return False

    def status(self, server: str) -> str:
        """Return a server's status; GONE when it is not there."""
        try:
            return str(self.run.ask("GET", f"{COMPUTE}/servers/{server}", retry=True)["server"]["status"])
        except RefusedError as error:
            if error.status != 404:
                raise
            return "GONE"

    # Having

    def need_network(self) -> None:
        """Have a network with a subnet, a group with a rule, and a key."""
        for have, verb in (
            (self.network, network_create),
            (self.subnet, subnet_create),
            (self.group, group_create),
            (self.rule, rule_create),
            (self.key, keypair_create),
        ):
            if not have:
                verb(self)
                self.run.settle()

    def need_server(self, status: str = "ACTIVE") -> None:
        """Have a server in that status."""
        self.need_network()
        for _ in range(4):
            now = self.status(self.server) if self.server else "GONE"
            if now == status:
                return
            if now in ("GONE", "ERROR"):
                self.delete(f"{COMPUTE}/servers", self.server if now == "ERROR" else "")
                server_create(self)
            elif now == "ACTIVE":
                self.act("os-stop")
            elif now == "SHUTOFF":
                self.act("os-start")
            self.run.settle()
        raise AssertionError(f"no server that is {status}: {self.status(self.server)}")


def network_create(t: Tenant) -> None:
    t.network = t.create(f"{NETWORK}/networks", "network", {"name": t.name("net")})


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


def _server(t: Tenant, networks: list[dict[str, str]], **more: Any) -> str:
    image = next(i for i in t.run.ask("GET", "/image/v2/images")["images"] if i["name"] == IMAGE)
    flavor = next(f for f in t.run.ask("GET", f"{COMPUTE}/flavors")["flavors"] if f["name"] == FLAVOR)
    body = {"name": t.name("web"), "imageRef": image["id"], "flavorRef": flavor["id"], "networks": networks, **more}
    return t.create(f"{COMPUTE}/servers", "server", body)


def server_create(t: Tenant) -> None:
    t.server = _server(t, [{"uuid": t.network}], key_name=t.key, security_groups=[{"name": t.group}])
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
    t.holder = _server(t, [{"port": t.port}])
    t.used.add(t.port)


def holder_delete(t: Tenant) -> None:
    t.delete(f"{COMPUTE}/servers", t.holder)
    t.holder = ""


def port_delete(t: Tenant) -> None:
    t.delete(f"{NETWORK}/ports", t.port)
    t.port = ""


def group_delete(t: Tenant) -> None:
    t.delete(f"{NETWORK}/security-groups", t.group)
    t.group = ""


def keypair_delete(t: Tenant) -> None:
    t.delete(f"{COMPUTE}/os-keypairs", t.key)
    t.key = ""


def network_delete(t: Tenant) -> None:
    t.deleted.add(t.subnet)  # it goes with its network
    t.delete(f"{NETWORK}/networks", t.network)
    t.network = t.subnet = ""


def _nothing(t: Tenant) -> None:
    pass


def _empty_network(t: Tenant) -> None:
    if not t.network or t.subnet:
        network_create(t)
        t.subnet = ""
        t.run.settle()


def _group(t: Tenant) -> None:
    if not t.group or t.rule:
        group_create(t)
        t.rule = ""
        t.run.settle()


def _network(t: Tenant) -> None:
    if not t.network:
        network_create(t)
        t.run.settle()


def _one_server(t: Tenant) -> None:
    t.need_server()


def _read_server(t: Tenant) -> None:
    t.need_server()
    console(t)
    t.run.settle()


def _stopped(t: Tenant) -> None:
    t.need_server("SHUTOFF")


def _rule_in_use(t: Tenant) -> None:
    t.need_server()
    if not t.rule:
        rule_create(t)
        t.run.settle()


def _no_rule(t: Tenant) -> None:
    t.need_server()
    if t.rule:
        rule_delete(t)
        t.run.settle()


def _two_groups(t: Tenant) -> None:
    t.need_server()
    if not t.second:
        second_group(t)
        t.run.settle()


def _attached(t: Tenant) -> None:
    _two_groups(t)
    group_attach(t)
    t.run.settle()


def _port(t: Tenant) -> None:
    t.need_network()
    if not t.port or t.port in t.deleted:
        port_create(t)
        t.run.settle()


def _used_port(t: Tenant) -> None:
    _port(t)
    if t.port not in t.used:
        _held(t)
        _unheld(t)


def _no_port(t: Tenant) -> None:
    t.need_network()
    _unheld(t)


def _held(t: Tenant) -> None:
    if t.holder and t.status(t.holder) == "ACTIVE":
        return
    if t.holder:
        holder_delete(t)
        t.run.settle()
    _port(t)
    holder_create(t)
    t.run.settle()


def _unheld(t: Tenant) -> None:
    if t.holder:
        holder_delete(t)
        t.run.settle()


def _no_servers(t: Tenant) -> None:
    _unheld(t)
    t.need_network()
    for server in t.run.ask("GET", f"{COMPUTE}/servers")["servers"]:
        t.delete(f"{COMPUTE}/servers", server["id"])
    t.server = ""
    t.run.settle()
    for port in t.run.ask("GET", f"{NETWORK}/ports")["ports"]:
        t.delete(f"{NETWORK}/ports", port["id"])
    t.port = ""
    t.run.settle()


def _used(t: Tenant) -> None:
    """Have a network, a group and a key that are in the cloud, and nobody who uses them."""
    if not {t.network, t.group, t.key} <= t.used:
        t.need_server()
    _no_servers(t)


@dataclass(frozen=True)
class Verb:
    """An operation. need: what it presupposes, made so without kills. subject: whom happenings hit."""

    need: Callable[[Tenant], None]
    do: Callable[[Tenant], None]
    subject: str


START = "start"  # the verb before all others: a store that is empty and an engine that has never run

VERBS: dict[str, Verb] = {
    START: Verb(_nothing, lambda t: t.run.start(), ""),
    "network create": Verb(_nothing, network_create, "network"),
    "subnet create": Verb(_empty_network, subnet_create, "network"),
    "group create": Verb(_network, group_create, "network"),
    "rule create": Verb(_group, rule_create, "network"),
    "keypair create": Verb(_nothing, keypair_create, "network"),
    "server create": Verb(Tenant.need_network, server_create, "server"),
    "server rename": Verb(_one_server, server_rename, "server"),
    "server stop": Verb(_one_server, server_stop, "server"),
    "server start": Verb(_stopped, server_start, "server"),
    "reboot soft": Verb(_one_server, reboot_soft, "server"),
    "reboot hard": Verb(_one_server, reboot_hard, "server"),
    "rule add": Verb(_no_rule, rule_create, "server"),
    "rule remove": Verb(_rule_in_use, rule_delete, "server"),
    "group attach": Verb(_two_groups, group_attach, "server"),
    "group detach": Verb(_attached, group_detach, "server"),
    "console": Verb(_one_server, console, "server"),
    "port create": Verb(_no_port, port_create, "network"),
    "server create on port": Verb(_port, holder_create, "holder"),
    "server delete on port": Verb(_held, holder_delete, "network"),
    "port delete": Verb(_used_port, port_delete, "network"),
    "server delete": Verb(_read_server, server_delete, "server"),
    "group delete": Verb(_used, group_delete, "network"),
    "keypair delete": Verb(_used, keypair_delete, "network"),
    "network delete": Verb(_used, network_delete, "network"),
}
