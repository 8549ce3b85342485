"""What the tour types, as data: the same for every region, because that is what it is to show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

KEYPAIR = "tour"
NETWORK = "tour-net"
SUBNET = "tour-subnet"
GROUP = "tour-web"
ROUTER = "tour-router"
FIRST, SECOND = "tour-1", "tour-2"

Words = tuple[str, ...]


@dataclass(frozen=True)
class Thing:
    """Something that the tour makes in a region, unless a list shows that an earlier tour made it.

    lists: the command whose output, a line for each, has `name` in its first column.
    """

    kind: str
    name: str
    lists: Words
    create: Words


def _list(*words: str, column: str = "Name") -> Words:
    return (*words, "list", "-f", "value", "-c", column)


def things(public_key: Path) -> tuple[Thing, ...]:
    """Return what is made before the servers, in order. public_key: the file of an SSH public key."""
    groups, rules = _list("security", "group"), (*_list("security", "group", "rule", column="IP Protocol"), GROUP)
    rule = ("security", "group", "rule", "create", *_show("id", "protocol", "port_range_min", "remote_ip_prefix"))
    return (
        Thing(
            "key pair",
            KEYPAIR,
            _list("keypair"),
            ("keypair", "create", *_show("name", "fingerprint"), "--public-key", str(public_key), KEYPAIR),
        ),
        Thing("network", NETWORK, _list("network"), ("network", "create", *_show("id", "name", "status"), NETWORK)),
        Thing(
            "subnet",
            SUBNET,
            _list("subnet"),
            (
                *("subnet", "create", *_show("id", "cidr", "allocation_pools")),
                *("--network", NETWORK, "--subnet-range", "10.20.0.0/20", SUBNET),
            ),
        ),
        Thing("security group", GROUP, groups, ("security", "group", "create", *_show("id", "name"), GROUP)),
        Thing("rule", "tcp", rules, (*rule, "--protocol", "tcp", "--dst-port", "22", GROUP)),
        Thing("rule", "icmp", rules, (*rule, "--protocol", "icmp", "--remote-ip", "10.20.0.0/20", GROUP)),
    )


def router(outside: str) -> Thing:
    """Return the router. outside: the name of the external network that it leads to."""
    create = ("router", "create", *_show("id", "name", "status"), "--external-gateway", outside, ROUTER)
    return Thing("router", ROUTER, _list("router"), create)


def _show(*columns: str) -> Words:
    """Return the options that show only these fields: a page, not ten; and no password on the terminal."""
    return tuple(word for column in columns for word in ("-c", column))


def create_server(name: str) -> Words:
    """Return the command that makes a server."""
    return (
        *("server", "create", *_show("id", "name", "status"), "--flavor", "m1.tiny", "--image", "debian-12"),
        *("--network", NETWORK, "--security-group", GROUP, "--key-name", KEYPAIR, name),
    )


# The router's other end, unless it is there. The interface is a port, which has the router for its device.
INTERFACES = ("port", "list", "-f", "value", "-c", "ID", "--router", ROUTER, "--network", NETWORK)
JOIN = ("router", "add", "subnet", ROUTER, SUBNET)
# A public address for the first server. The tag tells it from the user's own, should an earlier tour have left one.
FLOATING = ("floating", "ip", "list", "-f", "value", "-c", "Floating IP Address", "--tags", "tour")
FLOATING_IPS = (
    *("floating", "ip", "list", "--long"),
    *_show("Floating IP Address", "Fixed IP Address", "Status"),
)


def new_address(outside: str) -> Words:
    """Return the command that gets a floating IP of an external network and prints its address."""
    return ("floating", "ip", "create", "-f", "value", "-c", "floating_ip_address", "--tag", "tour", outside)


def give(address: str) -> Words:
    """Return the command that gives the first server a floating IP."""
    return ("server", "add", "floating", "ip", FIRST, address)


def take(address: str) -> Words:
    """Return the command that gives a floating IP back: each costs money as long as it is held."""
    return ("floating", "ip", "delete", address)


SERVERS = ("server", "list", "-c", "Name", "-c", "Status", "-c", "Networks", "-c", "Image", "-c", "Flavor")
SERVER_STATES = ("server", "list", "-f", "value", "-c", "Name", "-c", "Status")


# The same servers as objects, where the store is a cluster; and what a cluster says of them by itself, once.
KUBECTL = "kubectl"
OBJECTS = ("get", "servers", "--all-namespaces")
CLUSTER = (
    ("explain", "server.spec"),
    ("describe", "servers", "--all-namespaces"),
)


def show_status(name: str) -> Words:
    """Return the command that prints a server's status and nothing else."""
    return ("server", "show", "-f", "value", "-c", "status", name)


# What brings a server of an earlier tour to ACTIVE, by the status it is found in. Any other: it is made anew.
TO_ACTIVE: dict[str, tuple[Words, ...]] = {
    "ACTIVE": (),
    "BUILD": (),
    "REBOOT": (),
    "SHUTOFF": (("server", "start"),),
}
