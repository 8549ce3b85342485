"""What every controller is given: the store, the cache, the clouds, time. Passed, never imported."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeVar

from gurum.engine.exactly_once import ExactlyOnce
from gurum.engine.queue import Key, Urgency, WorkQueue
from gurum.engine.shards import Shards
from gurum.engine.view import EngineView
from gurum.engine.work import Work
from gurum.model.base import Resource
from gurum.model.region import Region
from gurum.ops.clock import Clock
from gurum.ops.config import EngineConfig
from gurum.providers.contract import Provider
from gurum.store.cache import Cache
from gurum.store.contract import Journal, Store

R = TypeVar("R", bound=Resource)

SHOWN_FROM = 2.0  # a wait shorter than this many seconds is not worth a write to tell of it


@dataclass(frozen=True)
class Cloud:
    """A region's provider and the rule of exactly-once for it."""

    provider: Provider
    once: ExactlyOnce


@dataclass(frozen=True)
class Engine:
    """The surroundings of a controller."""

    store: Store
    journal: Journal
    cache: Cache
    view: EngineView
    queue: WorkQueue
    clock: Clock
    config: EngineConfig
    clouds: dict[str, Cloud]
    shards: Shards
    suspects: set[str] = field(default_factory=set)  # servers that another engine may still be acting on (`late`)

    def cloud(self, obj: Resource) -> Cloud | None:
        """Return the cloud of the object's region, None when this engine does not serve that region."""
        return self.clouds.get(obj.metadata.region)

    def holds(self, obj: Resource) -> bool:
        """Whether this engine acts for the object's shard now: else it is another engine's, and kept off."""
        return self.shards.holds(self.view.place(obj))

    def acting(self, obj: Resource) -> AbstractContextManager[None]:
        """Do something for an object, as long as its shard is ours."""
        return self.shards.acting(self.view.place(obj))

    def work(self, obj: R) -> Work[R]:
        """Take an object in hand."""
        return Work(self.store, self.cache, obj)

    def wake(self, kind: type[Resource], id: str, *, delay: float = 0.0) -> None:
        """Have an object reconciled, now or in a while (seconds)."""
        self.queue.add((kind.kind, id), due=self.clock.time() + delay if delay else 0.0)

    def zone_name(self, region: str, zone_id: str) -> str:
        """Return the name that users know a zone by."""
        found = self.cache.by_key(Region, region)
        if found is not None:
            for zone in found.spec.zones:
                if zone.id == zone_id:
                    return zone.name
        return zone_id


__all__ = ["SHOWN_FROM", "Cloud", "Engine", "Key", "Urgency"]
