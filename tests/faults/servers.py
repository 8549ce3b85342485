"""Servers as a user of the API makes them and looks at them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.bench.client import Client

SERVERS = "/compute/v2.1/servers"
Say = Callable[[str], None]


def wish(client: Client, name: str) -> dict[str, Any]:
    """Make a network with a subnet; return the body of a server on it."""
    network = client.json("POST", "/network/v2.0/networks", {"network": {"name": name}})["network"]
    subnet = {"network_id": network["id"], "cidr": "10.9.0.0/20", "ip_version": 4}
    client.json("POST", "/network/v2.0/subnets", {"subnet": subnet})
    image = client.json("GET", "/image/v2/images")["images"][0]["id"]
    flavor = client.json("GET", "/compute/v2.1/flavors")["flavors"][0]["id"]
    return {"server": {"name": name, "imageRef": image, "flavorRef": flavor, "networks": [{"uuid": network["id"]}]}}


def make(client: Client, body: dict[str, Any], count: int) -> list[str]:
    """Ask for servers; return their ids. Raises RuntimeError if one is not accepted."""
    return [client.json("POST", SERVERS, body)["server"]["id"] for _ in range(count)]


def seen(client: Client) -> dict[str, dict[str, Any]]:
    """Return all servers as the API shows them, by id."""
    return {server["id"]: server for server in client.json("GET", f"{SERVERS}/detail?limit=1000")["servers"]}


def settle(client: Client, ids: list[str], within: float, say: Say) -> tuple[int, float]:
    """Wait until none of these is in BUILD, at most `within` seconds; return how many are ACTIVE, and the seconds."""
    began, told = time.monotonic(), 0.0
    while True:
        servers = seen(client)
        count = Counter(servers[one]["status"] if one in servers else "gone" for one in ids)
        took = time.monotonic() - began
        if not count["BUILD"] or took > within:
            return count["ACTIVE"], took
        if took - told >= 5:
            told = took
            say(f"{took:4.0f} s  " + ", ".join(f"{number} {status}" for status, number in sorted(count.items())))
        time.sleep(0.5)
