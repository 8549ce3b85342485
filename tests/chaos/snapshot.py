"""What is so at a moment: every object of the store and every resource of the cloud, read past the product's own code.

The store is read directly (`stores`) and the cloud through the emulator's control API, so that a defect in the
product's readers cannot hide one in its writers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from tests.chaos.client import Control
from tests.chaos.site import ACCOUNT, CLOUD_REGION, OWNER
from tests.chaos.stores import Kept

from gurum.model.base import Resource

R = TypeVar("R", bound=Resource)

# The kinds of the cloud that are counted, and the calls that make and end one.
KINDS = ("instance", "vpc", "subnet", "security-group", "network-interface", "key-pair", "volume",
         "internet-gateway", "route-table", "elastic-ip", "placement-group")  # fmt: skip
_DEAD = ("terminated", "shutting-down")


@dataclass(frozen=True)
class Thing:
    """A resource in the cloud that carries our tags."""

    kind: str
    id: str
    uid: str
    step: str
    row: dict[str, Any]

    @property
    def living(self) -> bool:
        """Whether it counts as existing: an instance that is ending does not."""
        return self.row.get("state") not in _DEAD


@dataclass(frozen=True)
class Snapshot:
    """Store and cloud. `others` counts resources that do not carry our owner's tag and that AWS did not make itself."""

    objects: dict[str, dict[str, Resource]] = field(default_factory=dict)
    things: list[Thing] = field(default_factory=list)

    def of(self, kind: type[R]) -> dict[str, R]:
        """Return the objects of a kind by id."""
        return cast("dict[str, R]", self.objects.get(kind.kind, {}))

    def living(self, *kinds: str) -> Iterator[Thing]:
        """Yield the living things of the kinds (none: of all)."""
        return (thing for thing in self.things if thing.living and (not kinds or thing.kind in kinds))

    def thing(self, id: str) -> Thing | None:
        """Return the thing of an id."""
        return next((thing for thing in self.things if thing.id == id), None)


def stored(store: Kept) -> dict[str, dict[str, Resource]]:
    """Return every object of a store by kind and id."""
    objects: dict[str, dict[str, Resource]] = {}
    for obj in store.objects():
        objects.setdefault(obj.kind, {})[obj.id] = obj
    return objects


def clouded(control: Control) -> list[Thing]:
    """Return every resource of the cloud that carries our owner's tag."""
    tables = control.get("state").get(ACCOUNT, {}).get(CLOUD_REGION, {})
    return [
        Thing(kind, row["id"], row["tags"].get("pia:uid", ""), row["tags"].get("pia:step", ""), row)
        for kind in KINDS
        for row in tables.get(kind, [])
        if row["tags"].get("pia:owner") == OWNER
    ]


def take(store: Kept, control: Control) -> Snapshot:
    """Return both; the store first, because what it knows is in the cloud already."""
    return Snapshot(stored(store), clouded(control))
