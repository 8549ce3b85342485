"""Quota usage: kept equal to a recount, so that a reservation counts exactly until its object is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping
from typing import Any

from gurum.engine.context import Engine
from gurum.engine.noun import nouns
from gurum.model.base import Resource
from gurum.model.compute import KeyPair
from gurum.model.network import Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.quota import QuotaUsage
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import Server
from gurum.store.quotas import settle, usage_key

SETTLE_AFTER = 0.2  # seconds: a burst of creations is settled once
IDLE = 30.0  # seconds for which the recount alone may be late: whoever reserves recounts first
REMEMBERED = 600.0  # seconds for which a removed object is remembered: longer than any reservation is valid

Amounts = Callable[[Any], Mapping[str, int]]


def _server(server: Server) -> Mapping[str, int]:
    return {"instances": 1, "cores": server.spec.flavor.vcpus, "ram": server.spec.flavor.ram}


def _one(resource: str) -> Amounts:
    # Neutron's kinds are hidden, and so not counted, as soon as their deletion is asked for.
    return lambda obj: {} if obj.deleting else {resource: 1}


COUNTED: Mapping[type[Resource], tuple[str, Amounts]] = {
    Server: ("compute", _server),
    KeyPair: ("compute", lambda pair: {}),  # Nova counts key pairs by user, not by project
    Network: ("network", _one("network")),
    Subnet: ("network", _one("subnet")),
    Port: ("network", _one("port")),
    SecurityGroup: ("network", _one("security_group")),
    SecurityGroupRule: ("network", _one("security_group_rule")),
    Router: ("network", _one("router")),
    FloatingIP: ("network", _one("floatingip")),
    **{noun.kind: (noun.counted[0], _one(noun.counted[1])) for noun in nouns() if noun.counted is not None},
}


class QuotaController:
    """Settles usage objects. The tally is kept as objects come and go: no settling counts fifty thousand servers."""

    kind = QuotaUsage

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tally: dict[str, Counter[str]] = {}
        self._removed: dict[str, float] = {}  # id to when, oldest first
        self._due: dict[str, float] = {}  # id of a usage to when a recount is written that drops no reservation
        for kind, (service, amounts) in COUNTED.items():
            engine.cache.subscribe(kind, self._counter(service, amounts), replay=True)
        engine.cache.subscribe(QuotaUsage, self._reserved, replay=True)

    def _reserved(self, change: str, old: QuotaUsage | None, new: QuotaUsage | None) -> None:
        """Settle what has reservations.

        The object reserved for may have been seen first (the order of kinds is not promised), or may never come, and
        then the reservation expires.
        """
        if new is not None and new.spec.reservations:
            self._engine.wake(QuotaUsage, new.id, delay=SETTLE_AFTER)

    def _counter(self, service: str, amounts: Amounts) -> Callable[[Any, Any, Any], None]:
        def count(change: str, old: Resource | None, new: Resource | None) -> None:
            obj = new or old
            if obj is None or not obj.metadata.project:
                return
            if new is None:
                self._remember(obj.id)
            before, after = amounts(old) if old else {}, amounts(new) if new else {}
            if before == after and old is not None:
                return
            key = usage_key(obj.metadata.region, obj.metadata.project, service)
            tally = self._tally.setdefault(key, Counter())
            tally.update(after)
            tally.subtract(before)
            usage = self._engine.cache.by_key(QuotaUsage, key)
            if usage is not None:
                self._engine.wake(QuotaUsage, usage.id, delay=SETTLE_AFTER)

        return count

    def _remember(self, id: str) -> None:
        """Keep in mind what was removed: one that came and went between two settlings must not stay reserved for."""
        now = self._engine.clock.time()
        self._removed[id] = now
        while (oldest := next(iter(self._removed))) and self._removed[oldest] < now - REMEMBERED:
            del self._removed[oldest]

    async def reconcile(self, id: str) -> float | None:
        """Write what is in use, and drop reservations that are counted or expired."""
        engine = self._engine
        usage = engine.cache.get(QuotaUsage, id)
        if usage is None or engine.cloud(usage) is None or not engine.holds(usage):
            return None
        now = engine.clock.time()
        settled = settle(usage, _Present(engine, self._removed), self._tally.get(usage.metadata.key, {}), now=now)
        if settled.spec != usage.spec and settled.spec.reservations == usage.spec.reservations:
            due = self._due.setdefault(id, now + IDLE)
            if now < due:
                return due
        self._due.pop(id, None)
        stored = await engine.store.update_spec(settled)
        engine.cache.apply(stored)
        left = [reservation.until for reservation in stored.spec.reservations]
        return min(left) + 1.0 if left else None


class _Present:
    """The ids of counted objects that exist or did, asked one by one instead of gathered."""

    def __init__(self, engine: Engine, removed: Container[str]) -> None:
        self._engine = engine
        self._removed = removed

    def __contains__(self, id: object) -> bool:
        return id in self._removed or any(self._engine.cache.get(kind, str(id)) is not None for kind in COUNTED)
