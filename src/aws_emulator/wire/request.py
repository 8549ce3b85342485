"""From a form body to typed parameters, refused as EC2 refuses them.

An unknown, missing, mistyped or impossible parameter must fail here: an emulator that ignores
what it does not understand lets a client ship a request that AWS will not take.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from botocore.validate import ParamValidator

from aws_emulator.rules import refuse
from aws_emulator.wire.model import operation
from aws_emulator.wire.response import FORBIDDEN

Params = dict[str, Any]
_Convert = Callable[[str, Any], Any]

# Belong to the protocol (or to signature version 2), not to any action.
_PROTOCOL = frozenset({"Action", "Version", "AWSAccessKeyId", "SignatureMethod", "SignatureVersion"})
# Their enumerations grow monthly; the actions know what exists, and which error AWS gives.
_OPEN_ENUMS = frozenset({"InstanceType", "VolumeType"})


def form(body: str) -> dict[str, str]:
    """Return the flat fields of a form body; a field sent twice keeps its last value."""
    return dict(parse_qsl(body, keep_blank_values=True))


def parse(service: str, action: str, fields: Mapping[str, str]) -> Params:
    """Return the parameters of a known action by their model names.

    Raises Refusal for unknown, missing, mistyped or impossible parameters.
    """
    shape = operation(service, action).input_shape  # type: ignore[union-attr]  # action is known
    if shape is None:
        return {}
    tree: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _PROTOCOL:
            continue
        if FORBIDDEN.search(value):
            raise refuse("parameter.character", name=name)
        _plant(tree, name, value)
    parsed: Params = _converter(shape)("", tree)
    return parsed


def check(service: str, action: str, params: Mapping[str, Any]) -> None:
    """Raise ValueError when structured parameters are not what the model says.

    For in-process callers and the control API, whose parameters never were a form.
    """
    shape = operation(service, action).input_shape  # type: ignore[union-attr]  # action is known
    report = ParamValidator().validate(dict(params), shape) if shape else None
    if report is not None and report.has_errors():
        raise ValueError(f"{action}: {report.generate_report()}")


def _plant(tree: dict[str, Any], name: str, value: str) -> None:
    *path, last = name.split(".")
    for step in path:
        below = tree.setdefault(step, {})
        if not isinstance(below, dict):
            raise refuse("parameter.unknown", name=name)
        tree = below
    if isinstance(tree.get(last), dict):
        raise refuse("parameter.unknown", name=name)
    tree[last] = value


def _spelling(member: str, shape: Any) -> str:
    """Return how the EC2 protocol spells a member in a request."""
    told = shape.serialization.get("queryName")
    if told:
        return str(told)
    name = str(shape.serialization.get("name", member))
    return name[:1].upper() + name[1:]


@cache
def _converter(shape: Any) -> _Convert:
    make = {"structure": _structure, "list": _list}.get(shape.type_name)
    if make:
        return make(shape)
    allowed = frozenset(getattr(shape, "enum", None) or ())
    if allowed and shape.name not in _OPEN_ENUMS:
        return _choice(allowed)
    return _SCALARS.get(shape.type_name, _text)


def _structure(shape: Any) -> _Convert:
    members = {_spelling(name, member): (name, member) for name, member in shape.members.items()}
    spelled = {name: wire for wire, (name, _) in members.items()}
    required = tuple(shape.required_members)

    def convert(path: str, value: Any) -> Params:
        if not isinstance(value, dict):
            raise refuse("parameter.value", name=path, value=value)
        parsed: Params = {}
        for wire, below in value.items():
            known = members.get(wire)
            here = f"{path}.{wire}" if path else wire
            if known is None:
                raise refuse("parameter.unknown", name=here)
            parsed[known[0]] = _converter(known[1])(here, below)
        for name in required:
            if name not in parsed:
                raise refuse("parameter.missing", name=f"{path}.{spelled[name]}".lstrip("."))
        return parsed

    return convert


def _list(shape: Any) -> _Convert:
    member = shape.member

    def convert(path: str, value: Any) -> list[Any]:
        if value == "":
            return []
        if not isinstance(value, dict) or not all(key.isdigit() for key in value):
            raise refuse("parameter.value", name=path, value=value)
        each = _converter(member)
        ordered = sorted(value.items(), key=lambda pair: int(pair[0]))
        return [each(f"{path}.{key}", below) for key, below in ordered]

    return convert


def _choice(allowed: frozenset[str]) -> _Convert:
    def convert(path: str, value: Any) -> str:
        if value not in allowed:
            raise refuse("parameter.choice", name=path, value=value, allowed=sorted(allowed))
        return str(value)

    return convert


def _text(path: str, value: Any) -> str:
    if not isinstance(value, str):
        raise refuse("parameter.unknown", name=path)
    return value


def _integer(path: str, value: Any) -> int:
    try:
        return int(_text(path, value))
    except ValueError:
        raise refuse("parameter.integer", name=path, value=value) from None


def _boolean(path: str, value: Any) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}.get(_text(path, value).lower())
    if known is None:
        raise refuse("parameter.boolean", name=path, value=value)
    return known


def _blob(path: str, value: Any) -> bytes:
    try:
        return base64.b64decode(_text(path, value), validate=True)
    except (binascii.Error, ValueError):
        raise refuse("parameter.base64", name=path) from None


def _time(path: str, value: Any) -> float:
    try:
        moment = datetime.fromisoformat(_text(path, value))
    except ValueError:
        raise refuse("parameter.value", name=path, value=value) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_SCALARS: Mapping[str, _Convert] = {
    "string": _text,
    "integer": _integer,
    "long": _integer,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": _time,
}
