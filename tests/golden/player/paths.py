"""Paths into answers and variables in requests: `$.a.b[0].c`, `$['a:b'].c`, `${member.project_id}`.

Scenarios are played against clouds that answer wrongly, so a path that leads nowhere is an ordinary outcome (None)
and a variable nobody set is sent as what it is, a wrong id: the comparison of that answer says the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.golden.player.model import Json

_PART = re.compile(r"\[(?P<index>-?\d+)\]|\['(?P<quoted>[^']+)'\]|\.?(?P<key>[^.\[\]$]+)")
_VARIABLE = re.compile(r"\$\{([\w.\-]+)\}")


def dig(document: Json, path: str) -> Json:
    """What stands at `path`; None if nothing does."""
    for part in _PART.finditer(path):
        key = part["quoted"] or part["key"]
        if isinstance(document, list) and part["index"] is not None:
            index = int(part["index"])
            if not -len(document) <= index < len(document):
                return None
            document = document[index]
        elif isinstance(document, dict) and key is not None:
            document = document.get(key)
        else:
            return None
    return document


def substitute(value: Json, variables: Mapping[str, Json]) -> Json:
    """`value` with `${name}` replaced; a text that is one variable and nothing else takes its type."""
    if isinstance(value, str):
        if whole := _VARIABLE.fullmatch(value):
            return variables.get(whole[1], f"UNSET-{whole[1]}")
        return _VARIABLE.sub(lambda m: str(variables.get(m[1], f"UNSET-{m[1]}")), value)
    if isinstance(value, list):
        return [substitute(x, variables) for x in value]
    if isinstance(value, dict):
        return {str(substitute(k, variables)): substitute(v, variables) for k, v in value.items()}
    return value


def fill(text: str, variables: Mapping[str, Json]) -> str:
    """A text with its variables replaced, always a text."""
    return str(substitute(text, variables))


def names_in(value: Json) -> set[str]:
    """The variables that a value mentions."""
    if isinstance(value, str):
        return set(_VARIABLE.findall(value))
    if isinstance(value, list):
        return set().union(*map(names_in, value)) if value else set()
    if isinstance(value, dict):
        return names_in(list(value)) | names_in(list(value.values()))
    return set()
