"""The parts that Nova's request schemas are made of. Key order matters: it is the order of complaints."""

from __future__ import annotations

import socket
import unicodedata
from typing import Any

from gurum.pia.kernel.schema import InvalidNameError, Schema, Versions

Doc = dict[str, Any]

MAX_INT = 0x7FFFFFFF


def _printable(char: str) -> bool:
    category = unicodedata.category(char)
    return not category.startswith("C") and (not category.startswith("Z") or category == "Zs")


def _name(value: object) -> bool:
    if not isinstance(value, str) or value != value.strip() or not all(map(_printable, value)):
        raise InvalidNameError(
            "An invalid 'name' value was provided. The name must be: printable characters. "
            "Can not start or end with whitespace."
        )
    return True


def _zone_name(value: object) -> bool:
    if not isinstance(value, str) or value != value.strip() or not all(c != ":" and _printable(c) for c in value):
        raise InvalidNameError(
            "An invalid 'name' value was provided. The name must be: printable characters except :. "
            "Can not start or end with whitespace."
        )
    return True


FORMATS = {"name": _name, "az_name": _zone_name}


def integer(value: object) -> int:
    """Return a number that came as one or as digits; one that is too long to read is as large as none that matters."""
    text = str(value)
    return int(text) if len(text) < 19 else MAX_INT


def shortened(address: str) -> str:
    """Return a valid IPv6 address in its shortest form, in which Nova keeps what it was given; empty stays empty."""
    return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, address)) if address else ""


def schema(document: Doc) -> Schema:
    """Compile a schema with Nova's formats of names."""
    return Schema(document, FORMATS)


def versions(*rows: tuple[int, Doc | None]) -> Versions:
    """Return a table of schemas by their first minor version."""
    return Versions(*((first, schema(document) if document is not None else None) for first, document in rows))


def obj(properties: Doc, required: list[str] | None = None, **more: Any) -> Doc:
    """Return an object that has these properties and no others."""
    document: Doc = {"type": "object", "properties": properties}
    if required:
        document["required"] = required
    return {**document, **more, "additionalProperties": False}


def wrapped(key: str, document: Doc) -> Doc:
    """Return a body whose one key holds the document."""
    return obj({key: document}, [key])


NAME: Doc = {"type": "string", "minLength": 1, "maxLength": 255, "format": "name"}
DESCRIPTION: Doc = {
    "type": ["string", "null"],
    "minLength": 0,
    "maxLength": 255,
    "pattern": r"^[^\x00-\x08\x0b-\x1f]*$",
}
BOOLEAN: Doc = {
    "type": ["boolean", "string"],
    "enum": [
        *(True, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes"),
        *(False, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no"),
    ],
}
TRUTHS = frozenset({True, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes"})
STRING: Doc = {"type": "string"}
UUID: Doc = {"type": "string", "format": "uuid"}
IP_ADDRESS: Doc = {"type": "string", "oneOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
POSITIVE: Doc = {"type": ["integer", "string"], "pattern": "^[0-9]*$", "minimum": 1, "minLength": 1}
NON_NEGATIVE: Doc = {"type": ["integer", "string"], "pattern": "^[0-9]*$", "minimum": 0, "minLength": 1}
METADATA_KEY = "^[a-zA-Z0-9-_:. ]{1,255}$"
METADATA: Doc = {
    "type": "object",
    "patternProperties": {METADATA_KEY: {"type": "string", "maxLength": 255}},
    "additionalProperties": False,
}
TAG: Doc = {"type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[^,/]*$"}
TAGS: Doc = {"type": "array", "items": TAG, "maxItems": 50}


def multi(item: Doc) -> Doc:
    """Return a query parameter that may be given several times."""
    return {"type": "array", "items": item}


def single(item: Doc) -> Doc:
    """Return a query parameter that may be given once."""
    return {"type": "array", "maxItems": 1, "items": item}


def query(properties: Doc, *, strict: bool = False) -> Doc:
    """Return a query's schema; unless strict, unknown parameters are ignored."""
    return {"type": "object", "properties": properties, "additionalProperties": not strict}


PAGING: Doc = {"limit": multi({"type": "string", "pattern": "^[0-9]*$", "minimum": 0}), "marker": multi(STRING)}
