"""From the stored form and back, with upcasters.

Every stored object carries the number of the form it was written in. A form is never changed in place: a new
number gets an upcaster that turns the previous form's document into the new one's, and a fixture of the old form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from gurum.model import compute, engine, image, network, quota, region, routing, server
from gurum.model.base import Resource, Spec

R = TypeVar("R", bound=Resource)

Document = dict[str, Any]
Upcaster = Callable[[Document], Document]

# A kind is whatever a module of the model defines as one: a new kind is registered by being written down there.
KINDS: dict[str, type[Resource]] = {
    cls.kind: cls
    for module in (region, compute, image, network, routing, quota, server, engine)
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Resource) and cls.kind and cls.__module__ == module.__name__
}

# Kinds that have something in a cloud, and so can stand for what others made there.
ADOPTABLE: tuple[type[Resource], ...] = tuple(
    cls
    for cls in KINDS.values()
    if any(f.name == "spec" and issubclass(f.type, Spec) for f in msgspec.structs.fields(cls))
)

# (kind, from) -> what makes a document of form from+1 out of one of form `from`
UPCASTERS: dict[tuple[str, int], Upcaster] = {}

_encoder = msgspec.json.Encoder()
_decoders = {kind: msgspec.json.Decoder(cls) for kind, cls in KINDS.items()}


class NewerSchemaError(Exception):
    """An object was written by a newer release than this one."""


def encode(obj: Resource) -> bytes:
    """Return the stored form: JSON, in the current schema of the kind."""
    obj.schema = type(obj).version
    return _encoder.encode(obj)


def decode(kind: str, data: bytes, schema: int) -> Resource:
    """Return the object, upcast to the current schema.

    Raises NewerSchemaError when it was written by a newer release: guessing at its meaning could lose what it says.
    """
    if schema == KINDS[kind].version:
        return _decoders[kind].decode(data)
    return of_document(kind, msgspec.json.decode(data), schema)


def of_document(kind: str, document: Document, schema: int) -> Resource:
    """Return the object of a document that is parsed already; it belongs to the callee. Raises as `decode`."""
    current = KINDS[kind].version
    if schema > current:
        raise NewerSchemaError(f"{kind} was stored in schema {schema}; this release knows {current}")
    for step in range(schema, current):
        document = UPCASTERS[kind, step](document)
    document["schema"] = current
    return msgspec.convert(document, KINDS[kind])


def copy(obj: R) -> R:
    """Return a deep copy: what a cache hands out must not be changed in place."""
    return msgspec.json.decode(_encoder.encode(obj), type=type(obj))
