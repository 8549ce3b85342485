"""What controllers and drivers read: the cache with its indexes, and where an object's things are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any, TypeVar

from gurum.model import codec
from gurum.model.base import Resource
from gurum.model.compute import KeyPair
from gurum.model.engine import Lease, Transfer
from gurum.model.network import AddressClaim, Domain, Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.region import Account
from gurum.model.routing import FloatingIP, FloatingIPClaim, Router, is_held, is_interface
from gurum.model.server import Server
from gurum.providers.contract import Place
from gurum.store.cache import Cache, Change

R = TypeVar("R", bound=Resource)

# Everything of the model but what only the choice of the leader needs, and what an open store does not have.
KINDS: Sequence[type[Resource]] = tuple(kind for kind in codec.KINDS.values() if kind not in (Lease, Transfer))

_NONE: Set[str] = frozenset()

Values = Callable[[Any], Iterable[str]]


def public_key(obj: Resource, key: str) -> str:
    """Return the index value of a public key in the object's region."""
    return f"{obj.metadata.region}/{key.strip()}"


def _server_key(server: Server) -> Iterable[str]:
    return [public_key(server, server.spec.key.public_key)] if server.spec.key is not None else []


def _domains(obj: Resource, prefix: str) -> Iterable[str]:
    """Return the domains in which something of the object exists, or may."""
    steps = (intent.step for intent in obj.status.intents.values() if intent.state not in ("gone", "failed"))
    return [step.removeprefix(prefix) for step in steps if step.startswith(prefix)]


INDEXES: Sequence[tuple[type[Resource], str, Values]] = (
    (Network, "by_domain", lambda network: [network.status.domain] if network.status.domain else []),
    (Subnet, "by_network", lambda subnet: [subnet.spec.network_id]),
    (Domain, "by_owner", lambda domain: [domain.spec.owner_id]),
    (Port, "routed", lambda port: [port.spec.network_id] if is_interface(port) else []),
    (Port, "by_network", lambda port: [port.spec.network_id]),
    (Port, "by_device", lambda port: [port.spec.device_id] if port.spec.device_id else []),
    (Port, "by_subnet", lambda port: {fixed.subnet_id for fixed in port.spec.fixed_ips}),
    (Port, "by_group", lambda port: port.spec.security_groups),
    (SecurityGroupRule, "by_group", lambda rule: [rule.spec.security_group_id]),
    (
        SecurityGroupRule,
        "by_remote_group",
        lambda rule: [rule.spec.remote_group_id] if rule.spec.remote_group_id else [],
    ),
    (AddressClaim, "by_owner", lambda claim: [claim.spec.owner_id]),
    (AddressClaim, "by_subnet", lambda claim: [claim.spec.subnet_id]),
    (FloatingIP, "by_port", lambda floating: [floating.spec.port_id] if floating.spec.port_id else []),
    (FloatingIP, "by_router", lambda floating: [floating.spec.router_id] if floating.spec.router_id else []),
    (Router, "by_domain", lambda router: _domains(router, "table:")),
    (FloatingIPClaim, "by_floating_ip", lambda claim: [claim.spec.floating_ip_id]),
    (FloatingIPClaim, "by_port", lambda claim: [claim.spec.port_id]),
    (SecurityGroup, "by_domain", lambda group: _domains(group, "group:")),
    (KeyPair, "by_public_key", lambda pair: [public_key(pair, pair.spec.public_key)]),
    (Server, "by_public_key", lambda server: _server_key(server)),
    (Server, "by_instance", lambda server: [server.status.external.id] if server.status.external is not None else []),
)


class EngineView:
    """The cache as drivers see it."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.underway: set[str] = set()  # ids of objects whose creation is being written down at this moment
        self._taken: dict[str, set[str]] = {}
        cache.subscribe(AddressClaim, self._count, replay=True)
        for kind, name, values in INDEXES:
            cache.add_index(kind, name, values)

    def get(self, kind: type[R], id: str) -> R | None:
        """Return the object, also while its deletion is under way."""
        return self.cache.get(kind, id)

    def by_key(self, kind: type[R], key: str) -> R | None:
        """Return the object that holds the key."""
        return self.cache.by_key(kind, key)

    def index(self, kind: type[R], index: str, key: str) -> Iterable[R]:
        """Return the objects of an index, oldest first."""
        return self.cache.select(kind, index, key)

    def taken(self, subnet_id: str) -> Set[str]:
        """Return the claimed addresses of a subnet. Kept as claims come and go, not gathered for each question."""
        return self._taken.get(subnet_id, _NONE)

    def occupied(self, port: Port) -> bool:
        """Whether something of the port or its instance is in the cloud, or may be: its network cannot move then."""
        if not is_held(port):
            return False
        if port.id in self.underway or port.spec.device_id in self.underway:
            return True
        server = self.cache.get(Server, port.spec.device_id)
        intents = [port.status.intents.get("interface"), server.status.intents.get("instance") if server else None]
        return any(intent is not None and intent.state not in ("gone", "failed") for intent in intents)

    def _count(self, change: Change, old: AddressClaim | None, new: AddressClaim | None) -> None:
        if old is not None and (held := self._taken.get(old.spec.subnet_id)) is not None:
            held.discard(old.spec.address)
            if not held:
                del self._taken[old.spec.subnet_id]
        if new is not None:
            self._taken.setdefault(new.spec.subnet_id, set()).add(new.spec.address)

    def place(self, obj: Resource) -> Place:
        """Return where the object's things are made: as recorded with its first intent, else by its project.

        A region without accounts (the simulated one) has one place, whose account is the region's own name. Where there
        are accounts and none serves the project, the account is empty.
        """
        region = obj.metadata.region
        if obj.metadata.account:
            return Place(region, obj.metadata.account)
        accounts = self.cache.objects(Account, region=region)
        default = "" if accounts else region
        for account in accounts:
            if obj.metadata.project in account.spec.projects:
                return Place(region, account.spec.number)
            if not account.spec.projects:
                default = account.spec.number
        return Place(region, default)
