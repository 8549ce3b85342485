"""What the previous release leaves: networks, servers at rest, and one it was building when it was killed."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import struct
from pathlib import Path
from typing import Any

import msgspec
from tests.support.stack import Stack, running
from tests.upgrade.site import AWS, PRIVATE, Client, Emulated, until

from gurum.engine import restoration
from gurum.ops.config import StoreConfig
from gurum.store.factory import open_store

SERVERS = "/compute/v2.1/servers"


class Past(msgspec.Struct, kw_only=True):
    """What there was. `servers`: region to the ids of two servers at rest; `building`: the id of the one in BUILD."""

    servers: dict[str, list[str]]
    building: str
    lists: dict[str, dict[str, Any]]


def configured(document: dict[str, Any]) -> None:
    """Stop soon: the engine is frozen by then. A killed engine's lease is waited for."""
    document["embedded"]["stop_seconds"] = 3.0
    document["engine"]["lease"] = 4.0


def live(directory: Path) -> Past:
    """Start the whole, fill it through its API, kill the engine amid a launch, and stop the rest."""
    with running(directory, change=configured) as stack:
        clients = {region: Client(stack, region) for region in (PRIVATE, AWS)}
        made = {region: _filled(client) for region, client in clients.items()}
        building = _half_launched(stack, clients[AWS])
        past = Past(servers=made, building=building, lists={name: one.lists() for name, one in clients.items()})
    asyncio.run(_restored_once(stack.config.store))
    return past


async def _restored_once(config: StoreConfig) -> None:
    """Let the store have come from a backup, long ago and settled."""
    store, journal = await open_store(config)
    await restoration.mark(store, 1.0, 1.0)
    await restoration.settle(store)
    await journal.close()
    await store.close()


def public_key() -> str:
    """Return a new public key in OpenSSH's form; nobody has the private half."""
    kind = b"ssh-ed25519"
    blob = struct.pack(">I", len(kind)) + kind + struct.pack(">I", 32) + os.urandom(32)
    return f"{kind.decode()} {base64.b64encode(blob).decode()} old"


def wish(client: Client, name: str) -> dict[str, Any]:
    """Return the body of a server's creation on what `live` made."""
    image = client.do("GET", "/image/v2/images?name=debian-12")["images"][0]["id"]
    network = client.do("GET", "/network/v2.0/networks?name=old")["networks"][0]["id"]
    server = {"name": name, "imageRef": image, "flavorRef": "1", "networks": [{"uuid": network}], "key_name": "old"}
    return {"server": server | {"security_groups": [{"name": "old"}], "metadata": {"made": "before"}}}


def _filled(client: Client) -> list[str]:
    network = client.do("POST", "/network/v2.0/networks", {"network": {"name": "old"}})["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.40.0.0/24", "name": "old"}
    subnet_id = client.do("POST", "/network/v2.0/subnets", {"subnet": subnet})["subnet"]["id"]
    group = client.do("POST", "/network/v2.0/security-groups", {"security_group": {"name": "old"}})
    rule = {"security_group_id": group["security_group"]["id"], "direction": "ingress", "protocol": "tcp"}
    rule |= {"port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "10.0.0.0/8"}
    client.do("POST", "/network/v2.0/security-group-rules", {"security_group_rule": rule})
    client.do("POST", "/compute/v2.1/os-keypairs", {"keypair": {"name": "old", "public_key": public_key()}})
    # A port of its own, free, and one that was removed: its tombstone is of the previous schema as well.
    client.do("POST", "/network/v2.0/ports", {"port": {"network_id": network, "name": "free"}})
    gone = client.do("POST", "/network/v2.0/ports", {"port": {"network_id": network, "name": "gone"}})["port"]["id"]
    client.do("DELETE", f"/network/v2.0/ports/{gone}")
    servers = [client.do("POST", SERVERS, wish(client, f"old-{n}"))["server"]["id"] for n in (1, 2)]
    for server in servers:
        client.until(server, "ACTIVE")
    client.do("POST", f"{SERVERS}/{servers[0]}/action", {"os-getConsoleOutput": {}})
    _routed(client, subnet_id, servers[0])
    server_group = {"name": "old", "policies": ["anti-affinity"]}
    client.do("POST", "/compute/v2.1/os-server-groups", {"server_group": server_group})
    return servers


def _routed(client: Client, subnet: str, server: str) -> None:
    """Lead a subnet outside, and an address to a server in it."""
    outside = client.do("GET", "/network/v2.0/networks?router:external=true")["networks"][0]["id"]
    wished = {"name": "old", "external_gateway_info": {"network_id": outside}}
    router = client.do("POST", "/network/v2.0/routers", {"router": wished})["router"]["id"]
    client.do("PUT", f"/network/v2.0/routers/{router}/add_router_interface", {"subnet_id": subnet})
    port = client.do("GET", f"/network/v2.0/ports?device_id={server}")["ports"][0]["id"]
    floating = {"floating_network_id": outside, "port_id": port}
    client.do("POST", "/network/v2.0/floatingips", {"floatingip": floating})


def _half_launched(stack: Stack, client: Client) -> str:
    """Make a server whose launch AWS did and whose answer never came; freeze the engine there. Return its id."""
    cloud = Emulated(stack)
    for fault in (
        {"kind": "drop-after", "action": "RunInstances"},
        {"kind": "status5xx", "action": "DescribeInstances", "status": 503},
    ):
        cloud.ask("POST", "faults", fault)
    before = len(cloud.resources("instance"))
    server = str(client.do("POST", SERVERS, wish(client, "old-building"))["server"]["id"])
    until(lambda: len(cloud.resources("instance")) > before, "the instance of the unfinished server is there")
    # Stopped, it cannot hear SIGTERM: the supervisor kills it, as a crash would.
    [engine] = [pid for pid, words in stack.children().items() if words[1:3] == ["-m", "gurum.engine"]]
    os.kill(engine, signal.SIGSTOP)
    cloud.ask("DELETE", "faults")
    if client.state(server) != "BUILD":
        raise RuntimeError(f"{server} should be in BUILD and is {client.state(server)}")
    return server
