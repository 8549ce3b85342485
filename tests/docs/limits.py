"""The tables of `docs/limits.md`: what is refused, what a region's cloud can do, and the numbers.

They are read from where the program refuses from, so that a refusal that is not on the page does not exist.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.docs.markers import Parts, code, table

from gurum import pia
from gurum.engine import claims, consoles, material
from gurum.model import addresses
from gurum.ops.clock import SystemClock
from gurum.ops.config import AwsConfig, EngineConfig, PiaConfig, RegionConfig, SimulatedConfig, StoreConfig
from gurum.pia.compute.servers import actions, patterns
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.service import Service
from gurum.pia.network.capabilities import TABLE
from gurum.pia.services import SERVICES
from gurum.providers.aws.capabilities import CAPABILITIES, LIMITS
from gurum.providers.aws.instances import PAGE
from gurum.providers.simulated.provider import SimulatedProvider

EVERY_METHOD = frozenset({"DELETE", "GET", "POST", "PUT"})
REFUSED = frozenset({400, 403, 404, 410, 501})  # a route whose success is one of these never does what it is asked for

# What a capability decides, where that is not one attribute's value. It is shown if the API asks for the name.
DECIDES = {
    "flavor.ephemeral": "flavors with `ephemeral`",
    "flavor.swap": "flavors with `swap`",
    "floating_ip.address_chosen_by_cloud": "`floating_ip_address` of a floating IP; the answer waits for the cloud's",
    "keypair.ecdsa": "ECDSA keys",
    "keypair.x509": "key pairs of the type `x509`",
    "network.vlan_transparent": "`vlan_transparent` of a network",
    "network.zonal_subnets": "subnets get a part a zone",
    "port.allowed_address_pairs.cidr": "`allowed_address_pairs` of a port, outside its subnets",
    "port.fixed_ips_update": "`fixed_ips` of a port that a server holds",
    "port.implied_delete": "deletion of the port that a server was given",
    "port.reserved_address": "`fixed_ips` of a port, an address that AWS keeps",
    "port.several_subnets": "`fixed_ips` of a port, in more than one subnet",
    "router_interface.join_in_use": "`add_router_interface` that would join servers of two VPCs",
    "router_interface.leave_in_use": "`remove_router_interface` that would part servers of one VPC",
    "server.config_drive": "`config_drive` of a server",
    "server.interface.detach_first": "detaching the first interface of a server",
    "server.user_data.16k": "`user_data` of a server, above 16 KiB",
    "server.without_network": "servers that ask for no network",
    "subnet.gateway_ip": "`gateway_ip` of a subnet, other than its first address",
    "subnet.overlap_of_joined": "`cidr` of a subnet, and `add_router_interface`, by the chain",
    "subnet.several_private_ranges": "`cidr` of a subnet, and `add_router_interface`",
    "subnet.size": "`cidr` of a subnet, larger or smaller",
}

# What is accepted and has no effect on AWS for as long as the API does not ask for the capability.
UNASKED = {
    "server.config_drive": "`config_drive: true` makes none: cloud-init asks the metadata service, version 2.",
    "flavor.ephemeral": "`ephemeral` of a flavor makes no disk.",
    "flavor.swap": "`swap` of a flavor makes no disk.",
    "keypair.ecdsa": "An ECDSA key pair is taken; a server made with it goes to ERROR with AWS's refusal.",
    "port.implied_delete": "Deleting the port that a server was given hides it; its interface stays with the server.",
}


def parts() -> Parts:
    """Return every generated part of the page."""
    return {
        "refused": "\n\n".join(_refused(service) for service in SERVICES),
        "capabilities": _capabilities(),
        "unasked": "\n".join(f"* {UNASKED[name]}" for name in UNASKED if name not in asked()),
        "numbers": table(("what", "value", "set by"), _numbers()),
    }


def _refused(service: Service) -> str:
    grouped: dict[tuple[int, str], list[Route]] = {}
    for route in service.routes:
        if route.status in REFUSED:
            why = route.summary.removeprefix("Refused: ").removeprefix("Nothing: ")
            grouped.setdefault((route.status, why), []).append(route)
    rows = [(_operations(routes), str(status), why) for (status, why), routes in sorted(grouped.items())]
    return f"**{service.name.capitalize()}**\n\n" + table(("operation", "status", "why"), rows)


def _operations(routes: Iterable[Route]) -> str:
    """Return operations in few words: a path's methods together (none: all of them), actions by their names."""
    methods: dict[str, list[str]] = {}
    verbs: list[str] = []
    for route in routes:
        if route.action:
            verbs.append(route.action)
            continue
        seen = methods.setdefault(route.path, [])
        if route.method not in seen:
            seen.append(route.method)
    words = [
        path if set(found) >= EVERY_METHOD else f"{', '.join(sorted(found))} {path}"
        for path, found in sorted(_without_members(methods).items())
    ]
    return "; ".join(filter(None, (code(words), f"action {code(dict.fromkeys(sorted(verbs)))}" if verbs else "")))


def _without_members(methods: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out `/things/{id}` where `/things` is refused in the same way."""
    return {
        path: found
        for path, found in methods.items()
        if not (path.endswith("/{id}") and sorted(methods.get(path.removesuffix("/{id}"), ())) == sorted(found))
    }


@cache
def asked() -> frozenset[str]:
    """Return the capabilities that the API asks for by name."""
    names = {*CAPABILITIES, *DECIDES}
    return frozenset(
        node.value
        for file in Path(pia.__path__[0]).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names
    )


def _capabilities() -> str:
    region = RegionConfig(name="r", provider="simulated", port=0, simulation=SimulatedConfig(state=":memory:"))
    provider = SimulatedProvider(region, SystemClock())
    simulated = dict(provider.capabilities)
    provider.cloud.close()
    hangs: dict[str, list[str]] = {}
    for need in TABLE:
        hangs.setdefault(need.name, []).append(f"`{need.attribute}` of a {need.noun.replace('_', ' ')}")
    rows = []
    for name in dict.fromkeys((*CAPABILITIES, *simulated)):
        aws, private = CAPABILITIES.get(name), simulated.get(name)
        decides = "; ".join(hangs.get(name, [])) or (DECIDES[name] if name in asked() else "")
        # A name that a provider does not publish is there, but for the one that says that subnets are zonal.
        other = "no" if name == "network.zonal_subnets" else "native" if decides else ""
        levels = (aws.level if aws else other, private.level if private else other)
        why = aws.why if aws else ""
        if levels != ("native", "native") or decides:
            rows.append((f"`{name}`", *levels, decides, why))
    return table(("capability", "AWS", "simulated", "decides on", "why (AWS)"), rows)


def _numbers() -> Iterator[tuple[str, str, str]]:
    aws, engine, api, store = AwsConfig(), EngineConfig(), PiaConfig(), StoreConfig()
    yield "body of a request", f"{api.body_limit:,} bytes", "`pia.body_limit`"
    yield "objects on a page", f"{api.page_limit:,}", "`pia.page_limit`"
    yield "regular expression in a filter", f"{patterns.LONGEST} characters", "fixed"
    yield "actions kept in a server", f"{actions.KEPT}; all are in the journal", "fixed"
    yield "records kept in the journal", f"{store.journal_kept_days:g} days", "`store.journal_kept_days`"
    yield (
        "console log",
        f"{consoles.LIMIT // 1024} KiB; an answer waits {api.console_wait:g} s for it",
        "`pia.console_wait`",
    )
    yield "user data on AWS", f"{LIMITS['server.user_data'] // 1024} KiB before base64", "EC2"
    yield "security groups of a port on AWS", str(LIMITS["port.security_groups"]), "EC2"
    ingress, egress = LIMITS["security_group.ingress_rules"], LIMITS["security_group.egress_rules"]
    yield "rules of a security group on AWS", f"{ingress} in, {egress} out, each IP version apart", "EC2"
    yield "name servers of a subnet on AWS", str(LIMITS["subnet.dns_nameservers"]), "EC2"
    yield "MTU shown of a network on AWS", f"{LIMITS['network.mtu']:,}", "EC2"
    lost = f"each zone's part loses {addresses.HEAD + addresses.TAIL} addresses"
    yield "size of a subnet on AWS", f"/{addresses.LARGEST} to /{addresses.SMALLEST}; {lost}", "EC2"
    yield "calls to AWS under way at once", f"{aws.in_flight} an account and region", "`regions[].aws.in_flight`"
    yield "until *not found by tag* is believed", f"{aws.visibility_window:g} s", "`regions[].aws.visibility_window`"
    yield (
        "until *not found* after a creation is believed",
        f"{aws.not_yet_window:g} s",
        "`regions[].aws.not_yet_window`",
    )
    yield "between looks at what is in motion", f"{aws.observe_interval:g} s", "`regions[].aws.observe_interval`"
    looks = f"{aws.idle_interval:g} s; {PAGE} instances a call"
    yield "between looks at all instances", looks, "`regions[].aws.idle_interval`"
    yield "between tries of a refused network, subnet, group, key or port", f"{material.RETRY_REFUSED:g} s", "fixed"
    yield "between looks for leftovers in a cloud", f"{engine.sweep:g} s", "`engine.sweep`"
    yield "until an address claim without a port is freed", f"{claims.GRACE:g} s and the next look", "fixed"
    yield "until another engine may take over a dead one's shard", f"{engine.lease:g} s", "`engine.lease`"
