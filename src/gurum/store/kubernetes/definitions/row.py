"""The shapes of the rows: what may be said of a field, of a kind, of a reference."""

from __future__ import annotations

from typing import Any

import msgspec

LONG = 32_768  # characters of a sentence that a cloud or a program wrote
KEY = 32_768  # characters of a natural key: whatever was claimed, in the words it came in
DOCUMENT = 262_144  # characters of a whole request
SOME = 1024  # elements where OpenStack has no limit of its own, or one that operators set
MANY = 4096  # elements that are as many as there are projects or requests


class Field(msgspec.Struct, frozen=True):
    """A field of a struct.

    `text` is what `kubectl explain` prints. longest: characters of the string, or of each one in a list or map. most:
    elements or entries. least, greatest: of an integer. words: the only values. merge: how server-side apply merges a
    list, as a set or by these keys of its elements; empty: the list is one value. filled: the model needs it, but
    Gurum fills it in where a person leaves it out. said: OpenStack's name of it, where it is not the model's.
    entries: the schema of a map's entries by name, where the map is no user's own.
    """

    text: str
    longest: int = 255
    most: int = 64
    least: int | None = None
    greatest: int | None = None
    words: tuple[str | int, ...] = ()
    pattern: str = ""
    merge: str | tuple[str, ...] = ""
    filled: bool = False
    said: str = ""
    entries: dict[str, dict[str, Any]] | None = None


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A field in which a person writes a name, and the model's field that an id (or a copy) is filled into.

    Both are paths below spec in Kubernetes' words; `[]` stands for each element of a list. `target` is the kind that is
    named: by the name of its Kubernetes object in the namespace, by its id, or by its OpenStack name if only one that
    the project may use has it. copied: the field becomes what the target was at that moment, not its id.
    also: further fields that are filled with it.
    """

    written: str
    filled: str
    target: str
    text: str
    copied: bool = False
    also: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """A rule in CEL about spec (`self`, `oldSelf`), what is said to who breaks it, and the field it is said of."""

    rule: str
    message: str
    field: str = ""


class Column(msgspec.Struct, frozen=True):
    """A column that `kubectl get` prints. priority 1: only with `-o wide`."""

    name: str
    path: str
    type: str = "string"
    priority: int = 0


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind. `fixed` are the fields of its spec that never change once it has its id; `("*",)` are all.

    shown: those of them that, of a thing which is only looked at, are as its cloud shows them.
    state: where the State column is read. columns: further ones, before Age.
    """

    text: str
    fixed: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    rules: tuple[Rule, ...] = ()
    state: str = ""
    columns: tuple[Column, ...] = ()


Fields = dict[str, Field]
Kinds = dict[str, Kind]
