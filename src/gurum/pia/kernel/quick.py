"""Whether a document is valid, without a word about why not: what nearly every request is asked.

jsonschema makes an object for every node of a schema at every look, which costs a creation more than all its own
checks. So a schema is compiled to functions that say yes or no by jsonschema's rules, and only a document that is
refused, or that these rules leave in doubt, is shown to jsonschema: every text stays jsonschema's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from jsonschema import Draft4Validator

Check = Callable[[Any], bool]
Formats = Mapping[str, Callable[[object], bool]]
Bounds = Mapping[str, Callable[[Any, Any], bool]]


class UnsureError(Exception):
    """These rules do not decide: the schema has a keyword they do not know, or the document a value."""


_TYPES: Mapping[str, Check] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
# Keywords that another one reads, and one that says nothing here: bounds include their ends (see `schema.py`).
_SILENT = frozenset({"exclusiveMinimum", "exclusiveMaximum"})


def compiled(schema: Any, formats: Formats, bounds: Bounds) -> Check:
    """Return a check of a schema; it raises UnsureError where it cannot tell. Raises UnsureError for a schema likewise.

    formats: as jsonschema's checker has them; what one raises is let through. bounds: whether a value breaks a keyword
    `minimum` or `maximum`.
    """
    return _Compiler(formats, bounds).check(schema)


class _Compiler:
    def __init__(self, formats: Formats, bounds: Bounds) -> None:
        self._formats, self._bounds = formats, bounds

    def check(self, schema: Any) -> Check:
        if not isinstance(schema, Mapping) or "$ref" in schema:
            raise UnsureError
        checks: list[Check] = []
        for keyword, value in schema.items():
            if keyword in _KEYWORDS:
                checks.append(_KEYWORDS[keyword](self, value, schema))
            elif keyword in self._bounds:
                checks.append(self._bound(keyword, value))
            elif keyword in Draft4Validator.VALIDATORS and keyword not in _SILENT:
                raise UnsureError
        if len(checks) == 1:
            return checks[0]
        return lambda value: all(check(value) for check in checks)

    def _bound(self, keyword: str, bound: Any) -> Check:
        breaks = self._bounds[keyword]
        return lambda value: not breaks(value, bound)

    def _type(self, wanted: Any, _: Any) -> Check:
        names = [wanted] if isinstance(wanted, str) else wanted
        if any(name not in _TYPES for name in names):
            raise UnsureError
        checks = [_TYPES[name] for name in names]
        return checks[0] if len(checks) == 1 else lambda value: any(check(value) for check in checks)

    def _properties(self, wanted: Mapping[str, Any], _: Any) -> Check:
        checks = [(name, self.check(schema)) for name, schema in wanted.items()]

        def check(value: Any) -> bool:
            if not isinstance(value, dict):
                return True
            return all(test(value[name]) for name, test in checks if name in value)

        return check

    def _pattern_properties(self, wanted: Mapping[str, Any], _: Any) -> Check:
        checks = [(re.compile(pattern), self.check(schema)) for pattern, schema in wanted.items()]

        def check(value: Any) -> bool:
            if not isinstance(value, dict):
                return True
            return all(test(inner) for name, inner in value.items() for pattern, test in checks if pattern.search(name))

        return check

    def _additional_properties(self, wanted: Any, schema: Mapping[str, Any]) -> Check:
        known: Collection[str] = schema.get("properties", {})
        patterns = [re.compile(pattern) for pattern in schema.get("patternProperties", {})]
        of_others = self.check(wanted) if isinstance(wanted, Mapping) else None
        if of_others is None and wanted:
            return _anything

        def check(value: Any) -> bool:
            if not isinstance(value, dict):
                return True
            for name, inner in value.items():
                if name in known or any(pattern.search(name) for pattern in patterns):
                    continue
                if of_others is None or not of_others(inner):
                    return False
            return True

        return check

    def _required(self, wanted: Any, _: Any) -> Check:
        names = tuple(wanted)
        return lambda value: not isinstance(value, dict) or all(name in value for name in names)

    def _enum(self, wanted: Any, _: Any) -> Check:
        allowed = {(type(one), one) for one in wanted if one is None or isinstance(one, str | bool)}
        others = len(allowed) != len(wanted)

        def check(value: Any) -> bool:
            if value is not None and not isinstance(value, str | bool):
                raise UnsureError  # what equals what among numbers and structures is jsonschema's affair
            if (type(value), value) in allowed:
                return True
            if others:
                raise UnsureError
            return False

        return check

    def _format(self, wanted: str, _: Any) -> Check:
        known = self._formats.get(wanted)
        return _anything if known is None else lambda value: bool(known(value))

    def _pattern(self, wanted: str, _: Any) -> Check:
        pattern = re.compile(wanted)
        return lambda value: not isinstance(value, str) or pattern.search(value) is not None

    def _items(self, wanted: Any, _: Any) -> Check:
        check = self.check(wanted)
        return lambda value: not isinstance(value, list) or all(check(inner) for inner in value)

    def _unique_items(self, wanted: Any, _: Any) -> Check:
        def check(value: Any) -> bool:
            if not isinstance(value, list) or len(value) < 2:
                return True
            if not all(isinstance(inner, str) for inner in value):
                raise UnsureError
            return len(set(value)) == len(value)

        return check if wanted else _anything

    def _one_of(self, wanted: Any, _: Any) -> Check:
        checks = [self.check(schema) for schema in wanted]
        return lambda value: sum(check(value) for check in checks) == 1

    def _any_of(self, wanted: Any, _: Any) -> Check:
        checks = [self.check(schema) for schema in wanted]
        return lambda value: any(check(value) for check in checks)

    def _all_of(self, wanted: Any, _: Any) -> Check:
        checks = [self.check(schema) for schema in wanted]
        return lambda value: all(check(value) for check in checks)

    def _min_length(self, wanted: int, _: Any) -> Check:
        return lambda value: not isinstance(value, str) or len(value) >= wanted

    def _max_length(self, wanted: int, _: Any) -> Check:
        return lambda value: not isinstance(value, str) or len(value) <= wanted

    def _min_items(self, wanted: int, _: Any) -> Check:
        return lambda value: not isinstance(value, list) or len(value) >= wanted

    def _max_items(self, wanted: int, _: Any) -> Check:
        return lambda value: not isinstance(value, list) or len(value) <= wanted

    def _min_properties(self, wanted: int, _: Any) -> Check:
        return lambda value: not isinstance(value, dict) or len(value) >= wanted

    def _max_properties(self, wanted: int, _: Any) -> Check:
        return lambda value: not isinstance(value, dict) or len(value) <= wanted


_KEYWORDS: Mapping[str, Callable[[_Compiler, Any, Mapping[str, Any]], Check]] = {
    "type": _Compiler._type,
    "properties": _Compiler._properties,
    "patternProperties": _Compiler._pattern_properties,
    "additionalProperties": _Compiler._additional_properties,
    "required": _Compiler._required,
    "enum": _Compiler._enum,
    "format": _Compiler._format,
    "pattern": _Compiler._pattern,
    "items": _Compiler._items,
    "uniqueItems": _Compiler._unique_items,
    "oneOf": _Compiler._one_of,
    "anyOf": _Compiler._any_of,
    "allOf": _Compiler._all_of,
    "minLength": _Compiler._min_length,
    "maxLength": _Compiler._max_length,
    "minItems": _Compiler._min_items,
    "maxItems": _Compiler._max_items,
    "minProperties": _Compiler._min_properties,
    "maxProperties": _Compiler._max_properties,
}


def _anything(value: Any) -> bool:
    return True
