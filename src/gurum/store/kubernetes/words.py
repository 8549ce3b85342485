"""Field names and times in Kubernetes' form, and back.

The model's words are OpenStack's (`key_name`, seconds since the epoch); Kubernetes' readers expect `keyName` and
RFC 3339. The translation follows the model's types, so that a new field needs no second list of names, and what is a
map of the user's own (metadata, tags, properties) is left as it is.
"""

from __future__ import annotations

import datetime
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Union

import msgspec

_INITIALISMS = {
    "cidr": "CIDR", "dhcp": "DHCP", "dns": "DNS", "id": "ID", "ids": "IDs", "ip": "IP", "ips": "IPs",
    "ipv4": "IPv4", "ipv6": "IPv6", "mac": "MAC", "ra": "RA", "ram": "RAM", "vm": "VM",
}  # fmt: skip

# Numbers that are not moments: every other float of the model is seconds since the epoch.
NOT_TIMES = frozenset({"duration", "rxtx_factor"})

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def camel(name: str) -> str:
    """Return a field's name as Kubernetes writes it: `fixed_ip_address` is `fixedIPAddress`."""
    first, *rest = name.split("_")
    return first + "".join(_INITIALISMS.get(word, word.capitalize()) for word in rest)


def moment(seconds: float) -> str:
    """Return seconds since the epoch as RFC 3339, UTC, exact."""
    # The shortest text that is the same float when it comes back.
    whole, _, fraction = format(Decimal(repr(seconds)), "f").partition(".")
    stamp = (_EPOCH + datetime.timedelta(seconds=int(whole))).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{stamp}.{fraction}Z" if fraction.strip("0") else f"{stamp}Z"


def seconds(text: str) -> float:
    """Return a moment in RFC 3339 as seconds since the epoch. Raises ValueError."""
    stamp, dot, rest = text.rstrip("Z").partition(".")
    whole = datetime.datetime.fromisoformat(f"{stamp}+00:00") - _EPOCH
    return float(f"{whole.days * 86400 + whole.seconds}.{rest or 0}") if dot or rest else whole.total_seconds()


Translate = Callable[[Any], Any]


class Struct(msgspec.Struct, frozen=True):
    """How a struct's document is translated: for each field its name there, and what is done with its value."""

    fields: Mapping[str, tuple[str, Translate | None]]

    def __call__(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document in the other form. Fields that are not known are kept: whoever decodes refuses them."""
        translated = {}
        for name, value in document.items():
            other, translate = self.fields.get(name, (name, None))
            translated[other] = value if translate is None or value is None else translate(value)
        return translated


@cache
def outward(struct: type[msgspec.Struct]) -> Struct:
    """Return what turns `msgspec.to_builtins` of a struct into Kubernetes' form."""
    return _struct(struct, out=True)


@cache
def inward(struct: type[msgspec.Struct]) -> Struct:
    """Return what turns Kubernetes' form into what `msgspec.convert` takes."""
    return _struct(struct, out=False)


def _struct(struct: type[msgspec.Struct], *, out: bool) -> Struct:
    fields = {}
    hints = typing.get_type_hints(struct)
    for field in msgspec.structs.fields(struct):
        name = camel(field.name)
        translate = _value(hints[field.name], field.name, out=out)
        stored = field.encode_name  # where it is not the field's own: `import` is no name in Python
        fields[stored if out else name] = (name if out else stored, translate)
    return Struct(fields)


def _value(hint: Any, name: str, *, out: bool) -> Translate | None:
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (Union, types.UnionType):
        # Of several types none may need a translation, or it would have to guess; the model has no such field.
        found = [_value(one, name, out=out) for one in arguments if one is not type(None)]
        return found[0] if len(found) == 1 else None
    if hint is float and name not in NOT_TIMES:
        return moment if out else seconds
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return outward(hint) if out else inward(hint)
    if origin is list:
        return _each(_value(arguments[0], name, out=out))
    if origin is dict:
        return _mapped(_value(arguments[1], name, out=out))
    return None


def _each(translate: Translate | None) -> Translate | None:
    return None if translate is None else lambda values: [translate(value) for value in values]


def _mapped(translate: Translate | None) -> Translate | None:
    return None if translate is None else lambda values: {key: translate(value) for key, value in values.items()}
