"""JSON Schema with the texts of the field: the errors users see are jsonschema's, wrapped as Nova wraps them.

The order of keys in a schema is the order in which faults are reported, so schemas are written in Nova's order:
type, properties, required, additionalProperties.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import datetime
import ipaddress
import math
import re
import uuid
import warnings
from collections.abc import Callable, Mapping
from typing import Any, cast

import jsonschema
from jsonschema.validators import extend

from gurum.pia.kernel import quick

Document = Mapping[str, Any]


_DIGITS = re.compile(r"-?[0-9]+\Z", re.ASCII)
_LONGEST = 300


class InvalidNameError(Exception):
    """A format of names whose refusal has a sentence of its own; str() of it is the whole text."""


def _is_uuid(value: object) -> bool:
    text = str(value)
    try:
        return str(uuid.UUID(text)).replace("-", "") == text.lower().replace("-", "").strip("{}")
    except ValueError:
        return False


def _is_address(version: int) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        try:
            # A scope (`fe80::1%eth0`) means something on one machine only.
            return isinstance(value, str) and "%" not in value and ipaddress.ip_address(value).version == version
        except ValueError:
            return False

    return check


def _is_cidr(value: object) -> bool:
    try:
        ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        return False
    return "/" in str(value)


def parse_time(text: str) -> float:
    """Return an ISO 8601 time as seconds since the epoch (UTC where it names no zone). Raises ValueError."""
    if not re.match(r"\d{4}-?\d\d-?\d\d", text):
        raise ValueError(text)
    moment = datetime.datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _is_time(value: object) -> bool:
    try:
        parse_time(str(value))
    except (ValueError, OverflowError):
        return False
    return True


def _is_base64(value: object) -> bool:
    try:
        base64.decodebytes(str(value).encode())
    except (binascii.Error, ValueError):
        return False
    return True


def _is_regex(value: object) -> bool:
    try:
        with warnings.catch_warnings():
            # What a later Python may read otherwise is none of the user's concern.
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(str(value))
    except (re.error, RecursionError, OverflowError):
        return False
    return bool(value)


FORMATS: dict[str, Callable[[object], bool]] = {
    "uuid": _is_uuid,
    "ipv4": _is_address(4),
    "ipv6": _is_address(6),
    "cidr": _is_cidr,
    "date-time": _is_time,
    "base64": _is_base64,
    "regex": _is_regex,
}


def _number(instance: object) -> float | None:
    """Return a number, also one written as a string, as OpenStack's APIs accept them; None for anything else."""
    if isinstance(instance, str):
        if not _DIGITS.match(instance):
            return None
        # A number of thousands of digits is beyond every bound; reading it would be work for nothing.
        return int(instance) if len(instance) < _LONGEST else math.copysign(math.inf, int(instance[:2]))
    return instance if isinstance(instance, int | float) and not isinstance(instance, bool) else None


def _below(instance: object, bound: float) -> bool:
    number = _number(instance)
    return number is not None and number < bound


def _above(instance: object, bound: float) -> bool:
    number = _number(instance)
    return number is not None and number > bound


BOUNDS = {"minimum": _below, "maximum": _above}


def _bound(keyword: str, words: str) -> Any:
    def check(validator: Any, bound: float, instance: object, schema: Document) -> Any:
        if BOUNDS[keyword](instance, bound):
            yield jsonschema.ValidationError(f"{_number(instance)!r} is {words} of {bound!r}")

    return check


_Validator: Any = extend(  # type: ignore[no-untyped-call]  # jsonschema's stubs leave it so
    jsonschema.Draft4Validator,
    {
        "minimum": _bound("minimum", "less than the minimum"),
        "maximum": _bound("maximum", "greater than the maximum"),
    },
)


class Schema:
    """A compiled schema. Compiled at first use, once: a process serves most versions of most routes never."""

    def __init__(self, document: Document, formats: Mapping[str, Callable[[object], bool]] | None = None) -> None:
        self.document = document
        self._formats = {**FORMATS, **(formats or {})}
        self._validator: Any = None
        self._quick: quick.Check | None = None

    def _compile(self) -> None:
        checker = jsonschema.FormatChecker(formats=())
        for name, check in self._formats.items():
            checker.checks(name, raises=InvalidNameError)(check)
        self._validator = _Validator(self.document, format_checker=checker)
        with contextlib.suppress(quick.UnsureError):
            self._quick = quick.compiled(self.document, self._formats, BOUNDS)

    def quickly(self, instance: object) -> bool | None:
        """Return whether an instance is valid; None where only jsonschema can tell."""
        if self._validator is None:
            self._compile()
        if self._quick is None:
            return None
        try:
            return self._quick(instance)
        except quick.UnsureError:
            return None
        except InvalidNameError:
            return False

    def _error(self, instance: object) -> jsonschema.ValidationError | None:
        if self.quickly(instance):
            return None
        return self.error(instance)

    def error(self, instance: object) -> jsonschema.ValidationError | None:
        """Return jsonschema's first complaint of an instance; None when it has none."""
        if self._validator is None:
            self._compile()
        error: jsonschema.ValidationError | None = next(self._validator.iter_errors(instance), None)
        return error

    def prune(self, body: object) -> None:
        """Take out of a body what the schema does not know, as far as nothing else is wrong before it."""
        while (error := self._error(body)) is not None and error.validator == "additionalProperties":
            schema, found = cast(Document, error.schema), cast(dict[str, Any], error.instance)
            patterns = schema.get("patternProperties", {})
            known = schema.get("properties", {})
            for name in [n for n in found if n not in known and not any(re.search(p, n) for p in patterns)]:
                del found[name]

    def body_fault(self, body: object) -> str | None:
        """Return what is wrong with a body, in Nova's words; None when nothing is."""
        error = self._error(body)
        if error is None:
            return None
        if isinstance(error.cause, InvalidNameError):
            return str(error.cause)
        if not error.absolute_path:
            return error.message
        return f"Invalid input for field/attribute {error.absolute_path[-1]}. Value: {error.instance}. {error.message}"

    def query_fault(self, lists: Mapping[str, list[str]]) -> str | None:
        """Return what is wrong with a query (name to list of values), in Nova's words; None when nothing is."""
        error = self._error(dict(lists))
        if error is None:
            return None
        if not error.absolute_path:
            return error.message
        return f"Invalid input for query parameters {error.absolute_path[0]}. Value: {error.instance}. {error.message}"


class Versions:
    """One schema per range of microversions: (first minor version, schema), ascending; a schema may be None."""

    def __init__(self, *rows: tuple[int, Schema | None]) -> None:
        self.rows = rows

    def at(self, version: int) -> Schema | None:
        """Return the schema that holds at a minor version."""
        found = None
        for first, schema in self.rows:
            if first > version:
                break
            found = schema
        return found


def always(schema: Schema) -> Versions:
    """Return a table of one row: the same schema at every version."""
    return Versions((0, schema))
