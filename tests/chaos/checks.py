"""What must hold. `dangers` at every moment, also while everything is dead; `unsettled` and `wrong` when all is done.

Words, not booleans: each finding begins with what it is (duplicated, leaked, lost, ...), and that is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.chaos import routing_checks
from tests.chaos.snapshot import Snapshot, Thing

from gurum.model import conditions
from gurum.model.base import Resource
from gurum.model.compute import CloudKey, KeyPair, ServerGroup
from gurum.model.network import AddressClaim, Domain, Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.quota import QuotaUsage
from gurum.model.routing import FloatingIP, FloatingIPClaim, Router
from gurum.model.server import Server
from gurum.providers.aws.drivers import rules
from gurum.store.quotas import usage_key

MADE: tuple[type[Resource], ...] = (
    Server, Domain, Subnet, SecurityGroup, Port, CloudKey, Router, FloatingIP, ServerGroup,
)  # fmt: skip
_POWER = {"active": "running", "stopped": "stopped"}
_NETWORK: dict[type[Resource], str] = {
    Network: "network",
    Subnet: "subnet",
    Port: "port",
    SecurityGroup: "security_group",
    SecurityGroupRule: "security_group_rule",
    Router: "router",
    FloatingIP: "floatingip",
}


def _name(obj: Resource) -> str:
    return f"{obj.kind} {obj.id[:8]}"


def _key(thing: Thing) -> tuple[str, str, str, str]:
    held = thing.row.get("attachment") or {}
    return thing.kind, thing.uid, thing.step, f"{held.get('instance_id', '')}/{held.get('device_index', '')}"


def dangers(now: Snapshot) -> Iterator[str]:
    """Yield what must never be: two of one thing, or an interface whose address is not claimed for its port."""
    counts = Counter(_key(thing) for thing in now.living() if thing.kind != "volume")
    for (kind, uid, step, _), count in counts.items():
        if count > 1:
            yield f"duplicated: {count} times {kind} for {uid[:8]} {step}"
    holders: dict[str, set[str]] = {}
    for claim in now.of(AddressClaim).values():
        holders.setdefault(claim.spec.address, set()).add(claim.spec.owner_id)
    ports = now.of(Port)
    for thing in now.living("network-interface"):
        owners = {thing.uid} | {port.id for port in ports.values() if port.spec.device_id == thing.uid}
        for address in thing.row["addresses"]:
            if not holders.get(address, set()) & owners:
                claimants = sorted(holders.get(address, ()))
                yield f"unclaimed: {thing.id} of {thing.uid[:8]} has {address}, claimed by {claimants}"


def _at_rest(obj: Resource) -> bool:
    """Whether its controller has nothing to do.

    A doubt about something that nobody needs any more may rest too: it is cleared up when the thing is needed again, or
    when the object goes.
    """
    progressing = conditions.get(obj.status.conditions, "Progressing")
    return progressing is not None and not progressing.status


def _kept(obj: Resource, now: Snapshot) -> bool:
    """Whether what it is deleted from still needs it: a group that was deleted lasts as long as its last server."""
    servers = now.of(Server).values() if isinstance(obj, ServerGroup) else ()
    return any(server.spec.group == obj.id and not server.deleting for server in servers)


def unsettled(now: Snapshot) -> Iterator[str]:
    """Yield what is still under way."""
    looked_at: tuple[type[Resource], ...] = (*MADE, Network)
    for kind in looked_at:
        for obj in now.of(kind).values():
            if obj.deleting:
                if not _kept(obj, now):
                    yield f"{_name(obj)} is being deleted"
            elif kind is not Server and obj.status.observed_generation < obj.metadata.generation:
                yield f"{_name(obj)} has not been looked at since it was changed"
            for step, intent in obj.status.intents.items():
                if intent.state == "deleting" or (intent.state == "intended" and not _at_rest(obj)):
                    yield f"{_name(obj)} {step} is {intent.state}"
    for server in now.of(Server).values():
        if server.status.vm_state == "building":
            yield f"{_name(server)} is building"
        elif server.spec.actions and server.spec.actions[-1].number > server.status.done:
            yield f"{_name(server)} has actions to do"
        elif server.status.task_state:
            yield f"{_name(server)} is {server.status.task_state}"
    for thing in now.things:
        if thing.row.get("state") in ("pending", "stopping", "shutting-down"):
            yield f"{thing.id} is {thing.row['state']}"
    yield from _quotas(now)
    yield from _claims(now)
    yield from _rules(now)
    yield from _memberships(now)
    yield from _ports(now)
    yield from _unused_keys(now)
    yield from routing_checks.unlike(now)


def wrong(now: Snapshot) -> Iterator[str]:
    """Yield what is wrong when nothing is under way."""
    yield from dangers(now)
    yield from _lost(now)
    yield from _bare(now)
    yield from _leaked(now)
    yield from _quotas(now)
    yield from _claims(now)
    yield from _rules(now)
    yield from _memberships(now)
    yield from routing_checks.unlike(now)


def _lost(now: Snapshot) -> Iterator[str]:
    for kind in MADE:
        for obj in now.of(kind).values():
            for step, intent in obj.status.intents.items():
                thing = now.thing(intent.external.id) if intent.external is not None else None
                if intent.state == "done" and (thing is None or not thing.living):
                    shown = thing and thing.row.get("state")
                    yield f"lost: {_name(obj)} {step} says {intent.external}, the cloud shows {shown}"
    for server in now.of(Server).values():
        wanted = _POWER.get(server.status.vm_state)
        external = server.status.external
        thing = now.thing(external.id) if external is not None else None
        if wanted and (thing is None or thing.row["state"] != wanted):
            yield f"lost: {_name(server)} is {server.status.vm_state}, the cloud shows {thing and thing.row['state']}"


def _bare(now: Snapshot) -> Iterator[str]:
    for server in now.of(Server).values():
        external = server.status.external
        thing = now.thing(external.id) if external is not None else None
        asked = bool(server.spec.user_data or server.spec.user_data_secret)
        if thing is not None and asked != bool(thing.row.get("user_data")):
            yield f"lost: {_name(server)} was launched {'without its' if asked else 'with another'} user data"


def _leaked(now: Snapshot) -> Iterator[str]:
    known = {
        intent.external.id
        for kind in MADE
        for obj in now.of(kind).values()
        for intent in obj.status.intents.values()
        if intent.external is not None and intent.state == "done"
    }
    doubted = {
        (obj.id, step)
        for kind in MADE
        for obj in now.of(kind).values()
        for step, intent in obj.status.intents.items()
        if intent.state == "intended"
    }
    for thing in now.living():
        if (thing.uid, thing.step) in doubted:
            continue
        holder = (thing.row.get("attachment") or {}).get("instance_id", "") or _attached(thing)
        if thing.id not in known and holder not in known:
            yield f"leaked: {thing.kind} {thing.id} of {thing.uid[:8]} {thing.step}"


def _attached(thing: Thing) -> str:
    for attachment in thing.row.get("attachments", ()):
        return str(attachment.get("instance_id", ""))
    return ""


def _quotas(now: Snapshot) -> Iterator[str]:
    counted: dict[str, Counter[str]] = {}
    for server in now.of(Server).values():
        tally = counted.setdefault(usage_key(server.metadata.region, server.metadata.project, "compute"), Counter())
        tally.update(instances=1, cores=server.spec.flavor.vcpus, ram=server.spec.flavor.ram)
    for group in now.of(ServerGroup).values():
        if not group.deleting:
            key = usage_key(group.metadata.region, group.metadata.project, "compute")
            counted.setdefault(key, Counter()).update({"server_groups": 1})
    for kind, resource in _NETWORK.items():
        for obj in now.of(kind).values():
            if not obj.deleting and obj.metadata.project:
                key = usage_key(obj.metadata.region, obj.metadata.project, "network")
                counted.setdefault(key, Counter()).update({resource: 1})
    for usage in now.of(QuotaUsage).values():
        in_use = {name: amount for name, amount in usage.spec.in_use.items() if amount}
        expected = {name: amount for name, amount in counted.get(usage.metadata.key, {}).items() if amount}
        if in_use != expected:
            yield f"quota: {usage.metadata.key} says {in_use}, counted are {expected}"
        if usage.spec.reservations:
            yield f"quota: {usage.metadata.key} still has {len(usage.spec.reservations)} reservations"


def _claims(now: Snapshot) -> Iterator[str]:
    ports = {port.id: {fixed.ip_address for fixed in port.spec.fixed_ips} for port in now.of(Port).values()}
    for router in now.of(Router).values():
        gateway = router.spec.gateway
        ports[router.id] = {fixed.ip_address for fixed in gateway.external_fixed_ips} if gateway is not None else set()
    held: dict[str, set[str]] = {}
    for claim in now.of(AddressClaim).values():
        held.setdefault(claim.spec.owner_id, set()).add(claim.spec.address)
    for owner in ports.keys() | held.keys():
        if ports.get(owner, set()) != held.get(owner, set()):
            yield f"claims: {owner[:8]} has {ports.get(owner)}, claimed are {held.get(owner)}"


def _ports(now: Snapshot) -> Iterator[str]:
    """Compare what a port says of itself with who holds it."""
    servers = now.of(Server)
    for port in now.of(Port).values():
        server = servers.get(port.spec.device_id)
        up = server is not None and server.status.vm_state in ("active", "stopped")
        if port.status.status != ("ACTIVE" if up else "DOWN"):
            yield f"port: {port.id[:8]} is {port.status.status}, its server {server and server.status.vm_state}"
        external = port.status.external
        thing = now.thing(external.id) if external is not None else None
        if up and (thing is None or thing.row["mac"] != port.status.mac_address):
            yield f"port: {port.id[:8]} says {port.status.mac_address}, the cloud shows {thing and thing.row['mac']}"


def _unused_keys(now: Snapshot) -> Iterator[str]:
    used = {pair.spec.public_key.strip() for pair in now.of(KeyPair).values()}
    used |= {server.spec.key.public_key.strip() for server in now.of(Server).values() if server.spec.key is not None}
    for key in now.of(CloudKey).values():
        if key.spec.public_key.strip() not in used:
            yield f"{_name(key)} is used by nobody"


def _rules(now: Snapshot) -> Iterator[str]:
    """Compare the rules of every group in every domain with the cloud's."""
    groups = now.of(SecurityGroup)
    for group in groups.values():
        for step, intent in group.status.intents.items():
            if not step.startswith("group:") or intent.state != "done" or intent.external is None:
                continue
            wanted = set()
            for rule in now.of(SecurityGroupRule).values():
                if rule.spec.security_group_id != group.id:
                    continue
                remote = groups.get(rule.spec.remote_group_id or "")
                there = remote.status.intents.get(step) if remote is not None else None
                if rule.spec.remote_group_id and (there is None or there.external is None):
                    continue
                remote_id = there.external.id if there is not None and there.external is not None else ""
                wanted.add(rules.permission(rule, remote_id))
            thing = now.thing(intent.external.id)
            there_now = {_permission(row) for row in thing.row["rules"]} if thing is not None else set()
            if there_now != wanted:
                yield f"rules: {_name(group)} should have {len(wanted)}, the cloud differs in {len(there_now ^ wanted)}"


def _permission(row: dict[str, object]) -> rules.Permission:
    low, high = row["from_port"], row["to_port"]
    peer = row["cidr4"] or row["cidr6"] or row["group"]
    return rules.Permission(
        bool(row["egress"]), str(row["protocol"]), -1 if low is None else int(str(low)),
        -1 if high is None else int(str(high)), str(peer),
    )  # fmt: skip


def _memberships(now: Snapshot) -> Iterator[str]:
    """Compare the groups of every bound port with its interface's."""
    groups = now.of(SecurityGroup)
    networks = now.of(Network)
    for port in now.of(Port).values():
        external = port.status.external
        thing = now.thing(external.id) if external is not None else None
        if thing is None or not port.spec.security_groups:
            continue
        domain = networks[port.spec.network_id].status.domain
        wanted = set()
        for group_id in port.spec.security_groups:
            intent = groups[group_id].status.intents.get(f"group:{domain}")
            wanted.add(intent.external.id if intent is not None and intent.external is not None else "")
        if set(thing.row["groups"]) != wanted:
            yield f"membership: port {port.id[:8]} should be in {sorted(wanted)}, is in {sorted(thing.row['groups'])}"


def remains(now: Snapshot) -> Iterator[str]:
    """Yield what is left after a tenant has deleted everything. The project's default group stays, as in Neutron."""
    for thing in now.living():
        yield f"leaked: {thing.kind} {thing.id} of {thing.uid[:8]} {thing.step} after everything was deleted"
    kinds = (Server, Network, Subnet, Port, Domain, CloudKey, KeyPair, AddressClaim)
    external = {network.id for network in now.of(Network).values() if network.spec.external}
    external |= {subnet.id for subnet in now.of(Subnet).values() if subnet.spec.network_id in external}
    for kind in (*kinds, Router, FloatingIP, FloatingIPClaim, ServerGroup):
        for id_, obj in now.of(kind).items():
            if id_ not in external:
                yield f"left: {_name(obj)} after everything was deleted"
    for group in now.of(SecurityGroup).values():
        if not group.spec.is_default:
            yield f"left: {_name(group)} after everything was deleted"
