"""Regular expressions from users, safe to run on this process's only thread.

Nova lets lists be filtered by regular expressions and leaves it to the database to survive them. Here a pattern that
backtracks without end would stop every other request. Python's engine, several times faster than RE2 on short names,
gets those patterns that cannot; what could (repeats within repeats, more than one open one) goes to RE2, whose time is
linear. Only what RE2 does not know, look-arounds and references, is refused.
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
# What repeats may cost before RE2 takes over: one open repeat and one `?`. Two open ones already take 50 ms on a name
# of 255 characters, and a list may hold a thousand of them; one takes a tenth of a millisecond.
MOST, OPEN, OPTIONAL = 3, 2, 1
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_ENDS = re.compile(r"\A\^?(\.\*)+(?![?+*{])|(?<!\\)(\.\*)+\$?\Z")  # what matches anything
_SPECIAL = re.compile(r"[^\w\s:,;@#%&=/_~-]")


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
            if _cost(parser.parse(trimmed), inside=False) > MOST:
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


def _cost(items: Iterable[Any], *, inside: bool) -> int:
    """Return what the repeats of a pattern cost; more than may be for a choice within a repeat or a back reference.

    A repeat whose number is fixed costs nothing by itself: there is nothing to try in another way. Inside of any that
    is done more than once, whatever leaves a choice multiplies with every turn.
    """
    cost = 0
    for operator, argument in items:
        if operator in _REPEATS:
            least, most, body = argument
            if inside and most != least:
                return MOST + 1
            if most != least:
                cost += OPTIONAL if most == 1 else OPEN
            cost += _cost(body, inside=inside or most > 1)
        elif operator is codes.SUBPATTERN:
            cost += _cost(argument[-1], inside=inside)
        elif operator is codes.BRANCH:
            if inside:
                return MOST + 1
            cost += max(_cost(branch, inside=inside) for branch in argument[1])
        elif operator in (codes.ASSERT, codes.ASSERT_NOT):
            cost += _cost(argument[1], inside=inside)
        elif operator in (codes.GROUPREF, codes.GROUPREF_EXISTS, codes.ATOMIC_GROUP):
            return MOST + 1
    return cost
