"""Regular expressions from users, safe to run on this process's only thread.

Nova lets lists be filtered by regular expressions and leaves it to the database to survive them. Here a pattern that
backtracks without end would stop every other request. Python's engine, several times faster than RE2 on short names,
gets those patterns that cannot; what could (repeats within repeats, more than a few open ones in a row) goes to RE2,
whose time is linear. Only what RE2 does not know, look-arounds and references, is refused.
"""

from __future__ import annotations

import re
import re._constants as codes  # type: ignore[import-not-found]  # the standard library's parser has no stubs
import re._parser as parser  # type: ignore[import-not-found]  # the standard library's parser has no stubs
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import re2

from gurum.pia.kernel.errors import ApiError, bad_request

LONGEST = 255  # characters; longer than any name is
OPEN_REPEATS = 2  # with names of at most 255 characters, a match then takes less than a millisecond
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_ENDS = re.compile(r"\A\^?(\.\*)+(?![?+*{])|(?<!\\)(\.\*)+\$?\Z")  # what matches anything
_SPECIAL = re.compile(r"[^\w\s:,;@#%&=/_~-]")
_MANY = 32  # a repeat of more than this counts as open


def finder(name: str, text: str) -> Callable[[str], bool]:
    """Return a function that tells whether a pattern is found in a text *in lower case*: case does not count.

    (Nova leaves that to its database; MariaDB's usual collations do not count it.) Raises the 400 for a pattern that
    neither engine can be given.
    """
    trimmed = _ENDS.sub("", text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of what a later Python may read otherwise
            if len(text) > LONGEST:
                raise _refusal(name, text)
            if _open(parser.parse(trimmed), inside=False) > OPEN_REPEATS:
                return _linear(text)
            return _fastest(trimmed)
    except (re.error, re2.error, RecursionError, OverflowError):
        raise _refusal(name, text) from None


def _linear(pattern: str) -> Callable[[str], bool]:
    """Return RE2's function for the pattern. Raises re2.error."""
    options = re2.Options()
    options.case_sensitive = options.log_errors = False
    re2.compile(pattern, options=options)  # raises what is wrong, which a set only logs
    patterns = re2.Set.SearchSet(options)
    patterns.Add(pattern)
    patterns.Compile()
    match = patterns.Match  # the cheapest way into the library
    return lambda value: bool(match(value))


def _fastest(pattern: str) -> Callable[[str], bool]:
    """Return the cheapest function that finds the pattern: most of what people type is a piece of a name."""
    start = pattern.startswith("^") and "|" not in pattern
    rest = pattern[1:] if start else pattern
    if not _SPECIAL.search(rest):
        literal = rest.lower()
        return (lambda value: value.startswith(literal)) if start else (lambda value: literal in value)
    # Without the flag the engine looks for literal beginnings much faster; `\\S` and its like forbid it.
    flags = re.IGNORECASE if "\\" in rest else re.NOFLAG
    compiled = re.compile(rest if flags else rest.lower(), flags)
    found = compiled.match if start else compiled.search
    return lambda value: found(value) is not None


def _refusal(name: str, text: str) -> ApiError:
    return bad_request(f"Invalid input for query parameters {name}. Value: {text}. {text!r} is not a 'regex'")


def _open(items: Iterable[Any], *, inside: bool) -> int:
    """Return how many open repeats a pattern has; more than allowed for a repeat in a repeat or a back reference."""
    count = 0
    for operator, argument in items:
        if operator in _REPEATS:
            _, most, body = argument
            many = most > _MANY
            if inside and most > 1:
                return OPEN_REPEATS + 1
            count += many + _open(body, inside=inside or most > 1)
        elif operator is codes.SUBPATTERN:
            count += _open(argument[-1], inside=inside)
        elif operator is codes.BRANCH:
            if inside:
                return OPEN_REPEATS + 1
            count += max(_open(branch, inside=inside) for branch in argument[1])
        elif operator in (codes.ASSERT, codes.ASSERT_NOT):
            count += _open(argument[1], inside=inside)
        elif operator in (codes.GROUPREF, codes.GROUPREF_EXISTS, codes.ATOMIC_GROUP):
            return OPEN_REPEATS + 1
    return count
