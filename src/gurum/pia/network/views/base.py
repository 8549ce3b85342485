"""A view: the fields of a noun, each a function of the object.

One table serves rendering, filters and sort keys, so what a list can be filtered by is what it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from gurum.model.base import Resource
from gurum.pia.kernel.entries import Entry
from gurum.pia.kernel.wire import encode
from gurum.pia.network import revision

R = TypeVar("R", bound=Resource)
Operation = Literal["list", "show", "create", "update", "options"]
Getter = Callable[[R], Any]
NOTHING: frozenset[str] = frozenset()


class Shape(NamedTuple):
    """Which of an object's renderings: Neutron's answers differ a little by operation, and by what policy reveals.

    A tuple because it is looked up once for every object of a list.
    """

    operation: Operation
    reveals: frozenset[str] = NOTHING


@dataclass(frozen=True)
class View(Generic[R]):
    """The fields of a noun. `restricted` ones are shown only where policy reveals them.

    `bare` are those of them that an answer to OPTIONS shows to all: Neutron asks no policy there.
    `overrides`: (operation, field) to another function. `absent`: (field, when it is left out) by operation and object.
    """

    fields: Mapping[str, Getter[R]]
    restricted: Collection[str] = ()
    bare: Collection[str] = ()
    overrides: Mapping[tuple[Operation, str], Getter[R]] = field(default_factory=dict)
    absent: Mapping[str, Callable[[R, Operation], bool]] = field(default_factory=dict)

    def document(self, obj: R, shape: Shape, only: Collection[str] | None = None) -> dict[str, Any]:
        """Return what is shown of the object in a shape, of `only` these fields where they are named."""
        shown = {}
        for name, getter in self.fields.items():
            if only is not None and name not in only:
                continue
            if name in self.restricted and name not in shape.reveals and not self._bare(name, shape):
                continue
            if name in self.absent and self.absent[name](obj, shape.operation):
                continue
            shown[name] = self.overrides.get((shape.operation, name), getter)(obj)
        return shown

    def _bare(self, name: str, shape: Shape) -> bool:
        return shape.operation == "options" and name in self.bare

    def rendered(self, entry: Entry[R], shape: Shape) -> bytes:
        """Return the object in a shape as JSON."""
        return entry.rendered(shape, lambda kept: encode(self.document(kept.object, shape)))


def stamp(seconds: float) -> str:
    """Return a time in Neutron's form: whole seconds, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def row_number(obj: Resource) -> int:
    """Return what stands for the number of Neutron's database row where Neutron lets it slip out.

    Made of the id, so that it stays the same.
    """
    return int(obj.id[:7], 16)


STANDARD: dict[str, Getter[Any]] = {  # of any kind
    "id": lambda o: o.metadata.id,
    "project_id": lambda o: o.metadata.project,
    "tenant_id": lambda o: o.metadata.project,
    "created_at": lambda o: stamp(o.metadata.created_at),
    "updated_at": lambda o: stamp(o.metadata.updated_at),
    "revision_number": revision.number,
}
