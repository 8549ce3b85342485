"""What makes a schema structural, and one of OpenAPI as one of JSON Schema: so much of the API server as tests need.

The API server itself says it too (`test_crds_real`); here every kind is looked at, in milliseconds and without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema

from gurum.store.kubernetes.schema import Schema

_FORBIDDEN = frozenset(
    {"$ref", "definitions", "dependencies", "deprecated", "discriminator", "id", "patternProperties", "readOnly"}
    | {"writeOnly", "xml", "uniqueItems", "default"}
)
_SCALAR = {"string", "integer", "number", "boolean"}
# As go-openapi's strfmt reads it, in upper case.
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


def faults(schema: Schema, path: str = "") -> Iterator[str]:
    """Yield what keeps a schema from being structural, closed and bounded."""
    for key in sorted(_FORBIDDEN & schema.keys()):
        yield f"{path}: {key} is forbidden"
    if schema.get("x-kubernetes-int-or-string") is True:
        if "type" in schema:
            yield f"{path}: an int-or-string has no type"
    elif schema.get("type") not in _SCALAR | {"object", "array"}:
        yield f"{path}: no type"
    else:
        yield from _OF_TYPE[schema["type"]](schema, path)


def _string(schema: Schema, path: str) -> Iterator[str]:
    if not {"maxLength", "enum", "format"} & schema.keys():
        yield f"{path}: unbounded"
    if "pattern" in schema:
        re.compile(schema["pattern"])


def _integer(schema: Schema, path: str) -> Iterator[str]:
    if schema.get("format") != "int64":
        yield f"{path}: an integer without its size"


def _nothing(schema: Schema, path: str) -> Iterator[str]:
    yield from ()


def _array(schema: Schema, path: str) -> Iterator[str]:
    items = schema.get("items", {})
    if "maxItems" not in schema:
        yield f"{path}: unbounded"
    merge = schema.get("x-kubernetes-list-type")
    if merge not in ("atomic", "set", "map"):
        yield f"{path}: how is it merged?"
    if merge == "set" and items.get("type") not in _SCALAR:
        yield f"{path}: a set of what is no scalar"
    for key in schema.get("x-kubernetes-list-map-keys", ["?"] if merge == "map" else ()):
        if key not in items.get("required", ()) or items["properties"][key]["type"] not in _SCALAR:
            yield f"{path}: the key {key} may be missing"
    yield from faults(items, f"{path}[]")


def _object(schema: Schema, path: str) -> Iterator[str]:
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return
    if ("properties" in schema) == ("additionalProperties" in schema):
        yield f"{path}: either properties or additional ones"
    if "additionalProperties" in schema:
        if "maxProperties" not in schema:
            yield f"{path}: unbounded"
        yield from faults(schema["additionalProperties"], f"{path}{{}}")
    for name, inner in schema.get("properties", {}).items():
        yield from faults(inner, f"{path}.{name}")
        if not inner.get("description", "").endswith((".", "…")):
            yield f"{path}.{name}: no sentence"
    for name in schema.get("required", ()):
        if name not in schema["properties"]:
            yield f"{path}: {name} is required and unknown"
    for rule in schema.get("x-kubernetes-validations", ()):
        field = rule.get("fieldPath", "")
        if field and field[1:] not in schema["properties"]:
            yield f"{path}: a rule of {field}"


_OF_TYPE = {
    "string": _string, "integer": _integer, "number": _nothing, "boolean": _nothing, "array": _array, "object": _object
}  # fmt: skip


def validator(schema: Schema) -> jsonschema.Draft4Validator:
    """Return what judges a document as the API server does: what is unknown is refused, as under strict validation."""
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date-time")(lambda value: not isinstance(value, str) or bool(_MOMENT.fullmatch(value)))
    return jsonschema.Draft4Validator(_plain(schema), format_checker=checker)


def _plain(schema: Schema) -> Schema:
    made: dict[str, Any] = {k: v for k, v in schema.items() if not k.startswith("x-") and k != "description"}
    if schema.get("x-kubernetes-int-or-string"):
        made["type"] = ["integer", "string"]
    if made.pop("nullable", False):
        made["type"] = [made["type"], "null"]
    if "properties" in made:
        made["properties"] = {name: _plain(inner) for name, inner in made["properties"].items()}
        made["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = _plain(made[key])
    return made
