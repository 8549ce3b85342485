"""Bodies and queries of the network API, made from its attribute tables: they are what that API has for schemas."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from tests.fuzz.picks import Picks
from tests.fuzz.population import named
from tests.fuzz.values import NAMES
from tests.fuzz.world import ZONES

from gurum.model.network import Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.routing import FloatingIP, Router
from gurum.pia.network import convert, tables
from gurum.pia.network.attributes import REQUIRED, Attribute, Noun
from gurum.pia.network.quotas.routes import QUOTA
from gurum.pia.network.tables.security_groups import SECURITY_GROUP_RULE
from gurum.pia.network.tables.subnets import SUBNET

Make = Callable[[Picks], Any]


def _nouns() -> dict[str, Noun]:
    """Return every noun that the network API has a table of, by its collection."""
    found = {QUOTA.collection: QUOTA}
    for module in pkgutil.iter_modules(tables.__path__):
        for value in vars(importlib.import_module(f"{tables.__name__}.{module.name}")).values():
            if isinstance(value, Noun):
                found[value.collection] = value
    return found


NOUNS = _nouns()
KINDS: dict[str, type[Any]] = {
    "networks": Network,
    "subnets": Subnet,
    "ports": Port,
    "security_groups": SecurityGroup,
    "security_group_rules": SecurityGroupRule,
    "routers": Router,
    "floatingips": FloatingIP,
}


def _truth(picks: Picks) -> Any:
    return picks.rng.choice((True, False, "true", "False", "1", 0))


def _text(picks: Picks) -> str:
    return picks.rng.choice((picks.name().replace("-", "_"), *NAMES))  # a network can come to be shared


def _fixed_ips(picks: Picks) -> list[dict[str, str]]:
    kind = picks.rng.random()
    if kind < 0.4:
        return [{"ip_address": picks.address()}]
    if kind < 0.8:
        return [{"subnet_id": picks.id(Subnet, picks.refer)}]
    return [{"subnet_id": picks.id(Subnet, picks.refer), "ip_address": picks.address()}]


def _mac(picks: Picks) -> str:
    return "fa:16:3e:" + ":".join(f"{picks.rng.randrange(256):02x}" for _ in range(3))


_GATEWAY = {"network_id": named("net public")}


def _subnet(picks: Picks) -> Subnet | None:
    """Return a subnet for a router; where a request must succeed, one of the same owner as the router."""
    return picks.one(Subnet, picks.aim if picks.prefer else picks.refer, lambda s: s.spec.ip_version == 4)


def _routes(picks: Picks) -> list[dict[str, str]]:
    subnet = _subnet(picks)
    hop = ip_network(subnet.spec.cidr)[-6] if subnet is not None else "192.0.2.9"
    return [{"destination": f"198.51.{picks.rng.randrange(256)}.0/24", "nexthop": str(hop)}]


def _interface(picks: Picks) -> dict[str, Any]:
    if picks.rng.random() < 0.2 and not picks.prefer:
        return {"port_id": picks.id(Port, picks.refer)}
    subnet = _subnet(picks)
    return {"subnet_id": subnet.id if subnet is not None else picks.unknown()}


# Bodies of what is no noun, by the last part of the path.
ACTIONS: dict[str, Make] = {
    "add_router_interface": _interface,
    "remove_router_interface": _interface,
    "add_extraroutes": lambda picks: {"router": {"routes": _routes(picks)}},
    "remove_extraroutes": lambda picks: {"router": {"routes": _routes(picks)}},
}


def _some(make: Make, most: int = 2) -> Make:
    return lambda picks: [make(picks) for _ in range(picks.rng.randint(0, most))]


# One a writable attribute; where a name means different things in different nouns, with the noun's before it.
ATTRIBUTES: dict[str, Make] = {
    "name": _text,
    "description": _text,
    "admin_state_up": _truth,
    "shared": _truth,
    "router:external": _truth,
    "is_default": _truth,
    "mtu": lambda picks: picks.rng.choice((0, 1400, "1500", 9000)),
    "port_security_enabled": _truth,
    "availability_zone_hints": _some(lambda picks: picks.rng.choice(ZONES).name, 1),
    "qos_policy_id": lambda picks: picks.rng.choice((None, picks.unknown())),
    "vlan_transparent": _truth,
    "qinq": _truth,
    "dns_domain": lambda picks: "example.org.",
    "dns_name": lambda picks: "host",
    "provider:network_type": lambda picks: "vlan",
    "provider:physical_network": lambda picks: "physnet1",
    "provider:segmentation_id": lambda picks: picks.rng.randrange(1, 4095),
    "segments": lambda picks: [],
    "tags": lambda picks: picks.rng.sample(["blue", "red", "구름", "a b", "x" * 60], picks.rng.randint(0, 3)),
    "network_id": Picks.network,
    "mac_address": _mac,
    "fixed_ips": _fixed_ips,
    "device_id": lambda picks: picks.rng.choice(("", "device", picks.unknown())),
    "device_owner": lambda picks: picks.rng.choice(("", "manila:share", "mine")),
    "security_groups": lambda picks: list(
        dict.fromkeys(picks.id(SecurityGroup, picks.refer) for _ in range(picks.rng.randint(0, 2)))
    ),
    "allowed_address_pairs": lambda picks: [{"ip_address": picks.address()}],
    "extra_dhcp_opts": lambda picks: [{"opt_name": "mtu", "opt_value": "1400"}],
    "binding:vnic_type": lambda picks: picks.rng.choice(("normal", "direct", "macvtap")),
    "binding:host_id": lambda picks: "host",
    "binding:profile": lambda picks: {"a": "b"},
    "ip_version": lambda picks: picks.rng.choice((4, "4", 4, 4, 6)),
    "subnetpool_id": lambda picks: picks.rng.choice((None, picks.unknown())),
    "use_default_subnetpool": _truth,
    "prefixlen": lambda picks: picks.rng.randint(16, 28),
    "cidr": lambda picks: f"10.{picks.rng.randrange(256)}.{picks.rng.randrange(256)}.0/{picks.rng.randint(16, 28)}",
    "gateway_ip": lambda picks: picks.rng.choice((None, picks.address())),
    "allocation_pools": lambda picks: [{"start": "10.9.9.10", "end": "10.9.9.20"}],
    "dns_nameservers": lambda picks: picks.rng.sample(["8.8.8.8", "1.1.1.1", "9.9.9.9"], picks.rng.randint(0, 3)),
    "host_routes": lambda picks: [{"destination": "192.0.2.0/24", "nexthop": picks.address()}],
    "enable_dhcp": _truth,
    "ipv6_ra_mode": lambda picks: picks.rng.choice((None, "slaac")),
    "ipv6_address_mode": lambda picks: picks.rng.choice((None, "slaac", "dhcpv6-stateful")),
    "service_types": _some(lambda picks: picks.rng.choice(("compute:nova", "network:dhcp")), 1),
    "segment_id": lambda picks: picks.rng.choice((None, picks.unknown())),
    "dns_publish_fixed_ip": _truth,
    "stateful": _truth,
    "security_group_id": lambda picks: picks.id(SecurityGroup, picks.refer),
    "remote_group_id": lambda picks: picks.id(SecurityGroup, picks.refer),
    "remote_address_group_id": lambda picks: picks.unknown(),
    "direction": lambda picks: picks.rng.choice(("ingress", "egress")),
    "protocol": lambda picks: picks.rng.choice(("tcp", "udp", "icmp", 6, "17", "any", None, "sctp", "58")),
    "port_range_min": lambda picks: picks.rng.choice((22, "80", 443, None)),
    "port_range_max": lambda picks: picks.rng.choice((443, "8080", 65535, None)),
    "ethertype": lambda picks: picks.rng.choice(("IPv4", "ipv4", "IPv6")),
    "remote_ip_prefix": lambda picks: picks.rng.choice(("0.0.0.0/0", "192.0.2.7/24", "::/0", None)),
    "tenant_id": lambda picks: picks.project(picks.refer),
    "project_id": lambda picks: picks.project(picks.refer),
    "prefixes": lambda picks: ["10.64.0.0/12"],
    "min_prefixlen": lambda picks: 8,
    "max_prefixlen": lambda picks: 28,
    "default_prefixlen": lambda picks: 24,
    "default_quota": lambda picks: None,
    "address_scope_id": lambda picks: None,
    "external_gateway_info": lambda picks: picks.rng.choice((None, {}, _GATEWAY, _GATEWAY)),
    "routes": lambda picks: [] if picks.rng.random() < 0.3 else _routes(picks),
    "flavor_id": lambda picks: picks.rng.choice((None, picks.unknown())),
    "ha": _truth,
    "enable_default_route_bfd": _truth,
    "enable_default_route_ecmp": _truth,
    "floating_network_id": lambda picks: _GATEWAY["network_id"],
    "subnet_id": lambda picks: named("subnet public"),
    "floating_ip_address": lambda picks: f"203.0.113.{picks.rng.randint(2, 254)}",
    "port_id": lambda picks: picks.rng.choice((None, picks.id(Port, picks.refer), picks.id(Port, picks.refer))),
    "fixed_ip_address": lambda picks: picks.rng.choice((None, picks.address())),
    "force": _truth,
    "check_limit": _truth,
}
UNUSUAL = {  # what mostly needs an administrator, or a cloud that can more than most
    *("shared", "router:external", "is_default", "qos_policy_id", "qinq", "provider:network_type", "segments"),
    *("provider:physical_network", "provider:segmentation_id", "mac_address", "binding:host_id", "binding:profile"),
    *("subnetpool_id", "use_default_subnetpool", "prefixlen", "segment_id", "remote_address_group_id", "project_id"),
    *("tenant_id", "allocation_pools", "host_routes", "ipv6_ra_mode", "ipv6_address_mode", "device_owner"),
    *("flavor_id", "ha", "enable_default_route_bfd", "enable_default_route_ecmp", "floating_ip_address"),
    *("vlan_transparent", "mtu", "dns_domain", "dns_name", "allowed_address_pairs", "port_security_enabled"),
}
TOGETHER: tuple[dict[str, Any], ...] = (  # security group rules whose parts fit
    {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22},
    {"protocol": "udp", "port_range_min": "53", "port_range_max": "53", "remote_ip_prefix": "192.0.2.0/24"},
    {"protocol": "icmp", "port_range_min": 8, "port_range_max": 0},
    {"ethertype": "IPv6", "remote_ip_prefix": "2001:db8::/32"},
    {"protocol": "tcp", "port_range_min": 8000},
    {},
)


def lacking() -> list[str]:
    """Return the writable attributes that nothing here can make: a table grew, this module did not."""
    return [
        f"{noun.name}.{row.name}"
        for noun in NOUNS.values()
        for row in noun.rows
        if (row.post or row.put) and row.name not in ATTRIBUTES and noun is not QUOTA
    ]


def _limit(picks: Picks) -> int:
    return picks.rng.choice((-1, 50, 60, 200, 2**31 - 1))


def attributes(picks: Picks, noun: Noun, method: str, lavish: float) -> dict[str, Any]:
    """Return attributes for a POST or PUT that the noun's table accepts."""
    made: dict[str, Any] = {}
    for row in noun.rows:
        if not (row.post if method == "POST" else row.put):
            continue
        needed = method == "POST" and row.default is REQUIRED and row.name not in ("tenant_id", "project_id")
        if noun is SUBNET and method == "POST" and row.name == "cidr":
            needed = True
        likely = lavish * (0.1 if row.name in UNUSUAL else 1.0)
        if needed or picks.rng.random() < likely:
            make = ATTRIBUTES.get(row.name, _limit)
            made[row.name] = make(picks)
    if noun is SUBNET and made.get("ip_version") == 6 and "cidr" in made:
        made["cidr"] = f"fd00:{picks.rng.randrange(65536):x}::/64"
    if noun is SUBNET and lavish == 0 and "ip_version" in made:
        made["ip_version"] = 4
    if noun is SECURITY_GROUP_RULE:
        keep = {"security_group_id", "direction", "description"}
        made = {name: value for name, value in made.items() if name in keep}
        made |= picks.rng.choice(TOGETHER) if lavish else TOGETHER[0]
        made["port_range_min"] = picks.rng.randrange(1, 60000) if made.get("protocol") == "tcp" else None
        made["port_range_max"] = made["port_range_min"]
    if method == "PUT" and not made:
        row = next(row for row in noun.rows if row.put)
        made[row.name] = ATTRIBUTES.get(row.name, _limit)(picks)
    return made


def body(picks: Picks, noun: Noun, method: str, lavish: float) -> dict[str, Any]:
    """Return a body for a POST or PUT."""
    if method == "POST" and lavish and picks.rng.random() < 0.1:
        return {noun.collection: [attributes(picks, noun, method, lavish) for _ in range(picks.rng.randint(1, 3))]}
    return {noun.name: attributes(picks, noun, method, lavish)}


def _filter(picks: Picks, noun: Noun, row: Attribute) -> str:
    rng = picks.rng
    if row.filter is convert.boolean:
        return rng.choice(("true", "False", "1"))
    if row.filter is convert.key_value:
        return rng.choice((f"ip_address={picks.address()}", f"subnet_id={picks.id(Subnet, 'own')}"))
    if row.filter is convert.integer:
        return str(rng.randint(0, 4))
    kind = KINDS.get(noun.collection)
    if row.name == "id" and kind is not None:
        return picks.id(kind, rng.choice(("own", "other")))
    if row.name.endswith("_id") and row.name in ATTRIBUTES:
        return str(ATTRIBUTES[row.name](picks))
    obj = picks.one(kind, "own") if kind is not None else None
    value = getattr(getattr(obj, "spec", None), row.name, None)
    return str(value) if isinstance(value, str | int) and str(value) else rng.choice(("blue", "ACTIVE", "", "x"))


def query(picks: Picks, noun: Noun, most: int = 3) -> list[tuple[str, str]]:
    """Return parameters for a list."""
    rng = picks.rng
    rows = [row for row in noun.rows if row.visible]
    pairs = [(row.name, _filter(picks, noun, row)) for row in rng.sample(rows, rng.randint(0, 2))]
    named = rng.sample(sorted(noun.queries), min(len(noun.queries), rng.randint(0, 1)))
    pairs += [(name, rng.choice(("blue", "blue,red", "10.", "none"))) for name in named]
    if rng.random() < 0.3:
        pairs += [("sort_key", rng.choice(rows).name), ("sort_dir", rng.choice(("asc", "desc")))]
    if rng.random() < 0.3:
        pairs.append(("limit", str(rng.choice((0, 1, 2, 1000)))))
        if rng.random() < 0.5 and noun.collection in KINDS:
            pairs.append(("marker", picks.id(KINDS[noun.collection], rng.choice(("own", "own", "other")))))
            pairs.append(("page_reverse", rng.choice(("True", "false"))))
    if rng.random() < 0.2:
        pairs += [("fields", row.name) for row in rng.sample(rows, 2)]
    return pairs[: most + 3]
