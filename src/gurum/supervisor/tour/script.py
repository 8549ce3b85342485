"""What the tour types, as data: the same for every region, because that is what it is to show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

KEYPAIR = "tour"
NETWORK = "tour-net"
SUBNET = "tour-subnet"
GROUP = "tour-web"
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


def _show(*columns: str) -> Words:
    """Return the options that show only these fields: a page, not ten; and no password on the terminal."""
    return tuple(word for column in columns for word in ("-c", column))


def create_server(name: str) -> Words:
    """Return the command that makes a server."""
    return (
        *("server", "create", *_show("id", "name", "status"), "--flavor", "m1.tiny", "--image", "debian-12"),
        *("--network", NETWORK, "--security-group", GROUP, "--key-name", KEYPAIR, name),
    )


SERVERS = ("server", "list", "-c", "Name", "-c", "Status", "-c", "Networks", "-c", "Image", "-c", "Flavor")
SERVER_STATES = ("server", "list", "-f", "value", "-c", "Name", "-c", "Status")


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
