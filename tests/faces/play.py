"""The play: the whole run on Kubernetes, one user with two faces, and every kind through both of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.adopt.company import public_key
from tests.faces.deeds import Deeds, resource
from tests.faces.examples import active, declared, example
from tests.faces.hands import PATIENCE, Api, Person, condition
from tests.faces.table import API, KUBECTL, Table
from tests.support.stack import running

PRIVATE, AWS = "kr-central-1", "kakao-usa-east1"
QUOTAS = {
    "network": {"network": 7, "router": 3, "floatingip": 3},
    "compute": {"server_groups": 3, "key_pairs": 3, "instances": 4},
}
INVALID, QUOTA, POLICY = "InvalidConfiguration", "QuotaExceeded", "PolicyDenied"


def change(document: dict[str, Any]) -> None:
    """Let little be enough to exceed a quota."""
    document["pia"] = {**document.get("pia", {}), "quotas": QUOTAS}
    document["embedded"]["aws_emulator_settings"] = {"time_factor": 0.05}
    document["embedded"]["ready_seconds"] = 170.0  # beside other work


def play(directory: Path, least: int) -> int:
    """Start the whole and play; return the exit status."""
    table = Table()
    with running(directory, change=change) as stack:
        who = json.loads(stack.openstack("token", "issue", "-f", "json", region=PRIVATE).stdout)
        person = Person(stack, who["project_id"], who["user_id"])
        deeds = Deeds(Api(stack, PRIVATE), person, table)
        for act in (networks, subnets, groups, rules, ports, routers, floating, small, servers, removal):
            act(deeds)
        usa = Deeds(Api(stack, AWS), person, table)
        elsewhere(usa)
        example(deeds, usa)
        declared(deeds, usa)
    return table.end(least)


def networks(do: Deeds) -> None:
    """Networks."""
    do.by_kubectl(
        "Network", "front", {"description": "one", "tags": ["a"]},
        {"name": "front", "description": "one", "tags": ["a"], "revision_number": 1, "admin_state_up": True},
    )  # fmt: skip
    do.taken("Network", "front", {})
    do.by_api("Network", {"name": "back", "description": "x"}, {"name": "back", "description": "x"})
    do.changed_by_kubectl("Network", "front", {"description": "two"}, {"description": "two", "revision_number": 2})
    do.changed_by_kubectl("Network", "front", {"tags": ["a", "b"]}, {"tags": ["a", "b"], "revision_number": 3})
    do.changed_by_api("Network", "front", {"description": "three"}, {"description": "three"})
    hints = {"name": "nowhere", "availability_zone_hints": ["nowhere"]}
    do.wrong("Network", "nowhere", {"availabilityZoneHints": ["nowhere"]}, hints, "unknown zone", INVALID)
    outside = {"name": "outside", "router:external": True}
    do.wrong("Network", "outside", {"external": True}, outside, "an administrator's", POLICY)
    do.fixed(
        "Network", "front", {"availabilityZoneHints": ["nova"]}, {"availability_zone_hints": ["nova"]}, "zone hints"
    )
    do.fixed("Network", "front", {"shared": True}, {"shared": True}, "an administrator's field")
    do.owned("Network", "front", "description", "from git", {"description": "by request"})


def subnets(do: Deeds) -> None:
    """Subnets."""
    network = do.person.admitted(resource("Network"), "front")
    wanted = {"network_id": network, "cidr": "10.20.0.0/24", "gateway_ip": "10.20.0.1", "enable_dhcp": True}
    do.by_kubectl("Subnet", "front-4", {"networkRef": "front", "cidr": "10.20.0.0/24"}, wanted)
    six = {"networkID": network, "cidr": "10.20.1.0/24", "name": "front-5"}
    body = {"network_id": network, "cidr": "10.20.1.0/24", "ip_version": 4, "name": "front-5"}
    do.by_api("Subnet", body, six)
    do.changed_by_kubectl("Subnet", "front-4", {"dnsNameservers": ["9.9.9.9"]}, {"dns_nameservers": ["9.9.9.9"]})
    do.changed_by_api("Subnet", "front-4", {"description": "d"}, {"description": "d"})
    twice = {"network_id": network, "cidr": "10.20.0.128/25", "ip_version": 4}
    do.wrong("Subnet", "twice", {"networkRef": "front", "cidr": "10.20.0.128/25"}, twice, "overlaps", INVALID)
    bad = {"network_id": network, "cidr": "banana", "ip_version": 4}
    do.wrong("Subnet", "bad", {"networkRef": "front", "cidr": "banana"}, bad, "no network", INVALID)
    do.fixed("Subnet", "front-4", {"cidr": "10.99.0.0/24"}, {"cidr": "10.99.0.0/24"}, "cidr")
    do.owned("Subnet", "front-4", "description", "from git", {"description": "by request"})
    do.person.ok("apply", document=do.wish("Subnet", "later-4", {"networkRef": "later", "cidr": "10.30.0.0/24"}))
    told = condition(do.person.until(resource("Subnet"), "later-4", condition))
    do.table.same("Subnet", "create: its network comes later", KUBECTL, KUBECTL, INVALID, told.get("reason"))
    later = do.apply("Network", "later", {})
    uid = do.person.admitted(resource("Subnet"), "later-4")
    do.table.same("Subnet", "and then it is taken up", KUBECTL, API, later, do.shown("Subnet", uid).get("network_id"))


def groups(do: Deeds) -> None:
    """Security groups."""
    do.by_kubectl("SecurityGroup", "web", {"description": "one"}, {"name": "web", "description": "one"})
    do.by_api("SecurityGroup", {"name": "db", "description": "x"}, {"name": "db", "description": "x"})
    do.changed_by_kubectl("SecurityGroup", "web", {"description": "two"}, {"description": "two"})
    do.changed_by_api("SecurityGroup", "web", {"description": "three"}, {"description": "three"})
    default = {"name": "default", "description": ""}
    do.wrong("SecurityGroup", "second", {"name": "default"}, default, "a second default group", INVALID)
    do.owned("SecurityGroup", "web", "description", "from git", {"description": "by request"})


def rules(do: Deeds) -> None:
    """Rules of security groups."""
    group = do.person.admitted(resource("SecurityGroup"), "web")
    spec = {"securityGroupRef": "web", "direction": "ingress", "protocol": "tcp"}
    wanted = {"security_group_id": group, "port_range_min": 443, "port_range_max": 443, "protocol": "tcp"}
    do.by_kubectl("SecurityGroupRule", "https", spec | {"portRangeMin": 443, "portRangeMax": 443}, wanted)
    body = {"security_group_id": group, "direction": "ingress", "protocol": "tcp"}
    body_80 = body | {"port_range_min": 80, "port_range_max": 80}
    do.by_api("SecurityGroupRule", body_80, {"securityGroupID": group, "portRangeMin": 80, "direction": "ingress"})
    do.wrong(
        "SecurityGroupRule", "again", spec | {"portRangeMin": 80, "portRangeMax": 80}, body_80, "there is one", INVALID
    )
    upside = {"port_range_min": 9, "port_range_max": 8}
    do.wrong(
        "SecurityGroupRule", "upside", spec | {"portRangeMin": 9, "portRangeMax": 8}, body | upside, "ports", INVALID
    )
    do.fixed(
        "SecurityGroupRule", "https", {"portRangeMax": 444}, "Cannot update read-only attribute port_range_max", "ports"
    )
    do.gone_by_kubectl("SecurityGroupRule", "https")
    do.by_kubectl(
        "SecurityGroupRule", "https-again", spec | {"portRangeMin": 443, "portRangeMax": 443}, wanted, "create anew"
    )
    do.gone_by_api("SecurityGroupRule", "https-again")


def ports(do: Deeds) -> None:
    """Ports, and their addresses."""
    network = do.person.admitted(resource("Network"), "front")
    subnet = do.person.admitted(resource("Subnet"), "front-4")
    group = do.person.admitted(resource("SecurityGroup"), "web")
    at = [{"subnetRef": "front-4", "ipAddress": "10.20.0.50"}]
    wanted = {
        "network_id": network,
        "fixed_ips": [{"subnet_id": subnet, "ip_address": "10.20.0.50"}],
        "security_groups": [group],
        "revision_number": 1,
    }
    do.by_kubectl("Port", "nic", {"networkRef": "front", "fixedIPs": at, "securityGroupRefs": ["web"]}, wanted)
    do.by_api("Port", {"network_id": network, "name": "other"}, {"networkID": network, "name": "other"})
    do.changed_by_kubectl("Port", "nic", {"description": "two"}, {"description": "two"})
    do.changed_by_api("Port", "nic", {"description": "three"}, {"description": "three"})
    taken = {"network_id": network, "fixed_ips": [{"subnet_id": subnet, "ip_address": "10.20.0.50"}]}
    do.wrong("Port", "taken", {"networkRef": "front", "fixedIPs": at}, taken, "its address is taken", INVALID)
    stray = {"network_id": network, "fixed_ips": [{"subnet_id": subnet, "ip_address": "10.77.0.50"}]}
    do.wrong(
        "Port", "stray", {"networkRef": "front", "fixedIPs": [{"subnetRef": "front-4", "ipAddress": "10.77.0.50"}]},
        stray, "no address of it", INVALID,
    )  # fmt: skip
    do.fixed("Port", "nic", {"networkRef": "later"}, {"network_id": network}, "network")
    moved = [{"subnetRef": "front-4", "ipAddress": "10.20.0.60"}]
    do.changed_by_kubectl(
        "Port", "nic", {"fixedIPs": moved}, {"fixed_ips": [{"subnet_id": subnet, "ip_address": "10.20.0.60"}]}
    )
    free = _within(lambda: do.api.call("POST", "/network/v2.0/ports", {"port": taken}).status == 201)
    do.table.same("Port", "the address that it left is free", KUBECTL, API, True, free)
    held = {"network_id": network, "fixed_ips": [{"subnet_id": subnet, "ip_address": "10.20.0.60"}]}
    text = do.api.call("POST", "/network/v2.0/ports", {"port": held}).text
    do.table.refused("Port", "and the one that it took is its own", "already allocated in subnet", text)
    do.owned("Port", "nic", "description", "from git", {"description": "by request"})
    do.in_use("SecurityGroup", "web")
    do.in_use("Network", "front")
    do.in_use("Subnet", "front-4")


def routers(do: Deeds) -> None:
    """Routers, their gateways and interfaces."""
    public = do.api.ok("GET", "/network/v2.0/networks?router:external=true")["networks"][0]["id"]
    uid = do.by_kubectl("Router", "edge", {"gateway": {"networkRef": "public"}}, {"name": "edge", "status": "ACTIVE"})
    found = do.shown("Router", uid).get("external_gateway_info") or {}
    do.table.same("Router", "its gateway", KUBECTL, API, public, found.get("network_id"))
    do.by_api("Router", {"name": "inner", "description": "x"}, {"name": "inner", "description": "x"})
    do.changed_by_kubectl("Router", "edge", {"description": "two"}, {"description": "two"})
    do.changed_by_api("Router", "edge", {"description": "three"}, {"description": "three"})
    front = do.person.admitted(resource("Network"), "front")
    inside = {"name": "wrong", "external_gateway_info": {"network_id": front}}
    do.wrong("Router", "wrong", {"gateway": {"networkRef": "front"}}, inside, "no external network", INVALID)
    port = do.apply("Port", "edge-front", {
        "networkRef": "front", "routerRef": "edge", "fixedIPs": [{"subnetRef": "front-4"}],
    })  # fmt: skip
    shown = do.shown("Port", port)
    wanted = {"device_id": uid, "device_owner": "network:router_interface", "name": "edge-front"}
    do.table.same("Router", "an interface", KUBECTL, API, wanted, {name: shown.get(name) for name in wanted})
    do.in_use("Router", "edge", "an interface is left")
    do.changed_by_kubectl(
        "Router", "edge", {"routes": [{"destination": "10.50.0.0/16", "nexthop": "10.20.0.9"}]},
        {"routes": [{"destination": "10.50.0.0/16", "nexthop": "10.20.0.9"}]},
    )  # fmt: skip
    far = [{"destination": "10.51.0.0/16", "nexthop": "10.99.0.9"}]
    do.fixed("Router", "edge", {"routes": [{"destination": "10.51.0.0/16", "nexthop": "10.99.0.9"}]}, {"routes": far},
             "a route that leads nowhere")  # fmt: skip
    do.owned("Router", "edge", "description", "from git", {"description": "by request"})
    do.apply("Router", "third", {})
    do.wrong("Router", "fourth", {}, {"name": "fourth"}, "over quota", QUOTA)
    do.person.ok("apply", document=do.wish("Router", "fourth", {}))
    do.gone_by_kubectl("Router", "third")
    do.table.same(
        "Router", "what was over quota is taken up when it fits", KUBECTL, API, "fourth",
        do.shown("Router", do.person.admitted(resource("Router"), "fourth")).get("name"),
    )  # fmt: skip


def floating(do: Deeds) -> None:
    """Floating IPs."""
    public = do.api.ok("GET", "/network/v2.0/networks?router:external=true")["networks"][0]["id"]
    front, nic = do.person.admitted(resource("Network"), "front"), do.person.admitted(resource("Port"), "nic")
    do.by_kubectl(
        "FloatingIP", "address", {"floatingNetworkRef": "public", "description": "one"},
        {"floating_network_id": public, "description": "one", "port_id": None},
    )  # fmt: skip
    do.by_api("FloatingIP", {"floating_network_id": public}, {"floatingNetworkID": public})
    do.changed_by_kubectl("FloatingIP", "address", {"portRef": "nic"}, {"port_id": nic, "status": "ACTIVE"})
    inner = {"floating_network_id": front}
    do.wrong("FloatingIP", "wrong", {"floatingNetworkRef": "front"}, inner, "no external network", INVALID)
    second = do.apply("FloatingIP", "second", {"floatingNetworkRef": "public"})
    do.fixed("FloatingIP", "second", {"portRef": "nic"}, {"port_id": nic}, "the port has one")
    do.changed_by_kubectl("FloatingIP", "address", {"portRef": None}, {"port_id": None, "status": "DOWN"})
    said = _within(lambda: do.api.call("PUT", f"/network/v2.0/floatingips/{second}", {"floatingip": {"port_id": nic}}
                                       ).status == 200)  # fmt: skip
    do.table.same("FloatingIP", "the port that it left can have another", KUBECTL, API, True, said)
    do.changed_by_api("FloatingIP", "address", {"description": "two"}, {"description": "two"})
    do.fixed("FloatingIP", "address", {"floatingNetworkRef": "front"}, {"floating_network_id": front}, "its network")
    do.owned("FloatingIP", "address", "description", "from git", {"description": "by request"})
    do.wrong(
        "FloatingIP", "more", {"floatingNetworkRef": "public"}, {"floating_network_id": public}, "over quota", QUOTA
    )
    do.gone_by_kubectl("FloatingIP", "second")
    do.gone_by_api("FloatingIP", "address")


def small(do: Deeds) -> None:
    """Server groups and key pairs."""
    do.by_kubectl(
        "ServerGroup", "apart", {"policy": "anti-affinity"}, {"name": "apart", "policy": "anti-affinity", "members": []}
    )
    do.by_api("ServerGroup", {"name": "near", "policy": "affinity"}, {"name": "near", "policy": "affinity"})
    rule = {"max_server_per_host": 2}
    body = {"name": "odd", "policy": "affinity", "rules": rule}
    do.wrong("ServerGroup", "odd", {"policy": "affinity", "rules": rule}, body, "rules of affinity", INVALID)
    text = "Cannot update read-only attribute policy"
    do.fixed("ServerGroup", "apart", {"policy": "affinity"}, text, "policy")
    do.apply("ServerGroup", "third", {"policy": "affinity"})
    do.wrong("ServerGroup", "fourth", {"policy": "affinity"}, {"name": "f", "policy": "affinity"}, "over quota", QUOTA)
    do.gone_by_kubectl("ServerGroup", "third")
    do.by_kubectl("KeyPair", "laptop", {"publicKey": public_key(1)}, {"name": "laptop", "public_key": public_key(1)})
    do.by_api("KeyPair", {"name": "desk", "public_key": public_key(2), "type": "ssh"}, {})
    garbage = {"name": "bad", "public_key": "ssh-rsa garbage", "type": "ssh"}
    do.wrong("KeyPair", "bad", {"publicKey": "ssh-rsa garbage"}, garbage, "no key", INVALID)
    again = {"name": "desk", "public_key": public_key(3), "type": "ssh"}
    do.wrong("KeyPair", "desk-again", {"name": "desk", "publicKey": public_key(3)}, again, "name conflict", INVALID)
    text = "Cannot update read-only attribute public_key"
    do.fixed("KeyPair", "laptop", {"publicKey": public_key(3)}, text, "key")
    do.apply("KeyPair", "third", {"publicKey": public_key(4)})
    more = {"name": "more", "public_key": public_key(5), "type": "ssh"}
    do.wrong("KeyPair", "more", {"publicKey": public_key(5)}, more, "over quota", QUOTA)
    do.gone_by_kubectl("KeyPair", "third")


def servers(do: Deeds) -> None:
    """Servers and their actions."""
    image = next(one["id"] for one in do.api.ok("GET", "/image/v2/images")["images"] if one["name"] == "debian-12")
    front = do.person.admitted(resource("Network"), "front")
    spec = {"flavorRef": "m1.small", "imageRef": "debian-12", "networks": [{"networkRef": "front"}]}
    body = {"name": "x", "flavorRef": "2", "imageRef": image, "networks": [{"uuid": front}]}
    more = {"keyName": "desk", "groupRef": "apart", "securityGroupRefs": ["web"], "metadata": {"tier": "front"}}
    uid = do.by_kubectl("Server", "one", spec | more, {
        "name": "one", "key_name": "desk", "metadata": {"tier": "front"}, "user_id": do.person.user,
        "server_groups": [do.person.admitted(resource("ServerGroup"), "apart")],
    })  # fmt: skip
    active(do, "one", uid)
    made = do.api.ok("GET", f"/compute/v2.1/servers/{uid}/os-instance-actions")["instanceActions"]
    history = [(one["action"], one["user_id"]) for one in made]
    do.table.same("Server", "its history", KUBECTL, API, [("create", do.person.user)], history)
    two = do.by_api("Server", body | {"name": "two"}, {"name": "two", "imageID": image})
    active(do, two, two)
    do.changed_by_kubectl("Server", "one", {"description": "two"}, {"description": "two"})
    do.changed_by_kubectl("Server", "one", {"metadata": {"tier": "back"}}, {"metadata": {"tier": "back"}})
    do.changed_by_kubectl("Server", "one", {"tags": ["a"]}, {"tags": ["a"]})
    do.changed_by_api("Server", "one", {"name": "renamed"}, {"name": "renamed"})
    do.changed_by_api("Server", "one", {"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}, "/metadata")
    do.wrong("Server", "odd", spec | {"flavorRef": "nope"}, body | {"flavorRef": "nope"}, "unknown flavor", INVALID)
    later = do.apply("Network", "empty", {})
    bare = body | {"networks": [{"uuid": later}]}
    do.wrong("Server", "bare", spec | {"networks": [{"networkRef": "empty"}]}, bare, "no subnet", INVALID)
    zone = {"availabilityZone": "nowhere"}
    do.wrong("Server", "zone", spec | zone, body | {"availability_zone": "nowhere"}, "unknown zone", INVALID)
    do.fixed("Server", "one", {"imageRef": "ubuntu-24.04"}, "Cannot update read-only attribute imageRef", "image")
    do.fixed("Server", "one", {"actions": []}, "Cannot update read-only attribute actions", "verbs by hand")
    do.owned("Server", "one", "description", "from git", {"description": "by request"})
    _acts(do, uid)
    do.apply("Server", "three", spec)
    do.apply("Server", "four", spec)
    do.wrong("Server", "five", spec, body | {"name": "five"}, "over quota", QUOTA)


def _acts(do: Deeds, uid: str) -> None:
    def act(name: str, verb: str, **arguments: str) -> dict[str, Any]:
        spec: dict[str, Any] = {"serverRef": "one", "action": verb}
        do.person.ok(
            "create", document=do.wish("ServerAction", name, spec | ({"arguments": arguments} if arguments else {}))
        )
        ended = ("Success", "Error", "Refused")
        found = do.person.until(
            resource("ServerAction"), name, lambda one: one.get("status", {}).get("outcome") in ended
        )
        status: dict[str, Any] = found.get("status", {})
        return status

    def state() -> str:
        return str(do.shown("Server", uid).get("status"))

    stopped = act("stop-one", "stop")
    do.table.same("ServerAction", "stop", KUBECTL, API, ["Success", "SHUTOFF"], [stopped.get("outcome"), state()])
    listed = do.api.ok("GET", f"/compute/v2.1/servers/{uid}/os-instance-actions")["instanceActions"]
    asked = [one["request_id"] for one in listed if one["action"] == "stop"]
    do.table.same("ServerAction", "its request is in the history", KUBECTL, API, asked, [stopped.get("requestID")])
    text = do.api.call("POST", f"/compute/v2.1/servers/{uid}/action", {"reboot": {"type": "SOFT"}}).text
    refused = act("reboot-one", "reboot", type="SOFT")
    do.table.refused("ServerAction", "reboot of a stopped one", text, str(refused.get("message")))
    do.api.ok("POST", f"/compute/v2.1/servers/{uid}/action", {"os-start": None})
    found = do.person.until(resource("Server"), "one", lambda one: one["status"].get("vmState") == "active")
    do.table.same("Server", "start", API, KUBECTL, "active", found["status"].get("vmState"))
    locked = act("lock-one", "lock")
    shown = do.shown("Server", uid).get("locked")
    do.table.same("ServerAction", "lock", KUBECTL, API, ["Success", True], [locked.get("outcome"), shown])
    do.in_use("Server", "one", "locked")
    do.api.ok("POST", f"/compute/v2.1/servers/{uid}/action", {"unlock": None})
    found = do.person.until(resource("Server"), "one", lambda one: not one["spec"].get("locked"))
    do.table.same("Server", "unlock", API, KUBECTL, False, found["spec"].get("locked", False))
    text = do.api.call("POST", f"/compute/v2.1/servers/{uid}/action", {"dance": None}).text
    do.table.refused("ServerAction", "unknown verb", text, str(act("dance-one", "dance").get("message")))


def removal(do: Deeds) -> None:
    """Everything goes, in whatever order is possible."""
    do.gone_by_kubectl("Server", "one")
    do.gone_by_api("Server", "three")
    do.gone_by_kubectl("Server", "four")
    do.gone_by_kubectl("Port", "nic")
    do.changed_by_kubectl("Router", "edge", {"routes": []}, {"routes": []})
    do.gone_by_kubectl("Port", "edge-front")
    do.gone_by_kubectl("Router", "edge")
    do.gone_by_api("Router", "fourth")
    do.gone_by_api("ServerGroup", "apart")
    do.gone_by_kubectl("KeyPair", "laptop")
    do.gone_by_kubectl("Network", "later")
    gone = do.person.until(resource("Subnet"), "later-4", lambda one: not one)
    do.table.same("Subnet", "goes with its network", KUBECTL, KUBECTL, {}, gone)


def elsewhere(do: Deeds) -> None:
    """The same in the region that is AWS."""
    do.by_kubectl("Network", "usa", {}, {"name": "usa"}, "create in AWS")
    do.by_kubectl(
        "Subnet", "usa-4", {"networkRef": "usa", "cidr": "10.40.0.0/22"}, {"cidr": "10.40.0.0/22"}, "create in AWS"
    )
    spec = {"flavorRef": "m1.small", "imageRef": "debian-12", "networks": [{"networkRef": "usa"}]}
    uid = do.by_kubectl("Server", "usa-web", spec, {"name": "usa-web"}, "create in AWS")
    active(do, "usa-web", uid)
    do.gone_by_kubectl("Server", "usa-web")
    do.gone_by_kubectl("Network", "usa")


def _within(there: Callable[[], bool], seconds: float = PATIENCE / 4) -> bool:
    deadline = time.monotonic() + seconds
    while not there():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
