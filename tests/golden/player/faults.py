"""The faults that an answer can be given: one function a kind, each from a sound answer to a broken one.

They are the mistakes that implementations make: a status next to the right one, a header forgotten, a number sent
as text, a message with one word changed, the id of something else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
from tests.golden.player.model import Response
from tests.golden.player.patterns import LISTED_ID, SHAPES

Trail = tuple[str | int, ...]
"""Keys and indexes from a body's root to a place in it."""

ELSEWHERE = "http://elsewhere.example:1"
EXTRA_KEY = "golden_extra"
UNKNOWN = {36: "99999999-aaaa-4bbb-8ccc-dddddddddddd", 32: "99999999aaaa4bbb8cccdddddddddddd"}
"""Ids of the two shapes that nothing has, by their length."""


class Mutation(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of one answer. `path` tells people where, `trail` and `argument` tell the function."""

    scenario: str
    step: str
    kind: str
    path: str
    trail: Trail = ()
    argument: Any = None


class NoSuchPlaceError(Exception):
    """The answer does not have what the mutation would break."""


def corrupted(response: Response, mutation: Mutation) -> Response:
    """A copy of the answer with the fault. Raises NoSuchPlaceError if another answer was expected."""
    return KINDS[mutation.kind](response, mutation)


def _status(response: Response, mutation: Mutation) -> Response:
    return msgspec.structs.replace(response, status=mutation.argument)


def _header(response: Response, mutation: Mutation) -> Response:
    """Argument: the header's new value, or None for none."""
    name = str(mutation.trail[0])
    headers = {k: v for k, v in response.headers.items() if k != name}
    if mutation.argument is not None:
        headers[name] = mutation.argument
    return msgspec.structs.replace(response, headers=headers)


def _truncated(response: Response, mutation: Mutation) -> Response:
    """The connection ends half-way through the body."""
    whole = response.body if response.kind == "text" else json.dumps(response.body)
    return msgspec.structs.replace(response, body=str(whole)[: len(whole) // 2], kind="text")


def _in_body(change: Callable[[Any, Any], Any]) -> Callable[[Response, Mutation], Response]:
    """A fault that puts `change(value, argument)` where the trail leads."""

    def fault(response: Response, mutation: Mutation) -> Response:
        def at(value: Any, trail: Trail) -> Any:
            if not trail:
                return change(value, mutation.argument)
            key, rest = trail[0], trail[1:]
            if isinstance(value, dict) and key in value:
                return {k: at(v, rest) if k == key else v for k, v in value.items()}
            if isinstance(value, list) and isinstance(key, int) and key < len(value):
                return [at(v, rest) if i == key else v for i, v in enumerate(value)]
            raise NoSuchPlaceError(f"{mutation.step}: nothing at {mutation.path}")

        return msgspec.structs.replace(response, body=at(response.body, mutation.trail))

    return fault


def _key_dropped(value: dict[str, Any], key: str) -> dict[str, Any]:
    if key not in value:
        raise NoSuchPlaceError(f"no key {key}")
    return {k: v for k, v in value.items() if k != key}


def _word(value: str, word: str) -> str:
    if word not in value:
        raise NoSuchPlaceError(f"no word {word}")
    return value.replace(word, word[::-1] + "q", 1)


def _time(value: str, _: None) -> str:
    """The same time in another form: with Z or without."""

    def other(match: re.Match[str]) -> str:
        return match[0].removesuffix("Z") if match[0].endswith("Z") else match[0][:19] + "Z"

    return re.sub(SHAPES["time"], other, value, count=1)


def _host(value: str, _: None) -> str:
    return re.sub(r"^\w+://[^/]+", ELSEWHERE, value)


def _id(value: str, argument: list[str] | None) -> str:
    """Argument: the id to replace and the one to put, or None for the first id and an unknown one."""
    if argument is not None:
        old, new = argument
        return value.replace(old, new)
    match = LISTED_ID.search(value)
    if match is None:
        raise NoSuchPlaceError("no id")
    return value.replace(match[0], UNKNOWN[len(match[0])])


def _put(_: Any, argument: Any) -> Any:
    return argument


KINDS: dict[str, Callable[[Response, Mutation], Response]] = {
    "status": _status,
    "header dropped": _header,
    "header changed": _header,
    "header added": _header,
    "key dropped": _in_body(_key_dropped),
    "key added": _in_body(lambda value, argument: {**value, EXTRA_KEY: argument}),
    "type": _in_body(_put),
    "value": _in_body(_put),
    "word": _in_body(_word),
    "item lost": _in_body(lambda value, index: value[:index] + value[index + 1 :]),
    "item doubled": _in_body(lambda value, index: [*value, value[index]]),
    "order": _in_body(lambda value, _: value[::-1]),
    "time form": _in_body(_time),
    "link host": _in_body(_host),
    "id unknown": _in_body(_id),
    "id of another": _in_body(_id),
    "truncated": _truncated,
}
"""Kind of mutation -> what it does to an answer."""

ID_KINDS = frozenset({"id unknown", "id of another"})
