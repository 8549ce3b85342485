"""What users see of the company, by the stock client and SDK."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from tests.adopt.company import Company
from tests.faults.emulator import REGION
from tests.support.stack import Stack

OURS = "pia:"
# Noun of the client -> how its list is asked for.
NOUNS: Mapping[str, tuple[str, ...]] = {
    "server": ("server", "list"),
    "network": ("network", "list", "--internal"),
    "subnet": ("subnet", "list"),
    "port": ("port", "list"),
    "security group": ("security", "group", "list"),
    "security group rule": ("security", "group", "rule", "list"),
    "router": ("router", "list"),
    "floating ip": ("floating", "ip", "list"),
    "keypair": ("keypair", "list"),
    "server group": ("server", "group", "list"),
}
OWN = 1  # the project's own default group, with its four rules, is not the company's
OWN_RULES = 4
OUTER = 1  # the subnet of the external network shows, too
UNSAID = 1  # a rule of the company that Neutron has no words for


def untagged(described: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return a description without our tags: what it must be again when all is let go of."""
    return {
        kind: [
            {**row, "tags": {k: v for k, v in (row.get("tags") or {}).items() if not k.startswith(OURS)}}
            for row in rows
        ]
        for kind, rows in described.items()
    }  # fmt: skip


class Cloud:
    """The region as its users reach it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._sdk: Any = None
        self.refusal = ""  # the last one that was met

    def __enter__(self) -> Cloud:
        import openstack

        os.environ["OS_CLIENT_CONFIG_FILE"] = str(self._stack.places.clouds)
        self._sdk = openstack.connect(cloud="gurum", region_name=REGION)
        return self

    def __exit__(self, *_: object) -> None:
        self._sdk.close()

    def _list(self, noun: str) -> list[dict[str, Any]]:
        done = self._stack.openstack(*NOUNS[noun], "-f", "json", region=REGION)
        if done.returncode:
            raise RuntimeError(f"{noun} list: {done.stderr}")
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows

    def servers(self) -> list[dict[str, Any]]:
        """Return all servers in detail."""
        return [server.to_dict() for server in self._sdk.compute.servers()]

    def server(self, uid: str) -> dict[str, Any]:
        """Return one server, as the API says it."""
        answer = self._sdk.compute.get(f"/servers/{uid}").json()
        server: dict[str, Any] = answer["server"]
        return server

    def ready(self, count: int) -> bool:
        """Whether all servers are there, run, and have their addresses."""
        servers = self.servers()
        return len(servers) == count and all(s["status"] == "ACTIVE" and s["addresses"] for s in servers)

    def server_of(self, made: Company, instance: str) -> str:
        """Return the id of the server of an instance with a name."""
        return str(next(s["id"] for s in self.servers() if s["name"] == made.names[instance]))

    def some_active(self) -> str:
        """Return the id of a server that runs."""
        return str(next(s["id"] for s in self.servers() if s["status"] == "ACTIVE"))

    def stop(self, uid: str) -> None:
        """Stop a server as its user does."""
        self._sdk.compute.stop_server(uid)

    def start(self, uid: str) -> None:
        """Start a server as its user does."""
        self._sdk.compute.start_server(uid)

    def lists(self, made: Company, rules: int) -> list[str]:
        """Return in words what the client's lists show otherwise than the company has."""
        count = {kind: len(ids) for kind, ids in made.ids.items()}
        groups = count["security-group"] + count["vpc"]  # each VPC has one of AWS's own
        interfaces = 4 + 2  # of the two routers, in their subnets
        wanted = {
            "server": count["instance"], "network": count["vpc"], "subnet": count["subnet"] + OUTER,
            "port": count["network-interface"] + interfaces, "security group": groups + OWN,
            "security group rule": rules - UNSAID + OWN_RULES, "router": count["route-table"],
            "floating ip": count["elastic-ip"], "keypair": count["key-pair"], "server group": count["placement-group"],
        }  # fmt: skip
        out = []
        for noun, number in wanted.items():
            found = self._list(noun)
            if len(found) != number:
                out.append(f"{noun} list shows {len(found)}, not {number}")
        names = {row["Name"] for row in self._list("server")}
        out += [
            f"no server is named {made.names[i]}"
            for i in made.ids["instance"]
            if made.names.get(i, next(iter(names))) not in names
        ]
        return out

    def details(self, made: Company) -> list[str]:
        """Return in words what is shown of single things otherwise than it is."""
        out = []
        network = self._sdk.network
        for server in self.servers():
            flavor = server["flavor"]
            if not server["addresses"] or not flavor.get("original_name") or not server["security_groups"]:
                out.append(f"server {server['name']}: {flavor} {server['addresses']}")
        for what, list_, get in (
            ("network", network.networks, network.get_network),
            ("subnet", network.subnets, network.get_subnet),
            ("port", network.ports, network.get_port),
            ("security group", network.security_groups, network.get_security_group),
            ("security group rule", network.security_group_rules, network.get_security_group_rule),
            ("router", network.routers, network.get_router),
            ("floating ip", network.ips, network.get_ip),
        ):
            for item in list_():
                one = get(item.id)
                if one.id != item.id or one.name != item.name:
                    out.append(f"{what} {item.id} is shown as {one.id} {one.name}")
        types = {s["flavor"]["original_name"] for s in self.servers()}
        if not {"m1.tiny", "m5.large"} <= types:
            out.append(f"flavors shown: {sorted(types)}")
        compute = self._sdk.compute
        pairs = ((pair, compute.get_keypair(pair.name)) for pair in compute.keypairs())
        out += [f"key pair {pair.name}" for pair, one in pairs if pair.public_key != one.public_key]
        for group in self._sdk.compute.server_groups():
            self._sdk.compute.get_server_group(group.id)
        for image in {s["image"]["id"] for s in self.servers() if s["image"]}:
            self._sdk.image.get_image(image)
        return out

    def writes(self) -> list[str]:
        """Return the writes to what is only looked at that were not refused with a 409 that says so."""
        server = self.some_active()
        network = next(n["ID"] for n in self._list("network"))
        subnet = next(n["ID"] for n in self._list("subnet") if n["Network"] == network)
        group = next(g["ID"] for g in self._list("security group") if g["Name"] == "app-3")
        router = self._list("router")[0]["ID"]
        tries = (
            ("server", "stop", server),
            ("server", "set", "--name", "mine", server),
            ("server", "reboot", server),
            ("server", "add", "security", "group", server, group),
            ("server", "create", "--flavor", "m1.tiny", "--image", "debian-12", "--network", network, "new"),
            ("network", "set", "--name", "mine", network),
            ("subnet", "set", "--name", "mine", subnet),
            ("port", "create", "--network", network, "new"),
            ("security", "group", "rule", "create", "--dst-port", "80", "--protocol", "tcp", group),
            ("security", "group", "set", "--name", "mine", group),
            ("router", "unset", "--external-gateway", router),
            ("router", "remove", "subnet", router, subnet),
        )
        out = []
        for words in tries:
            done = self._stack.openstack(*words, region=REGION)
            self.refusal = done.stderr.strip()
            if done.returncode == 0 or "read-only" not in done.stderr or "409" not in done.stderr:
                out.append(f"{' '.join(words)}: {done.returncode} {done.stderr.strip()[-200:]}")
        return out

    def ids(self) -> set[str]:
        """Return the ids of all that is shown of the company."""
        network = self._sdk.network
        found = {s["id"] for s in self.servers()}
        outer = {item.id for item in network.networks() if item.is_router_external}
        for list_ in (network.ports, network.routers, network.ips):
            found |= {item.id for item in list_()}
        found |= {item.id for item in network.subnets() if item.network_id not in outer}
        found |= {item.id for item in network.networks()} - outer
        found |= {item.id for item in network.security_groups() if item.name != "default"}
        return found
