"""An object as a row of an SQL table, and back: the same on every SQL backend, so that one can be moved to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from gurum.model import codec
from gurum.model.base import Resource
from gurum.store.contract import NewerStoreError

R = TypeVar("R", bound=Resource)


def decode(kind: type[R], row: Sequence[Any]) -> R:
    """Return the object of (version, schema, data). Raises NewerStoreError."""
    version, schema, data = row[0], row[1], row[2]
    try:
        obj = codec.decode(kind.kind, data, schema)
    except codec.NewerSchemaError as error:
        raise NewerStoreError(f"The store holds an object of a newer release: {error}.") from error
    obj.metadata.resource_version = version
    return cast("R", obj)


def encode(obj: Resource, version: int) -> dict[str, Any]:
    """Give the object its version; return its columns."""
    meta = obj.metadata
    meta.resource_version = version
    return {
        "kind": obj.kind,
        "id": meta.id,
        "key": meta.key,
        "region": meta.region,
        "account": meta.account,
        "project": meta.project,
        "version": version,
        "data": codec.encode(obj),
        "schema": obj.schema,
    }
