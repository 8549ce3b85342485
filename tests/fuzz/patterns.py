"""Strings that a regular expression accepts, made from the expression: schemas say what they want in this language."""

from __future__ import annotations

import random
import re._constants as codes  # type: ignore[import-not-found]  # the standard library's parser has no stubs
import re._parser as parser  # type: ignore[import-not-found]  # the standard library's parser has no stubs
import string
from collections.abc import Iterable
from typing import Any

PLAIN = string.ascii_letters + string.digits + "-_. "
_CLASSES = {
    codes.CATEGORY_DIGIT: string.digits,
    codes.CATEGORY_WORD: string.ascii_letters + string.digits + "_",
    codes.CATEGORY_SPACE: " ",
}


def example(pattern: str, rng: random.Random, longest: int = 24) -> str:
    """Return a text that the pattern finds something in; anchored patterns match all of it.

    Look-arounds are not understood: the caller tries the result.
    """
    return _sequence(parser.parse(pattern), rng, longest)


def _sequence(items: Iterable[Any], rng: random.Random, longest: int) -> str:
    return "".join(_one(operator, argument, rng, longest) for operator, argument in items)


def _one(operator: Any, argument: Any, rng: random.Random, longest: int) -> str:
    if operator is codes.LITERAL:
        return chr(argument)
    if operator is codes.ANY:
        return rng.choice(PLAIN)
    if operator is codes.IN:
        return _choice(argument, rng)
    if operator is codes.NOT_LITERAL:
        return rng.choice([char for char in PLAIN if ord(char) != argument])
    if operator in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, body = argument
        count = rng.randint(least, min(int(most), max(longest, least)))
        return "".join(_sequence(body, rng, longest) for _ in range(count))
    if operator is codes.SUBPATTERN:
        return _sequence(argument[-1], rng, longest)
    if operator is codes.BRANCH:
        return _sequence(rng.choice(argument[1]), rng, longest)
    return ""  # anchors and look-arounds


def _choice(items: list[tuple[Any, Any]], rng: random.Random) -> str:
    allowed: list[str] = []
    negated = items[0][0] is codes.NEGATE
    for operator, argument in items:
        if operator is codes.LITERAL:
            allowed.append(chr(argument))
        elif operator is codes.RANGE:
            allowed += map(chr, range(argument[0], min(argument[1], argument[0] + 200) + 1))
        elif operator is codes.CATEGORY:
            allowed += _CLASSES.get(argument, PLAIN)
    if negated:
        allowed = [char for char in PLAIN if char not in allowed]
    return rng.choice(allowed)
