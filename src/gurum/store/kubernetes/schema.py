"""OpenAPI schemas from the model's types: what the API server lets through, prunes, merges and explains.

The types say the shape, `gurum.store.kubernetes.definitions` the rest. Everything is closed and bounded: what the
model does not know is refused, and what it knows makes no object that etcd would not store, and no rule too dear to
check.
Defaults are not in the schema: a default that the API server wrote would be a value that nobody asked for.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Union

import msgspec

from gurum.model.base import Condition, Resource, Status
from gurum.store.kubernetes import rules
from gurum.store.kubernetes.definitions import common
from gurum.store.kubernetes.definitions.row import Field, Reference
from gurum.store.kubernetes.definitions.tables import FIELDS, KINDS
from gurum.store.kubernetes.words import NOT_TIMES, camel

Schema = dict[str, Any]

KEY_LENGTH = 255  # characters of a key in a map that people write
_LONG_KEYS = f"Invalid input: a key has more than {KEY_LENGTH} characters."
_SNAKE = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
_MOMENT: Schema = {"type": "string", "format": "date-time"}


def spec_of(kind: type[Resource]) -> type[msgspec.Struct]:
    """Return the type of a kind's spec."""
    found: type[msgspec.Struct] = typing.get_type_hints(kind)["spec"]
    return found


def status_of(kind: type[Resource]) -> type[Status]:
    """Return the type of a kind's status."""
    found: type[Status] = typing.get_type_hints(kind)["status"]
    return found


def row_of(struct: type[msgspec.Struct], name: str) -> Field:
    """Return the row of a struct's field, which stands at the struct that defines it. Raises KeyError."""
    for base in struct.__mro__:
        if name in inspect.get_annotations(base):
            return FIELDS[f"{base.__name__}.{name}"]
    raise KeyError(f"{struct.__name__}.{name}")


def spec_schema(kind: str, struct: type[msgspec.Struct], *, identity: bool = True) -> Schema:
    """Return the schema of a kind's spec: identity, the model's fields, and the references of people."""
    made = _Spec(KINDS[kind].references).struct(struct, "")
    if identity:
        made["properties"] = {name: _scalar(row, str, name) for name, row in common.IDENTITY.items()} | made[
            "properties"
        ]
    made["x-kubernetes-validations"] = [
        *rules.spec_rules(kind, struct, identity=identity),
        *made.pop("x-kubernetes-validations", ()),
    ]
    return made


def status_schema(struct: type[msgspec.Struct]) -> Schema:
    """Return the schema of a kind's status: controllers', so that nothing of it is explained as a wish."""
    made = _Types().struct(struct, "")
    if not issubclass(struct, Status):
        return made
    own = {"account": _scalar(common.OBSERVED["account"], str, "account")}
    own["revision"] = _scalar(common.OBSERVED["revision"], int, "revision")
    own["fence"] = _scalar(common.OBSERVED["fence"], str, "fence")
    made["properties"] = own | made["properties"]
    return made


class _Types:
    """The walk through the types. `path` is where a struct stands below spec; `[]` stands for each element."""

    def struct(self, struct: type[msgspec.Struct], path: str) -> Schema:
        """Return the schema of a struct."""
        if struct is Condition:
            return _condition()
        hints = typing.get_type_hints(struct)
        properties, required = {}, []
        for field in msgspec.structs.fields(struct):
            name, row = camel(field.name), row_of(struct, field.name)
            made = self.value(hints[field.name], row, field.name, f"{path}{name}")
            if field.default is not None and _optional(hints[field.name]):
                made["nullable"] = True  # here null says something that leaving it out does not
            properties[name] = {**made, "description": self.explained(row, field)}
            if field.required and self.needed(row, f"{path}{name}"):
                required.append(name)
        made = {"type": "object", "description": _sentence(struct), "properties": properties}
        return made | {"required": required} if required else made

    def value(self, hint: Any, row: Field, name: str, path: str) -> Schema:
        """Return the schema of a type."""
        arguments = [one for one in typing.get_args(hint) if one is not type(None)]
        origin = typing.get_origin(hint)
        if origin in (Union, types.UnionType):
            if set(arguments) == {int, str}:
                return {"x-kubernetes-int-or-string": True, "maxLength": row.longest}
            [hint] = arguments
            return self.value(hint, row, name, path)
        if hint is Any or (origin is dict and row.entries is None and arguments[1] is Any):
            return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        if origin is list:
            return self.listed(arguments[0], row, name, f"{path}[]")
        if origin is dict:
            return self.mapped(arguments[1], row, name, path)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self.struct(hint, f"{path}.")
        return _scalar(row, hint, name)

    def listed(self, item: Any, row: Field, name: str, path: str) -> Schema:
        """Return the schema of a list."""
        made: Schema = {"type": "array", "maxItems": row.most, "items": self.value(item, row, name, path)}
        made["x-kubernetes-list-type"] = "map" if isinstance(row.merge, tuple) else row.merge or "atomic"
        if isinstance(row.merge, tuple):
            made["x-kubernetes-list-map-keys"] = [camel(key) for key in row.merge]
        return made

    def mapped(self, item: Any, row: Field, name: str, path: str) -> Schema:
        """Return the schema of a map."""
        if row.entries is not None:
            return {"type": "object", "properties": {key: dict(value) for key, value in row.entries.items()}}
        return {
            "type": "object",
            "maxProperties": row.most,
            "additionalProperties": self.value(item, row, name, f"{path}{{}}"),
        }

    def needed(self, row: Field, path: str) -> bool:
        """Whether a field without a default must be given."""
        return True

    def explained(self, row: Field, field: msgspec.structs.FieldInfo) -> str:
        """Return what is said of a field."""
        return row.text


class _Spec(_Types):
    """Of a spec: what people write, so that less is required, more is offered, and defaults are told."""

    def __init__(self, references: Sequence[Reference]) -> None:
        self._references = references
        self._filled = {one.filled.removesuffix("[]") for one in references}

    def struct(self, struct: type[msgspec.Struct], path: str) -> Schema:
        made = super().struct(struct, path)
        here = [one for one in self._references if parent(one.written) == path.removesuffix(".")]
        made["properties"] |= {leaf(one.written): _named(one) for one in here}
        either = list(rules.either(struct, here))
        return made | {"x-kubernetes-validations": either} if either else made

    def mapped(self, item: Any, row: Field, name: str, path: str) -> Schema:
        made = super().mapped(item, row, name, path)
        if row.entries is None:
            rule = f"self.all(key, size(key) <= {KEY_LENGTH})"
            made["x-kubernetes-validations"] = [{"rule": rule, "message": _LONG_KEYS}]
        return made

    def needed(self, row: Field, path: str) -> bool:
        return not row.filled and path not in self._filled

    def explained(self, row: Field, field: msgspec.structs.FieldInfo) -> str:
        default = field.default
        if default is msgspec.NODEFAULT or default is None or (default in ("", 0) and default is not False):
            return row.text
        return f"{row.text} Default: {str(default).lower() if isinstance(default, bool) else default}."


def parent(path: str) -> str:
    """Return the path of the struct that a field's path is in: `networks[]` of `networks[].networkRef`."""
    return path.removesuffix("[]").rpartition(".")[0]


def leaf(path: str) -> str:
    """Return the name of a path's field: `networkRef` of `networks[].networkRef`."""
    return path.removesuffix("[]").rpartition(".")[2]


def _named(reference: Reference) -> Schema:
    name: Schema = {"type": "string", "minLength": 1, "maxLength": 255}
    if not reference.written.endswith("[]"):
        return {"description": reference.text} | name
    made = {"description": reference.text, "type": "array", "maxItems": 64, "items": name}
    return made | {"x-kubernetes-list-type": "set"}


def _scalar(row: Field, hint: Any, name: str) -> Schema:
    made: Schema = {"description": row.text} if name in common.IDENTITY or name in common.OBSERVED else {}
    if hint is str:
        made |= (
            {"type": "string", "enum": list(row.words)} if row.words else {"type": "string", "maxLength": row.longest}
        )
        return made | ({"pattern": row.pattern} if row.pattern else {})
    if hint is bool:
        return made | {"type": "boolean"}
    if hint is float:
        return made | (_MOMENT if name not in NOT_TIMES else {"type": "number", "format": "double"})
    if hint is int:
        bounds = {"minimum": row.least, "maximum": row.greatest, "enum": list(row.words) or None}
        return made | {"type": "integer", "format": "int64"} | {k: v for k, v in bounds.items() if v is not None}
    raise TypeError(f"{name} is a {hint}: say here what its schema is")


def _condition() -> Schema:
    properties = {
        name: {"description": row.text} | _condition_value(name, row) for name, row in common.CONDITION.items()
    }
    return {
        "type": "object",
        "description": "What stands in the way, in Kubernetes' form of a condition.",
        "properties": properties,
        "required": ["type", "status"],
    }


def _condition_value(name: str, row: Field) -> Schema:
    if name in ("lastTransitionTime", "until"):
        return dict(_MOMENT)
    return _scalar(row, int if name == "observedGeneration" else str, name)


def _optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


def _sentence(struct: type[msgspec.Struct]) -> str:
    """Return a struct's own words, with Kubernetes' names of its fields and without the marks of a docstring."""
    names = {field.name for field in msgspec.structs.fields(struct)}
    text = " ".join((struct.__doc__ or "").split()).replace("`", "")
    return _SNAKE.sub(lambda match: camel(match[0]) if match[0] in names else match[0], text)


def described(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield every property of a schema with its path, at any depth."""
    for name, made in schema.get("properties", {}).items():
        yield f"{path}{name}", made
        yield from described(made, f"{path}{name}.")
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from described(schema[key], f"{path.removesuffix('.')}[].")


def fields_of(structs: Iterable[type[msgspec.Struct]]) -> set[str]:
    """Return the names under which rows of these structs' fields stand, of the structs inside them too."""
    found: set[str] = set()
    for struct in structs:
        hints = typing.get_type_hints(struct)
        for base in struct.__mro__:
            own = inspect.get_annotations(base)
            found |= {f"{base.__name__}.{f.name}" for f in msgspec.structs.fields(struct) if f.name in own}
        inner = [hint for field in msgspec.structs.fields(struct) for hint in _structs(hints[field.name])]
        found |= fields_of(one for one in inner if one is not Condition)
    return found


def _structs(hint: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for one in typing.get_args(hint):
        yield from _structs(one)
