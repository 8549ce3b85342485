"""Objects of every kind, made from the types: full ones in which every field says something, and random ones.

Where a row of the definitions says what a value may be, the value is so; everything else follows from the type.
"""

from __future__ import annotations

import random
import string
import types
import typing
from typing import Any, TypeVar, Union

import msgspec

from gurum.model import codec
from gurum.model.base import Cause, Metadata, Resource
from gurum.model.server import Server
from gurum.store import objects
from gurum.store.kubernetes import schema
from gurum.store.kubernetes.definitions.row import Field
from gurum.store.kubernetes.definitions.security import PROTOCOLS

R = TypeVar("R", bound=Resource)

KINDS = tuple(codec.KINDS.values())
PATTERNED = {"SecurityGroupRuleSpec.protocol": (*PROTOCOLS, "0", "47", "255")}
_LETTERS = string.ascii_letters + string.digits + " -_./:구름ü"


def sample(kind: type[R], rng: random.Random, *, full: bool = True) -> R:
    """Return an object of a kind with every field set (full) or only some of them."""
    make = _Maker(rng, full=full)
    uid = make.text(32)
    meta = Metadata(
        id=uid, key=uid if rng.random() < 0.5 else make.text(60), region="region-1", project="p1",
        finalizers=["engine"], labels={"index": "000"}, cause=Cause(user_id="u1"),
    )  # fmt: skip
    obj = kind(metadata=meta, spec=make.struct(schema.spec_of(kind)))  # type: ignore[call-arg] # every kind has a spec
    obj = objects.created(obj, 1_800_000_000.125)
    obj.status = make.struct(schema.status_of(kind))
    obj.metadata.account, obj.metadata.revision, obj.metadata.resource_version = "123456789012", 3, 7
    return obj


def plain(obj: R) -> R:
    """Return a sample as those stores have it that keep everything in the object."""
    if isinstance(obj, Server):
        obj.spec.user_data_secret = ""
    return obj


class _Maker:
    def __init__(self, rng: random.Random, *, full: bool) -> None:
        self._rng, self._full = rng, full

    def struct(self, struct: type[msgspec.Struct]) -> Any:
        """Return an instance of a struct."""
        hints = typing.get_type_hints(struct)
        values = {
            field.name: self.value(
                hints[field.name], schema.row_of(struct, field.name), f"{struct.__name__}.{field.name}"
            )
            for field in msgspec.structs.fields(struct)
            if self._full or field.required or self._rng.random() < 0.5
        } if struct.__name__ != "Condition" else self._condition()  # fmt: skip
        return struct(**values)

    def _condition(self) -> dict[str, Any]:
        return {
            "type": self.text(20), "status": self._rng.random() < 0.5, "reason": "Throttled", "message": self.text(80),
            "since": self.number(), "until": self.number(), "observed_generation": 3,
        }  # fmt: skip

    def value(self, hint: Any, row: Field, name: str) -> Any:
        """Return a value of a type, as its row wants it."""
        rng, arguments = self._rng, [one for one in typing.get_args(hint) if one is not type(None)]
        origin = typing.get_origin(hint)
        if origin in (Union, types.UnionType):
            if not self._full and type(None) in typing.get_args(hint) and rng.random() < 0.3:
                return None
            return self.value(arguments[-1], row, name)
        if origin is list:
            return [self.value(arguments[0], row, name) for _ in range(2 if self._full else rng.randrange(4))]
        if origin is dict and row.entries is not None:
            return {"opt_name": self.text(20), "opt_value": self.text(20), "ip_version": 4}
        if origin is dict:
            return {
                self.text(12): self.value(arguments[1], row, name) for _ in range(2 if self._full else rng.randrange(4))
            }
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self.struct(hint)
        if name in PATTERNED:
            return rng.choice(PATTERNED[name])
        if row.words:
            return rng.choice(row.words)
        return self._plain(hint, row)

    def _plain(self, hint: Any, row: Field) -> Any:
        if hint is bool:
            return self._rng.random() < 0.5
        if hint is int:
            return self._rng.randint(row.least or 0, row.greatest if row.greatest is not None else 2**31 - 1)
        if hint is float:
            return self.number()
        assert hint is str, hint
        return self.text(min(row.longest, 40))

    def number(self) -> float:
        """Return a moment, of all precisions that a clock may have."""
        return self._rng.choice(
            (1e9, 1_800_000_000.125, round(self._rng.uniform(1e9, 2e9), 6), self._rng.uniform(1e9, 2e9))
        )

    def text(self, longest: int) -> str:
        """Return a text that no other is."""
        tail = "".join(self._rng.choice(_LETTERS) for _ in range(self._rng.randrange(1, max(2, longest - 16))))
        return (f"{self._rng.getrandbits(40):010x}" + tail)[:longest]


def everyone() -> list[Any]:
    """Return every kind, as parameters of a test."""
    return list(KINDS)
