"""From an action's members to the XML that botocore expects, and the error envelopes.

Writers are compiled once a shape: serialising a hundred instances is the emulator's most frequent
heavy work, and looking at the model for each element would make it ten times slower. A member
that the model does not have is a KeyError: a typing mistake must not vanish.
"""

import base64
import re
import time
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any
from xml.sax.saxutils import escape

from aws_emulator.wire.model import operation, service_model

# XML 1.0 cannot carry these, so EC2 cannot store them either.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_Out = Callable[[str], None]
_Write = Callable[[Any, _Out], None]


def answer(service: str, action: str, members: dict[str, Any], request_id: str) -> bytes:
    """Return the XML document of a successful call."""
    model = service_model(service)
    shape = operation(service, action).output_shape  # type: ignore[union-attr]  # action is known
    namespace = model.metadata["xmlNamespace"].rstrip("/") + "/"
    parts = [f'<?xml version="1.0" encoding="UTF-8"?>\n<{action}Response xmlns="{namespace}">']
    out = parts.append
    if service == "ec2":
        out(f"<requestId>{request_id}</requestId>")
        if shape is None or not shape.members:
            out("<return>true</return>")
        else:
            _writer(shape)(members, out)
    elif shape is None:
        out(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>")
    else:
        wrapper = shape.serialization.get("resultWrapper", f"{action}Result")
        out(f"<{wrapper}>")
        _writer(shape)(members, out)
        out(f"</{wrapper}><ResponseMetadata><RequestId>{request_id}</RequestId>")
        out("</ResponseMetadata>")
    out(f"</{action}Response>")
    return "".join(parts).encode()


def failure(service: str, code: str, message: str, status: int, request_id: str) -> bytes:
    """Return the XML document of a failed call, in the envelope of its service."""
    inner = f"<Code>{escape(code)}</Code><Message>{escape(FORBIDDEN.sub('?', message))}</Message>"
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    if service == "ec2":
        return (
            f"{head}<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
        ).encode()
    side = "Sender" if status < 500 else "Receiver"
    return (
        f'{head}<ErrorResponse xmlns="{service_model(service).metadata["xmlNamespace"]}">'
        f"<Error><Type>{side}</Type>{inner}</Error><RequestId>{request_id}</RequestId>"
        "</ErrorResponse>"
    ).encode()


@cache
def _writer(shape: Any) -> _Write:
    if shape.type_name == "structure":
        return _structure(shape)
    if shape.type_name == "list":
        return _list(shape)
    leaf = _LEAVES.get(shape.type_name, _text)
    return lambda value, out: out(leaf(value))


def _structure(shape: Any) -> _Write:
    leaves: dict[str, tuple[str, Callable[[Any], str], str]] = {}
    nested: dict[str, tuple[str, Any, str]] = {}
    for name, member in shape.members.items():
        tag = member.serialization.get("name", name)
        if member.type_name in ("structure", "list"):
            nested[name] = (f"<{tag}>", member, f"</{tag}>")
        else:
            leaves[name] = (f"<{tag}>", _LEAVES.get(member.type_name, _text), f"</{tag}>")

    def write(value: dict[str, Any], out: _Out) -> None:
        for name, below in value.items():
            if below is None:
                continue
            leaf = leaves.get(name)
            if leaf is not None:
                out(leaf[0] + leaf[1](below) + leaf[2])
                continue
            start, member, end = nested[name]
            out(start)
            _writer(member)(below, out)
            out(end)

    return write


def _list(shape: Any) -> _Write:
    tag = shape.member.serialization.get("name", "member")
    member = shape.member

    def write(values: Any, out: _Out) -> None:
        each = _writer(member)
        for value in values:
            out(f"<{tag}>")
            each(value, out)
            out(f"</{tag}>")

    return write


def _text(value: Any) -> str:
    text: str = value
    return escape(text) if "&" in text or "<" in text or ">" in text else text


@lru_cache(maxsize=4096)
def timestamp(seconds: float) -> str:
    """Return a moment as EC2 writes it: 2026-01-31T12:00:00.000Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


_LEAVES: dict[str, Callable[[Any], str]] = {
    "string": _text,
    "integer": str,
    "long": str,
    "double": str,
    "float": str,
    "boolean": lambda value: "true" if value else "false",
    "timestamp": timestamp,
    "blob": lambda value: base64.b64encode(value).decode(),
}
