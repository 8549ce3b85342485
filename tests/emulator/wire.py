"""Both directions of the wire, compared with botocore's own serialiser and parser.

Tests of the core hand over parameters and get members without XML. So that they prove the wire as
well, the first few calls of each action are sent through it: what a client would send must parse to
the same parameters, and what it would receive must be the same members.
"""

from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from aws_emulator.wire.model import operation
from aws_emulator.wire.request import form, parse
from aws_emulator.wire.response import answer

_ENOUGH = 6
_seen: Counter[str] = Counter()
_SERIALIZER, _PARSER = create_serializer("ec2"), create_parser("ec2")


def body(action: str, params: dict[str, Any]) -> str:
    """Return the form body that a botocore client sends."""
    return urlencode(_SERIALIZER.serialize_to_request(params, operation("ec2", action))["body"])


def received(action: str, members: dict[str, Any]) -> dict[str, Any]:
    """Return what a botocore client makes of an answer."""
    response = {"status_code": 200, "headers": {}, "body": answer("ec2", action, members, "id")}
    model = operation("ec2", action)
    parsed: dict[str, Any] = _PARSER.parse(response, model.output_shape)  # type: ignore[union-attr]  # the action is known
    del parsed["ResponseMetadata"]
    return parsed


def check(action: str, params: dict[str, Any], members: dict[str, Any]) -> None:
    """Assert that both survive the wire; from the seventh call on, only that each member is in the model."""
    _seen[action] += 1
    if _seen[action] > _ENOUGH:
        answer("ec2", action, members, "id")
        return
    assert _plain(parse("ec2", action, form(body(action, params)))) == _plain(params)
    assert _plain(received(action, members)) == _plain(members)


def _plain(value: Any) -> Any:
    """Return a value without absent members, empty lists and sub-second parts of times."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None and v not in ([], {})}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return int(value.timestamp())
    return int(value) if isinstance(value, float) else value
