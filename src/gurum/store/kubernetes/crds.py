"""The custom resource definitions of every kind, generated from the model.

Written by hand they would be a second model, and the first field that was forgotten in one of the two would be pruned
by the API server without a word.
"""

from __future__ import annotations

from typing import Any

from gurum.model.codec import KINDS as MODEL
from gurum.store.kubernetes import schema
from gurum.store.kubernetes.beside import BESIDE
from gurum.store.kubernetes.definitions.row import Column
from gurum.store.kubernetes.definitions.tables import KINDS
from gurum.store.kubernetes.kinds import PLACES, VERSION, Place

CATEGORY = "gurum"  # `kubectl get gurum`: what people make or choose from
INTERNAL = "gurum-internal"  # what Gurum keeps for itself
PART_OF = {"app.kubernetes.io/part-of": "gurum"}

_AVAILABLE = '.status.conditions[?(@.type=="Available")]'
_ID = Column("ID", ".spec.id")
_CONDITION = (Column("Available", f"{_AVAILABLE}.status"), Column("Message", f"{_AVAILABLE}.message", priority=1))
_AGE = Column("Age", ".metadata.creationTimestamp", "date")


def all() -> list[dict[str, Any]]:  # noqa: A001 - read as crds.all()
    """Return the definition of every kind of the model and beside it, in the order of the tables of places."""
    return [definition(kind) for kind in (*PLACES, *BESIDE)]


def definition(kind: str) -> dict[str, Any]:
    """Return the definition of a kind. Raises KeyError for an unknown one."""
    place = BESIDE[kind].place if kind in BESIDE else PLACES[kind]
    singular = place.plural.removesuffix("s")
    names: dict[str, Any] = {"plural": place.plural, "singular": singular, "kind": kind, "listKind": f"{kind}List"}
    if place.short:
        names["shortNames"] = list(place.short)
    names["categories"] = [INTERNAL if place.claim else CATEGORY]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{place.plural}.{place.group}", "labels": dict(PART_OF)},
        "spec": {
            "group": place.group,
            "names": names,
            "scope": "Cluster" if place.cluster else "Namespaced",
            "versions": [_version(kind, place)],
        },
    }


def _version(kind: str, place: Place) -> dict[str, Any]:
    whole: dict[str, Any] = {"type": "object", "description": KINDS[kind].text, "required": ["spec"]}
    made: dict[str, Any] = {"name": VERSION, "served": True, "storage": True}
    row = BESIDE.get(kind)
    if row is not None:
        spec = schema.spec_schema(kind, row.spec, identity=False)
    else:
        spec = schema.spec_schema(kind, schema.spec_of(MODEL[kind]))
    status = row.status if row is not None else schema.status_of(MODEL[kind])
    whole["properties"] = {"spec": spec}
    if status is not None:
        whole["properties"]["status"] = schema.status_schema(status)
        made["subresources"] = {"status": {}}
    made["schema"] = {"openAPIV3Schema": whole}
    named = "name" in spec["properties"]
    made["additionalPrinterColumns"] = [_printed(one) for one in _columns(kind, place, named=named)]
    selectable = [name for name in ("id", "name") if name in spec["properties"]]
    if selectable:
        made["selectableFields"] = [{"jsonPath": f".spec.{name}"} for name in selectable]
    return made


def _columns(kind: str, place: Place, *, named: bool) -> list[Column]:
    row = KINDS[kind]
    first = [Column("Name", ".spec.name")] if named else []
    if kind not in BESIDE:
        first.append(_ID)
    if row.state:
        first.append(Column("State", row.state))
    return [*first, *row.columns, *(() if place.claim or kind in BESIDE else _CONDITION), _AGE]


def _printed(column: Column) -> dict[str, Any]:
    made: dict[str, Any] = {"name": column.name, "type": column.type, "jsonPath": column.path}
    return made | {"priority": column.priority} if column.priority else made
